using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>Puts a table's definition together from columns and constraints as they were written.</summary>
/// <remarks>Constraints without a name get the one that PostgreSQL would give: <c>t_pkey</c>, <c>t_a_b_key</c>, <c>t_a_fkey</c>, <c>t_a_check</c>.</remarks>
internal sealed class TableBuilder(DatabaseCatalog catalog, string text, TableDefinition table)
{
    private TableDefinition table = table;
    private readonly List<ForeignKeySyntax> foreignKeys = [];
    private readonly Dictionary<string, int> origins = [];
    private int indexIdNext = catalog.IndexIdNext;

    /// <summary>The definition, with its stored expressions checked.</summary>
    public TableDefinition Build()
    {
        // Last, since a table may refer to a key of its own that is written further down.
        foreignKeys.ForEach(AddForeignKey);
        foreignKeys.Clear();
        StoredExpressions.Validate(catalog.With(table), table, origins);
        return table;
    }

    /// <summary>Adds a column with what its own constraints say about the column itself: NULL, DEFAULT, identity, computed.</summary>
    public ColumnDefinition AddColumn(ColumnDefinitionSyntax syntax)
    {
        var name = NameMatch.Fold(syntax.Name);
        if (table.NamedColumns.Any(c => c.Name == name))
        {
            throw Error.DuplicateColumn(name, syntax.Name.Position);
        }

        var isSerial = TypeNames.IsSerial(syntax.Type, out var type);
        type = Collated(isSerial ? type : TypeNames.Resolve(syntax.Type), syntax.Collation);
        var column = new ColumnDefinition(new ColumnId(table.ColumnIdNext), name, type)
        {
            Identity = isSerial ? IdentityKind.ByDefault : IdentityKind.None,
            IsNotNull = isSerial,
        };
        foreach (var constraint in syntax.Constraints)
        {
            CheckFirst(syntax, constraint);
            column = Apply(column, constraint);
        }

        if ((column.ComputedSql is null ? 0 : 1) + (column.DefaultSql is null ? 0 : 1) + (column.Identity == IdentityKind.None ? 0 : 1) > 1)
        {
            throw Error.InvalidTableDefinition($"Column '{name}' can be computed, have a default or be an identity; it is said to be more than one of these.", syntax.Position);
        }

        CheckType(name, column.Type, syntax.Type.Position);
        table = table with { Columns = table.Columns.Add(column), ColumnIdNext = table.ColumnIdNext + 1 };
        return column;
    }

    /// <summary>A column says once what it is without a value: a second default would hide the first.</summary>
    private static void CheckFirst(ColumnDefinitionSyntax column, ConstraintSyntax constraint)
    {
        var before = column.Constraints.TakeWhile(c => !ReferenceEquals(c, constraint));
        switch (constraint)
        {
            case DefaultConstraintSyntax when before.Any(c => c is DefaultConstraintSyntax):
                throw Error.SyntaxRule($"column {column.Name} has two defaults.", constraint.Position);
            case NullabilitySyntax now when before.Any(c => c is NullabilitySyntax then && then.IsNullable != now.IsNullable):
                throw Error.SyntaxRule($"column {column.Name} is both NULL and NOT NULL.", constraint.Position);
        }
    }

    /// <summary>The type of a column behind which COLLATE may stand.</summary>
    public static DataType Collated(DataType type, ObjectNameSyntax? collation)
    {
        if (collation is null)
        {
            return type;
        }

        var found = ExpressionBinder.FindCollation(collation);
        return type.Kind != TypeKind.Text ? throw Error.NotCollatable(type.ToString(), collation.Position)
            : type with { Collation = NameMatch.Fold(collation.Name) == "default" ? Collation.Default : found };
    }

    /// <summary>Whether a column can be of a type.</summary>
    public static void CheckType(string column, DataType type, int position)
    {
        if (type is { IsVector: true, Size: 0 })
        {
            throw Error.InvalidTableDefinition($"Column '{column}' needs a number of dimensions: {type}(768) for embeddings of 768 elements.", position);
        }
    }

    /// <summary>Adds the constraints of a column that are the table's: keys, references, checks.</summary>
    public void AddColumnConstraints(ColumnDefinitionSyntax syntax)
    {
        foreach (var constraint in syntax.Constraints)
        {
            switch (constraint)
            {
                case PrimaryKeySyntax key: AddConstraint(key with { Columns = [syntax.Name] }); break;
                case UniqueSyntax key: AddConstraint(key with { Columns = [syntax.Name] }); break;
                case ForeignKeySyntax key: AddConstraint(key with { Columns = [syntax.Name] }); break;
                case CheckSyntax check: AddCheck(check, NameMatch.Fold(syntax.Name)); break;
            }
        }
    }

