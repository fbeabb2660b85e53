using System.Numerics;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>A sum of decimals without any loss: an integer and a scale, the greatest of all values.</summary>
/// <remarks>Adding decimals one by one rounds as soon as a sum has more than 28 digits, and so depends on the order. Here only a total of more digits than a
/// decimal has is rounded, to even, by as few places as it takes.</remarks>
internal struct ExactDecimalSum
{
    private const int ScaleMax = 28;

    private static readonly Int128[] Powers = [.. Enumerable.Range(0, ScaleMax + 1).Select(n => (Int128)BigInteger.Pow(10, n))];

    private static readonly BigInteger MantissaMax = (BigInteger.One << 96) - 1;

    public long Count;

    // The sum is (total + wide) / 10^scale.
    private Int128 total;
    private BigInteger wide;
    private int scale;

    /// <summary>The sum; it has the greatest scale of all values when its digits allow it.</summary>
    /// <exception cref="OverflowException">It is greater than any decimal.</exception>
    public readonly decimal Total
    {
        get
        {
            var value = (BigInteger)total + wide;
            var places = scale;
            var magnitude = BigInteger.Abs(value);
            if (magnitude > MantissaMax)
            {
                magnitude = Round(magnitude, ref places);
            }

            var bits = (UInt128)magnitude;
            return new decimal(unchecked((int)(uint)bits), unchecked((int)(uint)(bits >> 32)), unchecked((int)(uint)(bits >> 64)), value.Sign < 0, (byte)places);
        }
    }

    public void Add(decimal value)
    {
        if (value.Scale > scale)
        {
            Rescale(value.Scale);
        }

        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var magnitude = (UInt128)(uint)parts[0] | ((UInt128)(uint)parts[1] << 32) | ((UInt128)(uint)parts[2] << 64);
        var number = parts[3] < 0 ? -(Int128)magnitude : (Int128)magnitude;
        // 31 bits are left above the mantissa's 96: enough for nine places.
        if (scale - value.Scale <= 9 && TryAdd(scale == value.Scale ? number : number * Powers[scale - value.Scale]))
        {
            return;
        }

        AddWide((parts[3] < 0 ? -(BigInteger)magnitude : magnitude) * (BigInteger)Powers[scale - value.Scale]);
    }

    /// <summary>Adds all that another took in.</summary>
    public void Add(in ExactDecimalSum other)
    {
        Count += other.Count;
        if (other.scale > scale)
        {
            Rescale(other.scale);
        }

        AddWide(((BigInteger)other.total + other.wide) * (BigInteger)Powers[scale - other.scale]);
    }

    private bool TryAdd(Int128 value)
    {
        var sum = unchecked(total + value);
        // Overflow when both have the sign that the sum has not.
        if (((total ^ sum) & (value ^ sum)) < 0)
        {
            return false;
        }

        total = sum;
        return true;
    }

    private void AddWide(BigInteger value)
    {
        if (!(value >= (BigInteger)Int128.MinValue && value <= (BigInteger)Int128.MaxValue && TryAdd((Int128)value)))
        {
            wide += value;
        }
    }

    private void Rescale(int scaleNew)
    {
        var all = ((BigInteger)total + wide) * (BigInteger)Powers[scaleNew - scale];
        (total, wide, scale) = (0, BigInteger.Zero, scaleNew);
        AddWide(all);
    }

    /// <summary>Drops as few digits as possible, half to even.</summary>
    private static BigInteger Round(BigInteger magnitude, ref int places)
    {
        for (var dropped = 1; dropped <= Math.Min(places, ScaleMax); dropped++)
        {
            var unit = (BigInteger)Powers[dropped];
            var quotient = BigInteger.DivRem(magnitude, unit, out var rest);
            var side = (2 * rest).CompareTo(unit);
            if (side > 0 || (side == 0 && !quotient.IsEven))
            {
                quotient++;
            }

            if (quotient <= MantissaMax)
            {
                places -= dropped;
                return quotient;
            }
        }

        throw new OverflowException();
    }
}
