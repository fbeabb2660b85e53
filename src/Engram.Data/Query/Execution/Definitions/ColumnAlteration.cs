using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>ALTER TABLE … ADD COLUMN and ALTER COLUMN.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows lie in immutable segments, in deltas, and under the eyes of readers who go on with the schema that they began with. A change must not rewrite the table, and
/// must be taken back whole when the transaction is.</para>
/// <para><b>The picture.</b> Values are stored under a column's id, and an id never changes its type in memory. So there are three kinds of change:</para>
/// <code>
///   the definition alone      a name, a default, a longer text, more digits before the point; an added column whose older rows have one value (ColumnForm.Missing)
///   a new id over the old     a wider type: new rows are stored under the new id, older ones are widened while they are read (ColumnForm.Older)
///   a new id with new values  any other type, a column computed for each row: the values are computed and written for that column alone; the old id is nobody's
/// </code>
/// <para><b>Invariants.</b> Readers with the old schema ask for the old id, and find its values as they were. Indexes of a column with a new id get new ids too, and so entries of their own.
/// An id that a transaction gave and took back is not given again (<see cref="Storage.Transactions.Transaction.BeginChange"/>).</para>
/// <para><b>Crash.</b> Definitions and values are records of one commit: all of them count, or none.</para>
/// </remarks>
internal static class ColumnAlteration
{
    /// <returns>The definition to put into effect; values of older rows are there.</returns>
    public static TableDefinition Add(TableDefinition table, AddColumnSyntax add, string text, StatementContext context)
    {
        var transaction = context.Transaction!;
        var name = NameMatch.Fold(add.Column.Name);
        if (add.IfNotExists && table.NamedColumns.Any(c => c.Name == name))
        {
            return table;
        }

        var builder = new TableBuilder(transaction.Catalog, text, table);
        var column = builder.AddColumn(add.Column);
        builder.AddColumnConstraints(add.Column);
        var after = builder.Build();
        column = after.FindColumn(column.Id)!;
        if (TableAlteration.IsEmpty(table, transaction))
        {
            return after;
        }

        var between = table with { Columns = table.Columns.Add(column), ColumnIdNext = after.ColumnIdNext };
        if (column.Identity != IdentityKind.None)
        {
            RowFill.RunIdentity(table, between, column, context);
        }
        else if (column.IsVirtual)
        {
            // Rows that are there have nothing of it.
            return after;
        }
        else if (column.ComputedSql is not null)
        {
            RowFill.Run(table, between, column, (expressions, columns) => expressions.Computed(table, column, columns), context);
        }
        else if (column.DefaultSql is not null)
        {
            var value = new StoredExpressions(new StatementScope(transaction.Catalog, ImmutableDictionary<string, DataType>.Empty)).Default(table, column);
            if (!RowFill.IsVolatile(value))
            {
                var missing = RowFill.Constant(value, column.Type, context);
                return after with { Columns = after.Columns.Replace(column, column with { Missing = missing }) };
            }

            RowFill.Run(table, between, column, (expressions, _) => expressions.Default(table, column), context);
        }

        return after;
    }

    public static TableDefinition SetNullability(TableDefinition table, AlterColumnNullabilitySyntax change)
    {
        var column = NameMatch.FindColumn(table, change.Column);
        if (change.IsNullable && (column.Identity != IdentityKind.None || (table.PrimaryKey?.Columns.Any(c => c.Column == column.Id) ?? false)))
        {
            throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is part of the primary key or an identity, and so never NULL.", change.Position);
        }

        return With(table, column, column with { IsNotNull = !change.IsNullable });
    }

    public static TableDefinition SetDefault(TableDefinition table, AlterColumnDefaultSyntax change, string text)
    {
        var column = NameMatch.FindColumn(table, change.Column);
        if (change.Value is not null && (column.ComputedSql is not null || column.Identity != IdentityKind.None))
        {
            throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is computed or an identity, and so has no default.", change.Position);
        }

        return With(table, column, column with { DefaultSql = change.Value?.Span.Of(text) });
    }

