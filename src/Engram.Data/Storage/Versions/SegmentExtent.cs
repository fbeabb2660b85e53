using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Versions;

/// <summary>A segment with the versions that lie beside it: what was deleted or changed in its rows since it was written.</summary>
/// <remarks>A checkpoint puts another extent of the same segment in its place, with one entry for each value that had many, so that patches
/// do not gather without end. Roots from before it keep the old one.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Freed when the last reference is released.")]
internal sealed class SegmentExtent : Counted
{
    private readonly OpenSegment opened;
    private readonly ExtentVersions versions;

    /// <summary>The first extent of a segment, which it closes with the last one.</summary>
    public SegmentExtent(Segment segment, IndexFiles? files = null)
        : this(new OpenSegment(segment, files))
    {
    }

    /// <summary>The same rows and versions, read through another opening of the same file.</summary>
    public SegmentExtent(Segment segment, SegmentExtent versionsOf)
        : this(new OpenSegment(segment, null), versionsOf.versions)
    {
        versions.AddReference();
    }

    private SegmentExtent(OpenSegment opened)
        : this(opened, new ExtentVersions(opened.Segment.BlockCount))
    {
    }

    private SegmentExtent(OpenSegment opened, ExtentVersions versions)
    {
        this.opened = opened;
        this.versions = versions;
    }

    public Segment Segment => opened.Segment;

    /// <summary>The stamp at which all rows of the segment began; 0 when everybody who can ask for the segment sees them.</summary>
    /// <remarks>Other than 0 for a segment that a load attached, until a checkpoint has named it in the manifest.</remarks>
    public long Begin
    {
        get => Volatile.Read(ref versions.Begin);
        set => Volatile.Write(ref versions.Begin, value);
    }

    /// <summary>Whether a compaction is about to put another segment in its place: then it gets no columns. Read and set by the holder of the write lock.</summary>
    public bool IsBeingReplaced { get; set; }

    public bool HasBegun(ReadHorizon horizon)
    {
        var stamp = Begin;
        return stamp == 0 || horizon.Sees(stamp);
    }

    /// <summary>Native memory of the versions, in bytes.</summary>
    public long SizeBytes => versions.Memory.SizeBytes;

    /// <summary>Counts the memory of versions as that of new rows. Called by the holder of the write lock.</summary>
    public void ChargeTo(MemoryBudget? budget) => versions.Memory.ChargeTo(budget);

    /// <summary>Another extent of the same segment, without versions.</summary>
    public SegmentExtent StartAnew()
    {
        opened.AddReference();
        return new SegmentExtent(opened);
    }

    /// <summary>Another extent of the same segment, without versions, with some columns read from other files.</summary>
    public SegmentExtent StartAnew(DataDirectory directory, IReadOnlyList<SegmentInfo> replaced)
        => replaced.Count == 0 ? StartAnew() : new SegmentExtent(opened.Replace(directory, replaced));

    /// <summary>Another extent of the same segment, with the same versions, and with columns that it did not have.</summary>
    public SegmentExtent WithColumns(DataDirectory directory, IReadOnlyList<SegmentInfo> added)
    {
        var with = opened.Replace(directory, added);
        versions.AddReference();
        return new SegmentExtent(with, versions);
    }

    public BlockVersions? FindVersions(int block) => Volatile.Read(ref versions.Blocks[block]);

    /// <summary>Called by the holder of the write lock only.</summary>
    public BlockVersions GetOrAddVersions(int block)
    {
        if (versions.Blocks[block] is { } found)
        {
            return found;
        }

        found = new BlockVersions(versions.Memory, Batch.RowCountMax);
        Volatile.Write(ref versions.Blocks[block], found);
        return found;
    }

    /// <inheritdoc cref="OpenSegment.GetRun"/>
    public SegmentRun GetRun(IndexId id, KeyShape shape) => opened.GetRun(id, shape);

    /// <inheritdoc cref="OpenSegment.WriteRun"/>
    public void WriteRun(IndexId id, KeyShape shape, bool isNew) => opened.WriteRun(id, shape, isNew);

    /// <inheritdoc cref="OpenSegment.RemakeRun"/>
    public void RemakeRun(IndexId id, KeyShape shape) => opened.RemakeRun(id, shape);

    /// <inheritdoc cref="OpenSegment.FindCodes"/>
    public SegmentCodes? FindCodes(ColumnId column, int dimensions) => opened.FindCodes(column, dimensions);

    /// <inheritdoc cref="OpenSegment.WriteCodes"/>
    public void WriteCodes(ColumnId column, int dimensions, bool isNew) => opened.WriteCodes(column, dimensions, isNew);

    /// <inheritdoc cref="OpenSegment.FindGraph"/>
    public SegmentGraph? FindGraph(IndexId id, GraphShape shape) => opened.FindGraph(id, shape);

    /// <inheritdoc cref="OpenSegment.RemakeCodes"/>
    public void RemakeCodes(ColumnId column, int dimensions) => opened.RemakeCodes(column, dimensions);

    /// <inheritdoc cref="OpenSegment.RemakeGraph"/>
    public void RemakeGraph(IndexId id, GraphShape shape) => opened.RemakeGraph(id, shape);

    /// <inheritdoc cref="OpenSegment.DescribeGraph"/>
    public GraphState? DescribeGraph(IndexId id, GraphShape shape) => opened.DescribeGraph(id, shape);

    /// <inheritdoc cref="OpenSegment.WriteGraph"/>
    public void WriteGraph(IndexId id, GraphShape shape, bool isNew) => opened.WriteGraph(id, shape, isNew);

    /// <inheritdoc cref="OpenSegment.FindSketch"/>
    public byte[]? FindSketch(ColumnId column, bool makes = false) => opened.FindSketch(column, makes);

    /// <inheritdoc cref="OpenSegment.WriteSketches"/>
    public void WriteSketches(bool isNew) => opened.WriteSketches(isNew);

    protected override void Free()
    {
        opened.Release();
        versions.Release();
    }

    /// <summary>What happened to the rows, shared by extents that show more or fewer columns of them.</summary>
    private sealed class ExtentVersions(int blockCount) : Counted
    {
        public long Begin;

        public Arena Memory { get; } = new();

        public BlockVersions?[] Blocks { get; } = new BlockVersions?[blockCount];

        protected override void Free() => Memory.Dispose();
    }
}
