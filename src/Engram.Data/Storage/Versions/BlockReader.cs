using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Versions;

/// <summary>Reads blocks of one table as one reader sees them: stored values, with the patches that it sees laid over them.</summary>
/// <remarks>
/// The one place that knows how a row version is put together; scans, fetches, key probes and flushes all read through it. Position it on a
/// block, ask what is visible, load columns. Untouched columns are handed out as they lie; a column with visible patches is copied to
/// scratch first. A block that is older than a column's type, or than the column, is read through what the definition says of older rows (<see cref="ColumnForm"/>):
/// by a reader of the older form, whose values are widened before newer patches are laid over them. Used by one thread at a time; disposing frees the scratch.
/// </remarks>
internal sealed unsafe class BlockReader : IDisposable
{
    private ReadHorizon horizon;
    private readonly ImmutableArray<ColumnId> ids;
    private readonly DataType[] types;
    private readonly Column[] views;
    private readonly ColumnBuffer?[] scratch;
    private readonly ColumnBuffer?[] patched;
    private readonly TableDefinition? table;
    // None for row ids. Readers of older forms are made when a block asks for one.
    private readonly ColumnForm?[] forms;
    private BlockReader?[] older = [];
    private Selection? selection;
    private Selection? visible;
    private bool isVisibleKnown;
    private SegmentExtent? segment;
    private DeltaChunk? chunk;
    private BlockVersions? versions;
    private int block;

    public BlockReader(ReadHorizon horizon, TableDefinition table, ReadOnlySpan<ColumnId> columns)
    {
        this.horizon = horizon;
        this.table = table;
        ids = [.. columns];
        forms = new ColumnForm?[ids.Length];
        types = new DataType[ids.Length];
        views = new Column[ids.Length];
        scratch = new ColumnBuffer?[ids.Length];
        patched = new ColumnBuffer?[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            forms[i] = ids[i] == ColumnId.RowId ? null : table.Columns[table.IndexOf(ids[i])];
            types[i] = forms[i]?.Type ?? DataType.Int64;
            views[i] = new Column(types[i]);
        }
    }

    /// <summary>Of one column as it was stored before it got its type.</summary>
    private BlockReader(ReadHorizon horizon, ColumnForm form)
    {
        this.horizon = horizon;
        (ids, forms, types) = ([form.Id], [form], [form.Type]);
        (views, scratch, patched) = ([new Column(form.Type)], [null], [null]);
    }

    /// <summary>Rows of the block that have begun.</summary>
    public int RowCount { get; private set; }

    /// <summary>The rows that are visible; null when all are. Looks at every row the first time: a point lookup does not ask.</summary>
    public Selection? Visible
    {
        get
        {
            if (!isVisibleKnown)
            {
                FindVisible();
            }

            return visible;
        }
    }

    public int VisibleCount => Visible?.Count ?? RowCount;

    /// <summary>Bytes of columns handed out so far; values of variable length count with their references only.</summary>
    public long BytesRead { get; private set; }

    public DataType TypeOf(int ordinal) => types[ordinal];

    /// <summary>The table's definition; null of a reader of an older form.</summary>
    public TableDefinition? Table => table;

    /// <summary>Reads as of another moment from now on, keeping its memory, after it is positioned again.</summary>
    public void Rebind(ReadHorizon other)
    {
        horizon = other;
        (segment, chunk, versions, isVisibleKnown, visible, RowCount, BytesRead) = (null, null, null, false, null, 0, 0);
        foreach (var view in views)
        {
            view.Owner = null;
        }

        foreach (var reader in older)
        {
            reader?.Rebind(other);
        }
    }

    /// <summary>Another reader of the same columns as of the same moment, for another thread.</summary>
    public BlockReader Fork() => new(horizon, table!, ids.AsSpan());

    public void Position(SegmentExtent extent, int blockIndex)
    {
        segment = extent;
        if (table is not null && !ReferenceEquals(extent.Segment.Definition, table))
        {
            // For messages. Readers with several definitions may take turns, which harms nobody.
            extent.Segment.Definition = table;
        }

        chunk = null;
        block = blockIndex;
        versions = extent.FindVersions(blockIndex);
        RowCount = extent.HasBegun(horizon) ? extent.Segment.RowsInBlock(blockIndex) : 0;
        isVisibleKnown = false;
    }

    public void Position(DeltaChunk delta)
    {
        segment = null;
        chunk = delta;
        versions = delta.Versions;
        RowCount = delta.CountVisible(horizon);
        isVisibleKnown = false;
    }

