using System.Numerics;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class CompareTests
{
    private static readonly ComparisonKind[] Kinds = Enum.GetValues<ComparisonKind>();

    [Fact]
    public void SByte_columns() => Check<sbyte>();

    [Fact]
    public void Byte_columns() => Check<byte>();

    [Fact]
    public void Int16_columns() => Check<short>();

    [Fact]
    public void UInt16_columns() => Check<ushort>();

    [Fact]
    public void Int32_columns() => Check<int>();

    [Fact]
    public void UInt32_columns() => Check<uint>();

    [Fact]
    public void Int64_columns() => Check<long>();

    [Fact]
    public void UInt64_columns() => Check<ulong>();

    [Fact]
    public void Single_columns()
        => Check(float.NaN, -float.NaN, float.NegativeInfinity, float.PositiveInfinity, 0f, -0f, float.Epsilon, -float.Epsilon, 1f, 0.7f);

    [Fact]
    public void Double_columns()
        => Check(double.NaN, -double.NaN, double.NegativeInfinity, double.PositiveInfinity, 0.0, -0.0, double.Epsilon, -double.Epsilon, 1.0, 0.7);

    [Fact]
    public void NaN_is_the_greatest_value_and_equal_to_itself()
    {
        Assert.Equal(0, Compare.Order(double.NaN, -double.NaN));
        Assert.Equal(1, Compare.Order(double.NaN, double.PositiveInfinity));
        Assert.Equal(-1, Compare.Order(double.PositiveInfinity, double.NaN));
        Assert.Equal(0, Compare.Order(-0.0, 0.0));
        Assert.Equal(-1, Compare.Order(-1, 1));
        Assert.Equal(1, Compare.Order(ulong.MaxValue, 1UL));
        Assert.Equal(-1, Compare.Order(long.MinValue, long.MaxValue));
    }

    [Fact]
    public void A_bitmap_or_a_second_column_that_is_too_short_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Compare.WithConstant<int>(new int[65], 1, ComparisonKind.Equal, new ulong[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Compare.Columns<int>(new int[65], new int[64], ComparisonKind.Equal, new ulong[2]));
    }

    private static void Check<T>(params T[] edges)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        T[] choices = [.. edges, T.MinValue, T.MaxValue, T.Zero, T.One, T.MinValue + T.One, T.MaxValue - T.One];
        var random = new Random(1);
        int[] lengths = [.. Enumerable.Range(0, 131), 191, 192, 193, 2047, 2048];
        var (left, right) = (new T[2051], new T[2051]);
        for (var i = 0; i < left.Length; i++)
        {
            left[i] = random.Next(3) == 0 ? T.CreateTruncating(random.Next()) : choices[random.Next(choices.Length)];
            right[i] = random.Next(3) == 0 ? left[i] : choices[random.Next(choices.Length)];
        }

        foreach (var length in lengths)
        {
            var shift = random.Next(4);
            var (low, high) = (choices[random.Next(choices.Length)], choices[random.Next(choices.Length)]);
            CheckWidths(left.AsSpan(shift, length), right.AsSpan(3 - shift, length), low, high);
        }

        foreach (var constant in choices)
        {
            CheckWidths(left.AsSpan(0, 200), right.AsSpan(0, 200), constant, choices[random.Next(choices.Length)]);
        }
    }

    private static void CheckWidths<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, T low, T high)
        where T : unmanaged, INumber<T>
    {
        var (expected, actual) = (NewBitmap(), NewBitmap());
        foreach (var kind in Kinds)
        {
            Expect(expected, left.Length, left, right, (x, _) => Compare.Test(x, low, kind));
            Compare.WithConstant(left, low, kind, actual);
            Assert.Equal(expected, actual);
            CompareLoops<Width128>.WithConstant(left, low, kind, Reset(actual));
            Assert.Equal(expected, actual);
            CompareLoops<Width256>.WithConstant(left, low, kind, Reset(actual));
            Assert.Equal(expected, actual);
            CompareLoops<Width512>.WithConstant(left, low, kind, Reset(actual));
            Assert.Equal(expected, actual);

            Expect(expected, left.Length, left, right, (x, y) => Compare.Test(x, y, kind));
            Compare.Columns(left, right, kind, Reset(actual));
            Assert.Equal(expected, actual);
            CompareLoops<Width128>.Columns(left, right, kind, Reset(actual));
            Assert.Equal(expected, actual);
            CompareLoops<Width256>.Columns(left, right, kind, Reset(actual));
            Assert.Equal(expected, actual);
            CompareLoops<Width512>.Columns(left, right, kind, Reset(actual));
            Assert.Equal(expected, actual);
        }

        Expect(expected, left.Length, left, right, (x, _) => Compare.Order(low, x) <= 0 && Compare.Order(x, high) <= 0);
        Compare.Range(left, low, high, Reset(actual));
        Assert.Equal(expected, actual);
        CompareLoops<Width128>.Range(left, low, high, Reset(actual));
        Assert.Equal(expected, actual);
        CompareLoops<Width256>.Range(left, low, high, Reset(actual));
        Assert.Equal(expected, actual);
        CompareLoops<Width512>.Range(left, low, high, Reset(actual));
        Assert.Equal(expected, actual);
    }

    /// <summary>What must come out, with a word beyond the rows that must stay as it was.</summary>
    private static void Expect<T>(ulong[] bitmap, int count, ReadOnlySpan<T> left, ReadOnlySpan<T> right, Func<T, T, bool> predicate)
    {
        Reset(bitmap);
        Array.Clear(bitmap, 0, (count + 63) / 64);
        for (var i = 0; i < count; i++)
        {
            if (predicate(left[i], right[i]))
            {
                bitmap[i / 64] |= 1UL << (i % 64);
            }
        }
    }

    private static ulong[] NewBitmap() => Reset(new ulong[33]);

    private static ulong[] Reset(ulong[] bitmap)
    {
        Array.Fill(bitmap, 0xAAAA_5555_AAAA_5555);
        return bitmap;
    }
}