    public static TableDefinition DropExpression(TableDefinition table, DropExpressionSyntax drop, StatementContext context)
    {
        var column = NameMatch.FindColumn(table, drop.Column);
        if (column.ComputedSql is null)
        {
            return drop.IfExists ? table : throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is not computed.", drop.Position);
        }

        if (!column.IsVirtual)
        {
            return With(table, column, column with { ComputedSql = null });
        }

        // From now on the values are stored: under an id of their own, since readers with the old schema find none under the old one.
        var replaced = column with { Id = new ColumnId(table.ColumnIdNext), ComputedSql = null, IsVirtual = false };
        var between = Replace(table, column, replaced, context);
        RowFill.Run(table, between, replaced, (expressions, columns) => expressions.Computed(table, column, columns), context);
        return between;
    }

    public static TableDefinition SetIdentity(TableDefinition table, AlterColumnIdentitySyntax change, StatementContext context)
    {
        var column = NameMatch.FindColumn(table, change.Column);
        var isIdentity = column.Identity != IdentityKind.None;
        if (change.Change == IdentityChange.Add)
        {
            return AddIdentity(table, column, change, context);
        }

        if (!isIdentity)
        {
            return change.IfExists ? table : throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is not an identity.", change.Position);
        }

        if (change.Change == IdentityChange.Drop)
        {
            return With(table, column, column with { Identity = IdentityKind.None, IdentityStart = 1, IdentityIncrement = 1 });
        }

        if (change.Options is { IsRestart: true } restart)
        {
            if (restart is not { Start: null, Min: null, Max: null, Increment: null, IsCycle: null } || change.IsAlways is not null)
            {
                throw Error.NotSupported("RESTART of an identity together with other options (write them apart)", change.Position + 1);
            }

            return Restart(table, column, restart.RestartWith ?? column.IdentityStart, change.Position, context);
        }

        if (change.Options is { Start: not null } or { Min: not null } or { Max: not null } or { IsCycle: true })
        {
            throw Error.NotSupported("This option of an identity that is there", change.Position + 1);
        }

        var kind = change.IsAlways is { } always ? always ? IdentityKind.Always : IdentityKind.ByDefault : column.Identity;
        return With(table, column, column with { Identity = kind, IdentityIncrement = change.Options?.Increment is { } step and not 0 ? step : column.IdentityIncrement });
    }

    /// <summary>Counters belong to ids of columns, and a counter only moves on: a column that begins anew gets another id, under which older rows are read as they are.</summary>
    private static TableDefinition Restart(TableDefinition table, ColumnDefinition column, long start, int position, StatementContext context)
    {
        StorageParameters.CheckRetype(table, column, column.Type, position);
        const int FormCountMax = 16;
        var replaced = column with { Id = new ColumnId(table.ColumnIdNext), IdentityStart = start, Missing = null, Older = null };
        var formCount = 0;
        for (var form = column.Older; form is not null; form = form.Older)
        {
            formCount++;
        }

        if (formCount < FormCountMax)
        {
            return Replace(table, column, replaced with { Older = new ColumnForm(column.Id, column.Type) { Missing = column.Missing, Older = column.Older } }, context);
        }

        // A long chain of forms is slow to read and bounded in the catalog: the values are written under the new id.
        var between = Replace(table, column, replaced, context);
        var withoutIndexes = between with { Indexes = [.. between.Indexes.Where(i => table.Indexes.Any(o => o.Id == i.Id))] };
        RowFill.Run(table, withoutIndexes, replaced, (expressions, columns) => expressions.Retyped(table, replaced, null, columns, position), context);
        return between;
    }

    /// <summary>TRUNCATE … RESTART IDENTITY: no row is left that had a number.</summary>
    public static void RestartIdentities(TableId id, StatementContext context)
    {
        foreach (var numbered in context.Transaction!.Catalog.Get(id).Columns.Where(c => c.Identity != IdentityKind.None).Select(c => c.Id).ToList())
        {
            var table = context.Transaction.BeginChange(id);
            var column = table.FindColumn(numbered)!;
            context.Transaction.PutTable(Replace(table, column, column with { Id = new ColumnId(table.ColumnIdNext), Missing = null, Older = null }, context));
        }
    }

