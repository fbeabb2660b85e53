using System.Collections.Concurrent;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Graphs;

/// <summary>What came of a search of a graph.</summary>
internal enum GraphAnswer
{
    Found,

    /// <summary>The graph or its codes are damaged.</summary>
    Unusable,

    /// <summary>Rows that may be found are so far from the query that it is better to look at all of them.</summary>
    TooFar,
}

/// <summary>How far the graph of one index over one segment is.</summary>
/// <param name="IsThere">Whether searches use it.</param>
/// <param name="LinkedCount">Of the rows, those that are linked so far.</param>
internal readonly record struct GraphState(long RowCount, bool IsThere, long LinkedCount, long SizeBytes);

/// <summary>The graph of one index over one segment, mapped from its file or in memory.</summary>
/// <remarks>
/// <para><b>Derived data.</b> Opening looks at the ends of the file alone. The first search compares every page with its checksum; one that cannot be read or is not what was written
/// ends the use of the file: searches scan the segment, exactly, and another graph is built beside them.</para>
/// <para>Thread-safe. Valid while the segment is open.</para>
/// </remarks>
internal sealed unsafe class SegmentGraph : IDisposable
{
    private static readonly ConcurrentBag<GraphWalk> Walks = [];

    private readonly Segment segment;
    private readonly GraphShape shape;
    private readonly MappedRange? map;
    private readonly NativeBlock? memory;
    private readonly uint[] checksums = [];
    private readonly string name = "";
    private readonly ILogger? logger;
    private int isDamaged;
    private int isWhole;

    /// <param name="map">All of the file but its footer, unverified.</param>
    public SegmentGraph(Segment segment, GraphShape shape, MappedRange map, uint[] checksums, string name, ILogger logger)
    {
        (this.segment, this.shape, this.map, this.checksums, this.name, this.logger) = (segment, shape, map, checksums, name, logger);
        map.PreferLargePages();
    }

    /// <param name="memory">Laid out as in a file, and taken over.</param>
    public SegmentGraph(Segment segment, GraphShape shape, NativeBlock memory)
    {
        (this.segment, this.shape, this.memory, isWhole) = (segment, shape, memory, 1);
    }

    public GraphShape Shape => shape;

    public long SizeBytes => map?.Length ?? memory!.Length;

    /// <summary>Rows that are in no list of links and always scored.</summary>
    public int LooseCount => new GraphLayout(map is null ? memory!.Pointer : map.Pointer).LooseCount;

    public bool IsDamaged => Volatile.Read(ref isDamaged) != 0;

    /// <summary>Ends the use of the file, whose damage is known from elsewhere.</summary>
    public void MarkDamaged() => Volatile.Write(ref isDamaged, 1);

    /// <summary>The arrays, to write them.</summary>
    public NativeBlock? Memory => memory;

    /// <summary>Finds rows of the segment that may be among the nearest, by what codes say.</summary>
    /// <param name="codes">Of the same segment and column.</param>
    /// <param name="query">With the codes of its rest.</param>
    /// <param name="wanted">The nearest of these by their codes are to be scored in any case: of them nothing is said.</param>
    /// <param name="breadth">How many to find at most.</param>
    /// <param name="accepted">A bit for each row that may be found; null for all.</param>
    /// <param name="comparisonsMax">So many are worth making.</param>
    /// <param name="found">Receives those that have no code, then the others, nearest first; not checked for whether they are visible.</param>
    /// <param name="compared">Is increased by the distances computed.</param>
    public GraphAnswer Find(SegmentCodes codes, Int8Query query, int wanted, int breadth, ulong[]? accepted, long comparisonsMax, List<GraphCandidate> found, ref long compared)
    {
        if (!IsVerified() || !codes.TryGetAll(out var codeRows))
        {
            return GraphAnswer.Unusable;
        }

        var graph = new GraphLayout(map is null ? memory!.Pointer : map.Pointer);
        for (var i = 0; i < graph.LooseCount; i++)
        {
            found.Add(new GraphCandidate(graph.Loose[i], double.NegativeInfinity));
        }

        if (graph.Entry < 0)
        {
            return GraphAnswer.Found;
        }

        var walk = Walks.TryTake(out var kept) ? kept : new GraphWalk();
        var stride = codeRows.Stride;
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(stride);
        var before = walk.Compared;
        bool isWhole;
        fixed (byte* code = buffer)
        fixed (ulong* bits = accepted)
        {
            CodePairs.Store(query.Codes, code, stride);
            // The norm of a query only scales all distances of cosine; offsets are added to L2's unscaled.
            var factor = shape.Metric switch
            {
                GraphMetric.Cosine => query.Scale / query.Norm,
                GraphMetric.L2 => 2 * query.Scale,
                _ => query.Scale,
            };
            var target = new GraphTarget(code, query.Sum, (float)factor, 0);
            isWhole = walk.Run(graph, codeRows, target, 0, walk.Descend(graph, codeRows, target, 0), breadth, bits, comparisonsMax);
            if (isWhole)
            {
                CodePairs.Store(query.RestCodes, code, stride);
                new CandidateBounds(shape, graph, codes, codeRows, query, code).Judge(walk.Keys.AsSpan(0, walk.Count), wanted, found);
            }
        }

        compared += walk.Compared - before;
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        if (Walks.Count < 2 * Environment.ProcessorCount)
        {
            Walks.Add(walk);
        }

        return isWhole ? GraphAnswer.Found : GraphAnswer.TooFar;
    }

    public void Dispose()
    {
        map?.Dispose();
        memory?.Release();
    }

    /// <summary>Racing with another is harmless: both find the same.</summary>
    private bool IsVerified()
    {
        if (Volatile.Read(ref isWhole) != 0 || IsDamaged)
        {
            return !IsDamaged;
        }

        try
        {
            map!.Populate(0, map.Length);
            for (var page = 0; page < checksums.Length; page++)
            {
                var at = (long)page * SegmentFormat.PageSize;
                if (Crc32C.Compute(new ReadOnlySpan<byte>(map.Pointer + at, (int)Math.Min(SegmentFormat.PageSize, map.Length - at))) != checksums[page])
                {
                    if (Interlocked.Exchange(ref isDamaged, 1) == 0)
                    {
                        logger?.LogWarning("Page {Page} of graph file {Name} is damaged: searches of {Segment} are exact until the graph is built anew", page, name, segment.Info.Name);
                    }

                    return false;
                }
            }
        }
        catch (EngramException e)
        {
            if (Interlocked.Exchange(ref isDamaged, 1) == 0)
            {
                logger?.LogWarning(e, "Graph file {Name} could not be read: searches of {Segment} are exact until the graph is built anew", name, segment.Info.Name);
            }

            return false;
        }

        Volatile.Write(ref isWhole, 1);
        return true;
    }
}
