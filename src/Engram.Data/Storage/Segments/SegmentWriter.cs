using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <summary>Writes one segment: rows in batches of any size, ascending by row id unless said otherwise. <see cref="SegmentFormat"/> tells where they go.</summary>
/// <remarks>Not thread-safe. Disposed before <see cref="Finish"/>, it deletes the file that it began. The row ids of a clustered segment are held in memory until then.</remarks>
internal sealed unsafe class SegmentWriter : IDisposable
{
    /// <summary>What the buffers of all columns may hold together before extents become smaller than a piece.</summary>
    private const long BufferedSizeBytesMax = 128L * 1024 * 1024;

    private const long ExtentSizeBytesMin = 64 * 1024;

    private readonly DataDirectory directory;
    private readonly DataFile file;
    private readonly SegmentOutput output;
    private readonly TableId table;
    private readonly Guid fileId;
    private readonly ColumnState[] columns;
    private readonly long extentSizeBytes;
    private readonly RowOrder order;
    private readonly ImmutableArray<ColumnId> clusteredBy;
    private readonly List<long> orderedRowIds = [];
    // The row id and what the caller gives; behind them stand those that find rows by id.
    private readonly int givenCount;
    private readonly BlockTap? tap;
    private int pendingCount;
    private int rowCount;
    private long rowIdMin;
    private long rowIdMax;
    private bool isFinished;

    private SegmentWriter(
        DataDirectory directory, string name, TableId table, ImmutableArray<(ColumnId Id, DataType Type)> columns, RowOrder order, ImmutableArray<ColumnId> clusteredBy, BlockTap? tap)
    {
        this.tap = tap;
        this.directory = directory;
        this.table = table;
        this.order = order;
        this.clusteredBy = clusteredBy.IsDefault ? [] : clusteredBy;
        Name = name;
        ImmutableArray<(ColumnId Id, DataType Type)> finders = order == RowOrder.Clustered ? [(ColumnId.OrderedRowId, DataType.Int64), (ColumnId.RowPosition, DataType.Int32)] : [];
        this.columns = [new(ColumnId.RowId, DataType.Int64), .. columns.Concat(finders).Select(c => new ColumnState(c.Id, c.Type))];
        givenCount = columns.Length + 1;
        extentSizeBytes = Math.Clamp(BufferedSizeBytesMax / this.columns.Length, ExtentSizeBytesMin, SegmentFormat.PieceSize);

        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(id, directory.NextRandom());
        BinaryPrimitives.WriteUInt64LittleEndian(id[sizeof(ulong)..], directory.NextRandom());
        fileId = new Guid(id);
        file = directory.Create(name);
        output = new SegmentOutput(file);
        WriteHeader();
    }

    public string Name { get; }

    /// <summary>Rows of whole blocks so far.</summary>
    public int RowCount => rowCount;

    /// <summary>Rows appended so far.</summary>
    public int AppendedCount => rowCount + pendingCount;

    /// <summary>Creates the file.</summary>
    /// <param name="columns">The table's columns, without <see cref="ColumnId.RowId"/>, which every segment has.</param>
    /// <param name="order">What <c>Append</c> may expect of the row ids.</param>
    /// <param name="clusteredBy">What the rows are ordered by, at most <see cref="ClusterColumns.CountMax"/> columns, for those who ask the segment.</param>
    /// <param name="tap">What is derived from the blocks on the way; disposed with the writer.</param>
    public static SegmentWriter Create(
        DataDirectory directory, string name, TableId table, ImmutableArray<(ColumnId Id, DataType Type)> columns, RowOrder order = RowOrder.Ascending,
        ImmutableArray<ColumnId> clusteredBy = default, BlockTap? tap = null)
    {
        try
        {
            return new SegmentWriter(directory, name, table, columns, order, clusteredBy, tap);
        }
        catch
        {
            tap?.Dispose();
            throw;
        }
    }

