using System.Numerics;
using Engram.Data.Query.Execution.Aggregators;

namespace Engram.Data.Tests.Query.Execution.Aggregators;

public sealed class ExactSumTests
{
    [Fact]
    public void Float_sums_are_the_true_sum_rounded_once_in_any_order_and_however_they_are_cut()
    {
        var random = new Random(11);
        for (var run = 0; run < 400; run++)
        {
            var values = Enumerable.Range(0, random.Next(1, 60)).Select(_ => Draw(random, run % 4)).ToArray();
            var expected = Round(values.Aggregate(BigInteger.Zero, (sum, v) => sum + ToUnits(v)));
            for (var order = 0; order < 3; order++)
            {
                random.Shuffle(values);
                var whole = default(ExactFloatSum);
                var cut = random.Next(values.Length + 1);
                var (left, right) = (default(ExactFloatSum), default(ExactFloatSum));
                for (var i = 0; i < values.Length; i++)
                {
                    whole.Add(values[i]);
                    (i < cut ? ref left : ref right).Add(values[i]);
                }

                left.Add(in right);
                Assert.Equal(BitConverter.DoubleToInt64Bits(expected + 0.0), BitConverter.DoubleToInt64Bits(whole.Total + 0.0));
                Assert.Equal(BitConverter.DoubleToInt64Bits(expected + 0.0), BitConverter.DoubleToInt64Bits(left.Total + 0.0));
            }
        }
    }

    [Theory]
    [InlineData(double.PositiveInfinity, 1.0, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, 1.0, double.NegativeInfinity)]
    [InlineData(double.NegativeInfinity, double.PositiveInfinity, double.NaN)]
    [InlineData(double.NaN, 1.0, double.NaN)]
    [InlineData(double.MaxValue, double.MaxValue, double.PositiveInfinity)]
    [InlineData(-double.MaxValue, -double.MaxValue, double.NegativeInfinity)]
    [InlineData(double.Epsilon, double.Epsilon, 2 * double.Epsilon)]
    [InlineData(-0.0, -0.0, 0.0)]
    public void Special_values(double a, double b, double expected)
    {
        var sum = default(ExactFloatSum);
        sum.Add(a);
        sum.Add(b);
        Assert.Equal(expected, sum.Total);
    }

    [Fact]
    public void What_overflows_on_the_way_may_come_back()
    {
        var sum = default(ExactFloatSum);
        foreach (var value in new[] { double.MaxValue, double.MaxValue, 1.5, -double.MaxValue, -double.MaxValue })
        {
            sum.Add(value);
        }

        Assert.Equal(1.5, sum.Total);
    }

    [Fact]
    public void Decimal_sums_keep_the_scale_and_lose_nothing()
    {
        Assert.Equal("3.50", Sum(1.5m, 2.00m));
        Assert.Equal("0.00", Sum(1.00m, -1m));
        Assert.Equal("1", Sum(decimal.MaxValue, 1m, -decimal.MaxValue));
        Assert.Equal("0.0000000000000000000000000001", Sum(decimal.MaxValue, 0.0000000000000000000000000001m, -decimal.MaxValue));
        Assert.Equal("79228162514264337593543950335", Sum(decimal.MaxValue, 0.4m));
        Assert.Throws<OverflowException>(() => Sum(decimal.MaxValue, 0.5m));
        Assert.Throws<OverflowException>(() => Sum(decimal.MaxValue, 1m));
    }

    [Fact]
    public void Decimal_sums_are_those_of_decimal_where_that_is_exact()
    {
        var random = new Random(12);
        for (var run = 0; run < 300; run++)
        {
            var values = Enumerable.Range(0, 40).Select(_ => new decimal(random.Next(), random.Next(), 0, random.Next(2) == 0, (byte)random.Next(6))).ToArray();
            var (left, right) = (default(ExactDecimalSum), default(ExactDecimalSum));
            for (var i = 0; i < values.Length; i++)
            {
                (i < run % 40 ? ref left : ref right).Add(values[i]);
            }

            left.Add(in right);
            var expected = values.Sum();
            Assert.Equal(expected, left.Total);
            Assert.Equal(expected.Scale, left.Total.Scale);
        }
    }

    private static string Sum(params decimal[] values)
    {
        var sum = default(ExactDecimalSum);
        foreach (var value in values)
        {
            sum.Add(value);
        }

        return sum.Total.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static double Draw(Random random, int kind) => kind switch
    {
        0 => (float)random.NextDouble(),
        1 => (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-200, 200)),
        2 => BitConverter.Int64BitsToDouble(random.NextInt64()) is var d && double.IsFinite(d) ? (random.Next(2) == 0 ? d : -d) : 1,
        _ => double.Epsilon * random.Next(1000) * (random.Next(2) == 0 ? 1 : -1),
    };

    /// <summary>In units of 2⁻¹⁰⁷⁴.</summary>
    private static BigInteger ToUnits(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7FF;
        var mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent > 0 ? 1L << 52 : 0);
        return (bits < 0 ? -mantissa : mantissa) * (BigInteger.One << Math.Max(exponent - 1, 0));
    }

    private static double Round(BigInteger units)
    {
        var magnitude = BigInteger.Abs(units);
        var drop = Math.Max((int)magnitude.GetBitLength() - 53, 0);
        var mantissa = magnitude >> drop;
        var rest = magnitude - (mantissa << drop);
        var half = drop == 0 ? BigInteger.One : BigInteger.One << (drop - 1);
        mantissa += drop > 0 && (rest > half || (rest == half && !mantissa.IsEven)) ? 1 : 0;
        return units.Sign * Math.ScaleB((double)(ulong)mantissa, drop - 1074);
    }
}
