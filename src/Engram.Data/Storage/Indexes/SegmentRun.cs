using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Indexes;

/// <summary>One index's entries for one segment, sorted by key as the segment stores it: eight bytes of the key and the position of the row.</summary>
/// <remarks>
/// <para>Keys are not stored again: the segment has them. What all keys begin with is kept once and left out, so eight bytes nearly always tell
/// two keys apart; where they do not, the key is read from the segment's columns. So an entry takes 12 bytes, and a point lookup in a million rows
/// touches a page or two of entries and one row.</para>
/// <code>
/// page = 5,456 prefixes of 8 bytes, then as many positions of 4; the last one is shorter
/// head = the first prefix of each page, to find the page; its checksum, to trust it; what keys have in common
/// </code>
/// <para><b>Derived data.</b> It lies in a file of its own (<see cref="RunFile"/>), mapped, or in memory when there is none. A page is checked when it is first touched;
/// one that cannot be read, or has another checksum, has the whole run made anew from the segment, in memory, in the midst of the lookup that found it: entries
/// have the same places there, so whoever stands on one goes on. The damage is logged, and the next checkpoint writes the file again.</para>
/// <para>Entries are hints, as in <see cref="HashIndex"/>: who finds one looks at the row as its reader sees it. Rows with NULL in the key are here too, for ranges
/// of other columns and for order. Thread-safe without locks, but for the moment of a repair.</para>
/// </remarks>
internal sealed unsafe class SegmentRun : IDisposable
{
    public const int PageRowCount = 5456;
    public const int PageSizeBytes = PageRowCount * EntrySizeBytes;
    public const int EntrySizeBytes = sizeof(ulong) + sizeof(int);

    private readonly Segment segment;
    private readonly RunHead head;
    private readonly MappedRange? map;
    private readonly IndexFiles? files;
    private readonly long[] pagesVerified;
    private readonly Lock repairing = new();
    private NativeBlock? memory;
    private nint pages;

    /// <param name="map">The pages, unverified; null when they are in <paramref name="memory"/>.</param>
    public SegmentRun(Segment segment, RunHead head, MappedRange? map, NativeBlock? memory, IndexFiles? files)
    {
        this.segment = segment;
        this.head = head;
        this.map = map;
        this.memory = memory;
        this.files = files;
        pages = (nint)(map is null ? memory!.Pointer : map.Pointer + head.PagesAt);
        pagesVerified = new long[(head.PageCount + 63) / 64];
        if (map is null)
        {
            Array.Fill(pagesVerified, -1);
        }
    }

    public RunHead Head => head;

    public int Count => head.EntryCount;

    /// <summary>Whether entries are read from a file that was found whole so far.</summary>
    public bool IsMapped => Volatile.Read(ref memory) is null;

    /// <summary>The pages as they are in memory, for writing the file.</summary>
    public ReadOnlySpan<byte> Pages => new((byte*)pages, Count * EntrySizeBytes);

    /// <summary>Whether this is a run of the index as it is defined now.</summary>
    public bool IsOf(KeyShape other) => head.Shape.Equals(other);

    public int PositionAt(int entry)
    {
        var page = entry / PageRowCount;
        var start = PageAt(page);
        return ((int*)(start + (head.RowsOfPage(page) * sizeof(ulong))))[entry % PageRowCount];
    }

    public bool HaveSamePrefix(int a, int b) => PrefixAt(a) == PrefixAt(b);

    /// <summary>The first entry whose key is not less; <see cref="Count"/> when all are.</summary>
    /// <param name="key">A key, or the start of one, or what <see cref="KeyBuffer.MoveBeyond"/> made of one.</param>
    /// <param name="keys">Of this segment and shape.</param>
    public int LowerBound(ReadOnlySpan<byte> key, SegmentKeyReader keys)
    {
        var common = head.Common.AsSpan();
        var shared = Math.Min(common.Length, key.Length);
        var order = key[..shared].SequenceCompareTo(common[..shared]);
        if (order != 0 || key.Length <= common.Length)
        {
            return order > 0 ? Count : 0;
        }

        var prefix = KeyBuffer.PrefixOf(key, common.Length);
        var low = FindPrefix(prefix);
        if (key.Length - common.Length <= sizeof(ulong))
        {
            // An entry of this prefix begins with the key: no key is the beginning of another, so zeros never stand for missing bytes.
            return low;
        }

        var high = prefix == ulong.MaxValue ? Count : FindPrefix(prefix + 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (keys.Read(PositionAt(middle)).SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The entries of a range: from the first, up to but not including the second.</summary>
    public (int First, int End) Find(KeyRange range, SegmentKeyReader keys)
    {
        var first = LowerBound(range.Low.Span, keys);
        return (first, range.HasHigh ? Math.Max(first, LowerBound(range.High.Span, keys)) : Count);
    }

    public void Dispose()
    {
        map?.Dispose();
        memory?.Release();
    }

    private ulong PrefixAt(int entry) => ((ulong*)PageAt(entry / PageRowCount))[entry % PageRowCount];

    /// <summary>The first entry whose prefix is not less.</summary>
    private int FindPrefix(ulong prefix)
    {
        // The last page that begins below it has the place, or the one behind it begins there.
        var (low, high) = (0, head.PageCount);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (head.FirstPrefixes[middle] < prefix)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0)
        {
            return 0;
        }

        var page = low - 1;
        var prefixes = (ulong*)PageAt(page);
        (low, high) = (0, head.RowsOfPage(page));
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (prefixes[middle] < prefix)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (page * PageRowCount) + low;
    }

    private byte* PageAt(int page)
    {
        if ((Volatile.Read(ref pagesVerified[page >> 6]) >> (page & 63) & 1) == 0)
        {
            Verify(page);
        }

        // After the bit: a repair moves the pages first and marks them then.
        return (byte*)Volatile.Read(ref pages) + ((long)page * PageSizeBytes);
    }

    private void Verify(int page)
    {
        var length = head.RowsOfPage(page) * EntrySizeBytes;
        try
        {
            map!.Populate(head.PagesAt + ((long)page * PageSizeBytes), length);
            var found = Crc32C.Compute(new ReadOnlySpan<byte>(map.Pointer + head.PagesAt + ((long)page * PageSizeBytes), length));
            if (found == head.Checksums[page])
            {
                Interlocked.Or(ref pagesVerified[page >> 6], 1L << (page & 63));
                return;
            }

            files?.Logger.LogWarning(
                "Page {Page} of index file {Name} has checksum {Found:X8}, not {Expected:X8}: the index's entries are made anew from {Segment}",
                page, head.FileName, found, head.Checksums[page], segment.Info.Name);
        }
        catch (EngramException e)
        {
            files?.Logger.LogWarning(e, "Index file {Name} could not be read: the index's entries are made anew from {Segment}", head.FileName, segment.Info.Name);
        }

        Repair();
    }

    private void Repair()
    {
        lock (repairing)
        {
            if (memory is not null)
            {
                return;
            }

            var (again, made) = RunBuilder.Build(segment, head.Shape, head.IsFiltered ? files?.Conditions : null);
            if (again.EntryCount != head.EntryCount)
            {
                made.Release();
                throw Error.Internal($"the condition of {head.FileName} holds for {again.EntryCount} rows, and the file has {head.EntryCount}");
            }

            Volatile.Write(ref pages, (nint)made.Pointer);
            for (var i = 0; i < pagesVerified.Length; i++)
            {
                Volatile.Write(ref pagesVerified[i], -1);
            }

            // The map stays: others may stand on pages of it that were right.
            Volatile.Write(ref memory, made);
        }
    }
}
