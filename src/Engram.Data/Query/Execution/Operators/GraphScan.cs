using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>A search WITH APPROXIMATE: graphs choose candidates where they lead, everything else is searched as ever.</summary>
/// <remarks>
/// <para><b>The problem.</b> A graph knows rows as their segment stores them. It knows nothing of deletes and updates since, of rows that are in no segment, and of conditions.</para>
/// <para><b>The picture.</b> A part that a graph leads through and that is plain and unfiltered: walk, then search the blocks of the candidates for these rows alone. A part with
/// versions or a filter: first its blocks are read for the rows that are visible and satisfy the filter, as bits; rows with vectors of a later time are scored at once. Then the
/// walk collects rows of the bits only. When the bits are so few that walking past the others costs more than judging these by their codes, no walk: that part is exact; so it is when a
/// walk has come past so many others, since those of the bits lie elsewhere. Blocks without a graph, as of rows that wait for a checkpoint, are searched exactly.</para>
/// <para><b>Candidates</b> are scored nearest first by the distances that the walk computed: as many as are wanted, which gives a k-th score; then those of the rest that by their codes can be as near.</para>
/// <para><b>The guarantee.</b> Every row that comes out is visible, satisfies the filter and carries the defined score. When fewer than k were found, and any part was
/// walked, the caller searches exactly: k rows come whenever k exist.</para>
/// </remarks>
internal sealed class GraphScan(GraphSearch search, VectorTopKPlan plan, VectorScan own)
{
    /// <summary>To find a candidate takes about 15 comparisons, and one of a walk, which jumps, costs about as much as seven rows of a scan.</summary>
    private const double ScanRowsPerCandidate = 100;

    /// <summary>A walk may compare as many rows as half of those that it may find: then all of them are judged in about twice the time of doing so at once.</summary>
    private const int AcceptedPerComparison = 2;

    private readonly List<GraphCandidate> candidates = [];
    private readonly List<int> rows = [];
    private readonly Selection chosen = new();
    private ulong[] bits = [];
    private long compared;
    private int wanted;

    /// <summary>Whether any part was not searched exactly.</summary>
    public bool IsApproximate { get; private set; }

    /// <summary>Searches; false, having offered nothing, when no graph is of use.</summary>
    /// <param name="breadth">At least as many as rows are wanted.</param>
    /// <param name="k">Rows that are wanted.</param>
    public bool TryRun(VectorQuery query, int breadth, int k, ref VectorTally tally)
    {
        IsApproximate = false;
        (compared, wanted) = (0, k);
        if (query.Codes is null || GraphShapes.Of(plan.Table, search.Index) is not { } shape)
        {
            return false;
        }

        using var scan = own.Open();
        if (scan is null)
        {
            return false;
        }

        var parts = scan.FindGraphs(search.Index.Id, shape).Where(p => IsWorthWalking(p.RowCount, p.RowCount, breadth)).ToList();
        if (parts.Count == 0)
        {
            return false;
        }

        var before = own.Search.Tally;
        var next = 0;
        foreach (var part in parts)
        {
            Scan(scan, next, part.FirstBlock - next);
            next = part.FirstBlock + part.BlockCount;
            if (plan.Filter is null && part.IsPlain)
            {
                Walk(scan, part, query.Codes, breadth, null, long.MaxValue);
            }
            else
            {
                Choose(scan, part, query.Codes, breadth);
            }
        }

        Scan(scan, next, scan.BlockCount - next);
        tally += own.Search.Tally - before;
        tally += new VectorTally { BlocksTotal = scan.BlocksTotal, BlocksSkipped = scan.BlocksSkipped, BytesRead = scan.BytesRead, CodesRead = compared };
        return true;
    }

    private static bool IsWorthWalking(long accepted, long rows, int breadth) => (double)accepted * accepted > ScanRowsPerCandidate * breadth * rows;

    private void Scan(TableScan scan, int first, int count)
    {
        if (count > 0)
        {
            scan.Restrict(first, count);
            while (scan.NextBlock())
            {
                own.Take(scan);
            }
        }
    }

    /// <summary>Walks to candidates and searches among them; scans when the graph turns out to be damaged.</summary>
    private void Walk(TableScan scan, GraphPart part, Int8Query query, int breadth, ulong[]? accepted, long comparisonsMax)
    {
        candidates.Clear();
        var answer = part.Graph.Find(part.Codes, query, wanted, breadth, accepted, comparisonsMax, candidates, ref compared);
        if (answer == GraphAnswer.Unusable)
        {
            // Leaves word that another is wanted.
            scan.FindGraphs(search.Index.Id, part.Graph.Shape);
        }

        if (answer != GraphAnswer.Found)
        {
            if (accepted is null)
            {
                Scan(scan, part.FirstBlock, part.BlockCount);
            }
            else
            {
                TakeAll(scan, part);
            }

            return;
        }

        IsApproximate = true;
        var first = Math.Min(candidates.Count, part.Graph.LooseCount + wanted);
        TakeCandidates(scan, part, CollectionsMarshal.AsSpan(candidates)[..first], accepted);
        TakeCandidates(scan, part, CollectionsMarshal.AsSpan(candidates)[first..], accepted);
    }

