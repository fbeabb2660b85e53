using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Versions;

/// <summary>A segment's file and what is derived from it: shared by the extents that show it with different versions beside it.</summary>
/// <param name="segment">Closed with this.</param>
/// <param name="files">Where runs of its indexes are kept; null to make them in memory.</param>
internal sealed partial class OpenSegment(Segment segment, IndexFiles? files) : Counted
{
    private readonly Lock building = new();
    private readonly List<SegmentRun> replaced = [];
    private ImmutableDictionary<IndexId, SegmentRun> runs = ImmutableDictionary<IndexId, SegmentRun>.Empty;

    public Segment Segment { get; } = Tell(segment, files);

    /// <summary>The index's entries for the rows as the segment stores them: from their file, or made on first use, and kept while the segment is open.</summary>
    public SegmentRun GetRun(IndexId id, KeyShape shape)
    {
        if (Volatile.Read(ref runs).TryGetValue(id, out var run) && run.IsOf(shape))
        {
            return run;
        }

        lock (building)
        {
            if (!runs.TryGetValue(id, out run) || !run.IsOf(shape))
            {
                run = (files is null ? null : RunFile.TryOpen(files, Segment, id, shape)) ?? Make(shape);
                Put(id, run);
            }

            return run;
        }
    }

    /// <summary>Makes sure that the run is in a file, from which it is then read. Called by whoever writes segments, one at a time.</summary>
    /// <param name="isNew">Whether the segment was written just now, so that a file of the run's name is another's.</param>
    public void WriteRun(IndexId id, KeyShape shape, bool isNew)
    {
        if (files is null)
        {
            return;
        }

        SegmentRun? run;
        lock (building)
        {
            run = runs.TryGetValue(id, out var kept) && kept.IsOf(shape) ? kept : null;
        }

        // A file that nobody has opened yet is looked at when somebody does; but its head now, when the text of a condition stands in it, which the renaming of a column changes.
        if (!isNew && (run is null && shape.Filter is not null
                ? RunFile.IsOf(files, Segment.Info, id, shape)
                : run is null or { IsMapped: true } && files.Directory.Exists(RunFile.NameOf(Segment.Info, id, shape.Sources))))
        {
            return;
        }

        // Not under the lock, which readers may wait for.
        var made = run ?? Make(shape);
        try
        {
            RunFile.Write(files.Directory, Segment.Info, id, made);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Index file {Name} could not be written; its entries stay in memory", RunFile.NameOf(Segment.Info, id, shape.Sources));
            if (run is null)
            {
                Put(id, made);
            }

            return;
        }

        if (RunFile.TryOpen(files, Segment, id, shape) is { } mapped)
        {
            Put(id, mapped);
            if (run is null)
            {
                made.Dispose();
            }
        }
        else if (run is null)
        {
            Put(id, made);
        }
    }

    /// <summary>Somebody found that the file is damaged: has the run made anew in memory; the next checkpoint writes it.</summary>
    public void RemakeRun(IndexId id, KeyShape shape)
    {
        var made = Make(shape);
        Put(id, made);
    }

    /// <summary>The same segment with some columns read from other files. Runs are asked for anew: those of other columns' keys are in their files.</summary>
    public OpenSegment Replace(DataDirectory directory, IReadOnlyList<SegmentInfo> added) => new(Segment.Replace(directory, added), files);

    protected override void Free()
    {
        foreach (var run in runs.Values)
        {
            run.Dispose();
        }

        replaced.ForEach(r => r.Dispose());
        FreeGraphs();
        FreeCodes();
        Segment.Dispose();
    }

    private static Segment Tell(Segment segment, IndexFiles? files)
    {
        if (files is not null)
        {
            segment.OrderRepaired = e => files.Logger.LogWarning(e, "What finds rows of {Name} by row id is damaged, and was made anew in memory", segment.Info.Name);
        }

        return segment;
    }

    private SegmentRun Make(KeyShape shape)
    {
        var (head, memory) = RunBuilder.Build(Segment, shape, files?.Conditions);
        return new SegmentRun(Segment, head, null, memory, files);
    }

    private void Put(IndexId id, SegmentRun run)
    {
        lock (building)
        {
            if (runs.TryGetValue(id, out var old))
            {
                // Somebody may be reading it.
                replaced.Add(old);
            }

            Volatile.Write(ref runs, runs.SetItem(id, run));
        }
    }
}
