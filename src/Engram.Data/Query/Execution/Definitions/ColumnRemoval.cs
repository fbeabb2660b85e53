using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>DROP COLUMN: what is the column's own goes with it, what others have by it only with CASCADE.</summary>
/// <remarks>As in PostgreSQL. Its own: indexes over it or with it in their expressions or conditions, checks that read it, foreign keys of the table that it is in.
/// Others': foreign keys that refer to it, and columns that are computed from it.</remarks>
internal static class ColumnRemoval
{
    public static TableDefinition Run(TableDefinition table, DropColumnSyntax drop, Transaction transaction)
    {
        var found = NameMatch.Find(drop.Column, table.NamedColumns, c => c.Name);
        return found switch
        {
            [var column] => Remove(table, column, drop, transaction),
            [] when drop.IfExists => table,
            _ => throw TableAlteration.NoColumn(table, drop.Column),
        };
    }

    private static TableDefinition Remove(TableDefinition table, ColumnDefinition column, DropColumnSyntax drop, Transaction transaction)
    {
        // Columns that are computed from computed ones are not allowed, so there is one level of them.
        foreach (var computed in table.NamedColumns.Where(c => c.ComputedSql is { } sql && c.Id != column.Id && Reads(transaction, table, sql, column)).ToList())
        {
            Demand(drop, table, column, $"column '{computed.Name}' is computed from it");
            table = Remove(table, computed, drop, transaction);
        }

        // Only now: the columns that were computed from it are gone, too.
        if (table.NamedColumns.Count() == 1)
        {
            throw Error.InvalidTableDefinition($"Column '{column.Name}' is the only one of '{table}'. Drop the table instead.", drop.Position);
        }

        foreach (var (other, key) in DdlExecutor.ReferencesTo(transaction.Catalog, table.Id).Where(r => r.Key.ReferencedColumns.Contains(column.Id)).ToList())
        {
            var isOwn = other.Id == table.Id;
            if (isOwn && key.Columns.Contains(column.Id))
            {
                continue;
            }

            Demand(drop, table, column, $"foreign key '{key.Name}' of '{other}' refers to it");
            if (isOwn)
            {
                table = table with { ForeignKeys = table.ForeignKeys.RemoveAll(k => k.Name == key.Name) };
                continue;
            }

            // Not as it was found: another of its keys may be gone by now.
            var now = transaction.Catalog.Get(other.Id);
            transaction.PutTable(now with { ForeignKeys = now.ForeignKeys.RemoveAll(k => k.Name == key.Name) });
        }

        var checks = table.Checks.RemoveAll(c => Reads(transaction, table, c.Sql, column));
        (table, _) = ExpressionIndexes.Without(transaction.Catalog, table, column, withConditions: true);
        return ExpressionIndexes.Prune(table with
        {
            Columns = table.Columns.Remove(column),
            Checks = checks,
            ForeignKeys = table.ForeignKeys.RemoveAll(k => k.Columns.Contains(column.Id)),
            Indexes = [.. table.Indexes.Where(i => !i.Columns.Any(c => c.Column == column.Id) && !i.Included.Contains(column.Id) && !i.FilterColumns.Contains(column.Id))],
            VectorIndexes = [.. table.VectorIndexes.Where(i => i.Columns[0].Column != column.Id)],
            ClusteredBy = table.ClusteredBy.Remove(column.Id),
        });
    }

    private static void Demand(DropColumnSyntax drop, TableDefinition table, ColumnDefinition column, string dependent)
    {
        if (!drop.IsCascade)
        {
            throw Error.DependentObjects($"Column '{table}.{column.Name}'", $"{dependent}; drop that first, or write CASCADE", drop.Position);
        }
    }

    private static bool Reads(Transaction transaction, TableDefinition table, string sql, ColumnDefinition column)
        => StoredExpressions.ColumnsReadBy(transaction.Catalog, table, sql).Contains(table.IndexOf(column.Id));
}
