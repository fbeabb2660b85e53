using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>ALTER TABLE: actions one after the other, each on the table as the one before left it.</summary>
/// <remarks>Nearly all are changes of the definition, at the same cost on ten rows and on ten million; <see cref="ColumnAlteration"/> tells which read a column, and which compute one. What a new definition
/// promises of the rows that are there is looked at before the statement ends.</remarks>
internal static class TableAlteration
{
    public static void Run(AlterTableSyntax alter, string text, StatementContext context)
    {
        var transaction = context.Transaction!;
        var table = alter.IfExists ? NameMatch.TryFindTable(transaction.Catalog, alter.Name) : NameMatch.FindTable(transaction.Catalog, alter.Name);
        foreach (var action in table is null ? [] : alter.Actions)
        {
            table = transaction.BeginChange(table!.Id);
            var before = table;
            var removed = WithoutExpressions(ref table, action, transaction);
            if (Apply(table, action, text, context) is { } changed && !ReferenceEquals(changed, table))
            {
                var origins = action is AlterColumnDefaultSyntax { Value: { } value } ? new Dictionary<string, int> { [value.Span.Of(text)] = value.Position } : null;
                StoredExpressions.Validate(transaction.Catalog.With(changed), changed, origins);
                if (changed.IsTemporary)
                {
                    context.Temporary.CheckForeignKeys(changed, null, transaction.Catalog);
                }

                transaction.PutTable(changed);
                var isCascade = action is DropColumnSyntax { IsCascade: true };
                foreach (var dropped in action is DropColumnSyntax ? table.Columns.Where(c => changed.FindColumn(c.Id) is null) : [])
                {
                    SequenceDefinitions.DropOwned(transaction, table.Id, dropped.Id);
                }

                ViewDefinitions.CheckDependents(transaction, changed, isCascade, action.Position);
                RowVerification.Run(table, changed, action is AlterColumnTypeSyntax, context);
                if (action is AlterColumnTypeSyntax)
                {
                    RowVerification.RunReferring(table, changed, context);
                }
            }

            if (!removed.IsEmpty)
            {
                // By place: the column whose type changed has another id.
                var now = transaction.Catalog.Get(before.Id);
                ColumnId Replaced(ColumnId id) => before.FindColumn(id) is { } old ? now.NamedColumns.First(c => c.Name == old.Name).Id : id;
                ExpressionIndexes.Restore(before.Id, removed, Replaced, context);
            }
        }
    }

    /// <summary>Takes away the indexes with expressions that read a column which gets another type, or values that are stored, to be made anew afterwards.</summary>
    private static ImmutableArray<ExpressionIndexes.Removed> WithoutExpressions(ref TableDefinition table, AlterTableActionSyntax action, Transaction transaction)
    {
        var column = action switch
        {
            AlterColumnTypeSyntax change when table.Columns.Any(c => c.IsHidden) => NameMatch.FindColumn(table, change.Column),
            DropExpressionSyntax drop when NameMatch.FindColumn(table, drop.Column) is { IsVirtual: true } found => found,
            _ => null,
        };
        if (column is null)
        {
            return [];
        }

        // Another type leaves conditions with the columns that they read; a column whose values are stored is itself read from then on.
        (var bare, var removed) = ExpressionIndexes.Without(transaction.Catalog, table, column, withConditions: action is DropExpressionSyntax);
        if (!removed.IsEmpty)
        {
            transaction.PutTable(bare);
            table = transaction.BeginChange(bare.Id);
        }

        return removed;
    }

    public static bool IsEmpty(TableDefinition table, Transaction transaction)
    {
        using var view = transaction.OpenLatestSnapshot();
        using var scan = view.Scan(table.Id, [], []);
        return !scan.NextBlock();
    }

    private static TableDefinition Apply(TableDefinition table, AlterTableActionSyntax action, string text, StatementContext context)
    {
        var transaction = context.Transaction!;
        return action switch
        {
            AddColumnSyntax add => ColumnAlteration.Add(table, add, text, context),
            DropColumnSyntax drop => ColumnRemoval.Run(table, drop, transaction),
            RenameColumnSyntax rename => RenameColumn(transaction.Catalog, table, rename),
            RenameTableSyntax rename => Rename(table, NameMatch.Fold(rename.NewName), table.Schema, transaction, rename.Position),
            SetTableSchemaSyntax move => Rename(
                table, table.Name, NameMatch.FindSchema(transaction.Catalog, move.Schema) ?? throw Error.UndefinedSchema(move.Schema.Text, move.Schema.Position), transaction, move.Position),
            AlterColumnDefaultSyntax change => ColumnAlteration.SetDefault(table, change, text),
            AlterColumnNullabilitySyntax change => ColumnAlteration.SetNullability(table, change),
            AlterColumnTypeSyntax change => ColumnAlteration.SetType(table, change, text, context),
            AlterColumnIdentitySyntax change => ColumnAlteration.SetIdentity(table, change, context),
            DropExpressionSyntax drop => ColumnAlteration.DropExpression(table, drop, context),
            AddConstraintSyntax add => AddConstraint(table, add, text, transaction),
            DropConstraintSyntax drop => DropConstraint(table, drop, transaction),
            SetTableOptionsSyntax set => StorageParameters.Apply(table, set.Options, set.IsReset),
            RenameConstraintSyntax rename => RenameConstraint(table, rename),
            _ => throw Error.NotSupported("This change of a table", action.Position + 1),
        };
    }

