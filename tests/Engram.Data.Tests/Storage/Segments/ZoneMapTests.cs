using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Segments;

public sealed class ZoneMapTests
{
    public static TheoryData<int> AllTypes => [.. Enumerable.Range(0, RandomColumns.Types.Length)];

    /// <summary>A block may be left out only when no row of it matches: NULL never does, NaN is the greatest.</summary>
    [Theory]
    [MemberData(nameof(AllTypes))]
    public void No_block_with_a_matching_row_is_left_out(int typeIndex)
    {
        var type = RandomColumns.Types[typeIndex];
        var random = new Random(99 + typeIndex);
        using var directory = new MemoryDirectory();
        var leftOut = 0;
        for (var round = 0; round < 30; round++)
        {
            using var sample = SegmentSample.Of(random, random.Next(1, 12), random.Next(3) * 0.45, type);
            using var segment = Segment.Open(directory, sample.Write(directory, $"segments/{round}", random));
            var rows = sample.Values[0];
            for (var i = 0; i < 20; i++)
            {
                using var value = new ColumnBuffer(type);
                if (random.Next(3) == 0 && !rows.Column.IsNull(0))
                {
                    value.AppendFrom(rows.Column, 0);
                }
                else
                {
                    RandomColumns.Append(value, random);
                }

                foreach (var comparison in Enum.GetValues<ZoneComparison>())
                {
                    var canMatch = segment.ZoneCanMatch(1, 0, comparison, value.Column);
                    leftOut += canMatch ? 0 : 1;
                    var matches = Enumerable.Range(0, rows.Count).Any(r => Matches(rows.Column, r, comparison, value.Column));
                    Assert.True(canMatch || !matches, $"{type} {comparison}");
                }
            }

            var zone = segment.GetZone(1, 0);
            Assert.Equal(Enumerable.Range(0, rows.Count).Count(r => rows.Column.IsNull(r)), zone.NullCount);
            Assert.Equal(zone.NullCount > 0, zone.HasNulls);
            Assert.Equal(zone.NullCount == rows.Count, zone.IsAllNull);
        }

        // A map that leaves nothing out would pass the above.
        Assert.True(leftOut > 0 || type.Physical == PhysicalType.Bytes || type.Kind == TypeKind.Boolean);
    }

    [Fact]
    public void A_block_of_nulls_matches_nothing()
    {
        using var directory = new MemoryDirectory();
        using var sample = SegmentSample.Of(new Random(1), 5, 1, DataType.Text, DataType.Int32);
        using var segment = Segment.Open(directory, sample.Write(directory, "segments/1", new Random(1)));
        using var text = new ColumnBuffer(DataType.Text);
        text.AppendText("");
        using var number = new ColumnBuffer(DataType.Int32);
        number.Append(0);
        foreach (var comparison in Enum.GetValues<ZoneComparison>())
        {
            Assert.False(segment.ZoneCanMatch(1, 0, comparison, text.Column));
            Assert.False(segment.ZoneCanMatch(2, 0, comparison, number.Column));
        }
    }

    [Fact]
    public void Extremes_bound_a_block_and_nan_is_the_greatest()
    {
        using var directory = new MemoryDirectory();
        using var doubles = new ColumnBuffer(DataType.Double);
        foreach (var value in new[] { 3.0, double.NaN, -2 })
        {
            doubles.Append(value);
        }

        using var sample = new SegmentSample { Columns = [(new ColumnId(1), DataType.Double)], Values = [doubles], RowIds = [1, 2, 3] };
        using var segment = Segment.Open(directory, sample.Write(directory, "segments/1", new Random(1)));
        var zone = segment.GetZone(1, 0);
        Assert.True(zone.HasMinMax);
        Assert.Equal(-2, zone.Min<double>());
        Assert.Equal(double.NaN, zone.Max<double>());

        using var bound = new ColumnBuffer(DataType.Double);
        bound.Append(double.PositiveInfinity);
        Assert.True(zone.CanMatch(ZoneComparison.Greater, bound.Column));
        Assert.False(zone.CanMatch(ZoneComparison.Less, Single(-2.0)));
        Assert.True(zone.CanMatch(ZoneComparison.LessOrEqual, Single(-2.0)));
    }

    /// <summary>A bound of another type than the column's is the planner's mistake, and no reason to lose rows.</summary>
    [Fact]
    public void A_bound_of_another_type_leaves_nothing_out()
    {
        using var directory = new MemoryDirectory();
        using var sample = SegmentSample.Of(new Random(1), 5, 0, DataType.Int32);
        using var segment = Segment.Open(directory, sample.Write(directory, "segments/1", new Random(1)));
        using var bound = new ColumnBuffer(DataType.Int64);
        bound.Append(long.MaxValue);
        Assert.True(segment.ZoneCanMatch(1, 0, ZoneComparison.Greater, bound.Column));
    }

    private static Column Single(double value)
    {
        var buffer = new ColumnBuffer(DataType.Double);
        buffer.Append(value);
        return buffer.Column;
    }

    private static bool Matches(Column rows, int row, ZoneComparison comparison, Column value)
    {
        if (rows.IsNull(row))
        {
            return false;
        }

        var order = rows.Type.Physical switch
        {
            PhysicalType.Byte => rows.Get<byte>(row).CompareTo(value.Get<byte>(0)),
            PhysicalType.SByte => rows.Get<sbyte>(row).CompareTo(value.Get<sbyte>(0)),
            PhysicalType.Int16 => rows.Get<short>(row).CompareTo(value.Get<short>(0)),
            PhysicalType.UInt16 => rows.Get<ushort>(row).CompareTo(value.Get<ushort>(0)),
            PhysicalType.Int32 => rows.Get<int>(row).CompareTo(value.Get<int>(0)),
            PhysicalType.UInt32 => rows.Get<uint>(row).CompareTo(value.Get<uint>(0)),
            PhysicalType.Int64 => rows.Get<long>(row).CompareTo(value.Get<long>(0)),
            PhysicalType.UInt64 => rows.Get<ulong>(row).CompareTo(value.Get<ulong>(0)),
            PhysicalType.Single => Order(rows.Get<float>(row), value.Get<float>(0)),
            PhysicalType.Double => Order(rows.Get<double>(row), value.Get<double>(0)),
            PhysicalType.Decimal => rows.Get<decimal>(row).CompareTo(value.Get<decimal>(0)),
            PhysicalType.Guid => rows.Get<Guid>(row).CompareTo(value.Get<Guid>(0)),
            _ => rows.Get<Bytes>(row).Span.SequenceCompareTo(value.Get<Bytes>(0).Span),
        };
        return comparison switch
        {
            ZoneComparison.Equal => order == 0,
            ZoneComparison.Less => order < 0,
            ZoneComparison.LessOrEqual => order <= 0,
            ZoneComparison.Greater => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>.NET sorts NaN first; the engine sorts it last.</summary>
    private static int Order(double left, double right)
        => double.IsNaN(left) || double.IsNaN(right) ? double.IsNaN(left).CompareTo(double.IsNaN(right)) : left.CompareTo(right);
}
