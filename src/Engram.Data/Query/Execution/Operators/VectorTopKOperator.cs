using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The k rows nearest to a vector: filter, score and a bounded heap over one scan, then the rows themselves, by row id.</summary>
/// <remarks>Equal scores come in order of row id. Rows without a vector come last, in order of row id too, when fewer than k have one.</remarks>
internal sealed unsafe class VectorTopKOperator : Operator, IScanMeasure
{
    private readonly VectorTopKPlan plan;
    private readonly StatementContext context;
    private readonly Evaluator query;
    private readonly Filter? filter;
    private readonly Filter.Load load;
    private readonly Batch scanned;
    private readonly bool[] isLoaded;
    private readonly int vectorOrdinal;
    private readonly Selection scored = new();
    private readonly double[] scores = new double[Batch.RowCountMax];
    private readonly long[] blockIds = new long[Batch.RowCountMax];
    private readonly double[] norms = new double[Batch.RowCountMax];
    private readonly NearestRows nearest = new();
    private readonly NearestRows without = new();
    private readonly Batch batch;
    private readonly ColumnBuffer distances = new(DataType.Double);
    private TableScan? scan;
    private RowFetch? fetch;
    private long[]? rowIds;
    private double[] results = [];
    private int next;

    public VectorTopKOperator(VectorTopKPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        query = EvaluatorFactory.Create(plan.Query, context);
        filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
        load = Load;
        vectorOrdinal = plan.FilterColumns.Length;
        scanned = new Batch(vectorOrdinal);
        isLoaded = new bool[vectorOrdinal];
        batch = new Batch(plan.Output.Length);
    }

    public long BlocksTotal { get; private set; }

    public long BlocksSkipped { get; private set; }

    public long BytesRead { get; private set; }

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
        nearest.Clear();
        without.Clear();
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

        var target = query.Evaluate(new Batch(0) { RowCount = 1 }, null);
        Bytes? vector = target.IsNull(0) ? null : target.Get<Bytes>(0);
        var dimensions = plan.Table.FindColumn(plan.VectorColumn)?.Type.Size ?? 0;
        if (vector is { } v && dimensions > 0 && v.Length != dimensions * sizeof(float))
        {
            throw Error.VectorDimensionsExpected($"{plan.Table.Name}.{plan.Table.FindColumn(plan.VectorColumn)!.Name}", dimensions, v.Length / sizeof(float));
        }

        Scan(vector, countMax);
        return Order(offset, limit);
    }

    private void Scan(Bytes? vector, long countMax)
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
                Take(vector, rows, countMax);
            }
        }

        if (scan is not null)
        {
            BlocksTotal += scan.BlocksTotal;
            BlocksSkipped += scan.BlocksSkipped;
            BytesRead += scan.BytesRead;
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

    /// <summary>Scores the block's rows that have a vector and offers them to the heap; the others are kept apart.</summary>
    private void Take(Bytes? vector, Selection? rows, long countMax)
    {
        var vectors = scan!.Load(vectorOrdinal, rows);
        var ids = scan.Load(vectorOrdinal + 1, rows);
        scored.Count = 0;
        var withoutCount = 0;
        var count = rows?.Count ?? scan.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? (ushort)i;
            if (vector is null || vectors.IsNull(row))
            {
                // Score 0 for all: the smallest row ids stay.
                scores[withoutCount] = 0;
                blockIds[withoutCount++] = ids.Get<long>(row);
            }
            else
            {
                scored.Add(row);
            }
        }

        without.Offer(scores.AsSpan(0, withoutCount), blockIds, countMax);
        if (scored.Count > 0)
        {
            Score(vector!.Value, vectors);
            for (var i = 0; i < scored.Count; i++)
            {
                blockIds[i] = ids.Get<long>(scored.Rows[i]);
            }

            nearest.Offer(scores.AsSpan(0, scored.Count), blockIds, countMax);
        }
    }

    private void Score(Bytes vector, Column vectors)
    {
        foreach (var row in scored.Rows)
        {
            var length = vectors.Get<Bytes>(row).Length;
            if (length != vector.Length)
            {
                throw Error.VectorDimensionsDiffer(length / sizeof(float), vector.Length / sizeof(float));
            }
        }

        // A constant column has one entry for all rows: a stride of none.
        var stride = vectors.IsConstant ? 0 : sizeof(Bytes);
        var q = (float*)vector.Pointer;
        var n = vector.Length / sizeof(float);
        var first = (byte*)vectors.Data;
        var rows = scored.Rows;
        var values = scores.AsSpan(0, rows.Length);
        switch (plan.Metric)
        {
            case VectorMetric.Cosine:
                VectorScore.DotAndNormSelected(q, n, first, stride, rows, values, norms);
                var norm = VectorScore.SquaredNorm(q, n);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = VectorScore.CosineDistance(values[i], norms[i], norm);
                }

                break;
            case VectorMetric.L2:
                VectorScore.L2SquaredSelected(q, n, first, stride, rows, values);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = Math.Sqrt(values[i]);
                }

                break;
            case VectorMetric.InnerProduct:
                VectorScore.DotSelected(q, n, first, stride, rows, values);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = VectorScore.InnerProductNegative(values[i]);
                }

                break;
            default:
                VectorScore.L1Selected(q, n, first, stride, rows, values);
                break;
        }
    }

    /// <summary>The row ids to give out, nearest first, and their distances; NaN stands for NULL, which no score is.</summary>
    private long[] Order(long offset, long limit)
    {
        var (scoresOf, idsOf) = nearest.Sorted();
        var (_, idsWithout) = without.Sorted();
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

    /// <summary>A bounded heap over arrays that grow no further than there are rows: LIMIT may be greater than the table.</summary>
    private sealed class NearestRows
    {
        private double[] scores = [];
        private long[] ids = [];
        private int[] slots = [];
        private int count;

        public void Offer(ReadOnlySpan<double> newScores, ReadOnlySpan<long> newIds, long countMax)
        {
            var capacity = (int)Math.Min(countMax, Math.Min((long)count + newScores.Length, Array.MaxLength));
            if (capacity > scores.Length)
            {
                capacity = (int)Math.Min(countMax, Math.Min(Math.Max(capacity, scores.Length * 2L), Array.MaxLength));
                Array.Resize(ref scores, capacity);
                Array.Resize(ref ids, capacity);
                Array.Resize(ref slots, capacity);
            }

            var heap = new TopKHeap(scores, ids, slots, count);
            for (var i = 0; i < newScores.Length; i++)
            {
                if (newScores[i] <= heap.Worst)
                {
                    heap.TryAdd(newScores[i], newIds[i]);
                }
            }

            count = heap.Count;
        }

        public (double[] Scores, long[] Ids) Sorted()
        {
            new TopKHeap(scores, ids, slots, count).SortAscending();
            return (scores[..count], ids[..count]);
        }

        public void Clear() => count = 0;
    }
}
