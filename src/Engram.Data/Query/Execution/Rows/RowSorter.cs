using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Parallel;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Orders rows by keys, stably, one key after the other.</summary>
/// <remarks>
/// A key is cut to 64 bits that order like it, and rows are sorted by these numbers. Rows with equal numbers stand together then: where the
/// number is the whole value, they are sorted by the next key in the same way; where it is not, by comparing values whole.
/// </remarks>
internal sealed class RowSorter : IDisposable
{
    private const int RunLength = 12;
    private const int RowCountPerLook = 16 * 1024;

    // Memory for this many rows is kept from one sort to the next: a query with a limit sorts that few again and again. It is of the pool,
    // since new arrays of this size would each bring a full collection nearer.
    private const int EntryCountKept = 16 * 1024;

    private readonly KeyComparer[] comparers;
    private readonly SortKey[] keys;
    private readonly StatementContext? context;
    private readonly CancellationToken cancellation;
    private Column[] columns = [];
    private SortEntry[] sorted = [];
    private SortEntry[] spare = [];
    private ulong[] prefixes = [];

    /// <param name="keys">What rows are ordered by.</param>
    /// <param name="context">Whose cancellation is looked at once in some ten thousand rows: that of the execution which runs just then.</param>
    public RowSorter(IEnumerable<SortKey> keys, StatementContext context)
        : this(keys) => this.context = context;

    /// <param name="keys">What rows are ordered by.</param>
    /// <param name="cancellation">For one execution.</param>
    public RowSorter(IEnumerable<SortKey> keys, CancellationToken cancellation = default)
    {
        this.cancellation = cancellation;
        this.keys = [.. keys];
        comparers = [.. this.keys.Select(k => KeyComparer.For(k.Expression.Type))];
    }

    /// <summary>The order of rows 0 … count - 1, whose keys lie in the columns. Of many rows on several threads, where the statement may have them.</summary>
    public int[] Sort(Column[] keyColumns, int count) => SortFirst(keyColumns, count, count);

    /// <summary>The order of rows first … first + count - 1.</summary>
    public int[] SortRange(Column[] keyColumns, int first, int count)
    {
        columns = keyColumns;
        return Order(first, count, count);
    }

    /// <summary>Puts the orders of two ranges together, the first of which has the earlier rows.</summary>
    public int[] Merge(Column[] keyColumns, ReadOnlySpan<int> earlier, ReadOnlySpan<int> later)
    {
        columns = keyColumns;
        var (left, right) = (EntriesOf(earlier), EntriesOf(later));
        var order = new int[left.Length + right.Length];
        var (l, r) = (0, 0);
        for (var i = 0; i < order.Length; i++)
        {
            if (i % RowCountPerLook == 0)
            {
                Cancellation.ThrowIfCancellationRequested();
            }

            var isLater = l == left.Length || (r < right.Length && (right[r].Prefix < left[l].Prefix
                || (right[r].Prefix == left[l].Prefix && CompareWhole(right[r].Row, left[l].Row, 0) < 0)));
            order[i] = isLater ? right[r++].Row : left[l++].Row;
        }

        return order;
    }

    /// <summary>The first rows in that order, <paramref name="kept"/> of them or as many as there are. The fewer, the less is sorted.</summary>
    public int[] SortFirst(Column[] keyColumns, int count, int kept)
    {
        columns = keyColumns;
        return count == kept && context is not null && ParallelSort.TryRun(keys, context, this, keyColumns, count) is { } order ? order : Order(0, count, kept);
    }

    private int[] Order(int first, int count, int kept)
    {
        if (sorted.Length < count)
        {
            ReturnMemory();
            sorted = ArrayPool<SortEntry>.Shared.Rent(count);
            spare = ArrayPool<SortEntry>.Shared.Rent(count);
        }

        var entries = sorted.AsSpan(0, count);
        for (var i = 0; i < count; i++)
        {
            entries[i] = new SortEntry(first + i);
        }

        if (kept < count / 4)
        {
            entries = LeaveOutLater(entries, kept);
        }

        SortByKey(entries, 0);
        var order = new int[Math.Min(kept, entries.Length)];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = entries[i].Row;
        }