    /// <summary>Adds the selected rows.</summary>
    /// <param name="rows">The columns given to <see cref="Create"/>, in that order.</param>
    /// <param name="rowIds">One for each selected row; where the order is <see cref="RowOrder.Ascending"/>, each greater than all before it in the segment.</param>
    public void Append(Batch rows, ReadOnlySpan<long> rowIds)
    {
        CheckRows(rows, rows.SelectedCount, rowIds);
        for (var done = 0; done < rowIds.Length;)
        {
            var count = Math.Min(rowIds.Length - done, Batch.RowCountMax - pendingCount);
            columns[0].Append(rowIds.Slice(done, count));
            if (count == Batch.RowCountMax && rows.Selection is null)
            {
                // A whole block as it stands: encoded from where it lies.
                EncodeBlock(rows.Columns, count);
            }
            else
            {
                for (var i = 1; i < givenCount; i++)
                {
                    columns[i].Append(rows.Columns[i - 1], rows, done, count);
                }

                pendingCount += count;
                if (pendingCount == Batch.RowCountMax)
                {
                    EncodeBlock(null, pendingCount);
                }
            }

            done += count;
        }
    }

    /// <summary>Adds rows of a batch in another order than that in which they stand there.</summary>
    /// <param name="rows">Without a selection.</param>
    /// <param name="places">Which row comes first, which next.</param>
    /// <param name="rowIds">One for each place.</param>
    public void Append(Batch rows, ReadOnlySpan<int> places, ReadOnlySpan<long> rowIds)
    {
        CheckRows(rows, places.Length, rowIds);
        for (var done = 0; done < rowIds.Length;)
        {
            var count = Math.Min(rowIds.Length - done, Batch.RowCountMax - pendingCount);
            columns[0].Append(rowIds.Slice(done, count));
            for (var i = 1; i < givenCount; i++)
            {
                columns[i].Append(rows.Columns[i - 1], places.Slice(done, count));
            }

            pendingCount += count;
            done += count;
            if (pendingCount == Batch.RowCountMax)
            {
                EncodeBlock(null, pendingCount);
            }
        }
    }

    /// <summary>Ends the file: footer, sync of content and name, and a check of all that can be read back.</summary>
    public SegmentInfo Finish()
    {
        if (pendingCount > 0)
        {
            EncodeBlock(null, pendingCount);
        }

        if (rowCount == 0)
        {
            throw Error.Internal($"segment {Name} has no rows");
        }

        if (order == RowOrder.Clustered)
        {
            WriteFinders();
        }

        foreach (var column in columns)
        {
            FlushExtent(column);
        }

        output.Align();
        var bodyLength = output.Position;
        output.FinishPages();
        var footer = EncodeFooter(bodyLength, out var rootChecksum);
        file.Write(bodyLength, footer);
        file.Sync();
        var slash = Name.LastIndexOf('/');
        directory.Sync(slash < 0 ? "" : Name[..slash]);

        var info = new SegmentInfo(
            Name, table, rowCount, rowIdMin, rowIdMax, bodyLength + footer.Length, rootChecksum, [.. columns.Select(c => c.Id)]);
        using (var segment = Segment.Open(directory, info))
        {
            segment.VerifyPages();
        }

        isFinished = true;
        tap?.Finish(info);
        return info;
    }

    public void Dispose()
    {
        tap?.Dispose();
        output.Dispose();
        file.Dispose();
        foreach (var column in columns)
        {
            column.Dispose();
        }

        if (!isFinished)
        {
            isFinished = true;
            directory.Delete(Name);
        }
    }

