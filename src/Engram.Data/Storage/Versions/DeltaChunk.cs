using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;

namespace Engram.Data.Storage.Versions;

/// <summary>A block of rows that are in no segment yet: append-only columns in native memory.</summary>
/// <remarks>
/// <para>Rows are appended by the holder of the write lock in the order of their begin stamps, so what a reader sees of a chunk is a
/// <em>prefix</em> (found by binary search), less what has ended. The exception is a write transaction that reads as of an earlier moment:
/// its own rows stand behind commits that it does not see, so it looks at every stamp (<see cref="ReadHorizon.HasGap"/>). A row is written whole, then its stamp, then the count is published; readers
/// that saw an older count simply see fewer rows, none of which they could have seen anyway.</para>
/// <para>A place is never used twice: rolled-back rows stay as rows that ended the moment they began, so that a reader opened by the same
/// transaction never finds other values under its feet. The next flush leaves them out.</para>
/// </remarks>
internal sealed unsafe partial class DeltaChunk
{
    private readonly ColumnStore[] columns;
    private readonly long[] begins;
    private readonly long* rowIds;
    private readonly DeltaCodes codes = new();
    private int count;

    public DeltaChunk(TableDefinition table, int capacity, Arena memory)
    {
        Capacity = capacity;
        Memory = memory;
        Versions = new BlockVersions(memory, capacity);
        begins = new long[capacity];
        rowIds = (long*)memory.Allocate((long)capacity * sizeof(long), 64);
        columns = new ColumnStore[table.Columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            var column = table.Columns[i];
            columns[i] = new ColumnStore(column.Id, column.Type)
            {
                Data = memory.Allocate((long)capacity * column.Type.PhysicalSize, 64),
                Offsets = column.Type.HasOffsets ? (short*)memory.Allocate((long)capacity * sizeof(short), 64) : null,
            };
        }
    }

    public int Capacity { get; }

    public Arena Memory { get; }

    public BlockVersions Versions { get; }

    /// <summary>Rows appended so far, by whomever.</summary>
    public int Count => Volatile.Read(ref count);

    public bool IsFull => count == Capacity;

    public long RowIdAt(int row) => rowIds[row];

    public long* RowIds => rowIds;

    /// <summary>How many rows, from the first on, have begun for this reader; with a gap in its horizon, how many may have.</summary>
    public int CountVisible(ReadHorizon horizon)
    {
        var high = Count;
        if (high == 0 || horizon.HasGap || horizon.Sees(Volatile.Read(ref begins[high - 1])))
        {
            return high;
        }

        var low = 0;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (horizon.Sees(Volatile.Read(ref begins[middle])))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    public bool HasBegun(int row, ReadHorizon horizon) => horizon.Sees(Volatile.Read(ref begins[row]));

    /// <summary>The place of a row id, or -1. Row ids ascend within a chunk.</summary>
    public int Find(long rowId)
    {
        var rows = Count;
        var at = new ReadOnlySpan<long>(rowIds, rows).BinarySearch(rowId);
        return at < 0 ? -1 : at;
    }

    /// <summary>Appends rows <paramref name="first"/> … of a batch that has one column for each of the table's, and publishes them.</summary>
    /// <returns>The place of the first one.</returns>
    public int Append(Batch batch, int first, int rows, long rowIdFirst, long stamp)
    {
        var at = count;
        for (var c = 0; c < columns.Length; c++)
        {
            var source = batch.Columns[c];
            ref var store = ref columns[c];
            if (source.Nulls != null)
            {
                CopyNulls(ref store, source, batch, first, rows, at);
            }

            ValueCopy.CopyRows(source, batch, first, rows, store.Data, store.Offsets, at, Memory);
        }

        return Publish(rows, rowIdFirst, stamp);
    }

    /// <summary>Gives rows their final begin stamp at commit.</summary>
    public void SetBegin(int first, int rows, long stamp)
    {
        for (var i = first; i < first + rows; i++)
        {
            Volatile.Write(ref begins[i], stamp);
        }
    }

    /// <summary>Makes rows that were rolled back invisible to everyone for ever: they end at the stamp at which they begin.</summary>
    /// <param name="stamp">The newest appended LSN, at least 1: not smaller than any committed begin before these rows.</param>
    public void Abort(int first, int rows, long stamp)
    {
        // End first: whoever then sees the begin also sees the end.
        for (var i = first; i < first + rows; i++)
        {
            Versions.SetEnd(i, stamp);
        }

        SetBegin(first, rows, stamp);
    }

    /// <summary>Ends rows of the running transaction at the stamp at which they began: nobody sees them, and begin stamps still ascend.</summary>
    public void Kill(int first, int rows)
    {
        for (var i = first; i < first + rows; i++)
        {
            Versions.SetEnd(i, begins[i]);
        }
    }

    /// <summary>Points a column at the stored values; false when the chunk is older than the column.</summary>
    public bool TryView(ColumnId id, Column target)
    {
        foreach (ref var store in columns.AsSpan())
        {
            if (store.Id == id)
            {
                target.Type = store.Type;
                target.Data = store.Data;
                target.Nulls = (ulong*)Volatile.Read(ref store.Nulls);
                target.Offsets = store.Offsets;
                target.Owner = this;
                target.IsConstant = false;
                return true;
            }
        }

        return false;
    }

    /// <summary>The codes of all rows of a column of vectors; false when the chunk is not full, too small, or older than the column.</summary>
    public bool TryGetCodes(ColumnId id, int dimensions, out CodeBlock block)
    {
        block = default;
        if (Count < Capacity || Capacity < DeltaCodes.RowCountMin)
        {
            return false;
        }

        var view = new Column(DataType.Vector(dimensions));
        if (!TryView(id, view) || !view.Type.IsVector || view.Type.Size != dimensions)
        {
            return false;
        }

        block = codes.Get(id, view, Capacity, dimensions, Memory.Budget);
        return true;
    }

    /// <summary>Frees what is not the arena's.</summary>
    public void Free() => codes.Free();

    private void CopyNulls(ref ColumnStore store, Column source, Batch batch, int first, int rows, int at)
    {
        var nulls = (ulong*)store.Nulls;
        for (var i = 0; i < rows; i++)
        {
            if (!source.IsNull(batch.RowAt(first + i)))
            {
                continue;
            }

            if (nulls == null)
            {
                nulls = AddNulls(ref store);
            }

            nulls[(at + i) >> 6] |= 1UL << ((at + i) & 63);
        }
    }

    private ulong* AddNulls(ref ColumnStore store)
    {
        var nulls = Memory.AllocateZeroed<ulong>((Capacity + 63) / 64);
        Volatile.Write(ref store.Nulls, (nint)nulls);
        return nulls;
    }

    /// <summary>Shows rows whose columns have been written.</summary>
    /// <returns>The place of the first one.</returns>
    private int Publish(int rows, long rowIdFirst, long stamp)
    {
        var at = count;
        for (var i = 0; i < rows; i++)
        {
            rowIds[at + i] = rowIdFirst + i;
            begins[at + i] = stamp;
        }

        Volatile.Write(ref count, at + rows);
        return at;
    }

    private struct ColumnStore(ColumnId id, DataType type)
    {
        public readonly ColumnId Id = id;
        public readonly DataType Type = type;
        public void* Data;
        public short* Offsets;
        public nint Nulls;
    }
}
