using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>A hash table of keys of one or more columns: each distinct key has a number, counted from 0 in order of first appearance.</summary>
/// <remarks>
/// <para>Open addressing over an array of numbers with each key's whole 64-bit hash beside it; the keys themselves lie in columns. A batch is looked
/// up in rounds: each row walks to the first slot that is free or has its hash, then all candidates are compared column by column; the
/// few that have an equal hash and another key go on to the next round.</para>
/// <para>NULL is a key like others. Used by GROUP BY, DISTINCT, hash joins, IN and foreign keys.</para>
/// </remarks>
internal sealed class KeyTable : IDisposable
{
    private readonly ColumnBuffer[] keys;
    private readonly KeyComparer[] comparers;
    private readonly DirectKeys? direct;

    // For the rows of one batch, as many as have come at a time: actions of foreign keys make a table for each row of a chain.
    private ulong[] hashes = [];
    private ushort[] rows = [];
    private int[] places = [];
    private int[] candidates = [];
    private int[] slotsOfRows = [];

    private Selection? firstOfDistinct;
    private Column? distinct;

    // Number + 1; 0 is free.
    private int[] slots = new int[64];
    private ulong[] keyHashes = new ulong[32];

    private readonly MemoryReservation? memory;

    // Whether the keys are another's.
    private readonly bool isShared;

    /// <param name="types">Of the keys' columns.</param>
    /// <param name="budget">What the keys' memory is reserved from; null for keys that are few by nature.</param>
    /// <param name="what">What they are kept for, as a message says it.</param>
    public KeyTable(ReadOnlySpan<DataType> types, MemoryBudget? budget = null, string what = "keys")
    {
        memory = budget is null ? null : new MemoryReservation(budget, what);
        keys = new ColumnBuffer[types.Length];
        comparers = new KeyComparer[types.Length];
        direct = DirectKeys.TryCreate(types);
        for (var i = 0; i < types.Length; i++)
        {
            keys[i] = new ColumnBuffer(types[i]);
            comparers[i] = KeyComparer.For(types[i]);
        }
    }

    private KeyTable(KeyTable other, ReadOnlySpan<DataType> types)
    {
        isShared = true;
        (keys, slots, keyHashes, Count) = (other.keys, other.slots, other.keyHashes, other.Count);
        comparers = new KeyComparer[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            comparers[i] = KeyComparer.For(types[i]);
        }
    }

    /// <summary>The same keys to look up in on another thread, as long as nothing is added.</summary>
    public KeyTable Share() => new(this, [.. keys.Select(k => k.Type)]);

    /// <summary>Distinct keys so far.</summary>
    public int Count { get; private set; }

    /// <summary>One column of the keys, by number; grows with the table.</summary>
    public Column Key(int column) => keys[column].Column;

    /// <summary>Writes the number of each selected row's key, adding keys that are new.</summary>
    public void FindOrAdd(ReadOnlySpan<Column> columns, int rowCount, Selection? selection, Span<int> numbers)
    {
        Walk(columns, rowCount, selection, numbers, add: true);
        memory?.Hold(SizeBytes);
    }

    /// <summary>Writes the number of each selected row's key, −1 where there is none.</summary>
    public void Find(ReadOnlySpan<Column> columns, int rowCount, Selection? selection, Span<int> numbers)
        => Walk(columns, rowCount, selection, numbers, add: false);