    private void CheckRows(Batch rows, int count, ReadOnlySpan<long> rowIds)
    {
        if (rows.Columns.Length != givenCount - 1 || count != rowIds.Length)
        {
            throw Error.Internal($"{rows.Columns.Length} columns and {rowIds.Length} row ids do not fit a batch of {count} rows for segment {Name}");
        }

        for (var i = 1; i < givenCount; i++)
        {
            if (rows.Columns[i - 1].Type.Kind != columns[i].Type.Kind)
            {
                throw Error.Internal($"column {columns[i].Id} of segment {Name} is {columns[i].Type}, not {rows.Columns[i - 1].Type}");
            }
        }

        if (rowIds.Length > SegmentInfo.RowCountMax - rowCount - pendingCount)
        {
            throw Error.Internal($"segment {Name} would get more than {SegmentInfo.RowCountMax} rows");
        }

        if (order == RowOrder.Clustered)
        {
            orderedRowIds.AddRange(rowIds);
        }

        NoteRange(rowIds);
    }

    private void NoteRange(ReadOnlySpan<long> rowIds)
    {
        var isFirst = rowCount + pendingCount == 0;
        foreach (var rowId in rowIds)
        {
            if (!isFirst && rowId <= rowIdMax && order == RowOrder.Ascending)
            {
                throw Error.Internal($"row id {rowId} follows {rowIdMax} in segment {Name}");
            }

            rowIdMin = isFirst ? rowId : Math.Min(rowId, rowIdMin);
            rowIdMax = isFirst ? rowId : Math.Max(rowId, rowIdMax);
            isFirst = false;
        }
    }

    /// <summary>All row ids, ascending, and the positions of their rows.</summary>
    private void WriteFinders()
    {
        var ids = orderedRowIds.ToArray();
        var positions = new int[ids.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = i;
        }

        Array.Sort(ids, positions);
        for (var i = 1; i < ids.Length; i++)
        {
            if (ids[i] == ids[i - 1])
            {
                throw Error.Internal($"row id {ids[i]} is twice in segment {Name}");
            }
        }

        for (var first = 0; first < ids.Length; first += Batch.RowCountMax)
        {
            var count = Math.Min(Batch.RowCountMax, ids.Length - first);
            columns[^2].Append<long>(ids.AsSpan(first, count));
            columns[^1].Append<int>(positions.AsSpan(first, count));
            Encode(columns[^2], columns[^2].Pending.Column, count);
            Encode(columns[^1], columns[^1].Pending.Column, count);
            columns[^2].Pending.Clear();
            columns[^1].Pending.Clear();
        }
    }

    private void EncodeBlock(Column[]? direct, int count)
    {
        var derived = TakeByTap(direct, count);
        try
        {
            for (var i = 0; i < givenCount; i++)
            {
                Encode(columns[i], direct is null || i == 0 ? columns[i].Pending.Column : direct[i - 1], count);
            }
        }
        finally
        {
            // It reads the rows.
            derived?.Wait();
        }

        for (var i = 0; i < givenCount; i++)
        {
            columns[i].Pending.Clear();
        }

        rowCount += count;
        pendingCount = 0;
    }

    /// <summary>Shows a block to the tap, beside its encoding where that gains anything.</summary>
    private OfferedWork? TakeByTap(Column[]? direct, int count)
    {
        if (tap is null)
        {
            return null;
        }

        if (file.IsSlow && count == Batch.RowCountMax)
        {
            return OfferedWork.Start(() => TakeColumns(direct, count));
        }

        TakeColumns(direct, count);
        return null;
    }

    private void TakeColumns(Column[]? direct, int count)
    {
        for (var i = 1; i < givenCount; i++)
        {
            if (tap!.Takes(i - 1))
            {
                tap.Take(i - 1, direct is null ? columns[i].Pending.Column : direct[i - 1], count);
            }
        }
    }

    private void Encode(ColumnState column, Column values, int count)
    {
        column.Entries.Add(BlockEncoder.Encode(values, count, column.Extent));
        if (column.Extent.Length >= extentSizeBytes)
        {
            FlushExtent(column);
        }
    }

    private void FlushExtent(ColumnState column)
    {
        output.Align();
        foreach (ref var entry in CollectionsMarshal.AsSpan(column.Entries)[column.EntriesPlaced..])
        {
            entry.Offset += output.Position;
            column.Length += entry.Length;
        }

        column.EntriesPlaced = column.Entries.Count;
        output.Write(column.Extent.Pointer, column.Extent.Length);
        column.Extent.Clear();
    }

