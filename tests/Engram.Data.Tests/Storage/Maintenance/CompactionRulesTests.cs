using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Each rule of what is compacted, over shapes without files.</summary>
public sealed class CompactionRulesTests
{
    private const int Small = 100;
    private const int Medium = 10_000;
    private const int Large = 400_000;
    private const int Full = SegmentInfo.RowCountMax;

    [Theory]
    [InlineData(new[] { Full, Small, Small, Small }, -1, 0)]
    [InlineData(new[] { Full, Small, Small, Small, Small }, 1, 4)]
    [InlineData(new[] { Small, Small, Small, Small, Small, Small }, 0, 6)]
    [InlineData(new[] { Small, Small, Full, Small, Small }, -1, 0)]
    [InlineData(new[] { Medium, Small, Medium, Small, Small, Medium, Medium, Small }, 0, 7)]
    [InlineData(new[] { Small, Small, Small, Medium, Medium, Medium }, -1, 0)]
    [InlineData(new[] { Large, Large, Large, Large }, 0, 2)]
    [InlineData(new[] { Full, Full, Full, Full, Full }, -1, 0)]
    public void Four_neighbours_of_one_tier_are_merged_with_the_smaller_ones_between(int[] rows, int first, int count)
        => Assert.Equal(first < 0 ? null : (first, count), CompactionRules.Next([.. rows.Select(Whole)]));

    [Fact]
    public void A_large_segment_in_the_wrong_order_is_rewritten_when_nothing_is_left_to_merge_and_a_small_one_when_all_is_compacted()
    {
        SegmentShape Misordered(int rows, bool isLarge) => Whole(rows) with { IsMisordered = true, IsWorthOrdering = isLarge };
        SegmentShape[] shapes = [Whole(Full), Misordered(Full, true), Misordered(100, false)];
        Assert.Equal((1, 1), CompactionRules.Next(shapes));
        Assert.Equal((1, 1), CompactionRules.NextOfAll(shapes, 0));
        Assert.Equal((2, 1), CompactionRules.NextOfAll(shapes, 2));
        Assert.Null(CompactionRules.Next([Misordered(100, false)]));
        Assert.Null(CompactionRules.Next([Misordered(Full, true) with { IsHeld = true }]));
        Assert.Equal((1, 4), CompactionRules.Next([Misordered(Full, true), Whole(10), Whole(10), Whole(10), Whole(10)]));
    }

    [Fact]
    public void Nothing_is_merged_across_a_segment_that_a_load_has_attached_or_is_writing()
    {
        SegmentShape[] shapes = [Whole(Small), Whole(Small), Whole(Small) with { IsBehindOther = true }, Whole(Small), Whole(Small), Whole(Small)];
        Assert.Equal((2, 4), CompactionRules.Next(shapes));
        Assert.Null(CompactionRules.Next(shapes.AsSpan(0, 5)));
        Assert.Equal((0, 2), CompactionRules.NextOfAll(shapes, 0));
        Assert.Equal((2, 4), CompactionRules.NextOfAll(shapes, 2));
    }

    [Theory]
    [InlineData(1000, 200, false)]
    [InlineData(1000, 201, true)]
    [InlineData(10, 2, false)]
    [InlineData(10, 3, true)]
    [InlineData(Full, (Full / 5) + 1, true)]
    public void A_segment_is_rewritten_when_more_than_a_fifth_is_deleted(int rows, int deleted, bool isRewritten)
        => Assert.Equal(isRewritten ? (1, 1) : null, CompactionRules.Next([Whole(Full), new SegmentShape(rows, deleted, 0)]));

    [Fact]
    public void A_segment_without_rows_is_dropped_first()
        => Assert.Equal((6, 1), CompactionRules.Next([Whole(1), Whole(1), Whole(1), Whole(1), new(10, 9, 0), Whole(1), new(5, 5, 0)]));

    [Fact]
    public void A_segment_is_rewritten_when_more_than_a_fifth_of_its_file_is_replaced_columns()
    {
        Assert.Null(CompactionRules.Next([new SegmentShape(1000, 0, 20)]));
        Assert.Equal((0, 1), CompactionRules.Next([new SegmentShape(1000, 0, 21)]));
    }

    [Fact]
    public void Everything_is_what_has_changed_and_what_fits_together()
    {
        SegmentShape[] segments = [Whole(Full), new(Full, 1, 0), Whole(Full - 10), Whole(11), Whole(600_000), Whole(600_000), new(700_000, 0, 21)];
        var found = new List<(int, int)>();
        for (var at = 0; CompactionRules.NextOfAll(segments, at) is var (first, count); at = first + count)
        {
            found.Add((first, count));
        }

        Assert.Equal([(1, 1), (3, 2), (6, 1)], found);
    }

    [Fact]
    public void Tiers_are_factors_of_four()
    {
        Assert.Equal(0, CompactionRules.TierOf(255));
        Assert.Equal(1, CompactionRules.TierOf(256));
        Assert.Equal(1, CompactionRules.TierOf(1023));
        Assert.Equal(2, CompactionRules.TierOf(1024));
        Assert.Equal(7, CompactionRules.TierOf(Full));
    }

    [Fact]
    public void A_row_is_rewritten_once_a_tier_however_many_small_segments_come()
    {
        // Flushes of one size, compacted by the rules whenever they say so.
        var segments = new List<SegmentShape>();
        long written = 0;
        long rewritten = 0;
        for (var flush = 0; flush < 2000; flush++)
        {
            segments.Add(Whole(1000));
            written += 1000;
            while (CompactionRules.Next([.. segments]) is var (first, count))
            {
                var rows = segments.Skip(first).Take(count).Sum(s => s.LiveCount);
                segments.RemoveRange(first, count);
                segments.Insert(first, Whole(rows));
                rewritten += rows;
            }

            Assert.True(segments.Count < 20, $"{segments.Count} segments after {flush} flushes");
        }

        Assert.Equal(written, segments.Sum(s => (long)s.LiveCount));
        Assert.True(rewritten <= 5 * written, $"each row was rewritten {(double)rewritten / written:F2} times");
    }

    private static SegmentShape Whole(int rows) => new(rows, 0, 0);
}
