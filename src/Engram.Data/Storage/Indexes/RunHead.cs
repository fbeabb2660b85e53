namespace Engram.Data.Storage.Indexes;

/// <summary>What is known of a run without looking at its pages.</summary>
internal sealed class RunHead(KeyShape shape, int entryCount, byte[] common, ulong[] firstPrefixes, uint[] checksums)
{
    public KeyShape Shape => shape;

    public int EntryCount => entryCount;

    /// <summary>What all keys begin with.</summary>
    public byte[] Common => common;

    /// <summary>The prefix of the first entry of each page.</summary>
    public ulong[] FirstPrefixes => firstPrefixes;

    /// <summary>CRC-32C of each page.</summary>
    public uint[] Checksums => checksums;

    public int PageCount => firstPrefixes.Length;

    /// <summary>Whether rows that do not satisfy the shape's filter have no entry: so unless nobody could tell when the run was made.</summary>
    public bool IsFiltered { get; init; }

    /// <summary>The file that the pages are in, for messages; empty when there is none.</summary>
    public string FileName { get; init; } = "";

    /// <summary>Where in the file the first page begins.</summary>
    public long PagesAt { get; init; }

    public int RowsOfPage(int page) => page < PageCount - 1 ? SegmentRun.PageRowCount : entryCount - (page * SegmentRun.PageRowCount);

    public static int PageCountOf(int entryCount) => (entryCount + SegmentRun.PageRowCount - 1) / SegmentRun.PageRowCount;
}
