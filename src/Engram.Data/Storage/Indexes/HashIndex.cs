namespace Engram.Data.Storage.Indexes;

/// <summary>Keys of the delta: from the hash of a key to the row ids that have, or once had, it.</summary>
/// <remarks>
/// <para>Entries are <em>hints</em>. They are added when a row is written and never removed: not by a delete, an update or a rollback. A probe looks
/// at every candidate's row as its reader sees it and compares the key, so a stale entry costs a look and is never wrong, and
/// the index needs no versions of its own. A flush starts a new one.</para>
/// <para>One writer, readers without a lock: a reader takes the table as it stands; growth builds another beside it. A row that a
/// reader can see was entered before its commit became visible, so it is in whatever table the reader finds afterwards.</para>
/// </remarks>
internal sealed class HashIndex
{
    private Table table = new(16);

    /// <summary>Entries, stale ones included.</summary>
    public int Count => Volatile.Read(ref table).Count;

    /// <summary>Called by the holder of the write lock only.</summary>
    public void Add(ulong hash, long rowId)
    {
        var current = table;
        if (current.Count == current.RowIds.Length)
        {
            current = current.Grow();
            Volatile.Write(ref table, current);
        }

        current.Add(hash, rowId);
    }

    /// <summary>Appends every row id that was entered under the hash.</summary>
    public void Find(ulong hash, List<long> rowIds)
    {
        var current = Volatile.Read(ref table);
        var at = Volatile.Read(ref current.Buckets[(int)(hash & (uint)(current.Buckets.Length - 1))]);
        while (at != 0)
        {
            if (current.Hashes[at - 1] == hash)
            {
                rowIds.Add(current.RowIds[at - 1]);
            }

            at = current.Next[at - 1];
        }
    }

    private sealed class Table(int capacity)
    {
        /// <summary>The newest entry of each bucket, counted from 1; 0 when it is empty.</summary>
        public readonly int[] Buckets = new int[capacity];
        public readonly ulong[] Hashes = new ulong[capacity];
        public readonly long[] RowIds = new long[capacity];
        public readonly int[] Next = new int[capacity];

        public int Count { get; private set; }

        public void Add(ulong hash, long rowId)
        {
            ref var bucket = ref Buckets[(int)(hash & (uint)(Buckets.Length - 1))];
            Hashes[Count] = hash;
            RowIds[Count] = rowId;
            Next[Count] = bucket;
            Count++;
            // Last, so that a reader which finds the entry finds it whole.
            Volatile.Write(ref bucket, Count);
        }

        public Table Grow()
        {
            var larger = new Table(Buckets.Length * 2);
            for (var i = 0; i < Count; i++)
            {
                larger.Add(Hashes[i], RowIds[i]);
            }

            return larger;
        }
    }
}
