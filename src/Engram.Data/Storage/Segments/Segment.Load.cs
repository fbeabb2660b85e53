using System.Diagnostics;
using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <summary>Blocks as columns: in place where they lie as a column does, else decoded into the caller's scratch.</summary>
internal sealed unsafe partial class Segment
{
    /// <summary>From so many rows on making all values of the block is as fast as making each.</summary>
    private const int FewRowsMax = 128;

    /// <summary>Shows one block of one column.</summary>
    /// <param name="needed">The rows that will be read; null for all. Only these hold meaningful values, and only their pages are touched
    /// where rows lie apart (text, vectors).</param>
    /// <param name="target">Becomes a view of the block with the type that the column has in the segment.</param>
    /// <param name="scratch">A buffer of that type, refilled where the block cannot be shown in place; <paramref name="target"/> may point into it.</param>
    /// <remarks>Plain columns cost nothing but the first touch of their pages. Values of variable length cost 16 bytes a needed row.</remarks>
    /// <exception cref="EngramException">XX001: a page does not match its checksum. 58030: the system could not read it.</exception>
    public void Load(int ordinal, int block, Selection? needed, Column target, ColumnBuffer scratch)
    {
        if (IsReplacement(ordinal, out var other))
        {
            other.Load(ReplacedOrdinal, block, needed, target, scratch);
            return;
        }

        ref readonly var entry = ref EntryOf(ordinal, block);
        var type = types[ordinal];
        var rows = RowsInBlock(block);
        Debug.Assert(scratch.Type.Physical == type.Physical && scratch.Type.HasOffsets == type.HasOffsets);
        scratch.Clear();
        target.Type = type;
        target.Owner = this;
        target.Nulls = null;
        target.Offsets = null;
        target.IsConstant = false;

        switch (entry.Encoding)
        {
            case BlockEncoding.Constant:
                LoadConstant(ordinal, block, in entry, target, scratch);
                break;
            case BlockEncoding.Sequential:
                LoadSequential(in entry, rows, needed, target, scratch);
                break;
            case BlockEncoding.Plain:
                LoadPlain(ordinal, block, in entry, rows, target, scratch);
                break;
            case BlockEncoding.Dictionary:
                LoadDictionary(ordinal, block, in entry, rows, needed, target, scratch);
                break;
            case BlockEncoding.PlainBytes:
                LoadBytes<uint>(ordinal, block, in entry, rows, needed, target, scratch);
                break;
            case BlockEncoding.ShortBytes:
                LoadBytes<ushort>(ordinal, block, in entry, rows, needed, target, scratch);
                break;
            case BlockEncoding.Packed:
                LoadPacked(ordinal, block, in entry, rows, needed, target, scratch);
                break;
            default:
                LoadStride(ordinal, block, in entry, rows, needed, target, scratch);
                break;
        }
    }

    private void LoadConstant(int ordinal, int block, in BlockEntry entry, Column target, ColumnBuffer scratch)
    {
        if (entry.NullCount > 0)
        {
            scratch.AppendNull();
            target.Data = scratch.Column.Data;
            target.Nulls = scratch.Column.Nulls;
            target.Offsets = scratch.Column.Offsets;
        }
        else
        {
            var data = Touch(ordinal, block, entry.Offset, entry.Length);
            if (target.Type.IsByReference)
            {
                *scratch.Column.Pointer<Bytes>() = new Bytes(data, (int)entry.Length);
                data = (byte*)scratch.Column.Data;
            }

            target.Data = data;
            target.Offsets = target.Type.HasOffsets ? (short*)(data + target.Type.PhysicalSize) : null;
        }

        target.IsConstant = true;
    }