    public void AddConstraint(ConstraintSyntax constraint)
    {
        switch (constraint)
        {
            case PrimaryKeySyntax key: AddPrimaryKey(key); break;
            case UniqueSyntax { NullsNotDistinct: true } key: throw Error.NotSupported("NULLS NOT DISTINCT", key.Position + 1);
            case UniqueSyntax key:
                var columns = ColumnsOf(key.Columns);
                AddIndex(NameOf(key, $"{table.Name}_{NamesOf(columns)}_key"), columns, isPrimaryKey: false);
                break;
            case ForeignKeySyntax key: foreignKeys.Add(key); break;
            case CheckSyntax check: AddCheck(check, null); break;
            default: throw Error.NotSupported("This constraint", constraint.Position + 1);
        }
    }

    /// <summary>The name, or the name with the first number that makes it free.</summary>
    public static string FreeName(DatabaseCatalog catalog, TableDefinition table, string name)
    {
        var taken = catalog.Tables.Values.Append(table).Where(t => t.Schema == table.Schema)
            .SelectMany(t => t.AllIndexes.Select(i => i.Name).Append(t.Name)).ToHashSet();
        var free = name;
        for (var i = 1; taken.Contains(free); i++)
        {
            free = $"{name}{i}";
        }

        return free;
    }

    private ColumnDefinition Apply(ColumnDefinition column, ConstraintSyntax constraint) => constraint switch
    {
        NullabilitySyntax nullability => column with { IsNotNull = !nullability.IsNullable || column.Identity != IdentityKind.None },
        DefaultConstraintSyntax value => column with { DefaultSql = TextOf(value.Value) },
        PrimaryKeySyntax => column with { IsNotNull = true },
        IdentitySyntax identity when column.Type.Kind is TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64 or TypeKind.Int8
            or TypeKind.UInt8 or TypeKind.UInt16 or TypeKind.UInt32 or TypeKind.UInt64 => column with
        {
            Identity = identity.IsAlways ? IdentityKind.Always : IdentityKind.ByDefault,
            IdentityStart = identity.Options.Start ?? 1,
            IdentityIncrement = identity.Options.Increment is { } step and not 0 ? step : 1,
            IsNotNull = true,
        },
        IdentitySyntax identity => throw Error.InvalidTableDefinition($"Column '{column.Name}' of type {column.Type} cannot be an identity. Give it an integer type.", identity.Position),
        ComputedSyntax computed => column with { ComputedSql = TextOf(computed.Expression), IsVirtual = !computed.IsStored },
        _ => column,
    };

    private string TextOf(ExpressionSyntax expression)
    {
        var sql = expression.Span.Of(text);
        origins.TryAdd(sql, expression.Position);
        return sql;
    }

    private void AddPrimaryKey(PrimaryKeySyntax key)
    {
        if (table.PrimaryKey is not null)
        {
            throw Error.InvalidTableDefinition($"Table '{table.Name}' has two primary keys. Make one of them UNIQUE.", key.Position);
        }

        var columns = ColumnsOf(key.Columns);
        AddIndex(NameOf(key, $"{table.Name}_pkey"), columns, isPrimaryKey: true);
        table = table with { Columns = [.. table.Columns.Select(c => columns.Contains(c) ? c with { IsNotNull = true } : c)] };
    }

    private void AddIndex(string name, ImmutableArray<ColumnDefinition> columns, bool isPrimaryKey)
    {
        if (columns.FirstOrDefault(c => c.Type.Kind is TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector or TypeKind.Array or TypeKind.Json) is { } odd)
        {
            throw Error.InvalidTableDefinition($"Column '{odd.Name}' of type {odd.Type} cannot be part of a key.", 0);
        }

        CheckStored(columns, "part of a key (write STORED, or create a unique index of it)");
        var index = new IndexDefinition(new IndexId(indexIdNext++), name, [.. columns.Select(c => new IndexColumn(c.Id))])
        {
            IsUnique = true,
            IsPrimaryKey = isPrimaryKey,
            IsConstraint = true,
        };
        table = table with { Indexes = table.Indexes.Add(index) };
    }

    private static void CheckStored(ImmutableArray<ColumnDefinition> columns, string what)
    {
        if (columns.FirstOrDefault(c => c.IsVirtual) is { } column)
        {
            throw Error.NotSupported($"Column '{column.Name}', which is computed when it is read, as {what}", 0);
        }
    }

