using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Makes the evaluator of a conversion. Whether a cast is allowed implicitly is the binder's business; here any that has a meaning is made.</summary>
internal static class CastFactory
{
    /// <summary>Whether a cast between the kinds exists.</summary>
    public static bool Exists(DataType from, DataType to)
    {
        if (from.Kind == to.Kind && from.Element == to.Element)
        {
            return true;
        }

        return (from.Kind, to.Kind) switch
        {
            (TypeKind.Unknown, _) => true,
            (TypeKind.Text, TypeKind.Array) => Exists(DataType.Text, new DataType(to.Element)),
            (TypeKind.Array, TypeKind.Text) => Exists(new DataType(from.Element), DataType.Text),
            (TypeKind.Text, _) or (_, TypeKind.Text) => IsScalar(from.Kind) && IsScalar(to.Kind),
            (TypeKind.Json, _) => JsonCasts.Exists(to.Kind),
            (TypeKind.Boolean or (>= TypeKind.Int8 and <= TypeKind.Decimal), TypeKind.Boolean or (>= TypeKind.Int8 and <= TypeKind.Decimal)) => true,
            (TypeKind.Date, TypeKind.Timestamp or TypeKind.TimestampTz) => true,
            (TypeKind.Timestamp, TypeKind.Date or TypeKind.Time or TypeKind.TimestampTz) => true,
            (TypeKind.TimestampTz, TypeKind.Date or TypeKind.Time or TypeKind.Timestamp) => true,
            (TypeKind.Time, TypeKind.Interval) or (TypeKind.Interval, TypeKind.Time) => true,
            (TypeKind.Array, TypeKind.Array) => Exists(new DataType(from.Element), new DataType(to.Element)),
            (TypeKind.Array, TypeKind.Vector or TypeKind.HalfVector) => new DataType(from.Element).IsNumeric,
            (TypeKind.Vector or TypeKind.HalfVector, TypeKind.Array) => new DataType(to.Element).IsNumeric,
            (TypeKind.Vector, TypeKind.HalfVector) or (TypeKind.HalfVector, TypeKind.Vector) => true,
            (TypeKind.Vector or TypeKind.HalfVector, TypeKind.SparseVector) or (TypeKind.SparseVector, TypeKind.Vector or TypeKind.HalfVector) => true,
            (TypeKind.Array, TypeKind.SparseVector) => new DataType(from.Element).IsNumeric,
            (TypeKind.SparseVector, TypeKind.Array) => new DataType(to.Element).IsNumeric,
            // Only a length says which bits.
            (TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64, TypeKind.Bit) => to.Size > 0 && !to.IsVarying,
            (TypeKind.Bit, TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64) => true,
            _ => false,
        };
    }

    /// <param name="to">With modifiers, which are checked.</param>
    /// <param name="operand">Becomes the new evaluator's, or is returned as it is when there is nothing to convert.</param>
    /// <param name="target">The column that the value is for, for messages.</param>
    /// <param name="isExplicit">Whether the cast was written: only then is a text cut to varchar(n).</param>
    public static Evaluator Create(DataType to, Evaluator operand, string? target, bool isExplicit = false)
    {
        var from = operand.Type;
        if (!Exists(from, to))
        {
            throw Error.CannotCast(from.ToString(), to.ToString());
        }

        if (from.IsInteger && to.Kind == TypeKind.Bit)
        {
            return BitsOf(from, to, operand);
        }

        var plain = new DataType(to.Kind, Element: to.Element);
        var converted = from.Kind == to.Kind && from.Element == to.Element ? operand : Convert(from, plain, operand);
        return Fit(to, converted, target, isExplicit);
    }

    private static bool IsScalar(TypeKind kind)
        => kind is (>= TypeKind.Boolean and <= TypeKind.Json) or TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector or TypeKind.Bit;

    private static Evaluator Fit(DataType to, Evaluator operand, string? target, bool isExplicit)
    {
        var from = operand.Type;
        return to.Kind switch
        {
            TypeKind.Decimal when to.Size > 0 && (from.Size != to.Size || from.Scale != to.Scale)
                => new UnaryEvaluator<decimal, decimal, FitNumeric>(to, operand, new FitNumeric(to.Size, Math.Max(to.Scale, 0), target)),
            TypeKind.Text when to.Size > 0 && (from.Size == 0 || from.Size > to.Size) && isExplicit
                => new UnaryEvaluator<Bytes, Bytes, CutText>(to, operand, new CutText(to.Size)),
            TypeKind.Text when to.Size > 0 && (from.Size == 0 || from.Size > to.Size)
                => new UnaryEvaluator<Bytes, Bytes, FitText>(to, operand, new FitText(to.Size, target)),
            TypeKind.Vector when to.Size > 0 && from.Size != to.Size
                => new UnaryEvaluator<Bytes, Bytes, FitVector>(to, operand, new FitVector(to.Size, target)),
            TypeKind.HalfVector when to.Size > 0 && from.Size != to.Size
                => new UnaryEvaluator<Bytes, Bytes, FitVector>(to, operand, new FitVector(to.Size, target, elementSize: 2)),
            TypeKind.SparseVector when to.Size > 0 && from.Size != to.Size
                => new UnaryEvaluator<Bytes, Bytes, FitSparse>(to, operand, new FitSparse(to.Size, target)),
            TypeKind.Bit when to.Size > 0 && (from.Size != to.Size || from.Scale != to.Scale) && isExplicit
                => new UnaryEvaluator<Bytes, Bytes, CutBits>(to, operand, new CutBits(to)),
            TypeKind.Bit when to.Size > 0 && (from.Size != to.Size || from.Scale != to.Scale)
                => new UnaryEvaluator<Bytes, Bytes, FitBits>(to, operand, new FitBits(to, target)),
            _ => operand,
        };
    }

