using Engram.Data.Columns;

namespace Engram.Data.Storage.Versions;

/// <summary>The new values that updates gave to one column of one block, in the order in which they were written.</summary>
/// <remarks>
/// <para>A narrow update never touches the row it changes: it appends (row, stamp, value) here, and a reader lays the newest entry of each row
/// that it sees over the block's stored values. The write lock is held from a transaction's first write to its append, so the order of
/// entries is the order of commits.</para>
/// <code>
///   newest, by row   0 0 5 0 2 …                     places counted from 1
///   entries          1: row 2   2: row 4   3: row 2   4: row 2   5: row 2
///   previous            0          0          1          3          4
/// </code>
/// <para>So a row that is updated again and again costs most readers one step. Entries go when a checkpoint folds them into one for each row.</para>
/// <para>One writer, any number of readers, no lock: a reader takes <see cref="Current"/>, whose arrays never move; growth publishes new ones.
/// Stamps are rewritten in place at commit and rollback (see <see cref="ReadHorizon"/>).</para>
/// </remarks>
internal sealed unsafe class PatchList(DataType type, int rowCount, Arena memory)
{
    private readonly int[] newest = new int[rowCount];
    private Entries current = new(type, memory, 4);

    /// <summary>The entries so far. Read <see cref="Entries.Count"/> once.</summary>
    public Entries Current => Volatile.Read(ref current);

    /// <summary>Whether the row ever got a value here, be it one that was rolled back.</summary>
    public bool Holds(int row) => newest[row] != 0;

    /// <summary>The place of the newest entry of a row that a reader sees, or -1.</summary>
    /// <param name="row">A row of the block.</param>
    /// <param name="horizon">What the reader sees.</param>
    /// <param name="entries">What the caller took from <see cref="Current"/>; replaced when the list has grown since.</param>
    public int Find(int row, ReadHorizon horizon, ref Entries entries)
    {
        var place = Volatile.Read(ref newest[row]);
        if (place > entries.Capacity)
        {
            entries = Current;
        }

        while (place != 0 && !horizon.Sees(Volatile.Read(ref entries.Stamps[place - 1])))
        {
            place = entries.Previous[place - 1];
        }

        return place - 1;
    }

    /// <summary>Whether an entry of the row was committed after an LSN. Called by the holder of the write lock only.</summary>
    public bool HasCommitAfter(int row, long lsn)
    {
        var entries = current;
        for (var place = newest[row]; place != 0; place = entries.Previous[place - 1])
        {
            var stamp = entries.Stamps[place - 1];
            if (stamp > 0 && stamp != ReadHorizon.Aborted)
            {
                return stamp > lsn;
            }
        }

        return false;
    }

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
        entries.Previous[at] = newest[row];
        entries.Stamps[at] = stamp;
        var isNull = source.IsNull(sourceRow);
        entries.IsNull[at] = isNull;
        if (!isNull)
        {
            ValueCopy.CopyOne(source, sourceRow, entries.Data, entries.Offsets, at, memory);
        }

        entries.Publish(at + 1);
        // Last, and after the arrays that hold it were published: who finds the place finds the entry whole.
        Volatile.Write(ref newest[row], at + 1);
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
            Previous = new int[capacity];
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
            old.Previous.AsSpan(0, kept).CopyTo(Previous);
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

        /// <summary>The place, counted from 1, of the entry before of the same row; 0 when there is none.</summary>
        public int[] Previous { get; }

        public long[] Stamps { get; }

        public bool[] IsNull { get; }

        public void* Data { get; }

        public short* Offsets { get; }

        /// <summary>Appends one entry's value to a buffer of the column's type.</summary>
        /// <param name="target">The buffer.</param>
        /// <param name="view">Of the column's type; made a view of the entries.</param>
        /// <param name="at">The entry's place, counted from 0.</param>
        public void AppendTo(ColumnBuffer target, Column view, int at)
        {
            if (IsNull[at])
            {
                target.AppendNull();
                return;
            }

            view.Data = Data;
            view.Offsets = Offsets;
            target.AppendFrom(view, at);
        }

        public void Publish(int countNew) => Volatile.Write(ref count, countNew);
    }
}