    private void WriteHeader()
    {
        Span<byte> header = stackalloc byte[SegmentFormat.HeaderSize];
        header.Clear();
        SegmentFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FormatVersion.MagicSize..], FormatVersion.Current);
        fileId.TryWriteBytes(header[SegmentFormat.FileIdAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[SegmentFormat.TableAt..], table.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[SegmentFormat.HeaderChecksumAt..], Crc32C.Compute(header[..SegmentFormat.HeaderChecksumAt]));
        output.Write(header);
    }

    private byte[] EncodeFooter(long bodyLength, out uint rootChecksum)
    {
        var footer = new FooterHeader
        {
            FileId = fileId,
            Table = table.Value,
            RowCount = rowCount,
            RowIdMin = rowIdMin,
            RowIdMax = rowIdMax,
            ColumnCount = columns.Length,
            BlockCount = SegmentFormat.BlockCount(rowCount),
            PageSize = SegmentFormat.PageSize,
            PageCount = output.PageChecksums.Count,
            BodyLength = bodyLength,
            Order = order,
            ClusteredByCount = (byte)clusteredBy.Length,
        };
        for (var i = 0; i < clusteredBy.Length; i++)
        {
            footer.ClusteredBy[i] = clusteredBy[i].Value;
        }

        var writer = new ByteWriter(64 * 1024);
        writer.WriteRaw(MemoryMarshal.AsBytes(new ReadOnlySpan<FooterHeader>(in footer)));
        foreach (var column in columns)
        {
            var entry = new ColumnEntry
            {
                Id = column.Id.Value,
                Kind = column.Type.Kind,
                Element = column.Type.Element,
                TypeSize = column.Type.Size,
                TypeScale = column.Type.Scale,
                Length = column.Length,
            };
            writer.WriteRaw(MemoryMarshal.AsBytes(new ReadOnlySpan<ColumnEntry>(in entry)));
        }

        foreach (var column in columns)
        {
            writer.WriteRaw(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(column.Entries)));
        }

        foreach (var checksum in output.PageChecksums)
        {
            writer.WriteUInt32(checksum);
        }

        writer.WriteUInt64((ulong)writer.Length);
        writer.WriteUInt32(0);
        rootChecksum = Crc32C.Compute(writer.Written);
        writer.WriteUInt32(rootChecksum);
        return writer.ToArray();
    }

    /// <summary>One column while it is written.</summary>
    private sealed class ColumnState(ColumnId id, DataType type) : IDisposable
    {
        public ColumnId Id { get; } = id;

        public DataType Type { get; } = type;

        /// <summary>Rows of the block that is being filled.</summary>
        public ColumnBuffer Pending { get; } = new(type, Batch.RowCountMax);

        /// <summary>Encoded blocks that are not in the file yet.</summary>
        public NativeBuffer Extent { get; } = new();

        public List<BlockEntry> Entries { get; } = [];

        /// <summary>How many of <see cref="Entries"/> have their place in the file.</summary>
        public int EntriesPlaced { get; set; }

        public long Length { get; set; }

        public void Append<T>(ReadOnlySpan<T> values)
            where T : unmanaged
        {
            Pending.Reserve(values.Length);
            values.CopyTo(new Span<T>(Pending.Column.Pointer<T>() + Pending.Count, values.Length));
            Pending.SetCount(Pending.Count + values.Length);
        }

        public void Append(Column source, ReadOnlySpan<int> places)
        {
            foreach (var place in places)
            {
                Pending.AppendFrom(source, place);
            }
        }

        public void Append(Column source, Batch rows, int first, int count)
        {
            for (var i = first; i < first + count; i++)
            {
                Pending.AppendFrom(source, rows.RowAt(i));
            }
        }

        public void Dispose()
        {
            Pending.Dispose();
            Extent.Dispose();
        }
    }
}