    private static void LoadSequential(in BlockEntry entry, int rows, Selection? needed, Column target, ColumnBuffer scratch)
    {
        scratch.Reserve(Batch.RowCountMax);
        target.Data = scratch.Column.Data;
        if (needed is { Count: < FewRowsMax })
        {
            // A point lookup, by primary key as often as not.
            foreach (var row in needed.Rows)
            {
                if (target.Type.PhysicalSize == sizeof(long))
                {
                    target.Pointer<long>()[row] = entry.Base + row;
                }
                else
                {
                    target.Pointer<int>()[row] = (int)entry.Base + row;
                }
            }
        }
        else if (target.Type.PhysicalSize == sizeof(long))
        {
            var values = target.Values<long>(rows);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = entry.Base + i;
            }
        }
        else
        {
            var values = target.Values<int>(rows);
            var first = (int)entry.Base;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = first + i;
            }
        }
    }

    private void LoadPlain(int ordinal, int block, in BlockEntry entry, int rows, Column target, ColumnBuffer scratch)
    {
        var data = Touch(ordinal, block, entry.Offset, entry.Length);
        target.Data = data;
        target.Nulls = NullMask(data, in entry);
        if (target.Type.HasOffsets)
        {
            ShowOffsets(in entry, (short)entry.Base, (short*)(data + SegmentFormat.Align((long)rows * target.Type.PhysicalSize)), rows, target, scratch);
        }
    }

    private static void ShowOffsets(in BlockEntry entry, short same, short* stored, int rows, Column target, ColumnBuffer scratch)
    {
        if ((entry.Flags & BlockFlags.SameOffset) == 0)
        {
            target.Offsets = stored;
            return;
        }

        scratch.Reserve(Batch.RowCountMax);
        new Span<short>(scratch.Column.Offsets, rows).Fill(same);
        target.Offsets = scratch.Column.Offsets;
    }

    /// <typeparam name="TEnd">Of the ends: u16 or u32.</typeparam>
    private void LoadBytes<TEnd>(int ordinal, int block, in BlockEntry entry, int rows, Selection? needed, Column target, ColumnBuffer scratch)
        where TEnd : unmanaged, IBinaryInteger<TEnd>
    {
        scratch.Reserve(Batch.RowCountMax);
        var values = scratch.Column.Pointer<Bytes>();
        target.Data = values;
        var bytesAt = SegmentFormat.Align((long)rows * sizeof(TEnd));
        if (needed is null)
        {
            var start = Touch(ordinal, block, entry.Offset, entry.Length);
            target.Nulls = NullMask(start, in entry);
            ShowBytes((TEnd*)start, start + bytesAt, rows, values);
        }
        else
        {
            var start = Touch(ordinal, block, entry.Offset, rows * sizeof(TEnd));
            target.Nulls = TouchNullMask(ordinal, block, in entry);
            var ends = (TEnd*)start;
            foreach (var row in needed.Rows)
            {
                var from = row == 0 ? 0 : uint.CreateTruncating(ends[row - 1]);
                var length = uint.CreateTruncating(ends[row]) - from;
                values[row] = length == 0 ? default : new Bytes(Touch(ordinal, block, entry.Offset + bytesAt + from, length), (int)length);
            }
        }
    }

    private static void ShowBytes<TEnd>(TEnd* ends, byte* bytes, int rows, Bytes* values)
        where TEnd : unmanaged, IBinaryInteger<TEnd>
    {
        uint from = 0;
        for (var row = 0; row < rows; row++)
        {
            var end = uint.CreateTruncating(ends[row]);
            values[row] = new Bytes(bytes + from, (int)(end - from));
            from = end;
        }
    }

    private void LoadStride(int ordinal, int block, in BlockEntry entry, int rows, Selection? needed, Column target, ColumnBuffer scratch)
    {
        scratch.Reserve(Batch.RowCountMax);
        var values = scratch.Column.Pointer<Bytes>();
        var stride = entry.Stride;
        target.Data = values;
        if (needed is null)
        {
            var start = Touch(ordinal, block, entry.Offset, entry.Length);
            target.Nulls = NullMask(start, in entry);
            for (var row = 0; row < rows; row++)
            {
                values[row] = new Bytes(start + ((long)row * stride), stride);
            }
        }
        else
        {
            target.Nulls = TouchNullMask(ordinal, block, in entry);
            foreach (var row in needed.Rows)
            {
                values[row] = new Bytes(Touch(ordinal, block, entry.Offset + ((long)row * stride), stride), stride);
            }
        }

        if (target.Nulls != null)
        {
            ClearUnderNull(target.Nulls, values, rows);
        }
    }

    private static ulong* NullMask(byte* start, in BlockEntry entry)
        => (entry.Flags & BlockFlags.HasNullMask) != 0 ? (ulong*)(start + entry.Length - SegmentFormat.NullMaskSize) : null;

    private ulong* TouchNullMask(int ordinal, int block, in BlockEntry entry)
        => (entry.Flags & BlockFlags.HasNullMask) != 0
            ? (ulong*)Touch(ordinal, block, entry.Offset + entry.Length - SegmentFormat.NullMaskSize, SegmentFormat.NullMaskSize)
            : null;

    /// <summary>The memory of a range of the file, after every page of it was brought in and found right in this process.</summary>
    private byte* Touch(int ordinal, int block, long offset, long length)
    {
        var range = Volatile.Read(ref map) ?? Map();
        if (length == 0)
        {
            return range.Pointer + offset;
        }

        var last = (int)((offset + length - 1) / SegmentFormat.PageSize);
        for (var page = (int)(offset / SegmentFormat.PageSize); page <= last; page++)
        {
            if ((Volatile.Read(ref pagesVerified[page >> 6]) >> (page & 63) & 1) == 0)
            {
                VerifyRange(range, ordinal, block, page, last);
                break;
            }
        }

        return range.Pointer + offset;
    }

    /// <summary>Checks those of some pages that nobody checked before. Racing with another is harmless: both find the same.</summary>
    private void VerifyRange(MappedRange range, int ordinal, int block, int first, int last)
    {
        var start = (long)first * SegmentFormat.PageSize;
        range.Populate(start, Math.Min((long)(last + 1) * SegmentFormat.PageSize, header.BodyLength) - start);
        for (var page = first; page <= last; page++)
        {
            if ((Volatile.Read(ref pagesVerified[page >> 6]) >> (page & 63) & 1) != 0)
            {
                continue;
            }

            var at = (long)page * SegmentFormat.PageSize;
            var bytes = new ReadOnlySpan<byte>(range.Pointer + at, (int)Math.Min(SegmentFormat.PageSize, header.BodyLength - at));
            var found = Crc32C.Compute(bytes);
            if (found != PageChecksums[page])
            {
                throw Damaged(ordinal, block, $"page {page} (bytes {at} to {at + bytes.Length - 1}) has checksum {found:X8}, not {PageChecksums[page]:X8}");
            }

            Interlocked.Or(ref pagesVerified[page >> 6], 1L << (page & 63));
        }

        GC.KeepAlive(range);
    }

    private MappedRange Map()
    {
        if (root != this)
        {
            var shared = Volatile.Read(ref root.map) ?? root.Map();
            Volatile.Write(ref map, shared);
            return shared;
        }

        lock (mapGate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (map is null)
            {
                Volatile.Write(ref map, file.Map(0, Info.FileLength));
                // The mapping holds the file; a handle a segment would be many.
                file.Dispose();
            }

            return map;
        }
    }

    private EngramException Damaged(int ordinal, int block, string what)
    {
        var id = new ColumnId(Columns[ordinal].Id);
        var first = (long)block * Batch.RowCountMax;
        return Error.SegmentDamaged(
            directoryPath, Info.Name, Definition?.ToString() ?? Info.Table.ToString(), Definition?.FindStored(id)?.Name ?? id.ToString(),
            first, first + RowsInBlock(block) - 1, what);
    }
}
