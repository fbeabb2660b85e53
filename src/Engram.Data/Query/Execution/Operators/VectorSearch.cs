using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The k-th score of a search that several threads share: what one finds, the others need not look beyond.</summary>
/// <param name="initial">No score above it is wanted.</param>
internal sealed class ScoreLimit(double initial = double.PositiveInfinity)
{
    private double value = initial;

    public double Value => Volatile.Read(ref value);

    public void Lower(double to)
    {
        var seen = Value;
        while (to < seen)
        {
            var now = Interlocked.CompareExchange(ref value, to, seen);
            if (now == seen)
            {
                return;
            }

            seen = now;
        }
    }
}

/// <summary>One thread's part of a search for the k nearest rows: blocks go in, the nearest of their rows stay.</summary>
/// <remarks>
/// <para><b>A block</b> that has codes: once there is a k-th score, products of the query's codes with codes of four bits, for all rows or the selected ones, then with codes of eight for those
/// that are left; rows that either prove to be worse than the k-th score so far are passed over (<see cref="CodeBounds"/>); of the others the most promising are scored from float32 first, which lowers the k-th score, then those that are still left. A block without
/// codes, and rows whose vectors were changed since they were stored, are scored from float32.</para>
/// <para><b>The result</b> is that of scoring every row, whichever way each block went and in whatever order blocks came: a row is passed over only when its score is strictly
/// worse than that of k others, so that ties are left to the heap, which decides by row id.</para>
/// <para>Where codes of four bits leave too many rows, the scan goes on with those of eight alone. When these pass over too few, as among rows that are all equally far, they are left unread for the rest of the scan.</para>
/// </remarks>
internal sealed unsafe partial class VectorSearch(int vectorOrdinal, int rowIdOrdinal) : IDisposable
{
    /// <summary>So many rows are scored without looking which of them to score first.</summary>
    private const int FewRowsMax = 24;

    /// <summary>After so many rows it is asked whether codes are worth reading.</summary>
    private const long TrialRowCount = 8 * Batch.RowCountMax;

    /// <summary>Codes of four bits cost about half of those of eight: they are worth it where they leave one row in this many or fewer.</summary>
    private const int CoarseShare = 3;

    private const long CoarseTrialRowCount = Batch.RowCountMax;

    /// <summary>What is read of a row beside its code.</summary>
    private const int FactsSize = 4 * sizeof(float);

    private readonly Selection scored = new();
    private readonly Selection coded = new();
    private readonly Selection direct = new();
    // Rented: together they are more than everything else that a search allocates.
    private readonly double[] scores = ArrayPool<double>.Shared.Rent(Batch.RowCountMax);
    private readonly double[] norms = ArrayPool<double>.Shared.Rent(Batch.RowCountMax);
    private readonly long[] ids = ArrayPool<long>.Shared.Rent(Batch.RowCountMax);
    private readonly ushort[] left = ArrayPool<ushort>.Shared.Rent(Batch.RowCountMax);
    private readonly int[] dots = ArrayPool<int>.Shared.Rent(Batch.RowCountMax);
    private readonly NearestRows promising = new();
    private readonly Column wide = new(DataType.Vector(0));
    private ColumnBuffer? widened;
    private VectorQuery? query;
    private ScoreLimit limit = new();
    private ScoreConditions? conditions;
    private SearchOrder order;
    private ScoreForm form;
    private long k;
    private long codesRead;
    private long codesLeft;
    private long coarseRead;
    private long coarseLeft;
    private long coarseEnd;
    private int withoutCount;
    private bool isDisposed;

    public NearestRows Nearest { get; } = new();

    /// <summary>All rows within the limit, unless only the k nearest are wanted.</summary>
    public TiedRows Tied { get; } = new();

    /// <summary>Rows without a vector, by row id.</summary>
    public NearestRows Without { get; } = new();

    /// <summary>No score above it is wanted by now.</summary>
    public double Limit => limit.Value;

    /// <summary>What was read so far, blocks excepted.</summary>
    public VectorTally Tally { get; private set; }

