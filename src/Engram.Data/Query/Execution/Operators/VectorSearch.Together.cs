using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Several searches of one block: its coarse codes are unpacked once for four queries.</summary>
/// <remarks>Products are whole numbers, the same however they come about, so that each search finds what it would find alone.</remarks>
internal sealed unsafe partial class VectorSearch
{
    /// <summary>With fewer it is as fast to search one at a time.</summary>
    private const int TogetherMin = 3;

    /// <summary>Whether products of all rows of the block with its coarse codes are there already.</summary>
    private bool hasProducts;

    /// <summary>Offers rows of the scan's block to several searches, of different queries by one metric.</summary>
    /// <param name="rows">Those that pass the filter; null for all.</param>
    public static void Take(ReadOnlySpan<VectorSearch> searches, TableScan scan, Selection? rows)
    {
        if (searches.Length >= TogetherMin && !IsSparse(scan, rows))
        {
            Multiply(searches, scan);
        }

        foreach (var search in searches)
        {
            search.Take(scan, rows);
            search.hasProducts = false;
        }
    }

    private int VectorOrdinal => vectorOrdinal;

    /// <summary>Most rows of a block are read fastest by reading all of them.</summary>
    private static bool IsSparse(TableScan scan, Selection? rows) => rows is not null && rows.Count * 2 <= scan.RowCount;

    /// <summary>Computes the products for those searches that will ask for them.</summary>
    private static void Multiply(ReadOnlySpan<VectorSearch> searches, TableScan scan)
    {
        // Rows that were changed since they were stored leave others to each search.
        if (!scan.TryLoadCodes(searches[0].VectorOrdinal, out var codes, out var patched) || patched is not null)
        {
            return;
        }

        var count = 0;
        foreach (var search in searches)
        {
            search.hasProducts = search.UsesCodes && search.MayBeCoarse();
            count += search.hasProducts ? 1 : 0;
        }

        // A group of four costs the same with one: what is left over goes alone.
        var leftOver = count % CoarseFour.GroupLength;
        count -= leftOver < TogetherMin ? leftOver : 0;
        if (count == 0)
        {
            foreach (var search in searches)
            {
                search.hasProducts = false;
            }

            return;
        }

        var targets = stackalloc CoarseTarget[count];
        var pins = new MemoryHandle[count];
        count = 0;
        foreach (var search in searches)
        {
            search.hasProducts &= count < pins.Length;
            if (search.hasProducts)
            {
                pins[count] = search.dots.AsMemory().Pin();
                targets[count] = new CoarseTarget(search.query!.Codes!.Codes, search.query.Codes.Sum, (int*)pins[count].Pointer);
                count++;
            }
        }

        CoarseFour.Rows(codes, new ReadOnlySpan<CoarseTarget>(targets, count), scan.RowCount);
        foreach (var pin in pins)
        {
            pin.Dispose();
        }
    }
}
