using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class AggregatesTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 131), 191, 192, 193, 1000, 2047, 2048];

    [Fact]
    public void SByte_columns() => CheckIntegers<sbyte>();

    [Fact]
    public void Byte_columns() => CheckIntegers<byte>();

    [Fact]
    public void Int16_columns() => CheckIntegers<short>();

    [Fact]
    public void UInt16_columns() => CheckIntegers<ushort>();

    [Fact]
    public void Int32_columns() => CheckIntegers<int>();

    [Fact]
    public void UInt32_columns() => CheckIntegers<uint>();

    [Fact]
    public void Int64_columns() => CheckIntegers<long>();

    [Fact]
    public void UInt64_columns() => CheckIntegers<ulong>();

    [Fact]
    public void Single_columns()
        => CheckFloats([0f, -0f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, 1f, 0.1f, -3.5f, 1e-20f, -1e20f], float.NaN, float.PositiveInfinity);

    [Fact]
    public void Double_columns()
        => CheckFloats([0.0, -0.0, double.Epsilon, -double.Epsilon, 1e300, -1e300, 1.0, 0.1, -3.5, 1e-200, -1e20], double.NaN, double.PositiveInfinity);

    [Fact]
    public void Zeros_order_by_their_sign_and_NaN_comes_out_canonical()
    {
        double[] zeros = [0.0, -0.0, 0.0];
        Assert.True(Aggregates.TryMin<double>(zeros, null, out var min));
        Assert.True(Aggregates.TryMax<double>(zeros, null, out var max));
        Assert.True(double.IsNegative(min));
        Assert.False(double.IsNegative(max));

        double[] odd = [BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_1234), BitConverter.UInt64BitsToDouble(0xFFF8_0000_0000_1234)];
        Assert.True(Aggregates.TryMin<double>(odd, null, out min));
        Assert.True(Aggregates.TryMax<double>(odd, null, out max));
        Assert.Equal(BitConverter.DoubleToUInt64Bits(double.NaN), BitConverter.DoubleToUInt64Bits(min));
        Assert.Equal(BitConverter.DoubleToUInt64Bits(double.NaN), BitConverter.DoubleToUInt64Bits(max));
    }

    [Fact]
    public void Sums_of_bigint_exceed_64_bits_without_loss()
    {
        var values = Enumerable.Repeat(long.MaxValue, 2048).ToArray();
        Assert.Equal((Int128)long.MaxValue * 2048, Aggregates.SumInteger<long>(values, null));
        values.AsSpan().Fill(long.MinValue);
        Assert.Equal((Int128)long.MinValue * 2048, Aggregates.SumInteger<long>(values, null));
    }

    private static void CheckIntegers<T>()
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var random = new Random(1);
        foreach (var length in Lengths)
        {
            var column = Column<T>.Random(length, random, () => random.Next(4) switch
            {
                0 => T.MaxValue,
                1 => T.MinValue,
                _ => T.CreateTruncating(random.NextInt64()),
            });
            column.ForEachNullPattern((nulls, counted, selected, countedSelected) =>
            {
                Assert.Equal(counted.Aggregate(Int128.Zero, (sum, v) => sum + Int128.CreateChecked(v)), Aggregates.SumInteger<T>(column.Values, (ulong*)nulls));
                Assert.Equal(countedSelected.Aggregate(Int128.Zero, (sum, v) => sum + Int128.CreateChecked(v)), Aggregates.SumInteger<T>(column.Values, (ulong*)nulls, selected));
                CheckExtremes(column, nulls, counted, selected, countedSelected);
            });
        }
    }

    private static void CheckFloats<T>(T[] choices, params T[] special)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>, IMinMaxValue<T>
    {
        var random = new Random(2);
        foreach (var length in Lengths)
        {
            var from = random.Next(3) == 0 ? [.. choices, .. special] : choices;
            var column = Column<T>.Random(length, random, () => random.Next(3) == 0 ? T.CreateTruncating(random.NextDouble() - 0.5) : from[random.Next(from.Length)]);
            column.ForEachNullPattern((nulls, counted, selected, countedSelected) =>
            {
                CheckExtremes(column, nulls, counted, selected, countedSelected);
                var expected = LaneSum(Enumerable.Range(0, length).Select(i => (i, (ushort)i)), column, nulls);
                var expectedSelected = LaneSum(selected.Select((row, i) => (i, row)), column, nulls);
                AssertBits(expected, Aggregates.SumDouble<T>(column.Values, (ulong*)nulls));
                AssertBits(expectedSelected, Aggregates.SumDouble<T>(column.Values, (ulong*)nulls, selected));
                AssertBits(expected, Aggregates.SumDouble<T, Lanes128>(column.Values, (ulong*)nulls));
                AssertBits(expectedSelected, Aggregates.SumDouble<T, Lanes128>(column.Values, (ulong*)nulls, selected));
                if (Avx2.IsSupported)
                {
                    AssertBits(expected, Aggregates.SumDouble<T, Lanes256>(column.Values, (ulong*)nulls));
                    AssertBits(expectedSelected, Aggregates.SumDouble<T, Lanes256>(column.Values, (ulong*)nulls, selected));
                }
            });
        }
    }

    private static void CheckExtremes<T>(Column<T> column, nint nulls, T[] counted, ushort[] selected, T[] countedSelected)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        Assert.Equal(counted.Length, Aggregates.CountNonNull((ulong*)nulls, column.Values.Length));
        Assert.Equal(countedSelected.Length, Aggregates.CountNonNull((ulong*)nulls, selected));
        var order = Comparer<T>.Create(Compare.Order);

        Assert.Equal(counted.Length > 0, Aggregates.TryMin<T>(column.Values, (ulong*)nulls, out var min));
        Assert.Equal(counted.Length > 0, Aggregates.TryMax<T>(column.Values, (ulong*)nulls, out var max));
        Assert.Equal(counted.Length > 0 ? counted.Min(order) : default, min);
        Assert.Equal(counted.Length > 0 ? counted.Max(order) : default, max);

        Assert.Equal(countedSelected.Length > 0, Aggregates.TryMin<T>(column.Values, (ulong*)nulls, selected, out min));
        Assert.Equal(countedSelected.Length > 0, Aggregates.TryMax<T>(column.Values, (ulong*)nulls, selected, out max));
        Assert.Equal(countedSelected.Length > 0 ? countedSelected.Min(order) : default, min);
        Assert.Equal(countedSelected.Length > 0 ? countedSelected.Max(order) : default, max);
    }

    private static double LaneSum<T>(IEnumerable<(int Place, ushort Row)> rows, Column<T> column, nint nulls)
        where T : unmanaged, INumber<T>
    {
        var lanes = stackalloc double[16];
        foreach (var (place, row) in rows)
        {
            lanes[place % 16] += column.IsNull(nulls, row) ? 0 : double.CreateTruncating(column.Values[row]);
        }

        return VectorScoreScalar.AddLanes(lanes);
    }

    private static void AssertBits(double expected, double actual)
        => Assert.Equal(BitConverter.DoubleToInt64Bits(double.IsNaN(expected) ? double.NaN : expected), BitConverter.DoubleToInt64Bits(actual));

    private sealed record Column<T>(T[] Values, ushort[] Selected, ulong[] NullBits)
        where T : unmanaged, INumber<T>
    {
        public static Column<T> Random(int length, Random random, Func<T> next)
        {
            var values = Enumerable.Range(0, length).Select(_ => next()).ToArray();
            var selected = Enumerable.Range(0, length).Where(_ => random.Next(3) != 0).Select(i => (ushort)i).ToArray();
            var nullBits = Enumerable.Range(0, (length / 64) + 1).Select(_ => random.Next(4) switch
            {
                0 => 0UL,
                1 => ulong.MaxValue,
                _ => (ulong)random.NextInt64(),
            }).ToArray();
            return new(values, selected, nullBits);
        }

        public bool IsNull(nint nulls, int row) => nulls != 0 && (NullBits[row / 64] >> (row % 64) & 1) != 0;

        /// <summary>Once without a null mask and once with it, whose bits beyond the rows are random.</summary>
        public void ForEachNullPattern(Action<nint, T[], ushort[], T[]> check)
        {
            check(0, Values, Selected, [.. Selected.Select(row => Values[row])]);
            fixed (ulong* nulls = NullBits)
            {
                var address = (nint)nulls;
                check(address, [.. Values.Where((_, i) => !IsNull(address, i))], Selected, [.. Selected.Where(row => !IsNull(address, row)).Select(row => Values[row])]);
            }
        }
    }
}
