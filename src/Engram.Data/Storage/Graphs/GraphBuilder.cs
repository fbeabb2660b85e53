using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Graphs;

/// <summary>Builds the graph of a segment from its codes, on several threads, and always the same one.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows are linked one after another, each to near ones among those before it. Threads that link rows together must not see each other's links
/// half done, and with locks the graph would depend on who came first.</para>
/// <para><b>The picture.</b> Rows are taken in batches, which grow with the graph. First every row of the batch walks over the graph as it was before the batch, compares itself with the
/// rows of the batch before it, and writes its own links: nobody else reads or writes these. Then all links are turned around and sorted by where they lead; each row that
/// something leads to gets its new links, again from one thread alone. Neither step depends on how many threads there are.</para>
/// <para><b>Which links.</b> Of the candidates, nearest first, one is left out when it is nearer to a link that was chosen already than to the row: then the walk gets there
/// anyway, and links into other directions are worth more. A row that has too many chooses anew among them in the same way.</para>
/// <para><b>A row's level</b> depends on its number alone.</para>
/// </remarks>
internal sealed unsafe class GraphBuilder : IDisposable
{
    private const int BatchLengthMax = 1024;

    private readonly GraphShape shape;
    private readonly CodeRows codes;
    private readonly GraphLayout graph;
    private readonly sbyte[] levels;
    private readonly int[] sums;
    private readonly ThreadLocal<GraphWalk> walks = new(() => new GraphWalk());
    private readonly ParallelOptions threads;