    private static Evaluator Convert(DataType from, DataType to, Evaluator operand) => (from.Kind, to.Kind) switch
    {
        (TypeKind.Unknown, _) => NullOf(to, operand),
        (TypeKind.Array, TypeKind.Array) => new ArrayCastEvaluator(to, operand),
        (TypeKind.Array, TypeKind.Vector) => new ArrayToVectorEvaluator(operand),
        (TypeKind.Vector, TypeKind.Array) => new VectorToArrayEvaluator(to, operand),
        (TypeKind.HalfVector, TypeKind.Vector) => new UnaryEvaluator<Bytes, Bytes, WidenVector>(to, operand),
        (TypeKind.HalfVector, TypeKind.Array) => new VectorToArrayEvaluator(to, Convert(from, DataType.Vector(0), operand)),
        (TypeKind.Vector, TypeKind.HalfVector) => new UnaryEvaluator<Bytes, Bytes, NarrowVector>(to, operand),
        (TypeKind.Vector, TypeKind.SparseVector) => new UnaryEvaluator<Bytes, Bytes, SparseOfVector>(to, operand),
        (TypeKind.HalfVector or TypeKind.Array, TypeKind.SparseVector) => Convert(DataType.Vector(0), to, Convert(from, DataType.Vector(0), operand)),
        (TypeKind.SparseVector, TypeKind.Vector) => new UnaryEvaluator<Bytes, Bytes, VectorOfSparse>(to, operand),
        (TypeKind.SparseVector, TypeKind.HalfVector or TypeKind.Array) => Convert(DataType.Vector(0), to, Convert(from, DataType.Vector(0), operand)),
        (TypeKind.Bit, TypeKind.Int16) => new UnaryEvaluator<Bytes, short, BitsToInteger<short>>(to, operand),
        (TypeKind.Bit, TypeKind.Int32) => new UnaryEvaluator<Bytes, int, BitsToInteger<int>>(to, operand),
        (TypeKind.Bit, TypeKind.Int64) => new UnaryEvaluator<Bytes, long, BitsToInteger<long>>(to, operand),
        (_, TypeKind.HalfVector) => Convert(DataType.Vector(0), to, Convert(from, DataType.Vector(0), operand)),
        (_, TypeKind.Text) => Format(from, operand),
        (TypeKind.Json, _) => JsonCasts.Create(to, operand),
        (TypeKind.Text, _) => Parse(to, operand),
        (TypeKind.Date, _) => new UnaryEvaluator<int, long, DateToTicks>(to, operand),
        (TypeKind.Timestamp, TypeKind.TimestampTz) => new UnaryEvaluator<long, long, Identity<long>>(to, operand),
        (TypeKind.Timestamp, TypeKind.Date) => new UnaryEvaluator<long, int, TicksToDate>(to, operand),
        (TypeKind.Timestamp or TypeKind.Interval, TypeKind.Time) => new UnaryEvaluator<long, long, TicksToTime>(to, operand),
        (TypeKind.Time, TypeKind.Interval) => new UnaryEvaluator<long, long, Identity<long>>(to, operand),
        (TypeKind.TimestampTz, TypeKind.Timestamp) => new LocalClockEvaluator(operand),
        (TypeKind.TimestampTz, _) => Convert(DataType.Timestamp, to, new LocalClockEvaluator(operand)),
        _ => NumericCasts.Create(from.Kind, to, operand),
    };

    private static Evaluator BitsOf(DataType from, DataType to, Evaluator operand) => from.Kind switch
    {
        TypeKind.Int16 => new UnaryEvaluator<short, Bytes, IntegerToBits<short>>(to, operand, new IntegerToBits<short>(to.Size)),
        TypeKind.Int32 => new UnaryEvaluator<int, Bytes, IntegerToBits<int>>(to, operand, new IntegerToBits<int>(to.Size)),
        _ => new UnaryEvaluator<long, Bytes, IntegerToBits<long>>(to, operand, new IntegerToBits<long>(to.Size)),
    };

    private static ConstantEvaluator NullOf(DataType to, Evaluator operand)
    {
        operand.Dispose();
        return new ConstantEvaluator(to, null);
    }

