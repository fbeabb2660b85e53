using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Checks pages through calls, not through the map, and tells which blocks lie on them. Before anything is loaded: mapping the file closes it.</summary>
internal sealed unsafe partial class Segment
{
    /// <summary>In how many pieces header and body are read.</summary>
    public int PieceCount => (int)((header.BodyLength + SegmentFormat.PieceSize - 1) / SegmentFormat.PieceSize);

    public int PageCount => header.PageCount;

    /// <summary>Compares every page with its checksum; throws at the first that does not match.</summary>
    public void VerifyPages()
    {
        var buffer = new byte[SegmentFormat.PieceSize];
        var damaged = new List<int>();
        for (var piece = 0; piece < PieceCount; piece++)
        {
            CheckPiece(piece, buffer, damaged);
            if (damaged.Count > 0)
            {
                throw Error.FileDamaged(directoryPath, Info.Name, $"page {damaged[0]} does not match its checksum {PageChecksums[damaged[0]]:X8}");
            }
        }
    }

    /// <summary>Reads one piece of the file and adds the numbers of its pages that do not match their checksums.</summary>
    /// <param name="buffer">Of <see cref="SegmentFormat.PieceSize"/> bytes.</param>
    /// <returns>Bytes read.</returns>
    public int CheckPiece(int piece, byte[] buffer, List<int> damagedPages)
    {
        var at = (long)piece * SegmentFormat.PieceSize;
        var length = (int)Math.Min(SegmentFormat.PieceSize, header.BodyLength - at);
        var read = file.Read(at, buffer.AsSpan(0, length));
        if (read != length)
        {
            throw Error.FileLength(directoryPath, Info.Name, Info.FileLength, at + read);
        }

        for (var i = 0; i < length; i += SegmentFormat.PageSize)
        {
            var page = (int)((at + i) / SegmentFormat.PageSize);
            if (Crc32C.Compute(buffer.AsSpan(i, Math.Min(SegmentFormat.PageSize, length - i))) != PageChecksums[page])
            {
                damagedPages.Add(page);
            }
        }

        return length;
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
