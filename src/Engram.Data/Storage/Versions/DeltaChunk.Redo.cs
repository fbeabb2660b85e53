using Engram.Data.Columns;

namespace Engram.Data.Storage.Versions;

/// <content>Rows that recovery takes from records of the log, without a batch between.</content>
internal sealed unsafe partial class DeltaChunk
{
    public int FreeRows => Capacity - count;

    /// <summary>Writes the next rows of one column behind the rows that are there. They show when <see cref="PublishWritten"/> says so.</summary>
    /// <param name="ordinal">The column's place in the definition that the chunk was made for.</param>
    /// <param name="copies">Takes over the copying of vectors, for a column that nobody reads before recovery is done; null to copy here.</param>
    public void WriteColumn(int ordinal, ref EncodedColumn values, int rows, BulkCopies? copies)
    {
        ref var store = ref columns[ordinal];
        if (values.HasNulls && store.Nulls == 0)
        {
            AddNulls(ref store);
        }

        // Vectors begin at cache lines, as those that are inserted do. Other values are read byte by byte.
        var alignment = store.Type.IsVector ? ValueCopy.VectorAlignment : 1;
        var size = values.SizeOfNext(rows, alignment);
        var memory = size == 0 ? null : Memory.Allocate(size, Math.Max(alignment, 8));
        values.CopyNext(rows, store.Data, store.Offsets, (ulong*)store.Nulls, count, memory, alignment, store.Type.IsVector ? copies : null);
    }

    /// <summary>Shows rows all of whose columns were written.</summary>
    /// <returns>The place of the first one.</returns>
    public int PublishWritten(int rows, long rowIdFirst, long stamp) => Publish(rows, rowIdFirst, stamp);
}
