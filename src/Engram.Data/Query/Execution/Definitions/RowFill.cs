using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Modifications;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>Gives the rows of a table their values in one column that the table did not have: computed row by row, once, and written for that column alone.</summary>
/// <remarks>Rows are read by the definition from before, and values written by one that has the column. Nothing else of a row is read or written but what the expression names.</remarks>
internal static class RowFill
{
    /// <summary>Binds an expression over the columns of a table.</summary>
    public delegate BoundExpression Binder(StoredExpressions expressions, ImmutableArray<LogicalColumn> columns);

    /// <summary>The value of an expression that reads no row, as what older rows have.</summary>
    public static MissingValue? Constant(BoundExpression value, DataType type, StatementContext context)
    {
        var lowered = new Lowering(new StatementScope(DatabaseCatalog.Empty, ImmutableDictionary<string, DataType>.Empty)).LowerExpression(value, []);
        using var evaluator = EvaluatorFactory.Create(lowered, context);
        return MissingValue.Of(evaluator.Evaluate(new Batch(0) { RowCount = 1 }, null), 0, type);
    }

    /// <summary>Whether different rows may get different values.</summary>
    public static bool IsVolatile(BoundExpression value) => ExpressionTree.Any(value, e => e is BoundCall { Function.Volatility: Volatility.Volatile });

    /// <summary>Computes the column for all rows.</summary>
    /// <param name="before">How the rows are read.</param>
    /// <param name="between">The definition that has the column; it is put into effect.</param>
    /// <param name="column">Of <paramref name="between"/>.</param>
    /// <param name="bind">Binds the value over the columns of <paramref name="before"/>.</param>
    public static void Run(TableDefinition before, TableDefinition between, ColumnDefinition column, Binder bind, StatementContext context, IReadOnlyDictionary<string, int>? origins = null)
    {
        var transaction = context.Transaction!;
        using var view = transaction.OpenLatestSnapshot();
        var statement = new StatementScope(transaction.Catalog, ImmutableDictionary<string, DataType>.Empty);
        ImmutableArray<LogicalColumn> columns = [.. before.Columns.Select(c => statement.NewColumn(before, c))];
        var value = bind(new StoredExpressions(statement, origins), columns);
        var read = ExpressionTree.ColumnsOf(value);
        ImmutableArray<int> places = [.. Enumerable.Range(0, columns.Length).Where(i => read.Contains(columns[i].Id))];
        var map = places.Select((place, i) => (columns[place].Id, Ordinal: i + 1)).ToDictionary(p => p.Id, p => p.Ordinal);
        var lowered = new Lowering(statement).LowerExpression(value, map);
        using var evaluator = EvaluatorFactory.Create(lowered, context);

        transaction.PutTable(between);
        using var scan = view.Scan(before.Id, [ColumnId.RowId, .. places.Select(p => before.Columns[p].Id)], []);
        using var target = new Target(between, column, context);
        var batch = new Batch(places.Length + 1);
        while (scan.NextBlock())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            batch.RowCount = scan.RowCount;
            for (var i = 0; i < batch.Columns.Length; i++)
            {
                batch.Columns[i] = scan.Load(i, scan.Visible);
            }

            target.Write(batch.Columns[0], evaluator.Evaluate(batch, scan.Visible), batch.RowCount, scan.Visible);
        }

        target.Complete();
    }

    /// <summary>Numbers the rows in the order in which they were inserted.</summary>
    public static void RunIdentity(TableDefinition before, TableDefinition between, ColumnDefinition column, StatementContext context)
    {
        var transaction = context.Transaction!;
        using var view = transaction.OpenLatestSnapshot();
        var order = FindOrder(view, before, context);
        transaction.PutTable(between);
        using var scan = view.Scan(before.Id, [ColumnId.RowId], []);
        using var target = new Target(between, column, context);
        using var numbers = new ColumnBuffer(column.Type, Batch.RowCountMax);
        long? first = null;
        while (scan.NextBlock())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var count = scan.Visible?.Count ?? scan.RowCount;
            var next = transaction.NextIdentity(between.Id, column.Id, count);
            // Nobody else takes numbers meanwhile: all of them follow the first.
            first ??= next;
            var ids = scan.Load(0, scan.Visible);
            numbers.Clear();
            for (var i = 0; i < count; i++, next += column.IdentityIncrement)
            {
                var rank = order is null ? -1 : Array.BinarySearch(order, ids.Get<long>(scan.Visible is { } visible ? visible.Rows[i] : i));
                Append(numbers, rank < 0 ? next : first.Value + (rank * column.IdentityIncrement), between, column);
            }

            target.WriteDense(ids, numbers.Column, count, scan.Visible);
        }

        target.Complete();
    }

    /// <summary>All row ids, ascending: eight bytes a row, for a table that a compaction has ordered otherwise; null when they lie so anyway.</summary>
    private static long[]? FindOrder(Snapshot view, TableDefinition table, StatementContext context)
    {
        if (IsAscending(view, table, null, context))
        {
            return null;
        }

        var all = new List<long>();
        IsAscending(view, table, all, context);
        var sorted = all.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    private static bool IsAscending(Snapshot view, TableDefinition table, List<long>? all, StatementContext context)
    {
        using var scan = view.Scan(table.Id, [ColumnId.RowId], []);
        var (last, isAscending) = (long.MinValue, true);
        while (scan.NextBlock() && (isAscending || all is not null))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var ids = scan.Load(0, scan.Visible);
            for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
            {
                var id = ids.Get<long>(scan.Visible is { } visible ? visible.Rows[i] : i);
                isAscending &= id > last;
                last = id;
                all?.Add(id);
            }
        }

        return isAscending;
    }

    private static void Append(ColumnBuffer numbers, long number, TableDefinition table, ColumnDefinition column)
    {
        try
        {
            ClrValue.Append(numbers, Convert.ChangeType(number, ClrValue.ClrType(column.Type), CultureInfo.InvariantCulture));
        }
        catch (OverflowException)
        {
            throw Error.IdentityExhausted(table.Name, column.Name, column.Type.ToString());
        }
    }

    /// <summary>Takes values for rows of blocks and gives them to the transaction.</summary>
    private sealed class Target(TableDefinition table, ColumnDefinition column, StatementContext context) : IDisposable
    {
        private readonly CompactRows compact = new(1);
        private readonly RowChecks checks = new(table, [], [], context);
        private readonly ColumnFill fill = context.Transaction!.BeginFill(table.Id, column.Id);
        private readonly long[] rowIds = new long[Batch.RowCountMax];

        public void Write(Column ids, Column computed, int rowCount, Selection? rows)
            => WriteDense(ids, compact.Take(0, computed, rowCount, rows), rows?.Count ?? rowCount, rows);

        /// <param name="dense">One value for each of <paramref name="rows"/>.</param>
        public void WriteDense(Column ids, Column dense, int count, Selection? rows)
        {
            for (var i = 0; i < count; i++)
            {
                rowIds[i] = ids.Get<long>(rows is null ? i : rows.Rows[i]);
            }

            checks.CheckColumn(column, dense, count);
            fill.Write(rowIds.AsSpan(0, count), dense);
        }

        public void Complete() => fill.Complete();

        public void Dispose()
        {
            fill.Dispose();
            compact.Dispose();
            checks.Dispose();
        }
    }
}
