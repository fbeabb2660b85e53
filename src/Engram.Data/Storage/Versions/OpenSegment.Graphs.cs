using Engram.Data.Columns;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Graphs;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Versions;

/// <content>The graphs of the segment's vector indexes: from their files, or built in the background when there are none.</content>
/// <remarks>
/// Nobody waits for a graph: a search that finds none scans the segment and leaves word, one thread sees to the graphs of one segment after another, in memory, and searches that begin later use them.
/// A job of maintenance then writes them to files. A build gives up when it is the last that refers to the segment, and then there is nobody left to want it.
/// </remarks>
internal sealed partial class OpenSegment
{
    /// <summary>Fewer rows are scanned sooner than a graph of them is built.</summary>
    internal const int GraphRowCountMin = 4096;

    private static readonly TaskFactory Building = new(
        CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskContinuationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    private readonly Lock graphsGate = new();
    private readonly List<SegmentGraph> graphsReplaced = [];
    private readonly Dictionary<(IndexId, GraphShape), int> graphsBuilding = [];
    private (IndexId Id, SegmentGraph Graph)[] graphs = [];

    /// <summary>The graph of an index; null while there is none, or when the segment is too small for one or older than the column.</summary>
    public SegmentGraph? FindGraph(IndexId id, GraphShape shape)
    {
        foreach (var (other, graph) in Volatile.Read(ref graphs))
        {
            if (other == id && graph.Shape == shape && !graph.IsDamaged)
            {
                return graph;
            }
        }

        if (files is null || Segment.RowCount < GraphRowCountMin || !HasVectors(shape.Column, shape.Dimensions))
        {
            return null;
        }

        lock (graphsGate)
        {
            var there = Array.Find(graphs, g => g.Id == id && g.Graph.Shape == shape).Graph;
            if (there is { IsDamaged: false })
            {
                return there;
            }

            if (graphsBuilding.ContainsKey((id, shape)))
            {
                return null;
            }

            if (there is null && GraphFile.TryOpen(files, Segment, id, shape) is { } opened)
            {
                PutGraph(id, opened);
                return opened;
            }

            // Built from codes: without them it is asked for again when they are there.
            if (FindCodes(shape.Column, shape.Dimensions) is { } codesOf)
            {
                graphsBuilding.Add((id, shape), 0);
                AddReference();
                _ = Building.StartNew(() => BuildGraph(id, shape, codesOf));
            }
        }

        return null;
    }

    /// <summary>Somebody found that the file is damaged: has the graph built anew, as if a search had.</summary>
    public void RemakeGraph(IndexId id, GraphShape shape)
    {
        if (FindGraph(id, shape) is { Memory: null } there)
        {
            there.MarkDamaged();
            FindGraph(id, shape);
        }
    }

    /// <summary>What there is of an index's graph, without having one built; null when the segment is not to have one.</summary>
    public GraphState? DescribeGraph(IndexId id, GraphShape shape)
    {
        if (files is null || Segment.RowCount < GraphRowCountMin || !HasVectors(shape.Column, shape.Dimensions))
        {
            return null;
        }

        lock (graphsGate)
        {
            var there = Array.Find(graphs, g => g.Id == id && g.Graph.Shape == shape && !g.Graph.IsDamaged).Graph;
            if (there is null && graphsBuilding.TryGetValue((id, shape), out var linked))
            {
                return new GraphState(Segment.RowCount, false, linked, 0);
            }

            if (there is null && !graphs.Any(g => g.Id == id) && GraphFile.TryOpen(files, Segment, id, shape) is { } opened)
            {
                PutGraph(id, opened);
                there = opened;
            }

            return new GraphState(Segment.RowCount, there is not null, there is null ? 0 : Segment.RowCount, there?.SizeBytes ?? 0);
        }
    }

    /// <summary>Sees to it that there is a graph: writes one that is in memory only, or has it built. Called by whoever writes segments, one at a time; waits for no build.</summary>
    /// <param name="isNew">Whether the segment was written just now, so that a file of the graph's name is another's.</param>
    public void WriteGraph(IndexId id, GraphShape shape, bool isNew)
    {
        if (files is null || !HasVectors(shape.Column, shape.Dimensions))
        {
            return;
        }

        var name = GraphFile.NameOf(Segment.Info, id, shape.Column);
        try
        {
            if (isNew && files.Directory.Exists(name))
            {
                files.Directory.Delete(name);
            }

            if (FindGraph(id, shape) is not { Memory: { } memory })
            {
                return;
            }

            GraphFile.Write(files.Directory, Segment, id, shape, memory);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Graph file {Name} could not be written; the graph of {Segment} stays in memory", name, Segment.Info.Name);
            return;
        }

        if (GraphFile.TryOpen(files, Segment, id, shape) is { } opened)
        {
            lock (graphsGate)
            {
                PutGraph(id, opened);
            }
        }
    }

    private void BuildGraph(IndexId id, GraphShape shape, SegmentCodes codesOf)
    {
        try
        {
            var next = 0L;
            var memory = GraphBuilder.Build(Segment, codesOf, shape, Math.Max(1, Environment.ProcessorCount / 2), rows =>
            {
                if (rows >= next)
                {
                    files!.Logger.LogInformation("Graph of index {Index} over {Segment}: {Rows} of {Total} rows are linked", id, Segment.Info.Name, rows, Segment.RowCount);
                    next += Math.Max(1, Segment.RowCount / 10);
                }

                lock (graphsGate)
                {
                    graphsBuilding[(id, shape)] = rows;
                }

                return IsShared;
            });
            lock (graphsGate)
            {
                graphsBuilding.Remove((id, shape));
                if (memory is not null)
                {
                    PutGraph(id, new SegmentGraph(Segment, shape, memory));
                }
            }

            if (memory is not null)
            {
                files!.Made?.Invoke();
            }
        }
        catch (EngramException e)
        {
            // Not tried again: searches of the segment are exact.
            files!.Logger.LogWarning(e, "The graph of index {Index} could not be built from {Segment}: its searches are exact", id, Segment.Info.Name);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Called under the lock.</summary>
    private void PutGraph(IndexId id, SegmentGraph made)
    {
        if (Array.Find(graphs, g => g.Id == id).Graph is { } old)
        {
            // Somebody may be walking over it.
            graphsReplaced.Add(old);
        }

        Volatile.Write(ref graphs, [.. graphs.Where(g => g.Id != id), (id, made)]);
    }

    private void FreeGraphs()
    {
        foreach (var (_, graph) in graphs)
        {
            graph.Dispose();
        }

        graphsReplaced.ForEach(g => g.Dispose());
    }
}
