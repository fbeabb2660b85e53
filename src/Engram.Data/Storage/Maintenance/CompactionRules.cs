using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What the rules ask about a segment.</summary>
/// <param name="RowCount">Rows in the file.</param>
/// <param name="DeletedCount">Of these, rows that are gone.</param>
/// <param name="ReplacedPercent">How much of the file is columns that were replaced by other files.</param>
internal readonly record struct SegmentShape(int RowCount, int DeletedCount, int ReplacedPercent)
{
    public int LiveCount => RowCount - DeletedCount;

    /// <summary>Whether a segment that is not looked at stands, or will stand, between the one before and this one, so that they cannot be merged.</summary>
    public bool IsBehindOther { get; init; }

    /// <summary>Whether the table asks for another order of its rows.</summary>
    public bool IsMisordered { get; init; }

    /// <summary>Whether it is to be ordered by itself, not only when something else rewrites it or all is compacted.</summary>
    public bool IsWorthOrdering { get; init; }

    /// <summary>Whether it has columns that the log names and the manifest does not: until a checkpoint it stays as it is.</summary>
    public bool IsHeld { get; init; }
}

/// <summary>Neighbouring segments of one table in whose place one new one comes, or none when no row is left.</summary>
/// <param name="Segments">The names of their files, in storage order.</param>
/// <param name="RowCount">Rows that will be written.</param>
internal sealed record CompactionGroup(TableId Table, ImmutableArray<string> Segments, int RowCount);

/// <summary>Which segments are rewritten, and which are merged.</summary>
/// <remarks>
/// <para>In this order: a segment without rows is dropped at once; one of which more than a fifth is deleted, or dead because its columns were replaced, is rewritten; four or more neighbours of one <i>tier</i>
/// are merged; a large one whose rows do not lie as the table says (<see cref="ClusterOrder"/>) is rewritten. Tiers are sizes by factors of four, so a row is rewritten once a tier: at most seven times until it lies in a segment of the
/// greatest size. Smaller segments between those of a tier go along, larger ones are never crossed, because segments hold ascending ranges of row ids.</para>
/// </remarks>
internal static class CompactionRules
{
    /// <summary>From so many neighbours of one size on they are merged.</summary>
    public const int MergeCountMin = 4;

    /// <summary>Of a segment that is deleted or dead, in percent, before it is rewritten.</summary>
    private const int DeletedPercentMax = 20;

    /// <summary>Smaller segments are all of one tier: there is little to write.</summary>
    private const int TierRowsMin = 256;

    /// <summary>The segments that should be compacted next: where they begin and how many they are. Null when all is well.</summary>
    public static (int First, int Count)? Next(ReadOnlySpan<SegmentShape> segments)
    {
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] is { LiveCount: 0, IsHeld: false })
            {
                return (i, 1);
            }
        }

        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i].IsHeld)
            {
                continue;
            }

            if ((long)segments[i].DeletedCount * 100 > (long)segments[i].RowCount * DeletedPercentMax || segments[i].ReplacedPercent > DeletedPercentMax)
            {
                return (i, 1);
            }
        }

        if (NextMerge(segments) is { } merge)
        {
            return merge;
        }

        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] is { IsWorthOrdering: true, IsHeld: false })
            {
                return (i, 1);
            }
        }

        return null;
    }

    /// <summary>The segments that are compacted when everything is: all that have deletes or much that is dead, and all neighbours that fit into one. Patches alone rewrite
    /// nothing: see <see cref="ReplacementFile"/>.</summary>
    /// <param name="first">Where to begin looking.</param>
    public static (int First, int Count)? NextOfAll(ReadOnlySpan<SegmentShape> segments, int first)
    {
        for (; first < segments.Length; first++)
        {
            if (segments[first].IsHeld)
            {
                continue;
            }

            var count = CountFitting(segments[first..]);
            if (count > 1 || segments[first].DeletedCount > 0 || segments[first].ReplacedPercent > DeletedPercentMax || segments[first].IsMisordered)
            {
                return (first, count);
            }
        }

        return null;
    }

    /// <summary>By size: 0 below <see cref="TierRowsMin"/> rows, one more for each factor of four.</summary>
    public static int TierOf(int liveCount)
    {
        var tier = 0;
        for (long rows = TierRowsMin; liveCount >= rows; rows *= 4)
        {
            tier++;
        }

        return tier;
    }

    private static (int First, int Count)? NextMerge(ReadOnlySpan<SegmentShape> segments)
    {
        for (var tier = 0; tier <= TierOf(SegmentInfo.RowCountMax); tier++)
        {
            for (var first = 0; first < segments.Length; first++)
            {
                if (TierOf(segments[first].LiveCount) != tier || segments[first].IsHeld)
                {
                    continue;
                }

                var (end, same) = (first, 0);
                for (var i = first; i < segments.Length && TierOf(segments[i].LiveCount) <= tier && (i == first || segments[i] is { IsBehindOther: false, IsHeld: false }); i++)
                {
                    if (TierOf(segments[i].LiveCount) == tier)
                    {
                        (end, same) = (i + 1, same + 1);
                    }
                }

                // The greatest may be too large for four of them to fit into one.
                var count = CountFitting(segments[first..end]);
                if (same >= MergeCountMin && count > 1)
                {
                    return (first, count);
                }
            }
        }

        return null;
    }

    /// <summary>How many segments from the first on fit into one; at least one.</summary>
    private static int CountFitting(ReadOnlySpan<SegmentShape> segments)
    {
        var rows = (long)segments[0].LiveCount;
        var count = 1;
        while (count < segments.Length && segments[count] is { IsBehindOther: false, IsHeld: false } && rows + segments[count].LiveCount <= SegmentInfo.RowCountMax)
        {
            rows += segments[count++].LiveCount;
        }

        return count;
    }
}
