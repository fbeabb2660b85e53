using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>The WHERE of a partial index, bound to its table and tested row by row.</summary>
/// <remarks>Such a condition reads the row alone: no parameter, no query, nothing that changes from call to call. So it needs no snapshot.</remarks>
internal sealed class StoredIndexCondition : IndexCondition
{
    private readonly Filter filter;
    private readonly ColumnBuffer[] values;
    private readonly Batch batch;
    private readonly Batch many;

    private StoredIndexCondition(Filter filter, ImmutableArray<ColumnDefinition> columns)
    {
        this.filter = filter;
        Columns = ImmutableArray.CreateRange(columns, c => c.Id);
        values = [.. columns.Select(c => new ColumnBuffer(c.Type, 1))];
        batch = new Batch(values.Length) { RowCount = 1 };
        many = new Batch(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            batch.Columns[i] = values[i].Column;
        }
    }

    public override ImmutableArray<ColumnId> Columns { get; }

    public static IndexCondition Create(TableDefinition table, IndexDefinition index)
    {
        var statement = new StatementScope(DatabaseCatalog.Empty.With(table), ImmutableDictionary<string, DataType>.Empty);
        ImmutableArray<LogicalColumn> columns = [.. table.Columns.Select(c => statement.NewColumn(table, c))];
        var condition = new StoredExpressions(statement).IndexCondition(table, index, columns);
        var read = ExpressionTree.ColumnsOf(condition);
        ImmutableArray<int> places = [.. Enumerable.Range(0, columns.Length).Where(i => read.Contains(columns[i].Id))];
        var map = places.Select((place, i) => (columns[place].Id, Ordinal: i)).ToDictionary(p => p.Id, p => p.Ordinal);
        var lowered = new Lowering(statement).LowerExpression(condition, map);
        var context = new StatementContext(NoSnapshot.Instance, null, new Batch(0) { RowCount = 1 }, TimeProvider.System, CancellationToken.None);
        return new StoredIndexCondition(Filter.Create(lowered, context), ImmutableArray.CreateRange(places, p => table.Columns[p]));
    }

    public override bool Holds(ReadOnlySpan<Column> columns, int row)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i].Clear();
            values[i].AppendFrom(columns[i], row);
        }

        return filter.Apply(batch, null) is not { Count: 0 };
    }

    protected override void AddTrue(ReadOnlySpan<Column> columns, int rowCount, Selection? rows, Selection target)
    {
        columns.CopyTo(many.Columns);
        many.RowCount = rowCount;
        if (filter.Apply(many, rows) is { } passed)
        {
            target.CopyFrom(passed);
            return;
        }

        for (var row = 0; row < rowCount; row++)
        {
            target.Add(row);
        }
    }

    public override void Dispose()
    {
        filter.Dispose();
        foreach (var value in values)
        {
            value.Dispose();
        }
    }

    /// <summary>What a condition is given to read from: it reads nothing.</summary>
    private sealed class NoSnapshot : Snapshot
    {
        public static readonly NoSnapshot Instance = new();

        public override DatabaseCatalog Catalog => DatabaseCatalog.Empty;

        public override Lsn Lsn => Lsn.Zero;

        public override long EstimateRowCount(TableId table) => throw Unexpected();

        public override long CountNulls(TableId table, ColumnId column) => throw Unexpected();

        public override TableScan Scan(TableId table, ReadOnlySpan<ColumnId> columns, ReadOnlySpan<ZoneBound> bounds) => throw Unexpected();

        public override RowFetch OpenFetch(TableId table, ReadOnlySpan<ColumnId> columns) => throw Unexpected();

        public override void Probe(TableId table, IndexId index, ReadOnlySpan<Column> key, int row, List<long> rowIds) => throw Unexpected();

        public override IndexRange OpenRange(TableId table, IndexId index, IndexBounds bounds) => throw Unexpected();

        public override void Dispose()
        {
        }

        private static EngramException Unexpected() => Error.Internal("the condition of an index reads tables");
    }
}
