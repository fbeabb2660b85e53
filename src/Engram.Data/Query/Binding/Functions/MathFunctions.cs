using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Mathematics. Functions of double precision follow IEEE 754: outside their domain they give NaN, not an error.</summary>
internal static class MathFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        .. Number<sbyte>(DataType.Int8),
        .. Number<short>(DataType.Int16),
        .. Number<int>(DataType.Int32),
        .. Number<long>(DataType.Int64),
        .. Number<byte>(DataType.UInt8),
        .. Number<ushort>(DataType.UInt16),
        .. Number<uint>(DataType.UInt32),
        .. Number<ulong>(DataType.UInt64),
        .. Number<float>(DataType.Single),
        .. Number<double>(DataType.Double),
        .. Number<decimal>(DataType.Decimal),
        Double<RoundDouble>("round", "Rounded to an integer, ties to even."),
        Double<FloorDouble>("floor", "The next integer below."),
        Double<CeilingDouble>("ceil", "The next integer above."),
        Double<CeilingDouble>("ceiling", "The next integer above."),
        Double<TruncateDouble>("trunc", "Without its fraction."),
        Scalar.Binary<double, int, double, RoundDoubleTo>("round", TypeKind.Double, TypeKind.Int32, DataType.Double, "Rounded to digits, ties to even."),
        Decimal<RoundDecimal>("round", "Rounded to an integer, ties away from zero."),
        Decimal<FloorDecimal>("floor", "The next integer below."),
        Decimal<CeilingDecimal>("ceil", "The next integer above."),
        Decimal<CeilingDecimal>("ceiling", "The next integer above."),
        Decimal<TruncateDecimal>("trunc", "Without its fraction."),
        DecimalTo("round", MidpointRounding.AwayFromZero, "Rounded to digits, ties away from zero."),
        DecimalTo("round_even", MidpointRounding.ToEven, "Rounded to digits, ties to even: Math.Round of .NET."),
        DecimalTo("trunc", MidpointRounding.ToZero, "Cut to digits."),
        Double<SquareRoot>("sqrt", "Square root."),
        Double<CubeRoot>("cbrt", "Cube root."),
        Double<Exponential>("exp", "e to the power of."),
        Double<NaturalLogarithm>("ln", "Natural logarithm."),
        Double<DecimalLogarithm>("log", "Logarithm to base 10."),
        Double<DecimalLogarithm>("log10", "Logarithm to base 10."),
        Double<BinaryLogarithm>("log2", "Logarithm to base 2."),
        Double<Sine>("sin", "Sine."),
        Double<Cosine>("cos", "Cosine."),
        Double<Tangent>("tan", "Tangent."),
        Double<ArcSine>("asin", "Inverse sine."),
        Double<ArcCosine>("acos", "Inverse cosine."),
        Double<ArcTangent>("atan", "Inverse tangent."),
        Double<HyperbolicSine>("sinh", "Hyperbolic sine."),
        Double<HyperbolicCosine>("cosh", "Hyperbolic cosine."),
        Double<HyperbolicTangent>("tanh", "Hyperbolic tangent."),
        Double<Degrees>("degrees", "Radians as degrees."),
        Double<Radians>("radians", "Degrees as radians."),
        Doubles<Power>("power", "To the power of."),
        Doubles<Power>("pow", "To the power of."),
        Doubles<LogarithmOfBase>("log", "log(base, x)."),
        Doubles<ArcTangent2>("atan2", "Inverse tangent of y / x."),
        Scalar.Of("pi", [], DataType.Double, (type, _, _) => new ConstantEvaluator(type, Math.PI), "The number pi."),
    ];

    private static FunctionOverload[] Number<T>(DataType type)
        where T : unmanaged, INumber<T>
        =>
        [
            Scalar.Unary<T, T, Absolute<T>>("abs", type.Kind, type, "Absolute value."),
            Scalar.Unary<T, T, Absolute<T>>("@", type.Kind, type, "Absolute value."),
            Scalar.Unary<T, T, Sign<T>>("sign", type.Kind, type, "-1, 0 or 1."),
        ];

    private static FunctionOverload Double<TFunction>(string name, string summary)
        where TFunction : struct, IDoubleFunction
        => Scalar.Unary<double, double, OfDouble<TFunction>>(name, TypeKind.Double, DataType.Double, summary);

    private static FunctionOverload Doubles<TFunction>(string name, string summary)
        where TFunction : struct, IBinaryFunction<double, double, double>
        => Scalar.Binary<double, double, double, TFunction>(name, TypeKind.Double, TypeKind.Double, DataType.Double, summary);

    private static FunctionOverload Decimal<TFunction>(string name, string summary)
        where TFunction : struct, IDecimalFunction
        => Scalar.Unary<decimal, decimal, OfDecimal<TFunction>>(name, TypeKind.Decimal, DataType.Decimal, summary);

    private static FunctionOverload DecimalTo(string name, MidpointRounding mode, string summary)
        => Scalar.Of(name, [TypeKind.Decimal, TypeKind.Int32], DataType.Decimal, (type, arguments, _)
            => new BinaryEvaluator<decimal, int, decimal, RoundDecimalTo>(type, arguments[0], arguments[1], new RoundDecimalTo(mode)), summary);
}