    /// <summary>Whether a zone map can rule the current block out; a patched column rules nothing out.</summary>
    public bool CanMatch(ReadOnlySpan<ZoneBound> bounds)
    {
        if (segment is null)
        {
            return true;
        }

        foreach (var bound in bounds)
        {
            if (table?.FindColumn(bound.Column) is { } column && FindZone(column) is { } zone && !zone.CanMatch(bound.Comparison, bound.Value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the reader's moment is one at which the segment was there.</summary>
    public bool HasBegun(SegmentExtent extent) => extent.HasBegun(horizon);

    /// <summary>How many visible rows have NULL in a column: known without reading it where no row was deleted or changed since the block was written.</summary>
    public int CountNulls(int ordinal)
    {
        if (segment is not null && FindZone(forms[ordinal]!) is { } zone && (!zone.HasNulls || VisibleCount == RowCount))
        {
            return Math.Min(zone.NullCount, VisibleCount);
        }

        var rows = Visible;
        var values = Load(ordinal, rows);
        var count = 0;
        for (var i = 0; values.Nulls != null && i < VisibleCount; i++)
        {
            count += values.IsNull(rows is null ? i : rows.Rows[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>What is known of a column's values in the segment's block, in the type that they are read in; null when some were changed since.</summary>
    private ZoneMap? FindZone(ColumnForm column)
    {
        for (var form = column; ; form = form.Older)
        {
            if (versions?.FindPatches(form.Id) is not null)
            {
                return null;
            }

            if (segment!.Segment.TryFindColumn(form.Id, out var ordinal))
            {
                var zone = segment.Segment.GetZone(ordinal, block);
                return ReferenceEquals(form, column) ? zone : zone.Widen(column.Type);
            }

            if (form.Older is null)
            {
                var rows = segment.Segment.RowsInBlock(block);
                return form.Missing is { } missing ? ZoneMap.OfConstant(missing.Column, rows).Widen(column.Type) : ZoneMap.OfNulls(column.Type, rows);
            }
        }
    }

    /// <summary>Whether one row of the block is visible, without looking at the others.</summary>
    public bool IsVisible(int row) => row < RowCount && HasBegun(row) && !(versions?.IsEnded(row, horizon) ?? false);

    /// <summary>Loads a column for the rows that will be read (null: all). Valid until the next position or load of the same column.</summary>
    public Column Load(int ordinal, Selection? needed)
    {
        var view = views[ordinal];
        var id = ids[ordinal];
        LoadStored(ordinal, id, needed, view);
        BytesRead += (long)(needed?.Count ?? RowCount) * types[ordinal].PhysicalSize;
        if (id == ColumnId.RowId || versions is null || !versions.HasPatches || versions.FindPatches(id) is not { } patches)
        {
            return view;
        }

        return Overlay(ordinal, view, patches, needed);
    }

    /// <summary>The codes of the block's vectors as they are stored; false when there are none, for one reason or another.</summary>
    /// <param name="patched">Knows the rows whose vectors were changed since, and whose codes therefore say nothing; null when there are none.</param>
    public bool TryLoadCodes(int ordinal, out CodeBlock codes, out PatchList? patched)
    {
        var id = ids[ordinal];
        patched = versions?.FindPatches(id);
        codes = default;
        var dimensions = types[ordinal].Size;
        return CodeFile.IsCoded(types[ordinal])
            && (chunk is not null ? chunk.TryGetCodes(id, dimensions, out codes)
                : segment!.FindCodes(id, dimensions) is { } found && found.TryGet(block, out codes));
    }

    public void Dispose()
    {
        foreach (var buffer in scratch)
        {
            buffer?.Dispose();
        }

        foreach (var buffer in patched)
        {
            buffer?.Dispose();
        }

        foreach (var reader in older)
        {
            reader?.Dispose();
        }
    }

    private void LoadStored(int ordinal, ColumnId id, Selection? needed, Column view)
    {
        if (chunk is not null)
        {
            if (id == ColumnId.RowId)
            {
                view.Data = chunk.RowIds;
                view.Nulls = null;
                view.IsConstant = false;
                view.Owner = chunk;
                return;
            }

            if (chunk.TryView(id, view))
            {
                return;
            }
        }
        else if (segment!.Segment.TryFindColumn(id, out var stored))
        {
            segment.Segment.Load(stored, block, needed, view, scratch[ordinal] ??= new ColumnBuffer(types[ordinal], Batch.RowCountMax));
            return;
        }

        LoadOlder(ordinal, needed, view);
    }

    /// <summary>The block is older than the column, or than its type.</summary>
    private void LoadOlder(int ordinal, Selection? needed, Column view)
    {
        var form = forms[ordinal]!;
        if (form.Older is { } narrow)
        {
            if (older.Length == 0)
            {
                older = new BlockReader?[ids.Length];
            }

            var reader = older[ordinal] ??= new BlockReader(horizon, narrow);
            (reader.segment, reader.chunk, reader.versions, reader.block, reader.RowCount) = (segment, chunk, versions, block, RowCount);
            Widening.Convert(reader.Load(0, needed), RowCount, needed, scratch[ordinal] ??= new ColumnBuffer(types[ordinal], Batch.RowCountMax), view);
            return;
        }

        if (form.Missing is { } constant)
        {
            view.SetView(constant.Column);
            return;
        }

        var missing = scratch[ordinal] ??= new ColumnBuffer(types[ordinal], 1);
        missing.Clear();
        missing.AppendNull();
        view.SetView(missing.Column);
        view.IsConstant = true;
    }

    private void FindVisible()
    {
        isVisibleKnown = true;
        visible = null;
        var ends = versions?.Ends;
        if (ends is null && !(horizon.HasGap && chunk is not null))
        {
            return;
        }

        var rows = (selection ??= new Selection()).Buffer;
        var count = 0;
        for (var i = 0; i < RowCount; i++)
        {
            var stamp = ends is null ? 0 : Volatile.Read(ref ends[i]);
            if ((stamp == 0 || !horizon.Sees(stamp)) && HasBegun(i))
            {
                rows[count++] = (ushort)i;
            }
        }

        selection.Count = count;
        visible = count == RowCount ? null : selection;
    }

    /// <summary>Always so for the first <see cref="RowCount"/> rows unless the horizon has a gap.</summary>
    private bool HasBegun(int row) => !horizon.HasGap || chunk is null || chunk.HasBegun(row, horizon);

    private Column Overlay(int ordinal, Column stored, PatchList patches, Selection? needed)
    {
        var entries = patches.Current;
        Column? target = null;
        var size = types[ordinal].PhysicalSize;
        var rows = needed is null ? default : needed.Rows;
        var count = needed is null ? RowCount : rows.Length;
        for (var i = 0; i < count; i++)
        {
            var row = needed is null ? i : rows[i];
            var at = patches.Find(row, horizon, ref entries);
            if (at < 0)
            {
                continue;
            }

            target ??= CopyStored(ordinal, stored, needed);
            var value = (byte*)target.Data + ((long)row * size);
            if (entries.IsNull[at])
            {
                target.Nulls[row >> 6] |= 1UL << (row & 63);
                NativeMemory.Clear(value, (nuint)size);
                continue;
            }

            target.Nulls[row >> 6] &= ~(1UL << (row & 63));
            Buffer.MemoryCopy((byte*)entries.Data + ((long)at * size), value, size, size);
            if (target.Offsets != null)
            {
                target.Offsets[row] = entries.Offsets[at];
            }
        }

        return target ?? stored;
    }

    /// <summary>Copies the needed rows of the block's column to scratch, spread out when it is constant. References are copied, not what they point to.</summary>
    private Column CopyStored(int ordinal, Column stored, Selection? needed)
    {
        var size = types[ordinal].PhysicalSize;
        var buffer = patched[ordinal] ??= new ColumnBuffer(types[ordinal], Batch.RowCountMax);
        buffer.Clear();
        buffer.SetCount(RowCount);
        var target = buffer.Column;
        var nulls = buffer.ClearNulls();
        if (!stored.IsConstant && needed is null)
        {
            Buffer.MemoryCopy(stored.Data, target.Data, (long)RowCount * size, (long)RowCount * size);
            if (target.Offsets != null && stored.Offsets != null)
            {
                Buffer.MemoryCopy(stored.Offsets, target.Offsets, (long)RowCount * sizeof(short), (long)RowCount * sizeof(short));
            }
            else if (target.Offsets != null)
            {
                NativeMemory.Clear(target.Offsets, (nuint)RowCount * sizeof(short));
            }

            if (stored.Nulls != null)
            {
                Buffer.MemoryCopy(stored.Nulls, nulls, Batch.NullWordCount * sizeof(ulong), (RowCount + 63) / 64 * sizeof(ulong));
            }

            return target;
        }

        var positions = needed is null ? default : needed.Rows;
        var rows = needed is null ? RowCount : positions.Length;
        for (var i = 0; i < rows; i++)
        {
            var row = needed is null ? i : positions[i];
            if (stored.IsNull(row))
            {
                nulls[row >> 6] |= 1UL << (row & 63);
                NativeMemory.Clear((byte*)target.Data + ((long)row * size), (nuint)size);
                continue;
            }

            Buffer.MemoryCopy((byte*)stored.Data + (stored.At(row) * size), (byte*)target.Data + ((long)row * size), size, size);
            if (target.Offsets != null)
            {
                target.Offsets[row] = stored.GetOffset(row);
            }
        }

        return target;
    }
}
