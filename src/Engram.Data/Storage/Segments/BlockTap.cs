using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>Sees the blocks of a segment while they are written, for what is derived from them.</summary>
/// <remarks>Where the disk is slow, blocks are taken on another thread than that of the writer, which waits for it: never two at a time. No error of it is one of the segment.</remarks>
internal abstract class BlockTap : IDisposable
{
    /// <param name="column">The place among the columns that the writer was created with.</param>
    public abstract bool Takes(int column);

    /// <summary>A block's values, there until this returns.</summary>
    public abstract void Take(int column, Column values, int rows);

    /// <summary>The segment is whole, synced and checked.</summary>
    public abstract void Finish(SegmentInfo info);

    /// <summary>Takes back what was not finished.</summary>
    public abstract void Dispose();
}