    /// <summary>Numbers go on behind those that are there, unless the statement says where they begin.</summary>
    private static TableDefinition AddIdentity(TableDefinition table, ColumnDefinition column, AlterColumnIdentitySyntax change, StatementContext context)
    {
        if (column.Identity != IdentityKind.None || column.DefaultSql is not null || column.ComputedSql is not null)
        {
            throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is an identity already, is computed, or has a default.", change.Position);
        }

        if (!column.Type.IsInteger)
        {
            throw Error.InvalidTableDefinition($"Column '{column.Name}' of type {column.Type} cannot be an identity. Give it an integer type.", change.Position);
        }

        var step = change.Options?.Increment is { } given and not 0 ? given : 1;
        var start = change.Options?.Start ?? 1;
        if (change.Options?.Start is null && RowVerification.Bound(table, column, greatest: step > 0, context) is { } last)
        {
            var next = Convert.ToDecimal(last, CultureInfo.InvariantCulture) + step;
            start = step > 0 ? (long)Math.Clamp(next, 1, long.MaxValue) : (long)Math.Clamp(next, long.MinValue, -1);
        }

        return With(table, column, column with
        {
            Identity = change.IsAlways == true ? IdentityKind.Always : IdentityKind.ByDefault,
            IdentityStart = start,
            IdentityIncrement = step,
            IsNotNull = true,
        });
    }

    /// <summary>Another type.</summary>
    public static TableDefinition SetType(TableDefinition table, AlterColumnTypeSyntax change, string text, StatementContext context)
    {
        var column = NameMatch.FindColumn(table, change.Column);
        var type = TableBuilder.Collated(TypeNames.Resolve(change.Type), change.Collation);
        TableBuilder.CheckType(column.Name, type, change.Type.Position);
        if (column.Identity != IdentityKind.None && !type.IsInteger)
        {
            throw Error.InvalidTableDefinition($"Column '{column.Name}' is an identity and cannot be of type {type}. Give it an integer type, or drop the identity first.", change.Position);
        }

        var usingSql = change.Using?.Span.Of(text);
        if (usingSql is not null && column.ComputedSql is not null)
        {
            throw Error.InvalidTableDefinition($"Column '{table}.{column.Name}' is computed: its expression says what its values are, and USING has nothing to add.", change.Position);
        }

        if (usingSql is null && column.Type == type)
        {
            // Not a form more: as many as a script has runs would be more than a reader of the catalog takes.
            return table;
        }

        // Keys of another collation have other bytes, and other equals.
        var comparesAlike = Collations.AreSame(column.Type.Collation, type.Collation);
        if (usingSql is null && comparesAlike && Widening.IsSameInMemory(column.Type, type) && (column.Older is null || type.Kind != TypeKind.Decimal))
        {
            return With(table, column, column with { Type = type });
        }

        StorageParameters.CheckRetype(table, column, type, change.Position);
        CheckDependents(table, column, type, change.Position, context);
        var replaced = column with { Id = new ColumnId(table.ColumnIdNext), Type = type, Missing = null, Older = null };
        if (replaced.Identity != IdentityKind.None)
        {
            // Counters belong to ids.
            replaced = replaced with { IdentityStart = context.Transaction!.PeekIdentity(table.Id, column.Id) };
        }

        if (usingSql is null && column.ComputedSql is null && comparesAlike && (Widening.Exists(column.Type, type) || Widening.IsSameInMemory(column.Type, type)))
        {
            return Replace(table, column, replaced with { Older = new ColumnForm(column.Id, column.Type) { Missing = column.Missing, Older = column.Older } }, context);
        }

        var between = Replace(table, column, replaced, context);
        StoredExpressions.Validate(context.Transaction!.Catalog.With(between), between);
        if (column.IsVirtual)
        {
            return between;
        }

        var withoutIndexes = between with { Indexes = [.. between.Indexes.Where(i => table.Indexes.Any(o => o.Id == i.Id))] };
        RowFill.Binder bind = column.ComputedSql is null
            ? (expressions, columns) => expressions.Retyped(table, replaced, usingSql, columns, change.Position)
            : (expressions, columns) => expressions.Computed(table, replaced, columns);
        var origins = change.Using is null ? null : new Dictionary<string, int> { [usingSql!] = change.Using.Position };
        RowFill.Run(table, withoutIndexes, replaced, bind, context, origins);
        return between;
    }

