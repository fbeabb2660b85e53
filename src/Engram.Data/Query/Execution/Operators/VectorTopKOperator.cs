using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The k rows nearest to a vector: filter, score and a bounded heap over one scan, then the rows themselves, by row id.</summary>
/// <remarks>Equal scores come in order of row id. Rows without a vector come last, in order of row id too, when fewer than k have one.</remarks>
internal sealed class VectorTopKOperator : Operator, IScanMeasure, IVectorMeasure
{
    private readonly VectorTopKPlan plan;
    private readonly StatementContext context;
    private readonly Evaluator query;
    private readonly Filter? filter;
    private readonly Filter.Load load;
    private readonly Batch scanned;
    private readonly bool[] isLoaded;
    private readonly int vectorOrdinal;
    private readonly VectorSearch search;
    private readonly Batch batch;
    private readonly ColumnBuffer distances = new(DataType.Double);
    private TableScan? scan;
    private RowFetch? fetch;
    private long[]? rowIds;
    private double[] results = [];
    private int next;
    private long scanBytesRead;

    public VectorTopKOperator(VectorTopKPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        query = EvaluatorFactory.Create(plan.Query, context);
        filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
        load = Load;
        vectorOrdinal = plan.FilterColumns.Length;
        scanned = new Batch(vectorOrdinal);
        isLoaded = new bool[vectorOrdinal];
        search = new VectorSearch(vectorOrdinal, vectorOrdinal + 1);
        batch = new Batch(plan.Output.Length);
    }

    public long BlocksTotal { get; private set; }

    public long BlocksSkipped { get; private set; }

    public long BytesRead => scanBytesRead + search.BytesRead;

    public long CodesRead => search.CodesRead;

    public long RowsScored => search.RowsScored;

    public override Batch? Next()
    {
        rowIds ??= Run();
        var count = Math.Min(rowIds.Length - next, Batch.RowCountMax);
        if (count <= 0)
        {
            return null;
        }

        if (plan.Columns.Length > 0)
        {
            fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
            var found = fetch.Fetch(rowIds.AsSpan(next, count));
            if (found.RowCount != count || found.Selection is not null)
            {
                throw Error.Internal($"{count} rows of {plan.Table} were asked for by row id, {found.SelectedCount} were found");
            }

            found.Columns.AsSpan(0, plan.Columns.Length).CopyTo(batch.Columns);
        }

        if (plan.OutputDistance)
        {
            FillDistances(count);
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public override void Reset()
    {
        rowIds = null;
        next = 0;
    }

    public override void Dispose()
    {
        query.Dispose();
        filter?.Dispose();
        scan?.Dispose();
        fetch?.Dispose();
        distances.Dispose();
    }

    private long[] Run()
    {
        var limit = LimitOperator.Read(plan.Limit, isOffset: false, context) ?? long.MaxValue;
        var offset = LimitOperator.Read(plan.Offset, isOffset: true, context) ?? 0;
        var countMax = limit > long.MaxValue - offset ? long.MaxValue : limit + offset;
        if (limit == 0)
        {
            return [];
        }

        var value = query.Evaluate(new Batch(0) { RowCount = 1 }, null);
        Bytes? vector = value.IsNull(0) ? null : value.Get<Bytes>(0);
        var dimensions = plan.Table.FindColumn(plan.VectorColumn)?.Type.Size ?? 0;
        if (vector is { } v && dimensions > 0 && v.Length != dimensions * sizeof(float))
        {
            throw Error.VectorDimensionsExpected($"{plan.Table.Name}.{plan.Table.FindColumn(plan.VectorColumn)!.Name}", dimensions, v.Length / sizeof(float));
        }

        using var target = vector is null ? null : new VectorQuery(vector.Value, plan.Metric, countMax < context.Snapshot.EstimateRowCount(plan.Table.Id));
        search.Begin(target, new ScoreLimit(), countMax);
        Scan();
        return Order(offset, limit);
    }

    private void Scan()
    {
        scan = ScanOperator.Open(plan.Table, [.. plan.FilterColumns, plan.VectorColumn, ColumnId.RowId], plan.Bounds, context);
        while (scan is not null && scan.NextBlock())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            isLoaded.AsSpan().Clear();
            scanned.RowCount = scan.RowCount;
            var rows = filter is null ? scan.Visible : filter.Apply(scanned, scan.Visible, load);
            if (rows is not { Count: 0 })
            {
                search.Take(scan, rows);
            }
        }

        if (scan is not null)
        {
            BlocksTotal += scan.BlocksTotal;
            BlocksSkipped += scan.BlocksSkipped;
            scanBytesRead += scan.BytesRead;
            scan.Dispose();
            scan = null;
        }
    }

    private void Load(System.Collections.Immutable.ImmutableArray<int> ordinals, Selection? rows)
    {
        foreach (var ordinal in ordinals)
        {
            if (!isLoaded[ordinal])
            {
                scanned.Columns[ordinal] = scan!.Load(ordinal, rows);
                isLoaded[ordinal] = true;
            }
        }
    }

    /// <summary>The row ids to give out, nearest first, and their distances; NaN stands for NULL, which no score is.</summary>
    private long[] Order(long offset, long limit)
    {
        var (scoresOf, idsOf) = search.Nearest.Sorted();
        var (_, idsWithout) = search.Without.Sorted();
        var total = (long)idsOf.Length + idsWithout.Length;
        var first = (int)Math.Min(offset, total);
        var count = (int)Math.Min(limit, total - first);
        var ids = new long[count];
        results = new double[count];
        for (var i = 0; i < count; i++)
        {
            var at = first + i;
            ids[i] = at < idsOf.Length ? idsOf[at] : idsWithout[at - idsOf.Length];
            results[i] = at < idsOf.Length ? scoresOf[at] : double.NaN;
        }

        return ids;
    }

    private void FillDistances(int count)
    {
        distances.Clear();
        for (var i = next; i < next + count; i++)
        {
            if (double.IsNaN(results[i]))
            {
                distances.AppendNull();
            }
            else
            {
                distances.Append(results[i]);
            }
        }

        batch.Columns[^1] = distances.Column;
    }
}
