using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Tells, for the keys of attached segments, which can be shown to be unique without looking each of them up.</summary>
/// <remarks>
/// Looking up a million keys takes seconds under the write lock. Nearly always it is not needed: keys that ascend (identities, times) lie beyond all that
/// were there before, and the least and greatest of each block say so. Where ranges of keys meet, every key of the load is looked up.
/// </remarks>
internal static class LoadedKeys
{
    /// <summary>A key, as text, that two rows of the segment have; null when there is none. A key with a NULL in it is nobody's.</summary>
    public static string? FindDuplicateWithin(Segment segment, SegmentRun run, KeyShape shape, TableDefinition table)
    {
        using var left = new KeyRow(segment, shape);
        using var right = new KeyRow(segment, shape);
        for (var i = 1; i < run.Count; i++)
        {
            // Sorted: equal keys are neighbours, and nearly always eight bytes tell them apart.
            if (run.HaveSamePrefix(i - 1, i) && left.Equals(run.PositionAt(i - 1), right, run.PositionAt(i)))
            {
                return right.Describe(shape, table);
            }
        }

        return null;
    }

    /// <summary>Whether no key of one segment can be a key of the other, by what is known of their blocks.</summary>
    public static bool AreApart(SegmentExtent one, SegmentExtent other, KeyShape shape)
    {
        for (var i = 0; i < shape.Count; i++)
        {
            var column = shape.Columns[i];
            if (IsNullBefore(shape.FormOf(i)) && !HasPatches(one, column) && !HasPatches(other, column)
                && TryRange(one.Segment, column, out var oneMin, out var oneMax) && TryRange(other.Segment, column, out var otherMin, out var otherMax)
                && (oneMax < otherMin || otherMax < oneMin))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether rows that are older than the column have NULL in it, and not a value that no block tells of.</summary>
    private static bool IsNullBefore(ColumnForm form) => form is { Missing: null, Older: null };

    private static bool HasPatches(SegmentExtent extent, ColumnId column)
    {
        for (var block = 0; block < extent.Segment.BlockCount; block++)
        {
            if (extent.FindVersions(block)?.FindPatches(column) is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The least and greatest value of a column of integers or times; NULLs do not count, for a key with one equals none.</summary>
    private static bool TryRange(Segment segment, ColumnId column, out long min, out long max)
    {
        (min, max) = (long.MaxValue, long.MinValue);
        if (!segment.TryFindColumn(column, out var ordinal))
        {
            return true;
        }

        for (var block = 0; block < segment.BlockCount; block++)
        {
            var zone = segment.GetZone(ordinal, block);
            if (zone.IsAllNull)
            {
                continue;
            }

            if (!zone.HasMinMax)
            {
                return false;
            }

            switch (zone.Type.Physical)
            {
                case PhysicalType.Int64: Widen(zone.Min<long>(), zone.Max<long>(), ref min, ref max); break;
                case PhysicalType.Int32: Widen(zone.Min<int>(), zone.Max<int>(), ref min, ref max); break;
                case PhysicalType.UInt32: Widen(zone.Min<uint>(), zone.Max<uint>(), ref min, ref max); break;
                case PhysicalType.Int16: Widen(zone.Min<short>(), zone.Max<short>(), ref min, ref max); break;
                default: return false;
            }
        }

        return true;
    }

    private static void Widen(long least, long greatest, ref long min, ref long max) => (min, max) = (Math.Min(min, least), Math.Max(max, greatest));

    /// <summary>One row's key at a time, read from a segment as it was written.</summary>
    private sealed class KeyRow : IDisposable
    {
        private readonly Segment segment;
        private readonly KeyShape shape;
        private readonly int[] ordinals;
        private readonly Column[] views;
        private readonly ColumnBuffer[] scratch;
        private readonly Selection one = new();
        private int row;

        public KeyRow(Segment segment, KeyShape shape)
        {
            this.segment = segment;
            this.shape = shape;
            ordinals = new int[shape.Count];
            views = new Column[shape.Count];
            scratch = new ColumnBuffer[shape.Count];
            for (var i = 0; i < ordinals.Length; i++)
            {
                segment.TryFindColumn(shape.Columns[i], out ordinals[i]);
                views[i] = new Column(shape.TypeOf(i));
                scratch[i] = new ColumnBuffer(shape.TypeOf(i), Batch.RowCountMax);
            }
        }

        public bool Equals(int position, KeyRow other, int otherPosition)
        {
            Load(position);
            other.Load(otherPosition);
            for (var i = 0; i < views.Length; i++)
            {
                if (views[i].IsNull(row) || other.views[i].IsNull(other.row) || !KeyValue.AreEqual(shape, i, views[i], row, other.views[i], other.row))
                {
                    return false;
                }
            }

            return true;
        }

        public string Describe(KeyShape shape, TableDefinition table)
            => KeyValue.Describe(shape.Columns.ToArray().Select(c => table.FindColumn(c)!.Name), views, row);

        public void Dispose() => Array.ForEach(scratch, s => s.Dispose());

        private void Load(int position)
        {
            row = position % Batch.RowCountMax;
            one.Count = 0;
            one.Add(row);
            for (var i = 0; i < views.Length; i++)
            {
                segment.Load(ordinals[i], position / Batch.RowCountMax, one, views[i], scratch[i]);
            }
        }
    }
}
