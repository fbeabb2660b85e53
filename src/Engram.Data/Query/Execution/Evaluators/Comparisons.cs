using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Makes the evaluator of a comparison of two values of one type.</summary>
internal static class Comparisons
{
    /// <summary>Whether values of the type have an order (and so can be keys of ORDER BY, min and max).</summary>
    public static bool IsOrdered(TypeKind kind) => kind is (>= TypeKind.Boolean and <= TypeKind.Vector) or TypeKind.Bit or TypeKind.SparseVector;

    /// <summary>Whether values of the type can be equal.</summary>
    public static bool IsEquatable(TypeKind kind) => IsOrdered(kind);

    /// <summary>a op b as b op a.</summary>
    public static ComparisonKind Mirror(ComparisonKind kind) => kind switch
    {
        ComparisonKind.Less => ComparisonKind.Greater,
        ComparisonKind.LessOrEqual => ComparisonKind.GreaterOrEqual,
        ComparisonKind.Greater => ComparisonKind.Less,
        ComparisonKind.GreaterOrEqual => ComparisonKind.LessOrEqual,
        _ => kind,
    };

    public static Evaluator Create(DataType type, ComparisonKind kind, Evaluator left, Evaluator right) => type.Kind switch
    {
        _ when type.Collation == Collation.Indeterminate => throw Error.IndeterminateCollation(),
        TypeKind.Array => new ArrayComparisonEvaluator(type.ElementType, kind, left, right),
        TypeKind.Text when type.Collation == Collation.NoCase => Create<Bytes, NoCaseOrder>(kind, left, right),
        TypeKind.Json => Create<Bytes, JsonValueOrder>(kind, left, right),
        TypeKind.Vector => Create<Bytes, VectorOrder>(kind, left, right),
        TypeKind.SparseVector => Create<Bytes, SparseVectorOrder>(kind, left, right),
        TypeKind.Bit => Create<Bytes, BitsOrder>(kind, left, right),
        _ => type.Physical switch
        {
            PhysicalType.Byte => new ComparisonEvaluator<byte>(kind, left, right),
            PhysicalType.SByte => new ComparisonEvaluator<sbyte>(kind, left, right),
            PhysicalType.Int16 => new ComparisonEvaluator<short>(kind, left, right),
            PhysicalType.UInt16 => new ComparisonEvaluator<ushort>(kind, left, right),
            PhysicalType.Int32 => new ComparisonEvaluator<int>(kind, left, right),
            PhysicalType.UInt32 => new ComparisonEvaluator<uint>(kind, left, right),
            PhysicalType.Int64 => new ComparisonEvaluator<long>(kind, left, right),
            PhysicalType.UInt64 => new ComparisonEvaluator<ulong>(kind, left, right),
            PhysicalType.Single => new ComparisonEvaluator<float>(kind, left, right),
            PhysicalType.Double => new ComparisonEvaluator<double>(kind, left, right),
            PhysicalType.Decimal => Create<decimal, NumberOrder<decimal>>(kind, left, right),
            PhysicalType.Guid => Create<Guid, GuidOrder>(kind, left, right),
            PhysicalType.Bytes => Create<Bytes, BytesOrder>(kind, left, right),
            _ => throw Error.Internal($"values of {type} cannot be compared"),
        },
    };

    private static Evaluator Create<T, TOrder>(ComparisonKind kind, Evaluator left, Evaluator right)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        => kind switch
        {
            ComparisonKind.Equal => Of<T, TOrder, IsEqual>(left, right),
            ComparisonKind.NotEqual => Of<T, TOrder, IsNotEqual>(left, right),
            ComparisonKind.Less => Of<T, TOrder, IsLess>(left, right),
            ComparisonKind.LessOrEqual => Of<T, TOrder, IsLessOrEqual>(left, right),
            ComparisonKind.Greater => Of<T, TOrder, IsLess>(right, left),
            _ => Of<T, TOrder, IsLessOrEqual>(right, left),
        };

    private static BinaryEvaluator<T, T, byte, Comparison<T, TOrder, TComparison>> Of<T, TOrder, TComparison>(Evaluator left, Evaluator right)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        where TComparison : struct, IComparison
        => new(DataType.Boolean, left, right);
}
