using Engram.Data.Columns;

namespace Engram.Data.Storage.Indexes;

/// <summary>One index's entries in one delta: hashed for equality, in a log for ranges and order.</summary>
/// <remarks>One writer, readers without a lock. An entry is in both before the row that it is for can be seen, but a key with NULL in it is in the log alone: it equals nothing.</remarks>
internal sealed class DeltaIndex(Arena memory)
{
    private readonly KeyBuffer key = new();

    public HashIndex Hash { get; } = new();

    public KeyLog Log { get; } = new(memory);

    /// <summary>Called by the holder of the write lock only.</summary>
    public void Add(KeyShape shape, ReadOnlySpan<Column> columns, int row, long rowId)
    {
        if (KeyValue.TryHash(shape, columns, row, out var hash))
        {
            Hash.Add(hash, rowId);
        }

        shape.Encode(columns, row, key);
        Log.Add(key.Span, rowId);
    }
}