    /// <summary>Scores those candidates that may be as near as enough others.</summary>
    private void TakeCandidates(TableScan scan, GraphPart part, ReadOnlySpan<GraphCandidate> from, ulong[]? accepted)
    {
        rows.Clear();
        var limit = own.Search.Limit;
        foreach (var candidate in from)
        {
            // Those without a code come whether accepted or not.
            if (!(candidate.Least > limit) && (accepted is null || IsSet(accepted, candidate.Row)))
            {
                rows.Add(candidate.Row);
            }
        }

        rows.Sort();
        for (var i = 0; i < rows.Count;)
        {
            var block = rows[i] / Batch.RowCountMax;
            chosen.Count = 0;
            for (; i < rows.Count && rows[i] / Batch.RowCountMax == block; i++)
            {
                chosen.Add((ushort)(rows[i] % Batch.RowCountMax));
            }

            scan.Restrict(part.FirstBlock + block, 1);
            if (scan.NextBlock())
            {
                Offer(scan, areNear: true);
            }
        }

        own.Search.ScoreGathered();
    }

    /// <summary>Finds out which rows of a part are wanted, then walks, or searches them all.</summary>
    private void Choose(TableScan scan, GraphPart part, Int8Query query, int breadth)
    {
        var words = (part.RowCount + 63) / 64;
        if (bits.Length < words)
        {
            bits = new ulong[words];
        }

        Array.Clear(bits, 0, words);
        var count = 0L;
        for (var block = 0; block < part.BlockCount; block++)
        {
            scan.Restrict(part.FirstBlock + block, 1);
            if (!scan.NextBlock())
            {
                continue;
            }

            var rows = own.Select(scan);
            // Without codes nothing tells which vectors were changed: the block is searched now, all of it.
            if (!scan.TryLoadCodes(own.VectorOrdinal, out _, out var patched))
            {
                if (rows is not { Count: 0 })
                {
                    own.Search.Take(scan, rows);
                }

                continue;
            }

            if (rows is null && patched is null)
            {
                SetBits(block * Batch.RowCountMax, scan.RowCount);
                count += scan.RowCount;
                continue;
            }

            chosen.Count = 0;
            var length = rows?.Count ?? scan.RowCount;
            for (var i = 0; i < length; i++)
            {
                var row = rows?.Rows[i] ?? (ushort)i;
                if (patched is not null && patched.Holds(row))
                {
                    chosen.Add(row);
                    continue;
                }

                var at = (block * Batch.RowCountMax) + row;
                bits[at >> 6] |= 1UL << (at & 63);
                count++;
            }

            if (chosen.Count > 0)
            {
                own.Search.Take(scan, chosen);
            }
        }

        if (IsWorthWalking(count, part.RowCount, breadth))
        {
            Walk(scan, part, query, breadth, bits, count / AcceptedPerComparison);
        }
        else if (count > 0)
        {
            TakeAll(scan, part);
        }
    }

    /// <summary>Searches exactly among the rows of the bits.</summary>
    private void TakeAll(TableScan scan, GraphPart part)
    {
        for (var block = 0; block < part.BlockCount; block++)
        {
            chosen.Count = 0;
            var first = block * Batch.RowCountMax;
            var end = Math.Min(first + Batch.RowCountMax, part.RowCount);
            for (var word = first >> 6; word << 6 < end; word++)
            {
                for (var left = bits[word]; left != 0; left &= left - 1)
                {
                    chosen.Add((ushort)((word << 6) - first + System.Numerics.BitOperations.TrailingZeroCount(left)));
                }
            }

            if (chosen.Count > 0)
            {
                scan.Restrict(part.FirstBlock + block, 1);
                if (scan.NextBlock())
                {
                    Offer(scan, areNear: false);
                }
            }
        }
    }

    /// <summary>Offers the chosen rows of the scan's block, those of them that are visible.</summary>
    /// <param name="areNear">Whether their codes were looked at already.</param>
    private void Offer(TableScan scan, bool areNear)
    {
        if (scan.Visible is { } visible)
        {
            var (kept, at) = (0, 0);
            for (var i = 0; i < chosen.Count; i++)
            {
                while (at < visible.Count && visible.Rows[at] < chosen.Rows[i])
                {
                    at++;
                }

                if (at < visible.Count && visible.Rows[at] == chosen.Rows[i])
                {
                    chosen.Buffer[kept++] = chosen.Rows[i];
                }
            }

            chosen.Count = kept;
        }

        if (chosen.Count > 0 && areNear)
        {
            own.Search.Gather(scan, chosen);
        }
        else if (chosen.Count > 0)
        {
            own.Search.Take(scan, chosen);
        }
    }

    /// <summary>Sets a whole block's bits; one begins with a word.</summary>
    private void SetBits(int first, int length)
    {
        Array.Fill(bits, ulong.MaxValue, first >> 6, length >> 6);
        if ((length & 63) != 0)
        {
            bits[(first + length) >> 6] = (1UL << (length & 63)) - 1;
        }
    }

    private static bool IsSet(ulong[] words, int row) => (words[row >> 6] >> (row & 63) & 1) != 0;
}
