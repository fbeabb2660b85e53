using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>A hash table over the rows of a join's inner side, in parts that several threads fill: for each key its first row, for each row the next one with its key.</summary>
/// <remarks>
/// <para>The rows are all there before it begins, so it keeps no copy of the keys and points to rows:</para>
/// <code>
///   rows      0    1    2    3    4    5        hash, a range of rows a thread
///   part      1    0    1    1    -    0        by the upper bits of the hash; a row with a NULL in its key is in none
///   slots 0   [ 1 ]  [ ]  [ ]  [ ]              a part a thread: it reads all hashes and takes its own rows, in their order
///   slots 1   [ ]  [ 0 ]  [ ]  [ 2 ]
///   nexts     3    5   -1   -1   -1   -1        rows 0 and 3 have one key
/// </code>
/// <para>A key is in one part, and of its rows each knows the one after it: so no two threads write to one place, and the chains are those that one thread makes, whatever the threads do.
/// A slot holds the upper half of the hash beside the row, so that most keys are told apart without looking at them; those that are not are compared column by column, as in <see cref="KeyTable"/>.</para>
/// </remarks>
internal sealed class RowHash : IDisposable
{
    public const int NoRow = -1;

    // Each part is looked at for each row: more parts than threads would cost more than they give.
    private const int PartCountMax = 16;
    private const ulong TagMask = 0xFFFFFFFF_00000000;

    private readonly RowHashTable table;
    private readonly KeyComparer[] comparers;
    private readonly ulong[] hashes = new ulong[Batch.RowCountMax];
    private readonly ushort[] rows = new ushort[Batch.RowCountMax];
    private readonly int[] places = new int[Batch.RowCountMax];
    private readonly int[] candidates = new int[Batch.RowCountMax];
    private readonly int[] slotsOfRows = new int[Batch.RowCountMax];
    private readonly int[] found = new int[Batch.RowCountMax];
    private readonly Column[] views;

    public RowHash(RowHashTable table)
    {
        this.table = table;
        comparers = [.. table.Types.Select(KeyComparer.For)];
        views = [.. table.Types.Select(t => new Column(t))];
    }

    /// <summary>How many parts so many threads fill: a power of two.</summary>
    public static int PartCountFor(int threadCount) => Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(threadCount, 1)), PartCountMax);

    /// <summary>Hashes the keys of a range of rows, and counts the rows of each part.</summary>
    public int[] HashRange(int first, int count, CancellationToken cancellation)
    {
        var counts = new int[table.PartCount];
        for (var end = first + count; first < end; first += Batch.RowCountMax)
        {
            cancellation.ThrowIfCancellationRequested();
            var size = Math.Min(end - first, Batch.RowCountMax);
            Show(first);
            for (var i = 0; i < size; i++)
            {
                rows[i] = (ushort)i;
            }

            Hash(views, size);
            var into = table.Hashes.AsSpan(first, size);
            for (var i = 0; i < size; i++)
            {
                var isKeyed = true;
                foreach (var view in views)
                {
                    isKeyed &= !view.IsNull(i);
                }

                // 0 says that the row is in no part.
                into[i] = isKeyed ? Math.Max(hashes[i], 1) : 0;
                if (isKeyed)
                {
                    counts[table.PartOf(into[i])]++;
                }
            }
        }

        return counts;
    }

    /// <summary>Puts the rows of one part into its slots and chains.</summary>
    public void FillPart(int part, int rowCount, CancellationToken cancellation)
    {
        var slots = table.Slots[part];
        for (var first = 0; first < rowCount; first += Batch.RowCountMax)
        {
            cancellation.ThrowIfCancellationRequested();
            var all = table.Hashes.AsSpan(first, Math.Min(rowCount - first, Batch.RowCountMax));
            var count = 0;
            for (var i = 0; i < all.Length; i++)
            {
                if (all[i] != 0 && table.PartOf(all[i]) == part)
                {
                    hashes[count] = all[i];
                    rows[count++] = (ushort)i;
                }
            }

            if (count > 0)
            {
                Show(first);
                Add(slots, first, count);
            }
        }
    }

    /// <summary>Writes the first row with the key of each selected row; <see cref="NoRow"/> where there is none. No key has a NULL.</summary>
    public void Find(ReadOnlySpan<Column> columns, Selection keyed, Span<int> firsts)
    {
        var count = keyed.Count;
        keyed.Rows.CopyTo(rows);
        Hash(columns, count);
        for (var i = 0; i < count; i++)
        {
            hashes[i] = Math.Max(hashes[i], 1);
            places[i] = i;
            slotsOfRows[i] = Home(table.Slots[table.PartOf(hashes[i])], hashes[i]);
        }

        while (count > 0)
        {
            for (var i = 0; i < count; i++)
            {
                var hash = hashes[places[i]];
                candidates[i] = Walk(table.Slots[table.PartOf(hash)], hash, ref slotsOfRows[i]);
                if (candidates[i] == NoRow)
                {
                    firsts[places[i]] = NoRow;
                }
            }

            count = Settle(columns, count, firsts);
        }
    }

    public void Dispose()
    {
        foreach (var comparer in comparers)
        {
            comparer.Dispose();
        }
    }

    /// <summary>Adds rows that the views show, whose hashes are set; chains each to the row before it with its key.</summary>
    private void Add(ulong[] slots, int first, int total)
    {
        // What follows moves rows about; the chains need them as they were.
        Span<ushort> ownRows = stackalloc ushort[Batch.RowCountMax];
        rows.AsSpan(0, total).CopyTo(ownRows);
        for (var i = 0; i < total; i++)
        {
            places[i] = i;
            slotsOfRows[i] = Home(slots, hashes[i]);
        }

        var count = total;
        while (count > 0)
        {
            for (var i = 0; i < count; i++)
            {
                var hash = hashes[places[i]];
                candidates[i] = Walk(slots, hash, ref slotsOfRows[i]);
                if (candidates[i] == NoRow)
                {
                    var row = first + rows[i];
                    slots[slotsOfRows[i]] = (hash & TagMask) | (uint)(row + 1);
                    found[places[i]] = row;
                }
            }

            count = Settle(views, count, found);
        }

        for (var i = 0; i < total; i++)
        {
            var (row, head) = (first + ownRows[i], found[i]);
            if (row != head)
            {
                table.Nexts[table.Tails[head]] = row;
            }

            table.Tails[head] = row;
        }
    }

    private static int Home(ulong[] slots, ulong hash) => (int)(hash & (ulong)(slots.Length - 1));

    /// <summary>Goes from a slot to the row with the hash's upper half, or to a free slot.</summary>
    private static int Walk(ulong[] slots, ulong hash, ref int slot)
    {
        while (slots[slot] is var entry and not 0)
        {
            if (((entry ^ hash) & TagMask) == 0)
            {
                return (int)(uint)entry - 1;
            }

            slot = (slot + 1) & (slots.Length - 1);
        }

        return NoRow;
    }

    /// <summary>Compares the keys of rows with those of their candidates; moves those that differ to the front, one slot on, for another round.</summary>
    private int Settle(ReadOnlySpan<Column> columns, int count, Span<int> results)
    {
        for (var c = 0; c < comparers.Length; c++)
        {
            comparers[c].Match(columns[c], rows.AsSpan(0, count), table.Keys[c], candidates.AsSpan(0, count));
        }

        var left = 0;
        for (var i = 0; i < count; i++)
        {
            if (candidates[i] >= 0)
            {
                results[places[i]] = candidates[i];
            }
            else if (candidates[i] == KeyComparer.Mismatch)
            {
                var place = places[i];
                var slots = table.Slots[table.PartOf(hashes[place])];
                rows[left] = rows[i];
                places[left] = place;
                slotsOfRows[left++] = (slotsOfRows[i] + 1) & (slots.Length - 1);
            }
        }

        return left;
    }

    private void Hash(ReadOnlySpan<Column> columns, int count)
    {
        for (var c = 0; c < comparers.Length; c++)
        {
            comparers[c].Hash(columns[c], rows.AsSpan(0, count), hashes, combine: c > 0);
        }
    }

    private void Show(int first)
    {
        for (var c = 0; c < views.Length; c++)
        {
            ColumnSlice.Set(views[c], table.Keys[c], first);
        }
    }
}

