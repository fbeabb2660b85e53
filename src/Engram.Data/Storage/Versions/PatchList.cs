using Engram.Data.Columns;

namespace Engram.Data.Storage.Versions;

/// <summary>The new values that updates gave to one column of one block, in the order in which they were written.</summary>
/// <remarks>
/// <para>A narrow update never touches the row it changes: it appends (row, stamp, value) here, and a reader lays the entries that it sees
/// over the block's stored values, in order, so that the last one wins. The write lock is held from a transaction's first write to its
/// append, so the order of entries is the order of commits.</para>
/// <para>One writer, any number of readers, no lock: a reader takes <see cref="Current"/>, whose arrays never move; growth publishes new ones.
/// Stamps are rewritten in place at commit and rollback (see <see cref="ReadHorizon"/>).</para>
/// </remarks>
internal sealed unsafe class PatchList(DataType type, Arena memory)
{
    private Entries current = new(type, memory, 4);

    /// <summary>The entries so far. Read <see cref="Entries.Count"/> once.</summary>
    public Entries Current => Volatile.Read(ref current);

    /// <summary>Appends one entry and returns its place. Called by the holder of the write lock only.</summary>
    public int Append(int row, long stamp, Column source, int sourceRow)
    {
        var entries = current;
        if (entries.Count == entries.Capacity)
        {
            entries = new Entries(type, memory, entries.Capacity * 4, entries);
            Volatile.Write(ref current, entries);
        }

        var at = entries.Count;
        entries.Rows[at] = (ushort)row;
        entries.Stamps[at] = stamp;
        var isNull = source.IsNull(sourceRow);
        entries.IsNull[at] = isNull;
        if (!isNull)
        {
            ValueCopy.CopyOne(source, sourceRow, entries.Data, entries.Offsets, at, memory);
        }

        entries.Publish(at + 1);
        return at;
    }

    /// <summary>Appends a copy of another list's entry, for another row.</summary>
    public void AppendCopy(int row, long stamp, Entries from, int at)
    {
        var isNull = from.IsNull[at] ? ulong.MaxValue : 0;
        // A view of one row that starts at the entry, so one word of nulls is enough.
        var value = new Column(type)
        {
            Data = (byte*)from.Data + ((long)at * type.PhysicalSize),
            Offsets = from.Offsets == null ? null : from.Offsets + at,
            Nulls = &isNull,
        };
        Append(row, stamp, value, 0);
    }

    /// <summary>Gives an entry its final stamp: the LSN of its commit, or <see cref="ReadHorizon.Aborted"/>.</summary>
    public void SetStamp(int at, long stamp) => Volatile.Write(ref current.Stamps[at], stamp);

    internal sealed class Entries
    {
        private int count;

        public Entries(DataType type, Arena memory, int capacity, Entries? old = null)
        {
            Capacity = capacity;
            Rows = new ushort[capacity];
            Stamps = new long[capacity];
            IsNull = new bool[capacity];
            Data = memory.Allocate((long)capacity * type.PhysicalSize, 16);
            Offsets = type.HasOffsets ? (short*)memory.Allocate((long)capacity * sizeof(short)) : null;
            if (old is null)
            {
                return;
            }

            var kept = old.count;
            old.Rows.AsSpan(0, kept).CopyTo(Rows);
            old.Stamps.AsSpan(0, kept).CopyTo(Stamps);
            old.IsNull.AsSpan(0, kept).CopyTo(IsNull);
            Buffer.MemoryCopy(old.Data, Data, (long)capacity * type.PhysicalSize, (long)kept * type.PhysicalSize);
            if (Offsets != null)
            {
                Buffer.MemoryCopy(old.Offsets, Offsets, (long)capacity * sizeof(short), (long)kept * sizeof(short));
            }

            count = kept;
        }

        public int Capacity { get; }

        public int Count => Volatile.Read(ref count);

        public ushort[] Rows { get; }

        public long[] Stamps { get; }

        public bool[] IsNull { get; }

        public void* Data { get; }

        public short* Offsets { get; }

        /// <summary>Appends one entry's value to a buffer of the column's type.</summary>
        public void AppendTo(ColumnBuffer target, int at)
        {
            if (IsNull[at])
            {
                target.AppendNull();
                return;
            }

            target.AppendFrom(new Column(target.Type) { Data = Data, Offsets = Offsets }, at);
        }

        public void Publish(int countNew) => Volatile.Write(ref count, countNew);
    }
}
