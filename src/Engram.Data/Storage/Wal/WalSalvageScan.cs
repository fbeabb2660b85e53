using System.Buffers.Binary;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Wal;

/// <summary>Rows that lost commits inserted, changed or deleted.</summary>
/// <param name="RowIds">Ranges, first and last, in the order in which they were found.</param>
/// <param name="WasInserted">Whether the rows were new; else they were changed or deleted.</param>
internal sealed record WalLostChange(Lsn Lsn, TableId Table, ImmutableArray<(long First, long Last)> RowIds, bool WasInserted)
{
    public long RowCount => RowIds.Sum(r => r.Last - r.First + 1);
}

/// <summary>Searches all blocks of log files for whole groups, wherever the chain may be broken.</summary>
internal sealed class WalSalvageScan
{
    private readonly Lsn _from;
    private readonly HashSet<Lsn> _seen = [];
    private readonly List<WalLostChange> _changes = [];

    private WalSalvageScan(Lsn from) => _from = from;

    /// <summary>The greatest LSN and group number that any header names.</summary>
    public Lsn LastLsn { get; private set; }

    public long LastGroup { get; private set; }

    /// <summary>By LSN.</summary>
    public IReadOnlyList<WalLostChange> Changes => _changes;

    /// <param name="files">Those with a valid header, in order.</param>
    /// <param name="unreadable">Numbers of files whose header is damaged.</param>
    /// <param name="from">The first commit that is lost.</param>
    public static WalSalvageScan Run(DataDirectory directory, IReadOnlyList<WalFileReader> files, IReadOnlyList<int> unreadable, Lsn from)
    {
        var scan = new WalSalvageScan(from);
        for (var i = 0; i < files.Count; i++)
        {
            // What a later file took the place of was cut by a recovery: it was never acknowledged.
            var end = files.Skip(i + 1).Where(f => f.Header.StartsAnew).Select(f => f.Header.FirstGroup).DefaultIfEmpty(long.MaxValue).Min();
            scan.Saw(files[i].Header.FirstLsn.Value - 1, files[i].Header.FirstGroup - 1);
            using var file = directory.Open(files[i].Name, writable: false);
            scan.Search(file, files[i].Header.FileNumber, files[i].Header.Salt, end);
        }

        foreach (var number in unreadable)
        {
            using var file = directory.Open(WalFormat.FileName(number), writable: false);
            scan.Search(file, number, null, long.MaxValue);
        }

        scan._changes.Sort((a, b) => a.Lsn.CompareTo(b.Lsn));
        return scan;
    }

    private void Search(DataFile file, int number, ulong? salt, long groupEnd)
    {
        var block = new byte[WalFormat.BlockSizeBytes];
        var length = file.Length;
        for (var offset = 0L; offset + block.Length <= length; offset += block.Length)
        {
            if (file.Read(offset, block) != block.Length || !WalGroupHeader.TryRead(block, out var header)
                || header.FileNumber != number || (salt is { } known && header.Salt != known) || header.Number >= groupEnd)
            {
                continue;
            }

            // The first header found tells the salt of a file that lost its own.
            salt = header.Salt;
            Saw(Math.Max(header.SyncedLsn.Value, header.FirstLsn.Value + header.CommitCount - 1), Math.Max(header.Number, header.SyncedGroup));
            if (header.CommitCount <= 0 || header.PayloadLength < 0 || header.PayloadLength > Math.Min(length - offset - WalFormat.GroupHeaderSizeBytes, Array.MaxLength))
            {
                continue;
            }

            var payload = new byte[header.PayloadLength];
            if (file.Read(offset + WalFormat.GroupHeaderSizeBytes, payload) == payload.Length && Crc32C.Compute(payload) == header.PayloadChecksum)
            {
                Decode(payload, header);
                offset += WalFormat.GroupSizeBytes(header.PayloadLength) - block.Length;
            }
        }
    }

