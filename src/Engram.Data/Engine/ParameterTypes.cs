using System.Collections;
using System.Data;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>Which SQL type a parameter has: by its DbType, by the name of a type, or by the CLR type of its value.</summary>
internal static class ParameterTypes
{
    private static readonly string[] Places = [.. Enumerable.Range(1, 32).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The name without its prefix.</summary>
    public static string BareName(string name) => name is ['@' or ':' or '$', .. var rest] ? rest : name;

    /// <summary>The name of the parameter at a place, counted from 0, that has none of its own.</summary>
    public static string PlaceName(int index) => index < Places.Length ? Places[index] : (index + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>Null for <see cref="DbType.Object"/>, which says nothing.</summary>
    public static DataType? FromDbType(DbType dbType) => dbType switch
    {
        DbType.AnsiString or DbType.String or DbType.AnsiStringFixedLength or DbType.StringFixedLength or DbType.Xml => DataType.Text,
        DbType.Binary => DataType.Bytea,
        DbType.Boolean => DataType.Boolean,
        DbType.SByte => DataType.Int8,
        DbType.Int16 => DataType.Int16,
        DbType.Int32 => DataType.Int32,
        DbType.Int64 => DataType.Int64,
        DbType.Byte => DataType.UInt8,
        DbType.UInt16 => DataType.UInt16,
        DbType.UInt32 => DataType.UInt32,
        DbType.UInt64 => DataType.UInt64,
        DbType.Single => DataType.Single,
        DbType.Double => DataType.Double,
        DbType.Decimal or DbType.Currency or DbType.VarNumeric => DataType.Decimal,
        DbType.Guid => DataType.Uuid,
        DbType.Date => DataType.Date,
        DbType.Time => DataType.Time,
        DbType.DateTime or DbType.DateTime2 => DataType.Timestamp,
        DbType.DateTimeOffset => DataType.TimestampTz,
        DbType.Object => null,
        _ => throw new ArgumentOutOfRangeException(nameof(dbType), dbType, "This DbType is unknown."),
    };

    public static DbType ToDbType(DataType type) => type.Kind switch
    {
        TypeKind.Boolean => DbType.Boolean,
        TypeKind.Int8 => DbType.SByte,
        TypeKind.Int16 => DbType.Int16,
        TypeKind.Int32 => DbType.Int32,
        TypeKind.Int64 => DbType.Int64,
        TypeKind.UInt8 => DbType.Byte,
        TypeKind.UInt16 => DbType.UInt16,
        TypeKind.UInt32 => DbType.UInt32,
        TypeKind.UInt64 => DbType.UInt64,
        TypeKind.Single => DbType.Single,
        TypeKind.Double => DbType.Double,
        TypeKind.Decimal => DbType.Decimal,
        TypeKind.Text => DbType.String,
        TypeKind.Bytea => DbType.Binary,
        TypeKind.Uuid => DbType.Guid,
        TypeKind.Date => DbType.Date,
        TypeKind.Time => DbType.Time,
        TypeKind.Timestamp => DbType.DateTime2,
        TypeKind.TimestampTz => DbType.DateTimeOffset,
        _ => DbType.Object,
    };

    /// <summary>The type of a name as SQL spells it. Modifiers are passed over: they belong to columns.</summary>
    public static DataType FromName(string name)
    {
        try
        {
            var type = TypeNames.Resolve(name);
            return new DataType(type.Kind, Element: type.Element);
        }
        catch (EngramException e)
        {
            throw Error.UnknownTypeName(name, e);
        }
    }

    /// <summary>The type of a value; Unknown for null.</summary>
    /// <exception cref="EngramException">42804: no SQL type holds such a value.</exception>
    public static DataType FromValue(object? value, string parameter)
    {
        var type = TryFromValue(value);
        return type.Kind != TypeKind.Unknown || value is null or DBNull || IsEmptyList(value) ? type : throw Error.UnknownParameterType(parameter, value.GetType());
    }

    /// <summary>The same, Unknown also for what no SQL type holds.</summary>
    public static DataType TryFromValue(object? value) => value switch
    {
        null or DBNull => DataType.Unknown,
        string or char or char[] or ReadOnlyMemory<char> => DataType.Text,
        DateTime time => time.Kind == DateTimeKind.Utc ? DataType.TimestampTz : DataType.Timestamp,
        byte[] or ReadOnlyMemory<byte> or Memory<byte> or ArraySegment<byte> or Stream => DataType.Bytea,
        float[] or ReadOnlyMemory<float> or Memory<float> or ArraySegment<float> => DataType.Vector(0),
        Half[] or ReadOnlyMemory<Half> or Memory<Half> => new DataType(TypeKind.HalfVector),
        EngramSparseVector => new DataType(TypeKind.SparseVector),
        BitArray => DataType.VaryingBits(),
        _ => KindOf(value.GetType()) is not TypeKind.Unknown and var kind ? new DataType(kind) : FromList(value),
    };

    /// <summary>The kind of a scalar CLR type; Unknown when there is none.</summary>
    public static TypeKind KindOf(Type clrType)
    {
        var type = Nullable.GetUnderlyingType(clrType) ?? clrType;
        return type == typeof(Guid) ? TypeKind.Uuid
            : type == typeof(DateTimeOffset) ? TypeKind.TimestampTz
            : type == typeof(DateOnly) ? TypeKind.Date
            : type == typeof(TimeOnly) ? TypeKind.Time
            : type == typeof(TimeSpan) ? TypeKind.Interval
            : type == typeof(Half) ? TypeKind.Single
            : type == typeof(byte[]) ? TypeKind.Bytea
            // An enum has the type code of its underlying type.
            : Type.GetTypeCode(type) switch
            {
                TypeCode.Boolean => TypeKind.Boolean,
                TypeCode.Char or TypeCode.String => TypeKind.Text,
                TypeCode.SByte => TypeKind.Int8,
                TypeCode.Byte => TypeKind.UInt8,
                TypeCode.Int16 => TypeKind.Int16,
                TypeCode.UInt16 => TypeKind.UInt16,
                TypeCode.Int32 => TypeKind.Int32,
                TypeCode.UInt32 => TypeKind.UInt32,
                TypeCode.Int64 => TypeKind.Int64,
                TypeCode.UInt64 => TypeKind.UInt64,
                TypeCode.Single => TypeKind.Single,
                TypeCode.Double => TypeKind.Double,
                TypeCode.Decimal => TypeKind.Decimal,
                TypeCode.DateTime => TypeKind.Timestamp,
                _ => TypeKind.Unknown,
            };
    }

    private static DataType FromList(object value)
    {
        var type = value.GetType();
        if (value is not IEnumerable items || (value is Array && type.GetArrayRank() != 1))
        {
            return DataType.Unknown;
        }

        var element = type.IsArray ? KindOf(type.GetElementType()!)
            : type.IsGenericType && type.GenericTypeArguments is [var argument] ? KindOf(argument)
            : TypeKind.Unknown;
        if (element == TypeKind.Unknown)
        {
            foreach (var item in items)
            {
                if (item is not (null or DBNull))
                {
                    element = KindOf(item.GetType());
                    break;
                }
            }
        }

        return element == TypeKind.Unknown ? DataType.Unknown : DataType.ArrayOf(element);
    }

    /// <summary>A list without elements and without an element type takes the type of its place.</summary>
    private static bool IsEmptyList(object value)
    {
        if (value is not IEnumerable items || value is string)
        {
            return false;
        }

        foreach (var item in items)
        {
            if (item is not (null or DBNull))
            {
                return false;
            }
        }

        return true;
    }
}