    private void AddForeignKey(ForeignKeySyntax syntax)
    {
        // A table may refer to itself before it is in the catalog.
        var referenced = NameMatch.TryFindTable(catalog.With(table), syntax.Table) ?? NameMatch.FindTable(catalog, syntax.Table);
        if (referenced.IsTemporary != table.IsTemporary)
        {
            throw Error.InvalidTableDefinition($"Foreign keys lead from temporary tables to temporary ones and from permanent tables to permanent ones; '{table}' and '{referenced}' are one of each.", syntax.Position);
        }

        var columns = ColumnsOf(syntax.Columns);
        CheckStored(columns, "part of a foreign key (write STORED)");
        var target = syntax.ReferencedColumns.Count > 0
            ? syntax.ReferencedColumns.Select(name => NameMatch.FindColumn(referenced, name)).ToImmutableArray()
            : referenced.PrimaryKey is { } primary
                ? [.. primary.Columns.Select(c => referenced.FindColumn(c.Column)!)]
                : throw Error.InvalidForeignKey($"Table '{referenced}' has no primary key to refer to. Name the columns of a unique constraint.", syntax.Position);
        if (columns.FirstOrDefault(c => c.ComputedSql is not null) is { } computed)
        {
            CheckActions(syntax, computed);
        }

        if (columns.Length != target.Length)
        {
            throw Error.InvalidForeignKey($"The foreign key has {columns.Length} columns and refers to {target.Length}.", syntax.Position);
        }

        for (var i = 0; i < columns.Length; i++)
        {
            if (!KeyConversion.AreComparable(columns[i].Type, target[i].Type))
            {
                throw Error.InvalidForeignKey(
                    $"Column '{columns[i].Name}' is of type {columns[i].Type} and refers to '{referenced}.{target[i].Name}' of type {target[i].Type}. Give both the same type, or both integers.", syntax.Position);
            }

            if (!Collations.AreSame(columns[i].Type.Collation, target[i].Type.Collation))
            {
                throw Error.InvalidForeignKey(
                    $"Column '{columns[i].Name}' and '{referenced}.{target[i].Name}', which it refers to, compare by different collations. Give both the same collation.", syntax.Position);
            }
        }

        var targetIds = target.Select(c => c.Id).ToHashSet();
        if (!referenced.Indexes.Any(i => i.IsUnique && i.FilterSql is null && targetIds.SetEquals(i.Columns.Select(c => c.Column))))
        {
            throw Error.InvalidForeignKey($"No unique constraint of '{referenced}' covers exactly the columns ({NamesOf(target, ", ")}) that the foreign key refers to.", syntax.Position);
        }

        var key = new ForeignKeyDefinition(
            NameOf(syntax, $"{table.Name}_{NamesOf(columns)}_fkey"), [.. columns.Select(c => c.Id)], referenced.Id, [.. target.Select(c => c.Id)])
        {
            OnDelete = syntax.OnDelete,
            OnUpdate = syntax.OnUpdate,
        };
        table = table with { ForeignKeys = table.ForeignKeys.Add(key) };
    }

    /// <summary>What an expression computes is not set by a foreign key either.</summary>
    private static void CheckActions(ForeignKeySyntax key, ColumnDefinition computed)
    {
        var (action, clause) = key.OnUpdate is ReferentialAction.SetNull or ReferentialAction.SetDefault or ReferentialAction.Cascade ? (key.OnUpdate, "ON UPDATE")
            : key.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault ? (key.OnDelete, "ON DELETE")
            : (ReferentialAction.NoAction, "");
        if (action != ReferentialAction.NoAction)
        {
            throw Error.SyntaxRule($"{clause} of a foreign key cannot set column '{computed.Name}', which is computed. Use NO ACTION or RESTRICT{(clause == "ON DELETE" ? ", or ON DELETE CASCADE" : "")}.", key.Position);
        }
    }

    private void AddCheck(CheckSyntax check, string? column)
    {
        var name = NameOf(check, column is null ? $"{table.Name}_check" : $"{table.Name}_{column}_check");
        table = table with { Checks = table.Checks.Add(new CheckDefinition(name, TextOf(check.Condition))) };
    }

    private string NameOf(ConstraintSyntax constraint, string otherwise)
    {
        var taken = table.Indexes.Where(i => i.IsConstraint).Select(i => i.Name).Concat(table.ForeignKeys.Select(k => k.Name)).Concat(table.Checks.Select(c => c.Name)).ToHashSet();
        if (constraint.Name is { } given)
        {
            var name = NameMatch.Fold(given);
            return taken.Contains(name) ? throw Error.DuplicateConstraint(name, table.ToString(), given.Position) : name;
        }

        var free = constraint is PrimaryKeySyntax or UniqueSyntax ? FreeName(catalog, table, otherwise) : otherwise;
        for (var i = 1; taken.Contains(free); i++)
        {
            free = $"{otherwise}{i}";
        }

        return free;
    }

    private ImmutableArray<ColumnDefinition> ColumnsOf(IReadOnlyList<IdentifierSyntax> names)
    {
        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
        foreach (var name in names)
        {
            var column = NameMatch.FindColumn(table, name);
            if (columns.Contains(column))
            {
                throw Error.DuplicateColumn(column.Name, name.Position);
            }

            columns.Add(column);
        }

        return columns.ToImmutable();
    }

    private static string NamesOf(ImmutableArray<ColumnDefinition> columns, string separator = "_") => string.Join(separator, columns.Select(c => c.Name));
}
