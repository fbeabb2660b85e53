using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Arithmetic and bit operators of numbers.</summary>
internal static class ArithmeticFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        .. Integer<sbyte>(DataType.Int8),
        .. Integer<short>(DataType.Int16),
        .. Integer<int>(DataType.Int32),
        .. Integer<long>(DataType.Int64),
        .. Integer<byte>(DataType.UInt8),
        .. Integer<ushort>(DataType.UInt16),
        .. Integer<uint>(DataType.UInt32),
        .. Integer<ulong>(DataType.UInt64),
        .. Number<float>(DataType.Single),
        .. Number<double>(DataType.Double),
        .. Number<decimal>(DataType.Decimal),
        Scalar.Binary<double, double, double, Power>("^", TypeKind.Double, TypeKind.Double, DataType.Double, "To the power of."),
    ];

    private static FunctionOverload[] Number<T>(DataType type)
        where T : unmanaged, INumber<T>
        =>
        [
            Scalar.Binary<T, T, T, Add<T>>("+", type.Kind, type.Kind, type, "Sum."),
            Scalar.Binary<T, T, T, Subtract<T>>("-", type.Kind, type.Kind, type, "Difference."),
            Scalar.Binary<T, T, T, Multiply<T>>("*", type.Kind, type.Kind, type, "Product."),
            Scalar.Binary<T, T, T, Divide<T>>("/", type.Kind, type.Kind, type, "Quotient; integers truncate towards zero."),
            Scalar.Binary<T, T, T, Modulo<T>>("%", type.Kind, type.Kind, type, "Remainder, with the sign of the dividend."),
            Scalar.Binary<T, T, T, Modulo<T>>("mod", type.Kind, type.Kind, type, "Remainder, with the sign of the dividend."),
            Scalar.Unary<T, T, Negate<T>>("-", type.Kind, type, "Negation."),
            Scalar.Unary<T, T, Identity<T>>("+", type.Kind, type, "The number itself."),
        ];

    private static FunctionOverload[] Integer<T>(DataType type)
        where T : unmanaged, IBinaryInteger<T>
        =>
        [
            .. Number<T>(type),
            Scalar.Binary<T, T, T, BitAnd<T>>("&", type.Kind, type.Kind, type, "Bitwise and."),
            Scalar.Binary<T, T, T, BitOr<T>>("|", type.Kind, type.Kind, type, "Bitwise or."),
            Scalar.Binary<T, T, T, BitXor<T>>("#", type.Kind, type.Kind, type, "Bitwise exclusive or."),
            Scalar.Unary<T, T, BitNot<T>>("~", type.Kind, type, "Bitwise complement."),
            Scalar.Binary<T, int, T, ShiftLeft<T>>("<<", type.Kind, TypeKind.Int32, type, "Bits shifted left."),
            Scalar.Binary<T, int, T, ShiftRight<T>>(">>", type.Kind, TypeKind.Int32, type, "Bits shifted right."),
        ];
}
