using Engram.Data.Columns;

namespace Engram.Data.Storage.Versions;

/// <summary>What happened to the rows of one block after they were stored: which were deleted, which columns got new values.</summary>
/// <remarks>
/// The same for a chunk of the delta and a block of a segment: stored values are never changed, versions lie beside them, by
/// position. One writer (the holder of the write lock), any number of readers without a lock. Empty for nearly every block.
/// </remarks>
internal sealed class BlockVersions(Arena memory, int capacity)
{
    private long[]? ends;
    private ColumnPatches[] patches = [];

    /// <summary>The stamp with which each row ended, 0 while it lives; null when no row ever did.</summary>
    public long[]? Ends => Volatile.Read(ref ends);

    public bool HasPatches => Volatile.Read(ref patches).Length > 0;

    /// <summary>The columns that have patches, with their lists.</summary>
    public ReadOnlySpan<ColumnPatches> Patches => Volatile.Read(ref patches);

    public PatchList? FindPatches(ColumnId column)
    {
        foreach (var entry in Volatile.Read(ref patches))
        {
            if (entry.Column == column)
            {
                return entry.List;
            }
        }

        return null;
    }

    /// <summary>Whether the row has ended for this reader.</summary>
    public bool IsEnded(int row, ReadHorizon horizon)
    {
        if (Ends is not { } stamps)
        {
            return false;
        }

        var stamp = Volatile.Read(ref stamps[row]);
        return stamp != 0 && horizon.Sees(stamp);
    }

    public void SetEnd(int row, long stamp)
    {
        var stamps = ends;
        if (stamps is null)
        {
            stamps = new long[capacity];
            stamps[row] = stamp;
            Volatile.Write(ref ends, stamps);
            return;
        }

        Volatile.Write(ref stamps[row], stamp);
    }

    public PatchList GetOrAddPatches(ColumnId column, DataType type)
    {
        if (FindPatches(column) is { } list)
        {
            return list;
        }

        list = new PatchList(type, capacity, memory);
        Volatile.Write(ref patches, [.. patches, new ColumnPatches(column, type, list)]);
        return list;
    }

    internal readonly record struct ColumnPatches(ColumnId Column, DataType Type, PatchList List);
}
