using System.Runtime.CompilerServices;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>A sum of float64 numbers without any loss, which is rounded once, when it is asked for.</summary>
/// <remarks>
/// <para>Float addition rounds, and so depends on the order of its operands. A sum that several threads make of their parts, or that is made over segments today
/// and over a delta tomorrow, would differ in its last digits. This one does not: it is the float64 nearest to the true sum, whatever the order.</para>
/// <para>It is kept as two numbers, the rounded sum and what rounding lost, which Knuth's two-sum finds exactly. Where that takes more than two numbers (values whose
/// magnitudes are more than a hundred bits apart) the sum goes on in <see cref="WideFloatSum"/>, which has a place for every bit that a float64 can have.
/// Its cost over a plain sum is a few independent operations a value.</para>
/// <para>Infinities and NaN give what they would give one by one, and a sum beyond the greatest float64 is infinite.</para>
/// </remarks>
internal struct ExactFloatSum
{
    // Far from where a two-sum could overflow on the way.
    private const double MagnitudeMax = 1e300;

    public long Count;

    private double high;
    private double low;
    private WideFloatSum? wide;

    /// <summary>The sum, to the nearest float64.</summary>
    public readonly double Total
    {
        get
        {
            if (wide is null)
            {
                // The two are the sum exactly, so this is its only rounding.
                return high + low;
            }

            var all = new WideFloatSum();
            all.Add(wide);
            all.Add(high);
            all.Add(low);
            return all.Total;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double value)
    {
        var sum = TwoSum(high, value, out var lost);
        var rest = TwoSum(low, lost, out var lostTwice);
        // False also for NaN.
        if (lostTwice == 0 && Math.Abs(sum) <= MagnitudeMax)
        {
            high = sum;
            low = rest;
        }
        else
        {
            AddWide(value);
        }
    }

    /// <summary>Adds all that another took in.</summary>
    public void Add(in ExactFloatSum other)
    {
        Count += other.Count;
        Add(other.high);
        Add(other.low);
        if (other.wide is not null)
        {
            (wide ??= new WideFloatSum()).Add(other.wide);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double TwoSum(double a, double b, out double lost)
    {
        var sum = a + b;
        var part = sum - a;
        lost = (a - (sum - part)) + (b - part);
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddWide(double value)
    {
        wide ??= new WideFloatSum();
        wide.Add(high);
        wide.Add(low);
        wide.Add(value);
        (high, low) = (0, 0);
    }
}

/// <summary>A sum of float64 numbers as one integer of 2,100 bits, in units of the least float64 above zero.</summary>
internal sealed class WideFloatSum
{
    private const int MantissaBits = 52;
    private const int ExponentMask = 0x7FF;
    private const int UnitExponent = -1074;

    // 2,046 places of exponents, 53 bits of a mantissa, and room for the carries of any number of values.
    private const int DigitCount = 68;
    private const int PendingMax = 1 << 29;

    // Base 2³²: each digit has room for carries that are not moved on yet, of either sign.
    private readonly long[] digits = new long[DigitCount];
    private int pending;

    // What infinities and NaN came to; 0 while there were none.
    private double special;

    /// <summary>The sum, to the nearest float64, ties to even.</summary>
    public double Total
    {
        get
        {
            if (special != 0)
            {
                return special;
            }

            Carry();
            if (digits[^1] >= 0)
            {
                return Round(digits);
            }

            var negated = new WideFloatSum();
            for (var i = 0; i < DigitCount; i++)
            {
                negated.digits[i] = -digits[i];
            }

            negated.Carry();
            return -Round(negated.digits);
        }
    }

    public void Add(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var exponent = (int)(bits >> MantissaBits) & ExponentMask;
        var mantissa = bits & ((1UL << MantissaBits) - 1);
        if (exponent == ExponentMask)
        {
            special += value;
            return;
        }

        if (exponent == 0)
        {
            exponent = 1;
        }
        else
        {
            mantissa |= 1UL << MantissaBits;
        }

        var place = exponent - 1;
        var shifted = (UInt128)mantissa << (place & 31);
        var sign = (long)bits < 0 ? -1 : 1;
        var digit = place >> 5;
        digits[digit] += sign * (long)(uint)shifted;
        digits[digit + 1] += sign * (long)(uint)(shifted >> 32);
        digits[digit + 2] += sign * (long)(uint)(shifted >> 64);
        if (++pending == PendingMax)
        {
            Carry();
        }
    }

    public void Add(WideFloatSum other)
    {
        other.Carry();
        special += other.special;
        for (var i = 0; i < DigitCount; i++)
        {
            digits[i] += other.digits[i];
        }

        Carry();
    }

    /// <summary>Leaves every digit but the highest between 0 and 2³² − 1. Does not change the sum.</summary>
    private void Carry()
    {
        pending = 0;
        for (var i = 0; i < DigitCount - 1; i++)
        {
            digits[i + 1] += digits[i] >> 32;
            digits[i] = (uint)digits[i];
        }
    }

    private static double Round(ReadOnlySpan<long> digits)
    {
        var top = digits.LastIndexOfAnyExcept(0L);
        if (top < 0)
        {
            return 0;
        }

        // The three highest digits hold 65 bits or more, if there are as many; what is below only decides ties.
        var value = ((UInt128)(ulong)digits[top] << 64) | (top >= 1 ? (UInt128)(ulong)digits[top - 1] << 32 : 0) | (top >= 2 ? (ulong)digits[top - 2] : 0);
        var length = (int)(128 - UInt128.LeadingZeroCount(value)) + (32 * (top - 2));
        if (length <= MantissaBits + 1)
        {
            return Math.ScaleB((double)(ulong)(value >> (32 * (2 - Math.Min(top, 2)))), UnitExponent);
        }

        var aligned = value << (int)UInt128.LeadingZeroCount(value);
        var mantissa = (ulong)(aligned >> (127 - MantissaBits));
        var rest = aligned & ((UInt128.One << (127 - MantissaBits)) - 1);
        var half = UInt128.One << (126 - MantissaBits);
        var hasMore = top > 2 && digits[..(top - 2)].ContainsAnyExcept(0L);
        if (rest > half || (rest == half && (hasMore || (mantissa & 1) != 0)))
        {
            mantissa++;
        }

        return Math.ScaleB((double)mantissa, length - MantissaBits - 1 + UnitExponent);
    }
}
