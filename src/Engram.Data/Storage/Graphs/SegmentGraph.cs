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

/// <summary>A row that may be among the nearest, and a score that it is hardly better than.</summary>
internal readonly record struct GraphCandidate(int Row, double Least);

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
    /// <summary>Of distances as float32, generously.</summary>
    private const double FloatError = 1e-6;

    /// <summary>By so much at most a float32 that is next to zero is rounded.</summary>
    private const double FloatLeast = 1.5e-45;

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
    /// <param name="breadth">How many to find at most.</param>
    /// <param name="accepted">A bit for each row that may be found; null for all.</param>
    /// <param name="comparisonsMax">So many are worth making.</param>
    /// <param name="found">Receives those that have no code, then the others, nearest first; not checked for whether they are visible.</param>
    /// <param name="compared">Is increased by the distances computed.</param>
    public GraphAnswer Find(SegmentCodes codes, Int8Query query, int breadth, ulong[]? accepted, long comparisonsMax, List<GraphCandidate> found, ref long compared)
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
            var target = new GraphTarget(code, query.Bias / CodeBlock.Zero, (float)factor, 0);
            isWhole = walk.Run(graph, codeRows, target, 0, walk.Descend(graph, codeRows, target, 0), breadth, bits, comparisonsMax);
        }

        for (var i = 0; i < walk.Count && isWhole; i++)
        {
            found.Add(CandidateOf(graph, codes, query, walk.Keys[i]));
        }

        compared += walk.Compared - before;
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        if (Walks.Count < 2 * Environment.ProcessorCount)
        {
            Walks.Add(walk);
        }

        return isWhole ? GraphAnswer.Found : GraphAnswer.TooFar;
    }

    /// <summary>Goes from a distance of codes to a score that the row is not better than.</summary>
    /// <remarks>
    /// Rounding moved the row x by r = ‖x − x̂‖ and the query q by s = ‖q − q̂‖. By the triangle, ‖x − q‖ is at least ‖x̂ − q̂‖ − r − s; and x·q = x̂·q̂ + (x − x̂)·q + x̂·(q − q̂) is at most
    /// x̂·q̂ + r‖q‖ + s(‖x‖ + r). Mostly errors cancel out and these are far apart; but where many small elements stand beside a great one, all are rounded the same way, and a row is as far from
    /// its code, in the direction that counts, as this says. Where float32 did not hold a distance, nothing is known.
    /// </remarks>
    private GraphCandidate CandidateOf(GraphLayout graph, SegmentCodes codes, Int8Query query, ulong key)
    {
        var row = GraphWalk.RowOf(key);
        double distance = GraphWalk.DistanceOf(key);
        if (!double.IsFinite(distance) || !codes.TryGet(row / Batch.RowCountMax, out var block))
        {
            return new GraphCandidate(row, double.NegativeInfinity);
        }

        double residual = block.Residuals[row % Batch.RowCountMax];
        double norm = block.Norms[row % Batch.RowCountMax];
        // What became of products that are hardly more than zero.
        var lost = FloatLeast * (graph.Facts[2L * row] + 1) * CodeBlock.Max * CodeBlock.Max * shape.Dimensions;
        double least;
        switch (shape.Metric)
        {
            case GraphMetric.Cosine:
                var part = residual / norm;
                least = 1 + distance - part - (query.Residual / query.Norm * (1 + part)) - FloatError;
                break;
            case GraphMetric.L2:
                // Distances of codes lack the query's square; two squares that are nearly the same leave their rounding.
                var squared = distance + query.SquaredCodeNorm - (FloatError * (graph.Facts[(2L * row) + 1] + query.SquaredCodeNorm)) - lost;
                least = (Math.Sqrt(Math.Max(squared, 0)) * (1 - FloatError)) - residual - query.Residual;
                break;
            default:
                least = distance - (residual * query.Norm) - (query.Residual * (norm + residual)) - (FloatError * (norm + residual) * query.Norm) - lost;
                break;
        }

        return new GraphCandidate(row, double.IsFinite(least) && double.IsFinite(norm) ? least : double.NegativeInfinity);
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