    private GraphBuilder(GraphShape shape, CodeRows codes, GraphLayout graph, sbyte[] levels, int[] sums, int threadCount)
    {
        (this.shape, this.codes, this.graph, this.levels, this.sums) = (shape, codes, graph, levels, sums);
        // Not the scheduler of whoever builds: that one may let one task run at a time.
        threads = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(threadCount, 1), TaskScheduler = TaskScheduler.Default };
    }

    public void Dispose() => walks.Dispose();

    /// <summary>Builds; null when it was told to stop, or when the codes are damaged.</summary>
    /// <param name="progress">Called after each batch with the rows that are done; false to stop.</param>
    public static NativeBlock? Build(Segment segment, SegmentCodes codes, GraphShape shape, int threadCount, Func<int, bool> progress)
    {
        if (!codes.TryGetAll(out var rows))
        {
            return null;
        }

        var count = checked((int)segment.RowCount);
        var levels = new sbyte[count];
        var loose = new List<int>();
        var upper = 0;
        for (var row = 0; row < count; row++)
        {
            codes.TryGet(row / Batch.RowCountMax, out var block);
            var at = row % Batch.RowCountMax;
            if (block.IsNull(at) || !IsFinite(block, at))
            {
                levels[row] = -1;
                if (!block.IsNull(at))
                {
                    loose.Add(row);
                }

                continue;
            }

            levels[row] = LevelOf(row, shape.M);
            upper += levels[row];
        }

        var memory = new NativeBlock(GraphLayout.SizeOf(count, shape.M, upper, loose.Count));
        var graph = new GraphLayout(memory.Pointer);
        graph.Initialize(count, shape.M, upper, loose.Count);
        loose.CopyTo(new Span<int>(graph.Loose, loose.Count));
        var sums = new int[count];
        upper = 0;
        for (var row = 0; row < count; row++)
        {
            codes.TryGet(row / Batch.RowCountMax, out var block);
            var (factor, offset) = FactsOf(shape.Metric, block, row % Batch.RowCountMax);
            (graph.Facts[2L * row], graph.Facts[(2L * row) + 1]) = (factor, offset);
            sums[row] = CodePairs.Sum(rows[row], rows.Stride);
            if (levels[row] > 0)
            {
                graph.SetUpper(row, upper);
                upper += levels[row];
            }
        }

        using var builder = new GraphBuilder(shape, rows, graph, levels, sums, threadCount);
        if (builder.Link(progress))
        {
            return memory;
        }

        memory.Release();
        return null;
    }

    /// <summary>−ln u / ln m, u being a hash of the row's number between 0 and 1.</summary>
    internal static sbyte LevelOf(int row, int m)
    {
        var hash = (ulong)(uint)row + 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        hash ^= hash >> 31;
        var u = ((hash >> 11) + 1) * (1.0 / (1UL << 53));
        return (sbyte)Math.Min(-Math.Log(u) / Math.Log(m), GraphLayout.LevelMax);
    }

    private static bool IsFinite(CodeBlock block, int row)
        => float.IsFinite(block.Residuals[row]) && float.IsFinite(block.Scales[row] * block.Scales[row] * block.Squares[row]);

    private static (float Factor, float Offset) FactsOf(GraphMetric metric, CodeBlock block, int row) => metric switch
    {
        GraphMetric.Cosine => (block.Scales[row] / block.Norms[row], 0),
        GraphMetric.L2 => (block.Scales[row], block.Scales[row] * block.Scales[row] * block.Squares[row]),
        _ => (block.Scales[row], 0),
    };

    private GraphTarget TargetOf(int row)
        => new(codes[row], sums[row], graph.Facts[2L * row] * (shape.Metric == GraphMetric.L2 ? 2 : 1), graph.Facts[(2L * row) + 1]);

    private bool Link(Func<int, bool> progress)
    {
        var batch = new List<int>(BatchLengthMax);
        var linked = 0;
        for (var row = 0; row < levels.Length;)
        {
            batch.Clear();
            var length = Math.Clamp(linked / 8, 1, BatchLengthMax);
            for (; row < levels.Length && batch.Count < length; row++)
            {
                if (levels[row] >= 0)
                {
                    batch.Add(row);
                }
            }

            if (graph.Entry >= 0 || batch.Count > 1)
            {
                Parallel.For(0, batch.Count, threads, i => LinkRow(batch, i));
                LinkBack(batch);
            }

            foreach (var added in batch)
            {
                if (graph.Entry < 0 || levels[added] > graph.Top)
                {
                    var to = graph;
                    (to.Entry, to.Top) = (added, levels[added]);
                }
            }

            linked += batch.Count;
            if (!progress(row))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Chooses a new row's own links on all its levels.</summary>
    private void LinkRow(List<int> batch, int place)
    {
        var row = batch[place];
        var walk = walks.Value!;
        var target = TargetOf(row);
        var candidates = new List<ulong>(shape.Construction);
        var from = graph.Entry < 0 ? -1 : walk.Descend(graph, codes, target, Math.Min(levels[row], graph.Top));
        for (int level = levels[row]; level >= 0; level--)
        {
            candidates.Clear();
            if (from >= 0 && level <= graph.Top)
            {
                walk.Run(graph, codes, target, level, from, shape.Construction, null);
                candidates.AddRange(walk.Keys.AsSpan(0, walk.Count));
                from = GraphWalk.RowOf(walk.Keys[0]);
            }

            for (var i = 0; i < place; i++)
            {
                if (levels[batch[i]] >= level)
                {
                    candidates.Add(GraphWalk.KeyOf(GraphWalk.Distance(graph, codes, target, batch[i]), batch[i]));
                }
            }

            candidates.Sort();
            Choose(candidates, shape.M, graph.Links(row, level));
        }
    }

    /// <summary>Gives the rows that new links lead to the links back.</summary>
    private void LinkBack(List<int> batch)
    {
        var edges = new List<(int To, int Level, int From)>();
        foreach (var row in batch)
        {
            for (var level = 0; level <= levels[row]; level++)
            {
                var links = graph.Links(row, level);
                for (var i = 1; i <= links[0]; i++)
                {
                    edges.Add((links[i], level, row));
                }
            }
        }

        edges.Sort();
        var starts = new List<int>();
        for (var i = 0; i < edges.Count; i++)
        {
            if (i == 0 || edges[i].To != edges[i - 1].To || edges[i].Level != edges[i - 1].Level)
            {
                starts.Add(i);
            }
        }

        Parallel.For(0, starts.Count, threads, i => AddLinks(edges, starts[i], i + 1 < starts.Count ? starts[i + 1] : edges.Count));
    }

    private void AddLinks(List<(int To, int Level, int From)> edges, int first, int end)
    {
        var (row, level, _) = edges[first];
        var links = graph.Links(row, level);
        var max = graph.LinksMax(level);
        if (links[0] + end - first <= max)
        {
            for (var i = first; i < end; i++)
            {
                links[++links[0]] = edges[i].From;
            }

            return;
        }

        var target = TargetOf(row);
        var candidates = new List<ulong>(links[0] + end - first);
        for (var i = 1; i <= links[0]; i++)
        {
            candidates.Add(GraphWalk.KeyOf(GraphWalk.Distance(graph, codes, target, links[i]), links[i]));
        }

        for (var i = first; i < end; i++)
        {
            candidates.Add(GraphWalk.KeyOf(GraphWalk.Distance(graph, codes, target, edges[i].From), edges[i].From));
        }

        candidates.Sort();
        Choose(candidates, max, links);
    }

    private void Choose(List<ulong> candidates, int max, int* links)
    {
        var count = 0;
        foreach (var key in candidates)
        {
            var row = GraphWalk.RowOf(key);
            var target = TargetOf(row);
            var isWanted = true;
            for (var i = 1; i <= count && isWanted; i++)
            {
                isWanted = GraphWalk.KeyOf(GraphWalk.Distance(graph, codes, target, links[i]), 0) >= (key & 0xFFFF_FFFF_0000_0000);
            }

            if (isWanted)
            {
                links[++count] = row;
                if (count == max)
                {
                    break;
                }
            }
        }

        links[0] = count;
    }
}