    private long SizeBytes
    {
        get
        {
            var size = ((long)slots.Length * sizeof(int)) + ((long)keyHashes.Length * sizeof(ulong));
            foreach (var key in keys)
            {
                size += key.SizeBytes;
            }

            return size;
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void Clear()
    {
        Array.Clear(slots);
        direct?.Clear();
        Count = 0;
        foreach (var key in keys)
        {
            key.Clear();
        }
    }

    public void Dispose()
    {
        memory?.Dispose();
        for (var i = 0; i < keys.Length; i++)
        {
            if (!isShared)
            {
                keys[i].Dispose();
            }

            comparers[i].Dispose();
        }
    }

    private void Walk(ReadOnlySpan<Column> columns, int rowCount, Selection? selection, Span<int> numbers, bool add)
    {
        if (direct is not null)
        {
            if (direct.TryFind(columns[0], rowCount, selection, numbers))
            {
                return;
            }

            WalkTable(columns, rowCount, selection, numbers, add);
            direct.Learn(columns[0], rowCount, selection, numbers);
            return;
        }

        if (columns.Length != 1 || !TryWalkDistinct(columns[0], rowCount, selection, numbers, add))
        {
            WalkTable(columns, rowCount, selection, numbers, add);
        }
    }

    /// <summary>Looks up only the distinct values of a column that knows them, in the order of their first rows, so that numbers are given as row by row.</summary>
    private unsafe bool TryWalkDistinct(Column column, int rowCount, Selection? selection, Span<int> numbers, bool add)
    {
        const int unseen = int.MinValue;
        var count = selection?.Count ?? rowCount;
        if (column.Codes == null || column.Nulls != null || column.IsConstant || 2 * column.DistinctCount > count)
        {
            return false;
        }

        Span<int> numbersOfCodes = stackalloc int[Batch.RowCountMax];
        Span<int> found = stackalloc int[Batch.RowCountMax];
        numbersOfCodes.Fill(unseen);
        var first = firstOfDistinct ??= new Selection();
        first.Count = 0;
        var codes = column.Codes;
        for (var i = 0; i < count; i++)
        {
            var code = (int)codes[selection is null ? i : selection.Rows[i]];
            if (numbersOfCodes[code] == unseen)
            {
                numbersOfCodes[code] = 0;
                first.Add(code);
            }
        }

        var values = distinct ??= new Column(column.Type);
        values.Type = column.Type;
        values.Data = column.Distinct;
        WalkTable([values], column.DistinctCount, first, found, add);
        for (var i = 0; i < first.Count; i++)
        {
            numbersOfCodes[first.Rows[i]] = found[i];
        }

        for (var i = 0; i < count; i++)
        {
            numbers[i] = numbersOfCodes[(int)codes[selection is null ? i : selection.Rows[i]]];
        }

        return true;
    }

    private void WalkTable(ReadOnlySpan<Column> columns, int rowCount, Selection? selection, Span<int> numbers, bool add)
    {
        if (add)
        {
            Reserve(selection?.Count ?? rowCount);
        }

        var count = Begin(columns, rowCount, selection);
        while (count > 0)
        {
            for (var i = 0; i < count; i++)
            {
                candidates[i] = Probe(columns, i, ref slotsOfRows[i], add, out var isNew);
                if (isNew || candidates[i] < 0)
                {
                    // Settled: nothing to compare.
                    numbers[places[i]] = candidates[i];
                    candidates[i] = -1;
                }
            }

            var mismatch = false;
            for (var c = 0; c < comparers.Length; c++)
            {
                mismatch |= comparers[c].Match(columns[c], rows.AsSpan(0, count), keys[c].Column, candidates.AsSpan(0, count));
            }

            count = Settle(count, numbers, mismatch);
        }
    }

    /// <summary>Hashes the batch and sets up the rows of the first round.</summary>
    private int Begin(ReadOnlySpan<Column> columns, int rowCount, Selection? selection)
    {
        var count = selection?.Count ?? rowCount;
        if (hashes.Length < count)
        {
            var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
            (hashes, rows, places, candidates, slotsOfRows) = (new ulong[size], new ushort[size], new int[size], new int[size], new int[size]);
        }

        selection?.Rows.CopyTo(rows);
        for (var i = 0; i < count; i++)
        {
            rows[i] = selection is null ? (ushort)i : rows[i];
            places[i] = i;
        }

        hashes.AsSpan(0, count).Clear();
        for (var c = 0; c < columns.Length; c++)
        {
            comparers[c].Hash(columns[c], rows.AsSpan(0, count), hashes, combine: c > 0);
        }

        for (var i = 0; i < count; i++)
        {
            slotsOfRows[i] = (int)(hashes[i] & (ulong)(slots.Length - 1));
        }

        return count;
    }

    /// <summary>Keeps at least half of the slots free, whatever the next batch brings: no slot moves while a batch is looked up.</summary>
    private void Reserve(int rowCount)
    {
        var needed = 2 * ((long)Count + rowCount);
        if (needed <= slots.Length)
        {
            return;
        }

        if (needed > 1 << 30)
        {
            throw Error.TooManyKeys(1 << 29);
        }

        slots = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed)];
        for (var number = 0; number < Count; number++)
        {
            var slot = (int)(keyHashes[number] & (ulong)(slots.Length - 1));
            while (slots[slot] != 0)
            {
                slot = (slot + 1) & (slots.Length - 1);
            }

            slots[slot] = number + 1;
        }
    }

    /// <summary>Walks from a slot to the key with the row's hash, or to a free slot, where a new key is put when wanted.</summary>
    private int Probe(ReadOnlySpan<Column> columns, int i, ref int slot, bool add, out bool isNew)
    {
        isNew = false;
        var hash = hashes[places[i]];
        while (true)
        {
            var number = slots[slot] - 1;
            if (number < 0)
            {
                break;
            }

            if (keyHashes[number] == hash)
            {
                return number;
            }

            slot = (slot + 1) & (slots.Length - 1);
        }

        if (!add)
        {
            return -1;
        }

        isNew = true;
        return Add(columns, rows[i], hash, slot);
    }

    private int Add(ReadOnlySpan<Column> columns, int row, ulong hash, int slot)
    {
        for (var c = 0; c < keys.Length; c++)
        {
            keys[c].AppendFrom(columns[c], row);
        }

        if (Count == keyHashes.Length)
        {
            Array.Resize(ref keyHashes, Count * 2);
        }

        keyHashes[Count] = hash;
        slots[slot] = ++Count;
        return Count - 1;
    }

    /// <summary>Writes the numbers of rows that matched and moves the others to the front for another round.</summary>
    private int Settle(int count, Span<int> numbers, bool mismatch)
    {
        var left = 0;
        for (var i = 0; i < count; i++)
        {
            if (candidates[i] >= 0)
            {
                numbers[places[i]] = candidates[i];
            }
            else if (mismatch && candidates[i] == KeyComparer.Mismatch)
            {
                rows[left] = rows[i];
                places[left] = places[i];
                slotsOfRows[left++] = (slotsOfRows[i] + 1) & (slots.Length - 1);
            }
        }

        return left;
    }
}
