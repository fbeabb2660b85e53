using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>Looks whether the rows that are there meet what a changed definition promises of them. Unique keys are storage's to check.</summary>
/// <remarks>Checks and foreign keys are asked as queries, in the dialect itself: the planner reads no column that the condition does not name, uses indexes where it can, and the first
/// row that is found is named by its primary key.</remarks>
internal static class RowVerification
{
    /// <summary>Everything that the new definition says and the old one did not.</summary>
    /// <param name="before">The definition from before the statement.</param>
    /// <param name="after">The definition, in effect in the transaction.</param>
    /// <param name="rechecks">Whether checks that stay must be looked at too, since values changed.</param>
    public static void Run(TableDefinition before, TableDefinition after, bool rechecks, StatementContext context)
    {
        foreach (var column in after.Columns)
        {
            if (column.IsNotNull && before.FindColumn(column.Id) is not { IsNotNull: true })
            {
                CheckNotNull(after, column, context);
            }
        }

        foreach (var check in after.Checks)
        {
            var isNew = !before.Checks.Any(c => c.Sql == check.Sql);
            if ((isNew || rechecks) && FirstRow(after, $"NOT ({check.Sql})", [], context) is { } row)
            {
                throw isNew ? Error.CheckNotMet(after.ToString(), check.Name, row) : Error.CheckNoLongerMet(after.ToString(), check.Name, row);
            }
        }

        foreach (var key in after.ForeignKeys)
        {
            // Known by what it says, not by its name, which may have changed.
            if (!before.ForeignKeys.Any(k => k.ReferencedTable == key.ReferencedTable && k.Columns.SequenceEqual(key.Columns) && k.ReferencedColumns.SequenceEqual(key.ReferencedColumns)))
            {
                CheckForeignKey(after, key, context);
            }
        }
    }

    /// <summary>The rows of other tables that refer to a column whose values are others now.</summary>
    public static void RunReferring(TableDefinition before, TableDefinition after, StatementContext context)
    {
        foreach (var (child, key) in DdlExecutor.ReferencesTo(context.Transaction!.Catalog, after.Id).ToList())
        {
            // A wider type has the values that the narrower one had.
            if (child.Id != after.Id && key.ReferencedColumns.Any(id => !before.Columns.Any(c => after.FindColumn(id)!.IsStoredAs(c.Id))))
            {
                CheckForeignKey(child, key, context);
            }
        }
    }

    /// <summary>The least or greatest value of an integer column; null when there is none.</summary>
    public static object? Bound(TableDefinition table, ColumnDefinition column, bool greatest, StatementContext context)
    {
        object? found = null;
        Query($"SELECT {(greatest ? "max" : "min")}({Quote(column.Name)}) FROM {NameOf(table)}", context, (batch, row) => found = ClrValue.Read(batch.Columns[0], row));
        return found;
    }

    private static void CheckNotNull(TableDefinition table, ColumnDefinition column, StatementContext context)
    {
        if (column.IsVirtual)
        {
            object? nulls = null;
            Query($"SELECT count(*) FROM {NameOf(table)} WHERE {Quote(column.Name)} IS NULL", context, (batch, row) => nulls = ClrValue.Read(batch.Columns[0], row));
            if (nulls is long and > 0)
            {
                throw Error.NullsInTheWay(table.ToString(), column.Name, (long)nulls);
            }

            return;
        }

        using var view = context.Transaction!.OpenLatestSnapshot();
        if (view.CountNulls(table.Id, column.Id) is > 0 and var count)
        {
            throw Error.NullsInTheWay(table.ToString(), column.Name, count);
        }
    }

    private static void CheckForeignKey(TableDefinition table, ForeignKeyDefinition key, StatementContext context)
    {
        var referenced = context.Transaction!.Catalog.Get(key.ReferencedTable);
        ImmutableArray<string> columns = [.. key.Columns.Select(c => table.FindColumn(c)!.Name)];
        var pairs = columns.Zip(key.ReferencedColumns, (own, other) => $"\"r r\".{Quote(referenced.FindColumn(other)!.Name)} = {NameOf(table)}.{Quote(own)}");
        var condition = string.Join(" AND ", columns.Select(c => $"{Quote(c)} IS NOT NULL"))
            + $" AND NOT EXISTS (SELECT 1 FROM {NameOf(referenced)} AS \"r r\" WHERE {string.Join(" AND ", pairs)})";
        if (FirstRow(table, condition, columns, context) is { } found)
        {
            throw Error.ForeignKeyNotMet(table.ToString(), key.Name, found.Replace(" with ", "", StringComparison.Ordinal), referenced.ToString());
        }
    }

    /// <summary>The first row that meets a condition, told by some of its columns, or by its primary key when none are named; null when there is none.</summary>
    private static string? FirstRow(TableDefinition table, string condition, ImmutableArray<string> columns, StatementContext context)
    {
        if (columns.IsEmpty)
        {
            columns = [.. table.PrimaryKey?.Columns.Select(c => table.FindColumn(c.Column)!.Name) ?? []];
        }

        var shown = columns.IsEmpty ? "1" : string.Join(", ", columns.Select(Quote));
        string? found = null;
        Query($"SELECT {shown} FROM {NameOf(table)} WHERE {condition} LIMIT 1", context, (batch, row) =>
            found ??= columns.IsEmpty ? "" : " with " + KeyValue.Describe(columns, batch.Columns, row));
        return found;
    }

    /// <summary>Runs a query over everything that the transaction shows.</summary>
    private static void Query(string sql, StatementContext context, Action<Batch, int> onRow)
    {
        var transaction = context.Transaction!;
        using var view = transaction.OpenLatestSnapshot();
        var bound = Planner.Plan(Parser.ParseScript(sql)[0], sql, transaction.Catalog, ImmutableDictionary<string, DataType>.Empty);
        var inner = new StatementContext(view, null, new Batch(0) { RowCount = 1 }, context.Clock, context.Cancellation);
        using var root = OperatorFactory.Create(bound.Plan, inner);
        while (root.Next() is { } batch)
        {
            for (var i = 0; i < batch.SelectedCount; i++)
            {
                onRow(batch, batch.RowAt(i));
            }
        }
    }

    private static string NameOf(TableDefinition table) => $"{Quote(table.Schema)}.{Quote(table.Name)}";

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