    /// <summary>What reads the column elsewhere would read something else afterwards.</summary>
    private static void CheckDependents(TableDefinition table, ColumnDefinition column, DataType type, int position, StatementContext context)
    {
        // Its graphs are of the operators of a type, and of the column as it is.
        if (table.VectorIndexes.FirstOrDefault(i => i.Columns.Any(c => c.Column == column.Id)) is { } vectorIndex)
        {
            throw Error.ColumnInUse($"{table}.{column.Name}", $"vector index '{vectorIndex.Name}' is of it: drop the index, and create it again afterwards", position);
        }

        var catalog = context.Transaction!.Catalog;
        var statement = new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty);
        ImmutableArray<LogicalColumn> columns = [.. table.Columns.Select(c => statement.NewColumn(table, c))];
        var id = columns[table.IndexOf(column.Id)].Id;
        for (var i = 0; i < columns.Length; i++)
        {
            if (new StoredExpressions(statement).Computed(table, i, columns) is { } computed && ExpressionTree.ColumnsOf(computed).Contains(id))
            {
                throw Error.ColumnInUse($"{table}.{column.Name}", $"column '{table.Columns[i].Name}' is computed from it", position);
            }
        }

        if (type.Kind == column.Type.Kind && Collations.AreSame(type.Collation, column.Type.Collation))
        {
            return;
        }

        DataType TypeOf(TableDefinition of, ColumnId id) => of.Id == table.Id && id == column.Id ? type : of.FindColumn(id)!.Type;
        foreach (var (child, key) in table.ForeignKeys.Select(k => (table, k)).Concat(DdlExecutor.ReferencesTo(catalog, table.Id).Select(r => (r.Table, r.Key))))
        {
            var parent = catalog.Get(key.ReferencedTable);
            for (var i = 0; i < key.Columns.Length; i++)
            {
                var (referring, referenced) = (TypeOf(child, key.Columns[i]), TypeOf(parent, key.ReferencedColumns[i]));
                if (!KeyConversion.AreComparable(referring, referenced) || !Collations.AreSame(referring.Collation, referenced.Collation))
                {
                    throw Error.ColumnInUse($"{table}.{column.Name}", $"foreign key '{key.Name}' would compare {referring} with {referenced}", position);
                }
            }
        }
    }

    /// <summary>Puts a column of another id in the place of one, wherever the schema names it; indexes of it get new ids.</summary>
    private static TableDefinition Replace(TableDefinition table, ColumnDefinition column, ColumnDefinition replaced, StatementContext context)
    {
        var catalog = context.Transaction!.Catalog;
        var indexIdNext = catalog.IndexIdNext;
        ColumnId New(ColumnId id) => id == column.Id ? replaced.Id : id;
        var indexes = table.Indexes.Select(index => index.FilterSql is null && !index.Columns.Any(c => c.Column == column.Id)
            ? index with { Included = [.. index.Included.Select(New)] }
            : index with
            {
                Id = new IndexId(indexIdNext++),
                Columns = [.. index.Columns.Select(c => c with { Column = New(c.Column) })],
                Included = [.. index.Included.Select(New)],
                FilterColumns = [.. index.FilterColumns.Select(New)],
            });
        ForeignKeyDefinition Referring(ForeignKeyDefinition key) => key.ReferencedTable == table.Id ? key with { ReferencedColumns = [.. key.ReferencedColumns.Select(New)] } : key;
        foreach (var other in DdlExecutor.ReferencesTo(catalog, table.Id).Where(r => r.Table.Id != table.Id && r.Key.ReferencedColumns.Contains(column.Id)).Select(r => r.Table.Id).Distinct())
        {
            var definition = context.Transaction!.BeginChange(other);
            context.Transaction.PutTable(definition with { ForeignKeys = [.. definition.ForeignKeys.Select(Referring)] });
        }

        SequenceDefinitions.MoveOwned(context.Transaction!, table.Id, column.Id, replaced.Id);
        return table with
        {
            Columns = table.Columns.Replace(column, replaced),
            ColumnIdNext = table.ColumnIdNext + 1,
            Indexes = [.. indexes],
            ClusteredBy = [.. table.ClusteredBy.Select(New)],
            ForeignKeys = [.. table.ForeignKeys.Select(key => Referring(key with { Columns = [.. key.Columns.Select(New)] }))],
        };
    }

    private static TableDefinition With(TableDefinition table, ColumnDefinition column, ColumnDefinition changed)
        => table with { Columns = table.Columns.Replace(column, changed) };
}