/// <summary>What all threads share of a <see cref="RowHash"/>.</summary>
internal sealed class RowHashTable : IDisposable
{
    private readonly MemoryReservation memory;
    private readonly int partShift;

    /// <param name="keys">The columns of the keys, complete.</param>
    /// <param name="types">The types that keys are compared as.</param>
    public RowHashTable(Column[] keys, DataType[] types, int rowCount, int partCount, MemoryBudget? budget)
    {
        (Keys, Types, PartCount) = (keys, types, partCount);
        memory = new MemoryReservation(budget, "the keys of a join");
        partShift = 64 - BitOperations.Log2((uint)partCount);
        try
        {
            // Before it is taken, not after: these are the large ones.
            memory.Hold((long)rowCount * (sizeof(ulong) + (2 * sizeof(int))));
            Hashes = new ulong[rowCount];
            Nexts = new int[rowCount];
            Tails = new int[rowCount];
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        Nexts.AsSpan().Fill(RowHash.NoRow);
        Slots = new ulong[partCount][];
    }

    public Column[] Keys { get; }

    public DataType[] Types { get; }

    public int PartCount { get; }

    /// <summary>Of each row, while parts are filled; 0 for a row with a NULL in its key.</summary>
    public ulong[] Hashes { get; private set; }

    /// <summary>Of each row the next with its key.</summary>
    public int[] Nexts { get; }

    /// <summary>Of each first row the last with its key, while parts are filled.</summary>
    public int[] Tails { get; private set; }

    /// <summary>Of each part, 0 or the upper half of a hash beside a row's number plus 1.</summary>
    public ulong[][] Slots { get; }

    public int PartOf(ulong hash) => PartCount == 1 ? 0 : (int)(hash >> partShift);

    /// <summary>Makes the slots of parts with so many rows: at least half of them stay free.</summary>
    public void MakeSlots(ReadOnlySpan<int> counts)
    {
        var sizeBytes = (long)Hashes.Length * (sizeof(ulong) + (2 * sizeof(int)));
        foreach (var count in counts)
        {
            sizeBytes += SlotCount(count) * sizeof(ulong);
        }

        memory.Hold(sizeBytes);
        for (var part = 0; part < counts.Length; part++)
        {
            Slots[part] = new ulong[SlotCount(counts[part])];
        }

        static long SlotCount(int count) => (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(2 * (long)count, 2));
    }

    /// <summary>Drops what only filling needs.</summary>
    public void Finish() => (Hashes, Tails) = ([], []);

    public void Dispose() => memory.Dispose();
}
