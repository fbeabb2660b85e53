using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Orders rows by keys, stably. The first key is cut to 64 bits that order like it; whole keys are compared only where those are equal.</summary>
internal sealed class RowSorter : IDisposable
{
    private const int RunLength = 12;

    private readonly KeyComparer[] comparers;
    private readonly SortKey[] keys;
    private Column[] columns = [];

    // Whether equal prefixes settle the first key.
    private bool isExact;

    public RowSorter(IEnumerable<SortKey> keys)
    {
        this.keys = [.. keys];
        comparers = [.. this.keys.Select(k => KeyComparer.For(k.Expression.Type))];
    }

    /// <summary>The order of rows 0 … count - 1, whose keys lie in the columns.</summary>
    public int[] Sort(Column[] keyColumns, int count)
    {
        columns = keyColumns;
        var prefixes = new ulong[count];
        isExact = Prefixes(keyColumns[0], null, prefixes);
        var entries = new Entry[count];
        for (var i = 0; i < count; i++)
        {
            entries[i] = new Entry(prefixes[i], i);
        }

        MergeSort(entries);
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = entries[i].Row;
        }

        return order;
    }

    /// <summary>The prefixes of the first key: a row whose prefix is greater than another's comes after it.</summary>
    public bool Prefixes(Column firstKey, Selection? rows, Span<ulong> prefixes)
        => comparers[0].Prefixes(firstKey, rows, prefixes, keys[0].IsDescending, keys[0].NullsFirst);

    public void Dispose()
    {
        foreach (var comparer in comparers)
        {
            comparer.Dispose();
        }
    }

    /// <summary>Short runs by insertion, then merges of neighbours, from one array to the other and back.</summary>
    private void MergeSort(Entry[] entries)
    {
        for (var start = 0; start < entries.Length; start += RunLength)
        {
            InsertionSort(entries.AsSpan(start, Math.Min(RunLength, entries.Length - start)));
        }

        var (from, to) = (entries, new Entry[entries.Length > RunLength ? entries.Length : 0]);
        for (long width = RunLength; width < entries.Length; width *= 2)
        {
            for (long start = 0; start < entries.Length; start += 2 * width)
            {
                var middle = (int)Math.Min(start + width, entries.Length);
                var end = (int)Math.Min(start + (2 * width), entries.Length);
                Merge(from.AsSpan((int)start, middle - (int)start), from.AsSpan(middle, end - middle), to.AsSpan((int)start));
            }

            (from, to) = (to, from);
        }

        if (from != entries)
        {
            from.CopyTo(entries, 0);
        }
    }

    private void InsertionSort(Span<Entry> run)
    {
        for (var i = 1; i < run.Length; i++)
        {
            var entry = run[i];
            var at = i;
            for (; at > 0 && IsBefore(entry, run[at - 1]); at--)
            {
                run[at] = run[at - 1];
            }

            run[at] = entry;
        }
    }

    private void Merge(ReadOnlySpan<Entry> left, ReadOnlySpan<Entry> right, Span<Entry> target)
    {
        var (l, r, t) = (0, 0, 0);
        while (l < left.Length && r < right.Length)
        {
            // The right one only when it is strictly before: equal rows keep their order.
            target[t++] = IsBefore(right[r], left[l]) ? right[r++] : left[l++];
        }

        left[l..].CopyTo(target[t..]);
        right[r..].CopyTo(target[(t + left.Length - l)..]);
    }

    private bool IsBefore(Entry a, Entry b)
        => a.Prefix != b.Prefix ? a.Prefix < b.Prefix : !(isExact && keys.Length == 1) && CompareWhole(a.Row, b.Row) < 0;

    private int CompareWhole(int a, int b)
    {
        for (var i = isExact ? 1 : 0; i < keys.Length; i++)
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

    private readonly record struct Entry(ulong Prefix, int Row);
}
