using System.Globalization;
using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>json to a number: of a json number, rounded as numeric is; null gives NULL.</summary>
internal readonly struct JsonToNumber<T>(DataType type) : IRowFunction<T>
    where T : unmanaged, INumber<T>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out T result)
    {
        var value = arguments[0].Get<Bytes>(row).Span;
        result = default;
        switch (JsonText.KindOf(value))
        {
            case JsonKind.Null:
                return false;
            case JsonKind.Number:
                break;
            default:
                throw Error.CannotCastJson(JsonPart.Describe(value), type.ToString());
        }

        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            return T.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out result) && T.IsFinite(result) ? true : throw Error.NumericOutOfRange(type.ToString());
        }

        if (!decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            throw Error.NumericOutOfRange(type.ToString());
        }

        result = T.CreateChecked(type.IsInteger ? decimal.Round(number, MidpointRounding.AwayFromZero) : number);
        return true;
    }
}

/// <summary>json to boolean: of true and false; null gives NULL.</summary>
internal readonly struct JsonToBoolean : IRowFunction<byte>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        var value = arguments[0].Get<Bytes>(row).Span;
        result = value[0] == 't' ? (byte)1 : (byte)0;
        return JsonText.KindOf(value) switch
        {
            JsonKind.Boolean => true,
            JsonKind.Null => false,
            _ => throw Error.CannotCastJson(JsonPart.Describe(value), "boolean"),
        };
    }
}

internal static class JsonCasts
{
    public static bool Exists(TypeKind to) => to is >= TypeKind.Boolean and <= TypeKind.Decimal;

    public static Evaluator Create(DataType to, Evaluator operand) => to.Kind switch
    {
        TypeKind.Boolean => new RowEvaluator<byte, JsonToBoolean>(to, [operand]),
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
        _ => throw Error.CannotCast("json", to.ToString()),
    };

    private static RowEvaluator<T, JsonToNumber<T>> Number<T>(DataType to, Evaluator operand)
        where T : unmanaged, INumber<T>
        => new(to, [operand], new JsonToNumber<T>(to));
}