    private static Evaluator Format(DataType from, Evaluator operand)
    {
        var to = DataType.Text;
        return from.Kind switch
        {
            TypeKind.Boolean => new UnaryEvaluator<byte, Bytes, FormatBoolean>(to, operand),
            TypeKind.Int8 => new UnaryEvaluator<sbyte, Bytes, FormatNumber<sbyte>>(to, operand),
            TypeKind.Int16 => new UnaryEvaluator<short, Bytes, FormatNumber<short>>(to, operand),
            TypeKind.Int32 => new UnaryEvaluator<int, Bytes, FormatNumber<int>>(to, operand),
            TypeKind.Int64 => new UnaryEvaluator<long, Bytes, FormatNumber<long>>(to, operand),
            TypeKind.UInt8 => new UnaryEvaluator<byte, Bytes, FormatNumber<byte>>(to, operand),
            TypeKind.UInt16 => new UnaryEvaluator<ushort, Bytes, FormatNumber<ushort>>(to, operand),
            TypeKind.UInt32 => new UnaryEvaluator<uint, Bytes, FormatNumber<uint>>(to, operand),
            TypeKind.UInt64 => new UnaryEvaluator<ulong, Bytes, FormatNumber<ulong>>(to, operand),
            TypeKind.Single => new UnaryEvaluator<float, Bytes, FormatNumber<float>>(to, operand),
            TypeKind.Double => new UnaryEvaluator<double, Bytes, FormatNumber<double>>(to, operand),
            TypeKind.Decimal => new UnaryEvaluator<decimal, Bytes, FormatNumber<decimal>>(to, operand),
            TypeKind.Uuid => new UnaryEvaluator<Guid, Bytes, FormatNumber<Guid>>(to, operand),
            TypeKind.Date => new UnaryEvaluator<int, Bytes, FormatDate>(to, operand),
            TypeKind.Time => new UnaryEvaluator<long, Bytes, FormatTime>(to, operand),
            TypeKind.Timestamp => new UnaryEvaluator<long, Bytes, FormatTimestamp>(to, operand),
            TypeKind.TimestampTz => new FormatInstantEvaluator(to, operand),
            TypeKind.Interval => new UnaryEvaluator<long, Bytes, FormatInterval>(to, operand),
            TypeKind.Bytea => new UnaryEvaluator<Bytes, Bytes, FormatBytea>(to, operand),
            TypeKind.Vector => new UnaryEvaluator<Bytes, Bytes, FormatVector>(to, operand),
            TypeKind.HalfVector => new UnaryEvaluator<Bytes, Bytes, FormatHalfVector>(to, operand),
            TypeKind.SparseVector => new UnaryEvaluator<Bytes, Bytes, FormatSparse>(to, operand),
            TypeKind.Bit => new UnaryEvaluator<Bytes, Bytes, FormatBits>(to, operand),
            TypeKind.Json => new UnaryEvaluator<Bytes, Bytes, Identity<Bytes>>(to, operand),
            _ => new FormatArrayEvaluator(to, operand),
        };
    }

    private static Evaluator Parse(DataType to, Evaluator operand) => to.Kind switch
    {
        TypeKind.Boolean => new UnaryEvaluator<Bytes, byte, ParseBoolean>(to, operand),
        TypeKind.Int8 => Number<sbyte>(to, operand),
        TypeKind.Int16 => Number<short>(to, operand),
        TypeKind.Int32 => Number<int>(to, operand),
        TypeKind.Int64 => Number<long>(to, operand),
        TypeKind.UInt8 => Number<byte>(to, operand),
        TypeKind.UInt16 => Number<ushort>(to, operand),
        TypeKind.UInt32 => Number<uint>(to, operand),
        TypeKind.UInt64 => Number<ulong>(to, operand),
        TypeKind.Single => Number<float>(to, operand),
        TypeKind.Double => Number<double>(to, operand),
        TypeKind.Decimal => Number<decimal>(to, operand),
        TypeKind.Uuid => new UnaryEvaluator<Bytes, Guid, ParseUuid>(to, operand),
        TypeKind.Date => new UnaryEvaluator<Bytes, int, ParseDate>(to, operand),
        TypeKind.Time => new UnaryEvaluator<Bytes, long, ParseTime>(to, operand),
        TypeKind.Timestamp => new UnaryEvaluator<Bytes, long, ParseTimestamp>(to, operand),
        TypeKind.TimestampTz => new ParseInstantEvaluator(operand),
        TypeKind.Interval => new UnaryEvaluator<Bytes, long, ParseInterval>(to, operand),
        TypeKind.Bytea => new UnaryEvaluator<Bytes, Bytes, ParseBytea>(to, operand),
        TypeKind.Vector => new UnaryEvaluator<Bytes, Bytes, ParseVector>(to, operand),
        TypeKind.SparseVector => new UnaryEvaluator<Bytes, Bytes, ParseSparse>(to, operand),
        TypeKind.Bit => new UnaryEvaluator<Bytes, Bytes, ParseBits>(to, operand),
        TypeKind.Json => new UnaryEvaluator<Bytes, Bytes, ParseJson>(to, operand),
        _ => new ParseArrayEvaluator(to, operand),
    };

    private static UnaryEvaluator<Bytes, T, ParseNumber<T>> Number<T>(DataType to, Evaluator operand)
        where T : unmanaged, System.Numerics.INumber<T>
        => new(to, operand, new ParseNumber<T>(to));
}
