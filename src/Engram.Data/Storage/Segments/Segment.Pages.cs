using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <summary>Checks pages through calls, not through the map, and tells which blocks lie on them. Before anything is loaded: mapping the file closes it.</summary>
internal sealed unsafe partial class Segment
{
    /// <summary>In how many pieces header and body are read.</summary>
    public int PieceCount => (int)((header.BodyLength + SegmentFormat.PieceSize - 1) / SegmentFormat.PieceSize);

    public int PageCount => header.PageCount;

    /// <summary>Compares every page with its checksum, as the disk has it where the system lets that be asked; throws at the first that does not match.</summary>
    public void VerifyPages()
    {
        var buffer = (byte*)NativeMemory.AlignedAlloc(SegmentFormat.PieceSize, DataFile.BlockSizeBytes);
        try
        {
            var damaged = new List<int>();
            for (var piece = 0; piece < PieceCount; piece++)
            {
                var at = (long)piece * SegmentFormat.PieceSize;
                var length = (int)Math.Min(SegmentFormat.PieceSize, header.BodyLength - at);
                var target = new Span<byte>(buffer, length);
                CheckPages(at, target, length < SegmentFormat.PieceSize ? file.Read(at, target) : file.ReadDirect(at, target), damaged);
                if (damaged.Count > 0)
                {
                    throw Error.FileDamaged(directoryPath, Info.Name, $"page {damaged[0]} does not match its checksum {PageChecksums[damaged[0]]:X8}");
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    /// <summary>Reads one piece of the file and adds the numbers of its pages that do not match their checksums.</summary>
    /// <param name="buffer">Of <see cref="SegmentFormat.PieceSize"/> bytes.</param>
    /// <returns>Bytes read.</returns>
    public int CheckPiece(int piece, byte[] buffer, List<int> damagedPages)
    {
        var at = (long)piece * SegmentFormat.PieceSize;
        var length = (int)Math.Min(SegmentFormat.PieceSize, header.BodyLength - at);
        CheckPages(at, buffer.AsSpan(0, length), file.Read(at, buffer.AsSpan(0, length)), damagedPages);
        return length;
    }

    private void CheckPages(long at, ReadOnlySpan<byte> bytes, int read, List<int> damagedPages)
    {
        if (read != bytes.Length)
        {
            throw Error.FileLength(directoryPath, Info.Name, Info.FileLength, at + read);
        }

        for (var i = 0; i < bytes.Length; i += SegmentFormat.PageSize)
        {
            var page = (int)((at + i) / SegmentFormat.PageSize);
            if (Crc32C.Compute(bytes[i..Math.Min(i + SegmentFormat.PageSize, bytes.Length)]) != PageChecksums[page])
            {
                damagedPages.Add(page);
            }
        }
    }

    /// <summary>The columns, by ordinal, of each block that has bytes on one of the pages (ascending).</summary>
    public SortedDictionary<int, List<int>> FindBlocksOn(List<int> pages)
    {
        var found = new SortedDictionary<int, List<int>>();
        for (var ordinal = 0; ordinal < header.ColumnCount && pages.Count > 0; ordinal++)
        {
            for (var block = 0; block < header.BlockCount; block++)
            {
                ref readonly var entry = ref EntryOf(ordinal, block);
                if (entry.Length == 0)
                {
                    continue;
                }

                var first = (int)(entry.Offset / SegmentFormat.PageSize);
                var last = (int)((entry.Offset + entry.Length - 1) / SegmentFormat.PageSize);
                var at = pages.BinarySearch(first);
                at = at < 0 ? ~at : at;
                if (at < pages.Count && pages[at] <= last)
                {
                    if (!found.TryGetValue(block, out var ordinals))
                    {
                        found.Add(block, ordinals = []);
                    }

                    ordinals.Add(ordinal);
                }
            }
        }

        return found;
    }

    public ColumnId ColumnAt(int ordinal) => new(Columns[ordinal].Id);
}
