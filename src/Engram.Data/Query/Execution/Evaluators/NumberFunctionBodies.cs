using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

// Degrees are reduced exactly before they become radians, so that sind(30) is 0.5 and cosd(90) is 0.

internal static class InDegrees
{
    public static double Sine(double degrees)
    {
        var x = Math.IEEERemainder(degrees, 360);
        var (sign, angle) = (x < 0 ? -1 : 1, Math.Abs(x));
        angle = angle > 90 ? 180 - angle : angle;
        return sign * (angle <= 30 ? Math.Sin(angle * (Math.PI / 180)) / Math.Sin(30 * (Math.PI / 180)) / 2
            : 1 - ((1 - Math.Cos((90 - angle) * (Math.PI / 180))) / (1 - Math.Cos(60 * (Math.PI / 180))) / 2));
    }

    public static double Cosine(double degrees) => Sine(90 - Math.Abs(Math.IEEERemainder(degrees, 360)));

    public static double Of(double radians) => radians * (180 / Math.PI);
}

internal readonly struct SineOfDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Sine(a);
}

internal readonly struct CosineOfDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Cosine(a);
}

internal readonly struct TangentOfDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Sine(a) / InDegrees.Cosine(a);
}

internal readonly struct CotangentOfDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Cosine(a) / InDegrees.Sine(a);
}

internal readonly struct Cotangent : IDoubleFunction
{
    public static double Invoke(double a) => 1 / Math.Tan(a);
}

internal readonly struct ArcSineInDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Of(Math.Asin(a));
}

internal readonly struct ArcCosineInDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Of(Math.Acos(a));
}

internal readonly struct ArcTangentInDegrees : IDoubleFunction
{
    public static double Invoke(double a) => InDegrees.Of(Math.Atan(a));
}

internal readonly struct InverseHyperbolicSine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Asinh(a);
}

internal readonly struct InverseHyperbolicCosine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Acosh(a);
}

internal readonly struct InverseHyperbolicTangent : IDoubleFunction
{
    public static double Invoke(double a) => Math.Atanh(a);
}

internal readonly struct ArcTangent2InDegrees : IBinaryFunction<double, double, double>
{
    public static bool IsTotal => true;

    public double Invoke(double a, double b, ColumnBuffer memory) => InDegrees.Of(Math.Atan2(a, b));
}

/// <summary>div(a, b) of numerics: the quotient without its fraction.</summary>
internal readonly struct WholeQuotient : IBinaryFunction<decimal, decimal, decimal>
{
    public static bool IsTotal => false;

    public decimal Invoke(decimal a, decimal b, ColumnBuffer memory)
    {
        // From the remainder: a quotient that is rounded could reach the next integer.
        var quotient = decimal.Truncate((a - (a % b)) / b);
        return quotient;
    }
}

internal readonly struct GreatestCommonDivisor<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => false;

    public T Invoke(T a, T b, ColumnBuffer memory) => Of(a, b);

    public static T Of(T a, T b)
    {
        while (b != T.Zero)
        {
            // The least integer divided by -1 would overflow where the remainder is 0.
            (a, b) = (b, b == -T.One ? T.Zero : a % b);
        }

        return T.Abs(a);
    }
}

internal readonly struct LeastCommonMultiple<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => false;

    public T Invoke(T a, T b, ColumnBuffer memory)
    {
        var result = a == T.Zero || b == T.Zero ? T.Zero : T.Abs(checked(a / GreatestCommonDivisor<T>.Of(a, b) * b));
        // Of numerics with as many digits after the point as the longer one has.
        return result is decimal m && a is decimal c && b is decimal d ? T.CreateChecked(m + new decimal(0, 0, 0, false, Math.Max(c.Scale, d.Scale))) : result;
    }
}

internal readonly struct Factorial : IUnaryFunction<long, decimal>
{
    public static bool IsTotal => false;

    public decimal Invoke(long a, ColumnBuffer memory)
    {
        if (a < 0)
        {
            throw Error.NumericOutOfRange("factorial, which starts at 0");
        }

        // 27! is the last that fits.
        var result = 1m;
        for (var i = 2; i <= Math.Min(a, 28); i++)
        {
            result *= i;
        }

        return result;
    }
}

/// <summary>width_bucket(x, low, high, count): 0 below, count + 1 at or above the end; bounds may run downwards.</summary>
internal readonly struct WidthBucket<T> : IRowFunction<int>
    where T : unmanaged, INumber<T>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        var (x, low, high, count) = (arguments[0].Get<T>(row), arguments[1].Get<T>(row), arguments[2].Get<T>(row), arguments[3].Get<int>(row));
        if (count <= 0 || low == high || T.IsNaN(x) || !T.IsFinite(low) || !T.IsFinite(high))
        {
            throw Error.WidthBucket();
        }

        var isDescending = low > high;
        if (isDescending ? x > low : x < low)
        {
            result = 0;
        }
        else if (isDescending ? x <= high : x >= high)
        {
            result = checked(count + 1);
        }
        else
        {
            // Multiplied first: of integers and decimals nothing is lost by the division then.
            var part = isDescending ? (low - x) * T.CreateChecked(count) / (low - high) : (x - low) * T.CreateChecked(count) / (high - low);
            result = Math.Min(int.CreateTruncating(part), count - 1) + 1;
        }

        return true;
    }
}

/// <summary>log(base, x) of numerics is computed in float64, as all logarithms are.</summary>
internal readonly struct DigitsOf : IUnaryFunction<decimal, int>
{
    public static bool IsTotal => false;

    public int Invoke(decimal a, ColumnBuffer memory) => a.Scale;
}

internal readonly struct TrimScale : IUnaryFunction<decimal, decimal>
{
    public static bool IsTotal => false;

    // Dividing by one with all its digits drops zeros at the end.
    public decimal Invoke(decimal a, ColumnBuffer memory) => a == 0 ? 0 : a / 1.0000000000000000000000000000m;
}

internal readonly struct MinScale : IUnaryFunction<decimal, int>
{
    public static bool IsTotal => false;

    public int Invoke(decimal a, ColumnBuffer memory) => default(TrimScale).Invoke(a, memory).Scale;
}

/// <summary>Bits that are set.</summary>
internal readonly struct CountBits : IUnaryFunction<Bytes, long>
{
    public static bool IsTotal => false;

    public long Invoke(Bytes a, ColumnBuffer memory)
    {
        var count = 0L;
        foreach (var value in a.Span)
        {
            count += BitOperations.PopCount(value);
        }

        return count;
    }
}

/// <summary>random(low, high): an integer of that range, both ends included.</summary>
internal readonly struct RandomBetween : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory)
        => a > b ? throw Error.InvalidArgument("random", "the lower bound is greater than the upper one.")
            : b == long.MaxValue ? (a == long.MinValue ? unchecked((long)BitConverter.ToUInt64(Guid.NewGuid().ToByteArray())) : Random.Shared.NextInt64(a - 1, b) + 1)
            : Random.Shared.NextInt64(a, b + 1);
}

/// <summary>num_nulls and num_nonnulls.</summary>
internal readonly struct CountNulls(bool isNull) : IRowFunction<int>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        result = 0;
        foreach (var argument in arguments)
        {
            result += argument.IsNull(row) == isNull ? 1 : 0;
        }

        return true;
    }
}