        if (count > EntryCountKept)
        {
            ReturnMemory();
        }

        return order;
    }

    /// <summary>Sets the prefixes of the first key, alike in every call: a row whose prefix is greater than another's comes after it.</summary>
    public void SetPrefixes(Column firstKey, Span<SortEntry> entries)
        => comparers[0].SetPrefixes(firstKey, entries, keys[0].IsDescending, keys[0].NullsFirst, isWhole: false, Cancellation);

    private SortEntry[] EntriesOf(ReadOnlySpan<int> rows)
    {
        var entries = new SortEntry[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            entries[i] = new SortEntry(rows[i]);
        }

        SetPrefixes(columns[0], entries);
        return entries;
    }

    private CancellationToken Cancellation => context?.Cancellation ?? cancellation;

    public void Dispose()
    {
        ReturnMemory();
        foreach (var comparer in comparers)
        {
            comparer.Dispose();
        }
    }

    private void ReturnMemory()
    {
        ArrayPool<SortEntry>.Shared.Return(sorted);
        ArrayPool<SortEntry>.Shared.Return(spare);
        ArrayPool<ulong>.Shared.Return(prefixes);
        (sorted, spare, prefixes) = ([], [], []);
    }

    /// <summary>Leaves out entries that come after at least <paramref name="kept"/> others by their first key; the rest stay in their places' order.</summary>
    private Span<SortEntry> LeaveOutLater(Span<SortEntry> entries, int kept)
    {
        if (kept == 0)
        {
            return [];
        }

        comparers[0].SetPrefixes(columns[0], entries, keys[0].IsDescending, keys[0].NullsFirst, isWhole: true, Cancellation);
        if (prefixes.Length < entries.Length)
        {
            ArrayPool<ulong>.Shared.Return(prefixes);
            prefixes = ArrayPool<ulong>.Shared.Rent(entries.Length);
        }

        for (var i = 0; i < entries.Length; i++)
        {
            prefixes[i] = entries[i].Prefix;
        }

        // Rows that share the bound's prefix all stay: later keys decide among them.
        var bound = Selected(prefixes.AsSpan(0, entries.Length), kept - 1);
        var count = 0;
        foreach (var entry in entries)
        {
            entries[count] = entry;
            count += entry.Prefix <= bound ? 1 : 0;
        }

        return entries[..count];
    }

    /// <summary>The value that would stand at a place if all were sorted. Reorders them.</summary>
    private static ulong Selected(Span<ulong> values, int place)
    {
        while (values.Length > 16)
        {
            // The median of three as pivot: rows often come in order, or in the opposite one.
            var (a, b, c) = (values[0], values[values.Length / 2], values[^1]);
            var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            var (low, high) = (0, values.Length - 1);
            while (low <= high)
            {
                while (values[low] < pivot)
                {
                    low++;
                }

                while (values[high] > pivot)
                {
                    high--;
                }

                if (low <= high)
                {
                    (values[low], values[high]) = (values[high], values[low]);
                    low++;
                    high--;
                }
            }

            // Up to high nothing is greater than the pivot, from low on nothing is smaller, and what is between equals it.
            if (place <= high)
            {
                values = values[..(high + 1)];
            }
            else if (place >= low)
            {
                values = values[low..];
                place -= low;
            }
            else
            {
                return pivot;
            }
        }

        values.Sort();
        return values[place];
    }

    /// <summary>Sorts rows that are equal in all keys before this one.</summary>
    private void SortByKey(Span<SortEntry> entries, int key)
    {
        var isExact = comparers[key].SetPrefixes(columns[key], entries, keys[key].IsDescending, keys[key].NullsFirst, isWhole: true, Cancellation);
        MergeSort(entries, new ByPrefix());
        if (isExact && key == keys.Length - 1)
        {
            return;
        }

        for (int start = 0, end; start < entries.Length; start = end)
        {
            end = start + 1;
            while (end < entries.Length && entries[end].Prefix == entries[start].Prefix)
            {
                end++;
            }

            if (end - start == 1)
            {
                continue;
            }

            if (isExact)
            {
                SortByKey(entries[start..end], key + 1);
            }
            else
            {
                MergeSort(entries[start..end], new ByValues(this, key));
            }
        }
    }

    /// <summary>Short runs by insertion, then merges of neighbours, from one array to the other and back.</summary>
    private void MergeSort<TOrder>(Span<SortEntry> entries, TOrder order)
        where TOrder : struct, IEntryOrder
    {
        for (var start = 0; start < entries.Length; start += RunLength)
        {
            if (start % (RunLength * 1024) == 0)
            {
                Cancellation.ThrowIfCancellationRequested();
            }

            InsertionSort(entries.Slice(start, Math.Min(RunLength, entries.Length - start)), order);
        }

        var from = entries;
        var to = spare.AsSpan(0, entries.Length);
        for (long width = RunLength; width < entries.Length; width *= 2)
        {
            for (long start = 0; start < entries.Length; start += 2 * width)
            {
                var middle = (int)Math.Min(start + width, entries.Length);
                var end = (int)Math.Min(start + (2 * width), entries.Length);
                Merge(from[(int)start..middle], from[middle..end], to[(int)start..end], order);
            }

            var swap = from;
            from = to;
            to = swap;
        }

        if (from != entries)
        {
            from.CopyTo(entries);
        }
    }

    private static void InsertionSort<TOrder>(Span<SortEntry> run, TOrder order)
        where TOrder : struct, IEntryOrder
    {
        for (var i = 1; i < run.Length; i++)
        {
            var entry = run[i];
            var at = i;
            for (; at > 0 && order.IsBefore(entry, run[at - 1]); at--)
            {
                run[at] = run[at - 1];
            }

            run[at] = entry;
        }
    }

    private void Merge<TOrder>(ReadOnlySpan<SortEntry> left, ReadOnlySpan<SortEntry> right, Span<SortEntry> target, TOrder order)
        where TOrder : struct, IEntryOrder
    {
        var (l, r, t) = (0, 0, 0);
        if (left.IsEmpty || right.IsEmpty || !order.IsBefore(right[0], left[^1]))
        {
            // In order already, as rows often are.
            left.CopyTo(target);
            right.CopyTo(target[left.Length..]);
            return;
        }

        while (l < left.Length && r < right.Length)
        {
            Cancellation.ThrowIfCancellationRequested();
            var look = Math.Min(t + RowCountPerLook, target.Length);
            while (l < left.Length && r < right.Length && t < look)
            {
                // The right one only when it is strictly before: equal rows keep their order.
                target[t++] = order.IsBefore(right[r], left[l]) ? right[r++] : left[l++];
            }
        }

        left[l..].CopyTo(target[t..]);
        right[r..].CopyTo(target[(t + left.Length - l)..]);
    }

    private int CompareWhole(int a, int b, int firstKey)
    {
        for (var i = firstKey; i < keys.Length; i++)
        {
            var column = columns[i];
            var order = comparers[i].Compare(column, a, column, b);
            if (order == 0)
            {
                continue;
            }

            // NULL is before values in the comparer's order; where it goes is the key's own choice.
            return column.IsNull(a) || column.IsNull(b)
                ? keys[i].NullsFirst ? order : -order
                : keys[i].IsDescending ? -order : order;
        }

        return 0;
    }

    private interface IEntryOrder
    {
        bool IsBefore(SortEntry a, SortEntry b);
    }

    private readonly struct ByPrefix : IEntryOrder
    {
        public bool IsBefore(SortEntry a, SortEntry b) => a.Prefix < b.Prefix;
    }

    private readonly struct ByValues(RowSorter sorter, int firstKey) : IEntryOrder
    {
        public bool IsBefore(SortEntry a, SortEntry b) => sorter.CompareWhole(a.Row, b.Row, firstKey) < 0;
    }
}
