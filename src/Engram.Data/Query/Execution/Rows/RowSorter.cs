using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Orders rows by keys, stably, one key after the other.</summary>
/// <remarks>
/// A key is cut to 64 bits that order like it, and rows are sorted by these numbers. Rows with equal numbers stand together then: where the
/// number is the whole value, they are sorted by the next key in the same way; where it is not, by comparing values whole.
/// </remarks>
internal sealed class RowSorter : IDisposable
{
    private const int RunLength = 12;

    private readonly KeyComparer[] comparers;
    private readonly SortKey[] keys;
    private Column[] columns = [];
    private SortEntry[] spare = [];

    public RowSorter(IEnumerable<SortKey> keys)
    {
        this.keys = [.. keys];
        comparers = [.. this.keys.Select(k => KeyComparer.For(k.Expression.Type))];
    }

    /// <summary>The order of rows 0 … count - 1, whose keys lie in the columns.</summary>
    public int[] Sort(Column[] keyColumns, int count)
    {
        columns = keyColumns;
        var entries = new SortEntry[count];
        for (var i = 0; i < count; i++)
        {
            entries[i] = new SortEntry(i);
        }

        spare = new SortEntry[count];
        SortByKey(entries, 0);
        spare = [];
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = entries[i].Row;
        }

        return order;
    }

    /// <summary>Sets the prefixes of the first key, alike in every call: a row whose prefix is greater than another's comes after it.</summary>
    public void SetPrefixes(Column firstKey, Span<SortEntry> entries)
        => comparers[0].SetPrefixes(firstKey, entries, keys[0].IsDescending, keys[0].NullsFirst, isWhole: false);

    public void Dispose()
    {
        foreach (var comparer in comparers)
        {
            comparer.Dispose();
        }
    }

    /// <summary>Sorts rows that are equal in all keys before this one.</summary>
    private void SortByKey(Span<SortEntry> entries, int key)
    {
        var isExact = comparers[key].SetPrefixes(columns[key], entries, keys[key].IsDescending, keys[key].NullsFirst, isWhole: true);
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

    private static void Merge<TOrder>(ReadOnlySpan<SortEntry> left, ReadOnlySpan<SortEntry> right, Span<SortEntry> target, TOrder order)
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
            // The right one only when it is strictly before: equal rows keep their order.
            target[t++] = order.IsBefore(right[r], left[l]) ? right[r++] : left[l++];
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