    /// <param name="query">Null when the query is NULL: no row has a score then.</param>
    /// <param name="limit">Shared by the threads of a search; begins with what the conditions allow.</param>
    /// <param name="k">Rows that are wanted.</param>
    public void Begin(VectorQuery? query, ScoreLimit limit, ScoreConditions conditions, SearchOrder order, ScoreForm form, long k)
    {
        (this.query, this.limit, this.conditions, this.order, this.form, this.k) = (query, limit, conditions, order, form, k);
        (codesRead, codesLeft, coarseRead, coarseLeft, coarseEnd, gatheredCount) = (0, 0, 0, 0, 0, 0);
        hasProducts = false;
        Nearest.Clear();
        Tied.Clear();
        Without.Clear();
    }

    /// <summary>Takes over what another thread's search found.</summary>
    public void Offer(VectorSearch other, long wanted)
    {
        Nearest.Offer(other.Nearest, wanted);
        Tied.Offer(other.Tied);
        Without.Offer(other.Without, order == SearchOrder.Distance ? wanted : long.MaxValue);
    }

    /// <summary>Whether codes exist for the query and have passed over enough so far.</summary>
    private bool UsesCodes => query?.Codes is not null && (codesRead < TrialRowCount || codesLeft * 2 <= codesRead);

    /// <summary>Offers rows of the scan's block.</summary>
    /// <param name="rows">Those that pass the filter; null for all.</param>
    public void Take(TableScan scan, Selection? rows)
    {
        if (!UsesCodes || !scan.TryLoadCodes(vectorOrdinal, out var codes, out var patched))
        {
            TakeDirectly(scan, rows);
            return;
        }

        if (patched is not null)
        {
            Part(scan, rows, patched);
            if (direct.Count > 0)
            {
                TakeDirectly(scan, direct);
            }

            rows = coded;
        }

        if (rows is not { Count: 0 })
        {
            TakeByCodes(scan, rows, codes);
        }
    }

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        ReturnGathered();
        widened?.Dispose();
        ArrayPool<double>.Shared.Return(scores);
        ArrayPool<double>.Shared.Return(norms);
        ArrayPool<long>.Shared.Return(ids);
        ArrayPool<ushort>.Shared.Return(left);
        ArrayPool<int>.Shared.Return(dots);
    }

    /// <summary>Loads vectors as float32, whatever they are stored as.</summary>
    private Column LoadVectors(TableScan scan, Selection? rows)
    {
        var stored = scan.Load(vectorOrdinal, rows);
        if (stored.Type.Kind != TypeKind.HalfVector)
        {
            return stored;
        }

        widened ??= new ColumnBuffer(DataType.Vector(0), Batch.RowCountMax);
        widened.Clear();
        var values = widened.Column.Pointer<Bytes>();
        var count = stored.IsConstant ? 1 : rows?.Count ?? scan.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = stored.IsConstant ? 0 : rows?.Rows[i] ?? i;
            var half = stored.Get<Bytes>(row);
            var n = half.Length / sizeof(Half);
            var target = (float*)widened.AllocateVariable(n * sizeof(float));
            HalfFloats.Widen((ushort*)half.Pointer, target, n);
            values[row] = new Bytes((byte*)target, n * sizeof(float));
        }

        wide.Data = values;
        wide.Nulls = stored.Nulls;
        wide.IsConstant = stored.IsConstant;
        return wide;
    }

    /// <summary>Parts rows whose codes count from those whose vectors were changed.</summary>
    private void Part(TableScan scan, Selection? rows, PatchList patched)
    {
        coded.Count = 0;
        direct.Count = 0;
        var count = rows?.Count ?? scan.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? (ushort)i;
            (patched.Holds(row) ? direct : coded).Add(row);
        }
    }

    private void TakeByCodes(TableScan scan, Selection? rows, CodeBlock codes)
    {
        int count;
        fixed (int* products = dots)
        {
            var isSparse = IsSparse(scan, rows);
            var judged = isSparse ? rows!.Count : scan.RowCount;
            var isCoarse = hasProducts || MayBeCoarse();
            var bytes = (long)judged * ((isCoarse ? codes.CoarseStrideBytes : codes.StrideBytes) + FactsSize);
            codesRead += judged;
            count = Judge(codes, rows, judged, isSparse, isCoarse, products);
            if (isCoarse && count > 0)
            {
                coarseLeft += count;
                bytes += (long)count * (codes.StrideBytes + FactsSize);
                Int8Dot.Selected(codes, query!.Codes!, left.AsSpan(0, count), products);
                count = query.Bounds.Within(limit.Value).Keep(codes.Facts, left.AsSpan(0, count), products);
            }

            if (isCoarse)
            {
                coarseRead += judged;
                coarseEnd = codesRead;
            }

            Tally += new VectorTally { CodesRead = judged, BytesRead = bytes };
            if (withoutCount > 0)
            {
                OfferWithout(scan);
            }

            if (count > FewRowsMax && k < count / 2)
            {
                // Without a k-th score every row is left: score first what will make the best one.
                count = TakePromising(scan, codes, count, products);
            }
        }

        if (count > 0)
        {
            scored.Count = 0;
            foreach (var row in left.AsSpan(0, count))
            {
                scored.Add(row);
            }

            codesLeft += count;
            ScoreRows(scan);
        }
    }

    private bool MayBeCoarse() => query!.HasCoarseBounds && limit.Value < double.PositiveInfinity && IsCoarseWorthwhile();

    /// <summary>Where codes of four bits left too many rows they are tried again some blocks later: by then other rows may come, and the k-th score may be a better one.</summary>
    private bool IsCoarseWorthwhile()
    {
        if (coarseRead < CoarseTrialRowCount || coarseLeft * CoarseShare <= coarseRead)
        {
            return true;
        }

        if (codesRead - coarseEnd < TrialRowCount)
        {
            return false;
        }

        (coarseRead, coarseLeft) = (0, 0);
        return true;
    }

    /// <summary>Finds the rows that codes of eight bits or of four do not prove to be worse than what is wanted, and their products; those without a vector are set aside.</summary>
    /// <param name="isSparse">Whether to read codes of the selected rows only: most rows of a block are read fastest by reading all of them.</param>
    private int Judge(CodeBlock codes, Selection? rows, int judged, bool isSparse, bool isCoarse, int* products)
    {
        var bounds = query!.Bounds.Within(limit.Value);
        var facts = isCoarse ? codes.CoarseFacts : codes.Facts;
        if (!isSparse)
        {
            if (!isCoarse)
            {
                query.Products(codes, judged, products);
            }
            else if (!hasProducts)
            {
                CoarseDot.Rows(codes, query.Codes!, judged, products);
            }

            return Gather(codes, rows, bounds.Find(facts, judged, products, left));
        }

        var selected = left.AsSpan(0, judged);
        rows!.Rows.CopyTo(selected);
        if (isCoarse)
        {
            CoarseDot.Selected(codes, query.Codes!, selected, products);
        }
        else
        {
            query.Products(codes, selected, products);
        }

        return Gather(codes, null, bounds.Keep(facts, selected, products), areGathered: true);
    }

    /// <summary>Keeps of the rows that are left those that are wanted, moves their products to them, and sets rows without a vector aside.</summary>
    private int Gather(CodeBlock codes, Selection? rows, int count, bool areGathered = false)
    {
        withoutCount = 0;
        var kept = 0;
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var row = left[i];
            var dot = areGathered ? dots[i] : dots[row];
            if (rows is not null)
            {
                while (at < rows.Count && rows.Rows[at] < row)
                {
                    at++;
                }

                if (at == rows.Count || rows.Rows[at] != row)
                {
                    continue;
                }
            }

            if (codes.IsNull(row))
            {
                if (withoutCount == 0)
                {
                    direct.Count = 0;
                }

                direct.Add(row);
                withoutCount++;
                continue;
            }

            left[kept] = row;
            dots[kept++] = dot;
        }

        return kept;
    }

    /// <summary>Scores the k rows that the codes say are nearest, and drops of the rest what is worse for certain by then.</summary>
    /// <returns>How many are left to score.</returns>
    private int TakePromising(TableScan scan, CodeBlock codes, int count, int* products)
    {
        for (var i = 0; i < count; i++)
        {
            scores[i] = query!.Bounds.Estimate(codes.Facts, left[i], products[i]);
            ids[i] = i;
        }

        promising.Clear();
        promising.Offer(scores.AsSpan(0, count), ids, k);
        var (_, chosen) = promising.Sorted();
        Array.Sort(chosen);
        scored.Count = 0;
        var rest = 0;
        for (int i = 0, next = 0; i < count; i++)
        {
            if (next < chosen.Length && chosen[next] == i)
            {
                scored.Add(left[i]);
                next++;
                continue;
            }

            left[rest] = left[i];
            products[rest++] = products[i];
        }

        codesLeft += chosen.Length;
        ScoreRows(scan);
        return query!.Bounds.Within(limit.Value).Keep(codes.Facts, left.AsSpan(0, rest), products);
    }

    /// <summary>Offers rows of the scan's block, and asks no codes about them.</summary>
    public void TakeDirectly(TableScan scan, Selection? rows)
    {
        var vectors = LoadVectors(scan, rows);
        scored.Count = 0;
        withoutCount = 0;
        var count = rows?.Count ?? scan.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? (ushort)i;
            if (query is null || vectors.IsNull(row))
            {
                left[withoutCount++] = row;
            }
            else
            {
                scored.Add(row);
            }
        }

        if (withoutCount > 0)
        {
            direct.Count = 0;
            foreach (var row in left.AsSpan(0, withoutCount))
            {
                direct.Add(row);
            }

            OfferWithout(scan);
        }

        if (scored.Count > 0)
        {
            ScoreRows(scan, vectors);
        }
    }

    /// <summary>Score 0 for all of them: the smallest row ids stay.</summary>
    private void OfferWithout(TableScan scan)
    {
        // NULL satisfies no condition, and comes behind k rows that have a vector.
        if (conditions!.Any || limit.Value < double.PositiveInfinity)
        {
            return;
        }

        var rowIds = scan.Load(rowIdOrdinal, direct);
        for (var i = 0; i < direct.Count; i++)
        {
            ids[i] = rowIds.Get<long>(direct.Rows[i]);
        }

        scores.AsSpan(0, direct.Count).Clear();
        Without.Offer(scores.AsSpan(0, direct.Count), ids, order == SearchOrder.Distance ? k : long.MaxValue);
    }

    /// <summary>Scores the rows in <see cref="scored"/> and offers them to the heap.</summary>
    private void ScoreRows(TableScan scan, Column? vectors = null)
    {
        vectors ??= LoadVectors(scan, scored);
        query!.Score(vectors, scored.Rows, scores, norms);
        var rowIds = scan.Load(rowIdOrdinal, scored);
        for (var i = 0; i < scored.Count; i++)
        {
            ids[i] = rowIds.Get<long>(scored.Rows[i]);
        }

        OfferScored();
    }

    /// <summary>Offers the rows in <see cref="scored"/>, whose scores and row ids are known, to the heap.</summary>
    private void OfferScored()
    {
        Tally += new VectorTally { RowsScored = scored.Count, BytesRead = (long)scored.Count * query!.Dimensions * sizeof(float) };
        var count = 0;
        for (var i = 0; i < scored.Count; i++)
        {
            ids[count] = ids[i];
            scores[count] = scores[i];
            count += !conditions!.Any || conditions.Accept(scores[i]) ? 1 : 0;
        }

        var found = scores.AsSpan(0, count);
        if (order != SearchOrder.RowId)
        {
            Nearest.Offer(found, ids, k);
            limit.Lower(ScoreConditions.TieLimit(order == SearchOrder.WithTies ? form : ScoreForm.Distance, Nearest.Worst(k)));
        }

        if (order != SearchOrder.Distance)
        {
            Tied.Offer(found, ids, limit.Value);
        }
    }
}