    private static TableDefinition AddConstraint(TableDefinition table, AddConstraintSyntax add, string text, Transaction transaction)
    {
        var builder = new TableBuilder(transaction.Catalog, text, table);
        builder.AddConstraint(add.Constraint);
        return builder.Build();
    }

    private static TableDefinition RenameColumn(DatabaseCatalog catalog, TableDefinition table, RenameColumnSyntax rename)
    {
        var name = NameMatch.Fold(rename.NewName);
        if (table.NamedColumns.Any(c => c.Name == name))
        {
            throw Error.DuplicateColumn(name, rename.NewName.Position);
        }

        return ColumnRenaming.Run(catalog, table, NameMatch.FindColumn(table, rename.Column), name, rename.Position);
    }

    private static TableDefinition Rename(TableDefinition table, string name, string schema, Transaction transaction, int position)
        => schema != table.Schema && table.IsTemporary ? throw Error.InvalidTableDefinition($"'{table.Name}' is temporary and stays in its session's schema.", position)
            : schema.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal) && !table.IsTemporary ? throw Error.InvalidTableDefinition("A table does not become temporary. Create a temporary one.", position)
            : (name, schema) == (table.Name, table.Schema) || DdlExecutor.IsNameFree(transaction.Catalog, schema, name, ifNotExists: false, position)
            ? table with { Name = name, Schema = schema }
            : table;

    private static TableDefinition DropConstraint(TableDefinition table, DropConstraintSyntax drop, Transaction transaction)
    {
        if (NameMatch.Find(drop.Name, table.ForeignKeys, k => k.Name) is [var key])
        {
            return table with { ForeignKeys = table.ForeignKeys.Remove(key) };
        }

        if (NameMatch.Find(drop.Name, table.Checks, c => c.Name) is [var check])
        {
            return table with { Checks = table.Checks.Remove(check) };
        }

        if (NameMatch.Find(drop.Name, table.Indexes.Where(i => i.IsConstraint), i => i.Name) is [var index])
        {
            var ids = index.Columns.Select(c => c.Column).ToHashSet();
            foreach (var (other, reference) in DdlExecutor.ReferencesTo(transaction.Catalog, table.Id))
            {
                if (ids.SetEquals(reference.ReferencedColumns))
                {
                    throw Error.DependentObjects($"Constraint '{index.Name}'", $"foreign key '{reference.Name}' of '{other}'; drop it first", drop.Position);
                }
            }

            return table with { Indexes = table.Indexes.Remove(index) };
        }

        return drop.IfExists ? table : throw Error.UndefinedConstraint(drop.Name.Text, table.ToString(), drop.Name.Position);
    }

    private static TableDefinition RenameConstraint(TableDefinition table, RenameConstraintSyntax rename)
    {
        var name = NameMatch.Fold(rename.NewName);
        if (NameMatch.Find(rename.Name, table.ForeignKeys, k => k.Name) is [var key])
        {
            return table with { ForeignKeys = table.ForeignKeys.Replace(key, key with { Name = name }) };
        }

        if (NameMatch.Find(rename.Name, table.Checks, c => c.Name) is [var check])
        {
            return table with { Checks = table.Checks.Replace(check, check with { Name = name }) };
        }

        return NameMatch.Find(rename.Name, table.Indexes.Where(i => i.IsConstraint), i => i.Name) is [var index]
            ? table with { Indexes = table.Indexes.Replace(index, index with { Name = name }) }
            : throw Error.UndefinedConstraint(rename.Name.Text, table.ToString(), rename.Name.Position);
    }

    private static TableDefinition WithColumn(TableDefinition table, IdentifierSyntax name, Func<ColumnDefinition, ColumnDefinition> change)
    {
        var column = NameMatch.FindColumn(table, name);
        return table with { Columns = table.Columns.Replace(column, change(column)) };
    }

    public static EngramException NoColumn(TableDefinition table, IdentifierSyntax name)
        => Error.UndefinedColumn(name.Text, table.ToString(), NameMatch.Similar(name.Text, table.NamedColumns.Select(c => c.Name)), name.Position);
}
