using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

internal readonly struct Absolute<T> : IUnaryFunction<T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    public T Invoke(T a, ColumnBuffer memory) => T.Abs(a);
}

/// <summary>−1, 0 or 1; NaN stays NaN.</summary>
internal readonly struct Sign<T> : IUnaryFunction<T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, ColumnBuffer memory) => a > T.Zero ? T.One : a < T.Zero ? T.Zero - T.One : a;
}

/// <summary>Rounded to float32 as IEEE 754 does, with infinity for what is too large.</summary>
internal readonly struct NarrowToSingle : IUnaryFunction<double, float>
{
    public static bool IsTotal => true;

    public float Invoke(double a, ColumnBuffer memory) => (float)a;
}

/// <summary>A function of float64 that is total, as all of IEEE 754 are: out of its domain the result is NaN.</summary>
internal interface IDoubleFunction
{
    static abstract double Invoke(double a);
}

internal readonly struct OfDouble<TFunction> : IUnaryFunction<double, double>
    where TFunction : struct, IDoubleFunction
{
    public static bool IsTotal => true;

    public double Invoke(double a, ColumnBuffer memory) => TFunction.Invoke(a);
}

internal readonly struct SquareRoot : IDoubleFunction
{
    public static double Invoke(double a) => Math.Sqrt(a);
}

internal readonly struct CubeRoot : IDoubleFunction
{
    public static double Invoke(double a) => Math.Cbrt(a);
}

internal readonly struct Exponential : IDoubleFunction
{
    public static double Invoke(double a) => Math.Exp(a);
}

internal readonly struct NaturalLogarithm : IDoubleFunction
{
    public static double Invoke(double a) => Math.Log(a);
}

internal readonly struct DecimalLogarithm : IDoubleFunction
{
    public static double Invoke(double a) => Math.Log10(a);
}

internal readonly struct BinaryLogarithm : IDoubleFunction
{
    public static double Invoke(double a) => Math.Log2(a);
}

internal readonly struct Sine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Sin(a);
}

internal readonly struct Cosine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Cos(a);
}

internal readonly struct Tangent : IDoubleFunction
{
    public static double Invoke(double a) => Math.Tan(a);
}

internal readonly struct ArcSine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Asin(a);
}

internal readonly struct ArcCosine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Acos(a);
}

internal readonly struct ArcTangent : IDoubleFunction
{
    public static double Invoke(double a) => Math.Atan(a);
}

internal readonly struct HyperbolicSine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Sinh(a);
}

internal readonly struct HyperbolicCosine : IDoubleFunction
{
    public static double Invoke(double a) => Math.Cosh(a);
}

internal readonly struct HyperbolicTangent : IDoubleFunction
{
    public static double Invoke(double a) => Math.Tanh(a);
}

internal readonly struct Degrees : IDoubleFunction
{
    public static double Invoke(double a) => a * (180 / Math.PI);
}

internal readonly struct Radians : IDoubleFunction
{
    public static double Invoke(double a) => a * (Math.PI / 180);
}

/// <summary>Ties to even.</summary>
internal readonly struct RoundDouble : IDoubleFunction
{
    public static double Invoke(double a) => Math.Round(a, MidpointRounding.ToEven);
}

internal readonly struct FloorDouble : IDoubleFunction
{
    public static double Invoke(double a) => Math.Floor(a);
}

internal readonly struct CeilingDouble : IDoubleFunction
{
    public static double Invoke(double a) => Math.Ceiling(a);
}

internal readonly struct TruncateDouble : IDoubleFunction
{
    public static double Invoke(double a) => Math.Truncate(a);
}

internal readonly struct ArcTangent2 : IBinaryFunction<double, double, double>
{
    public static bool IsTotal => true;

    public double Invoke(double a, double b, ColumnBuffer memory) => Math.Atan2(a, b);
}

/// <summary>log(base, x).</summary>
internal readonly struct LogarithmOfBase : IBinaryFunction<double, double, double>
{
    public static bool IsTotal => true;

    public double Invoke(double a, double b, ColumnBuffer memory) => Math.Log(b, a);
}

/// <summary>round(x, digits), ties to even, as Math.Round of .NET.</summary>
internal readonly struct RoundDoubleTo : IBinaryFunction<double, int, double>
{
    public static bool IsTotal => false;

    public double Invoke(double a, int b, ColumnBuffer memory)
        => b is >= 0 and <= 15 ? Math.Round(a, b, MidpointRounding.ToEven) : throw Error.InvalidArgument("round", "double precision rounds to 0 to 15 digits.");
}

internal interface IDecimalFunction
{
    static abstract decimal Invoke(decimal a);
}

internal readonly struct OfDecimal<TFunction> : IUnaryFunction<decimal, decimal>
    where TFunction : struct, IDecimalFunction
{
    public static bool IsTotal => false;

    public decimal Invoke(decimal a, ColumnBuffer memory) => TFunction.Invoke(a);
}

/// <summary>Ties away from zero, as PostgreSQL's numeric.</summary>
internal readonly struct RoundDecimal : IDecimalFunction
{
    public static decimal Invoke(decimal a) => decimal.Round(a, 0, MidpointRounding.AwayFromZero);
}

internal readonly struct FloorDecimal : IDecimalFunction
{
    public static decimal Invoke(decimal a) => decimal.Floor(a);
}

internal readonly struct CeilingDecimal : IDecimalFunction
{
    public static decimal Invoke(decimal a) => decimal.Ceiling(a);
}

internal readonly struct TruncateDecimal : IDecimalFunction
{
    public static decimal Invoke(decimal a) => decimal.Truncate(a);
}

/// <summary>round(x, digits) and trunc(x, digits) of decimals; negative digits count before the point.</summary>
internal readonly struct RoundDecimalTo(MidpointRounding mode) : IBinaryFunction<decimal, int, decimal>
{
    public static bool IsTotal => false;

    public decimal Invoke(decimal a, int b, ColumnBuffer memory)
    {
        if (b >= 0)
        {
            return decimal.Round(a, Math.Min(b, 28), mode);
        }

        if (b < -28)
        {
            return 0;
        }

        var unit = 1m;
        for (var i = 0; i > b; i--)
        {
            unit *= 10;
        }

        return decimal.Round(a / unit, 0, mode) * unit;
    }
}