    private void Decode(ReadOnlyMemory<byte> payload, in WalGroupHeader header)
    {
        var lsn = header.FirstLsn;
        for (var i = 0; i < header.CommitCount && payload.Length >= WalFormat.CommitHeaderSizeBytes; i++, lsn = lsn.Next)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(payload.Span);
            if (length < 0 || length > payload.Length - WalFormat.CommitHeaderSizeBytes)
            {
                return;
            }

            // The newest groups of a file are copied to the next one when a database is opened.
            if (lsn >= _from && _seen.Add(lsn))
            {
                DecodeCommit(lsn, payload.Slice(WalFormat.CommitHeaderSizeBytes, length).Span);
            }

            payload = payload[(WalFormat.CommitHeaderSizeBytes + length)..];
        }
    }

    private void DecodeCommit(Lsn lsn, ReadOnlySpan<byte> payload)
    {
        var reader = new ByteReader(payload, "a lost commit");
        try
        {
            while (!reader.IsAtEnd)
            {
                DecodeRecord(lsn, ref reader);
            }
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            // It is lost in any case; what was decoded of it up to here is still worth telling.
            return;
        }
    }

    private void DecodeRecord(Lsn lsn, ref ByteReader reader)
    {
        var tag = reader.ReadByte();
        switch (tag)
        {
            case RedoRecord.Insert:
                var table = new TableId(reader.ReadCount());
                var first = (long)reader.ReadVarUInt();
                var count = reader.ReadCount(Batch.RowCountMax);
                _changes.Add(new WalLostChange(lsn, table, [(first, first + count - 1)], WasInserted: true));
                SkipColumns(ref reader, count);
                break;
            case RedoRecord.Delete:
                table = new TableId(reader.ReadCount());
                _changes.Add(new WalLostChange(lsn, table, Ranges(RedoRecord.ReadRowIds(ref reader)), WasInserted: false));
                break;
            case RedoRecord.Update:
                table = new TableId(reader.ReadCount());
                var rowIds = RedoRecord.ReadRowIds(ref reader);
                _changes.Add(new WalLostChange(lsn, table, Ranges(rowIds), WasInserted: false));
                SkipColumns(ref reader, rowIds.Length);
                break;
            case RedoRecord.PutTable:
                CatalogCodec.Decode(ref reader);
                break;
            case RedoRecord.DropTable or RedoRecord.DropObject:
                reader.ReadCount();
                break;
            case RedoRecord.PutObject:
                SchemaObjectCodec.Read(ref reader);
                break;
            case RedoRecord.SequenceValue:
                SchemaObjectCodec.ReadValue(ref reader);
                break;
            case RedoRecord.Attach:
                var (loaded, _, segments) = RedoRecord.ReadAttach(ref reader);
                foreach (var segment in segments)
                {
                    _changes.Add(new WalLostChange(lsn, loaded, [(segment.RowIdMin, segment.RowIdMax)], WasInserted: true));
                }

                break;
            case RedoRecord.AttachColumns:
                var (filled, files) = RedoRecord.ReadAttachColumns(ref reader);
                foreach (var (_, file) in files)
                {
                    _changes.Add(new WalLostChange(lsn, filled, [(file.RowIdMin, file.RowIdMax)], WasInserted: false));
                }

                break;
            case RedoRecord.Schemas:
                for (var left = reader.ReadElementCount(1); left > 0; left--)
                {
                    reader.ReadString();
                }

                break;
            default:
                throw reader.Damaged($"record tag {tag} is unknown");
        }
    }

    private static void SkipColumns(ref ByteReader reader, int count)
    {
        for (var left = reader.ReadCount(); left > 0; left--)
        {
            RedoRecord.ReadColumn(ref reader, count).Values.Dispose();
        }
    }

    private static ImmutableArray<(long First, long Last)> Ranges(long[] rowIds)
    {
        Array.Sort(rowIds);
        var ranges = ImmutableArray.CreateBuilder<(long First, long Last)>();
        foreach (var rowId in rowIds)
        {
            if (ranges.Count > 0 && rowId <= ranges[^1].Last + 1)
            {
                ranges[^1] = (ranges[^1].First, Math.Max(ranges[^1].Last, rowId));
            }
            else
            {
                ranges.Add((rowId, rowId));
            }
        }

        return ranges.DrainToImmutable();
    }

    private void Saw(long lsn, long group)
    {
        LastLsn = new Lsn(Math.Max(LastLsn.Value, lsn));
        LastGroup = Math.Max(LastGroup, group);
    }
}
