using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Codes;

/// <summary>The codes of one column of one segment, mapped from their file, or in memory when there is none that is whole.</summary>
/// <remarks>
/// <para><b>Derived data.</b> A page is brought in by a call whose errors are reported, and its checksum compared, before anything reads it for the first time in this
/// process. One that cannot be read or is not what was written ends the use of the file: the damage is logged, <see cref="TryGet"/> has no codes from then on, and who
/// searches reads float32. <see cref="Versions.OpenSegment"/> then makes codes in memory beside the searches; the next checkpoint writes them to a file again.</para>
/// <para>Thread-safe without locks. What is handed out is valid while the segment is open.</para>
/// </remarks>
internal sealed unsafe class SegmentCodes : IDisposable
{
    private readonly Segment segment;
    private readonly int dimensions;
    private readonly MappedRange? map;
    private readonly NativeBlock? memory;
    private readonly MemoryBudget? payer;
    private readonly uint[] checksums;
    private readonly long[] pagesVerified;
    private readonly string name;
    private readonly ILogger? logger;
    private int isDamaged;
    private int isWhole;

    /// <param name="map">All of the file but its footer, unverified.</param>
    public SegmentCodes(Segment segment, int dimensions, MappedRange map, uint[] checksums, string name, ILogger logger)
    {
        this.segment = segment;
        this.dimensions = dimensions;
        this.map = map;
        map.PreferLargePages();
        this.checksums = checksums;
        this.name = name;
        this.logger = logger;
        pagesVerified = new long[(checksums.Length + 63) / 64];
    }

    /// <param name="memory">Laid out as in a file, and taken over.</param>
    /// <param name="payer">What it was counted to, and is given back to.</param>
    public SegmentCodes(Segment segment, int dimensions, NativeBlock memory, MemoryBudget? payer)
    {
        this.payer = payer;
        this.segment = segment;
        this.dimensions = dimensions;
        this.memory = memory;
        checksums = [];
        pagesVerified = [];
        name = "";
    }

    public int Dimensions => dimensions;

    /// <summary>Whether codes are read from a file.</summary>
    public bool IsMapped => map is not null;

    /// <summary>Whether the file was found to be damaged.</summary>
    public bool IsDamaged => Volatile.Read(ref isDamaged) != 0;

    /// <summary>Ends the use of the file, whose damage is known from elsewhere.</summary>
    public void MarkDamaged() => Volatile.Write(ref isDamaged, 1);

    /// <summary>The codes of one block; false when they are damaged.</summary>
    public bool TryGet(int block, out CodeBlock codes)
    {
        var at = CodeFile.OffsetOf(block, dimensions);
        codes = new CodeBlock((map is null ? memory!.Pointer : map.Pointer) + at, segment.RowsInBlock(block), dimensions);
        return map is null || (!IsDamaged && (Volatile.Read(ref isWhole) != 0 || IsVerified(at, CodeBlock.SizeOf(codes.RowCount, dimensions))));
    }

    /// <summary>The codes of all rows, by number; false when any are damaged. The first call looks at every page.</summary>
    public bool TryGetAll(out CodeRows rows)
    {
        var first = (map is null ? memory!.Pointer : map.Pointer) + CodeFile.OffsetOf(0, dimensions);
        rows = new CodeRows(first, CodeBlock.SizeOf(Batch.RowCountMax, dimensions), CodeBlock.StrideOf(dimensions));
        if (Volatile.Read(ref isWhole) == 0)
        {
            if (!Verify())
            {
                return false;
            }

            Volatile.Write(ref isWhole, 1);
        }

        return true;
    }

    /// <summary>Compares every page with its checksum.</summary>
    public bool Verify()
    {
        for (var block = 0; block < segment.BlockCount; block++)
        {
            if (!TryGet(block, out _))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        map?.Dispose();
        memory?.Release();
        payer?.ReleaseDerived(memory!.Length);
    }

    private bool IsVerified(long at, long length)
    {
        var last = (int)((at + length - 1) / SegmentFormat.PageSize);
        for (var page = (int)(at / SegmentFormat.PageSize); page <= last; page++)
        {
            if ((Volatile.Read(ref pagesVerified[page >> 6]) >> (page & 63) & 1) == 0)
            {
                return VerifyRange(page, last);
            }
        }

        return true;
    }

    /// <summary>Racing with another is harmless: both find the same.</summary>
    private bool VerifyRange(int first, int last)
    {
        try
        {
            var start = (long)first * SegmentFormat.PageSize;
            map!.Populate(start, Math.Min((long)(last + 1) * SegmentFormat.PageSize, map.Length) - start);
            for (var page = first; page <= last; page++)
            {
                var at = (long)page * SegmentFormat.PageSize;
                var found = Crc32C.Compute(new ReadOnlySpan<byte>(map.Pointer + at, (int)Math.Min(SegmentFormat.PageSize, map.Length - at)));
                if (found != checksums[page])
                {
                    if (Interlocked.Exchange(ref isDamaged, 1) == 0)
                    {
                        logger?.LogWarning(
                            "Page {Page} of code file {Name} has checksum {Found:X8}, not {Expected:X8}: codes are made anew from {Segment}",
                            page, name, found, checksums[page], segment.Info.Name);
                    }

                    return false;
                }

                Interlocked.Or(ref pagesVerified[page >> 6], 1L << (page & 63));
            }

            return true;
        }
        catch (EngramException e)
        {
            if (Interlocked.Exchange(ref isDamaged, 1) == 0)
            {
                logger?.LogWarning(e, "Code file {Name} could not be read: codes are made anew from {Segment}", name, segment.Info.Name);
            }

            return false;
        }
    }
}
