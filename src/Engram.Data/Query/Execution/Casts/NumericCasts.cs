using System.Numerics;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Between numbers, checked. Floats round to the nearest integer, ties to even; decimals round ties away from zero, as PostgreSQL has it.</summary>
internal readonly struct NumericCast<TFrom, TTo> : IUnaryFunction<TFrom, TTo>
    where TFrom : unmanaged, INumber<TFrom>
    where TTo : unmanaged, INumber<TTo>
{
    private static bool FromFloat => typeof(TFrom) == typeof(float) || typeof(TFrom) == typeof(double);

    private static bool ToFraction => typeof(TTo) == typeof(float) || typeof(TTo) == typeof(double) || typeof(TTo) == typeof(decimal);

    /// <remarks>Bytes that lie under a NULL need not be a decimal: the framework fails on a scale that there is not.</remarks>
    public static bool IsTotal => typeof(TTo) == typeof(double) && typeof(TFrom) != typeof(decimal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TTo Invoke(TFrom a, ColumnBuffer memory)
    {
        if (FromFloat && !ToFraction)
        {
            return TTo.CreateChecked(Math.Round(double.CreateTruncating(a), MidpointRounding.ToEven));
        }

        if (typeof(TFrom) == typeof(decimal) && !ToFraction)
        {
            return TTo.CreateChecked(decimal.Round(decimal.CreateTruncating(a), 0, MidpointRounding.AwayFromZero));
        }

        var result = TTo.CreateChecked(a);
        if (typeof(TFrom) == typeof(double) && typeof(TTo) == typeof(float) && TTo.IsInfinity(result) && !TFrom.IsInfinity(a))
        {
            throw new OverflowException();
        }

        // numeric has one zero: System.Decimal keeps the sign of what was rounded to it, which nothing but a float would show.
        return typeof(TFrom) == typeof(decimal) && typeof(TTo) != typeof(decimal) ? result + TTo.Zero : result;
    }
}

internal readonly struct ToBoolean<T> : IUnaryFunction<T, byte>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => true;

    public byte Invoke(T a, ColumnBuffer memory) => T.IsZero(a) ? (byte)0 : (byte)1;
}

/// <summary>Gives a decimal the digits of numeric(p,s): rounds ties away from zero, pads with zeros, refuses what has too many digits.</summary>
internal readonly struct FitNumeric(int precision, int scale, string? target) : IUnaryFunction<decimal, decimal>
{
    // System.Decimal has at most 28 digits after its point, and 29 in all.
    private readonly int scaleKept = Math.Min(scale, 28);
    private readonly decimal bound = precision - scale > 28 ? decimal.MaxValue : precision <= scale ? FractionBound(scale - precision) : PowerOfTen(precision - scale);

    // numeric(3,5) holds values below 0.01.
    private static decimal FractionBound(int zeros) => zeros > 28 ? 0m : 1m / PowerOfTen(zeros);

    public static bool IsTotal => false;

    public decimal Invoke(decimal a, ColumnBuffer memory)
    {
        var rounded = decimal.Round(a, scaleKept, MidpointRounding.AwayFromZero);
        if (bound != decimal.MaxValue && (rounded >= bound || rounded <= -bound))
        {
            throw Error.NumericPrecision(target, precision, scale, a);
        }

        // Adding a zero of that scale writes the missing digits out.
        return rounded + new decimal(0, 0, 0, false, (byte)scaleKept);
    }

    private static decimal PowerOfTen(int exponent)
    {
        var result = 1m;
        for (var i = 0; i < exponent; i++)
        {
            result *= 10;
        }

        return result;
    }
}

/// <summary>Chooses among the hundred and more pairs.</summary>
internal static class NumericCasts
{
    public static Evaluator Create(TypeKind from, DataType to, Evaluator operand) => from switch
    {
        TypeKind.Boolean or TypeKind.UInt8 => From<byte>(to, operand),
        TypeKind.Int8 => From<sbyte>(to, operand),
        TypeKind.Int16 => From<short>(to, operand),
        TypeKind.Int32 => From<int>(to, operand),
        TypeKind.Int64 => From<long>(to, operand),
        TypeKind.UInt16 => From<ushort>(to, operand),
        TypeKind.UInt32 => From<uint>(to, operand),
        TypeKind.UInt64 => From<ulong>(to, operand),
        TypeKind.Single => From<float>(to, operand),
        TypeKind.Double => From<double>(to, operand),
        TypeKind.Decimal => From<decimal>(to, operand),
        _ => throw Error.CannotCast(from.ToString(), to.ToString()),
    };

    private static Evaluator From<T>(DataType to, Evaluator operand)
        where T : unmanaged, INumber<T>
        => to.Kind switch
        {
            TypeKind.Boolean => new UnaryEvaluator<T, byte, ToBoolean<T>>(to, operand),
            TypeKind.Int8 => new UnaryEvaluator<T, sbyte, NumericCast<T, sbyte>>(to, operand),
            TypeKind.Int16 => new UnaryEvaluator<T, short, NumericCast<T, short>>(to, operand),
            TypeKind.Int32 => new UnaryEvaluator<T, int, NumericCast<T, int>>(to, operand),
            TypeKind.Int64 => new UnaryEvaluator<T, long, NumericCast<T, long>>(to, operand),
            TypeKind.UInt8 => new UnaryEvaluator<T, byte, NumericCast<T, byte>>(to, operand),
            TypeKind.UInt16 => new UnaryEvaluator<T, ushort, NumericCast<T, ushort>>(to, operand),
            TypeKind.UInt32 => new UnaryEvaluator<T, uint, NumericCast<T, uint>>(to, operand),
            TypeKind.UInt64 => new UnaryEvaluator<T, ulong, NumericCast<T, ulong>>(to, operand),
            TypeKind.Single => new UnaryEvaluator<T, float, NumericCast<T, float>>(to, operand),
            TypeKind.Double => new UnaryEvaluator<T, double, NumericCast<T, double>>(to, operand),
            TypeKind.Decimal => new UnaryEvaluator<T, decimal, NumericCast<T, decimal>>(to, operand),
            _ => throw Error.CannotCast(new DataType(operand.Type.Kind).ToString(), to.ToString()),
        };
}
