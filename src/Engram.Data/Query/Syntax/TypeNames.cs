using Engram.Data.Columns;

namespace Engram.Data.Query.Syntax;

/// <summary>The types that names stand for: PostgreSQL's names and other names, pgvector's, and those of the unsigned integers.</summary>
internal static class TypeNames
{
    public const int VectorDimensionsMax = 16_000;
    private const int NumericPrecisionMax = 1000;
    private const int NumericScaleMax = 28;
    private const int TextLengthMax = 10_485_760;

    /// <summary>The type that a name with its modifiers stands for.</summary>
    /// <exception cref="EngramException">42704 for an unknown name, 22023 for modifiers that the type does not take.</exception>
    public static DataType Resolve(TypeNameSyntax name)
    {
        var type = ResolveElement(name);
        if (name.ArrayDimensions == 0)
        {
            return type;
        }

        if (name.ArrayDimensions > 1)
        {
            throw Error.NotSupported("An array of more than one dimension", name.Position + 1);
        }

        return type.Kind is TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector or TypeKind.Bit
            ? throw Error.NotSupported($"An array of {type.Kind switch { TypeKind.Bit => "bit strings", _ => "vectors" }}", name.Position + 1)
            : DataType.ArrayOf(type.Kind);
    }

    /// <summary>The type of a text such as <c>numeric(18,2)</c>.</summary>
    /// <summary>The name of a type as PostgreSQL writes it out, without its modifiers.</summary>
    public static string Standard(DataType type) => type.Kind switch
    {
        TypeKind.Unknown => "unknown",
        TypeKind.Text when type.Size > 0 => "character varying",
        TypeKind.Timestamp => "timestamp without time zone",
        TypeKind.TimestampTz => "timestamp with time zone",
        TypeKind.Time => "time without time zone",
        TypeKind.Json => "jsonb",
        TypeKind.Bit => type.IsVarying ? "bit varying" : "bit",
        TypeKind.Array => Standard(new DataType(type.Element)) + "[]",
        _ => new DataType(type.Kind).ToString(),
    };

    public static DataType Resolve(string name) => Resolve(Parser.ParseTypeName(name));

    /// <summary>Whether the name is serial or one of its kin: an integer with an identity; and which integer.</summary>
    public static bool IsSerial(TypeNameSyntax name, out DataType type)
    {
        type = name.Name switch
        {
            "serial" or "serial4" => DataType.Int32,
            "bigserial" or "serial8" => DataType.Int64,
            "smallserial" or "serial2" => DataType.Int16,
            _ => DataType.Unknown,
        };
        return type.Kind != TypeKind.Unknown;
    }

    private static DataType ResolveElement(TypeNameSyntax name)
    {
        if (IsSerial(name, out var serial))
        {
            return Plain(name, serial);
        }

        switch (name.Name)
        {
            case "boolean" or "bool": return Plain(name, DataType.Boolean);
            case "tinyint" or "int1": return Plain(name, DataType.Int8);
            case "smallint" or "int2": return Plain(name, DataType.Int16);
            case "integer" or "int" or "int4": return Plain(name, DataType.Int32);
            case "bigint" or "int8": return Plain(name, DataType.Int64);
            case "utinyint" or "uint1": return Plain(name, DataType.UInt8);
            case "usmallint" or "uint2": return Plain(name, DataType.UInt16);
            case "uinteger" or "uint" or "uint4": return Plain(name, DataType.UInt32);
            case "ubigint" or "uint8": return Plain(name, DataType.UInt64);
            case "real" or "float4": return Plain(name, DataType.Single);
            case "double precision" or "float8" or "double": return Plain(name, DataType.Double);
            case "float": return ResolveFloat(name);
            case "numeric" or "decimal" or "dec": return ResolveNumeric(name);
            case "text" or "name": return Plain(name, DataType.Text);
            case "varchar" or "bpchar": return Sized(name, TypeKind.Text, 0, TextLengthMax, "length");
            case "char": return Sized(name, TypeKind.Text, 1, TextLengthMax, "length");
            case "bytea": return Plain(name, DataType.Bytea);
            case "uuid": return Plain(name, DataType.Uuid);
            case "date": return Plain(name, DataType.Date);
            case "time": return WithPrecision(name, DataType.Time);
            case "timestamp" or "datetime": return WithPrecision(name, DataType.Timestamp);
            case "timestamptz" or "timestamp with time zone": return WithPrecision(name, DataType.TimestampTz);
            case "interval": return WithPrecision(name, DataType.Interval);
            case "json" or "jsonb": return Plain(name, DataType.Json);
            case "jsonpath": return Plain(name, DataType.Text);
            case "vector": return Sized(name, TypeKind.Vector, 0, VectorDimensionsMax, "number of dimensions");
            case "halfvec": return Sized(name, TypeKind.HalfVector, 0, VectorDimensionsMax, "number of dimensions");
            case "sparsevec": return Sized(name, TypeKind.SparseVector, 0, SparseValue.DimensionsMax, "number of dimensions");
            case "bit": return Sized(name, TypeKind.Bit, 1, BitString.LengthMax, "length");
            case "varbit" or "bit varying": return DataType.VaryingBits(Sized(name, TypeKind.Bit, 0, BitString.LengthMax, "length").Size);
            case "time with time zone" or "timetz":
                throw Error.NotSupported("A time of day with an offset (use timestamptz, or time)", name.Position + 1);
            default:
                throw Error.UnknownType(name.Name, name.Position);
        }
    }

    private static DataType Plain(TypeNameSyntax name, DataType type)
        => name.Modifiers.Count == 0 ? type : throw Error.TypeModifier(name.Name, "no numbers in parentheses", name.Position);

    private static DataType Sized(TypeNameSyntax name, TypeKind kind, int sizeWhenAbsent, int sizeMax, string what)
        => name.Modifiers.Count switch
        {
            0 => new DataType(kind, sizeWhenAbsent),
            1 when name.Modifiers[0] >= 1 && name.Modifiers[0] <= sizeMax => new DataType(kind, name.Modifiers[0]),
            _ => throw Error.TypeModifier(name.Name, $"one {what} from 1 to {sizeMax:N0}", name.Position),
        };

    private static DataType ResolveFloat(TypeNameSyntax name) => name.Modifiers switch
    {
        [] => DataType.Double,
        [>= 1 and <= 24] => DataType.Single,
        [>= 25 and <= 53] => DataType.Double,
        _ => throw Error.TypeModifier(name.Name, "one precision from 1 to 53 bits", name.Position),
    };

    private static DataType ResolveNumeric(TypeNameSyntax name) => name.Modifiers switch
    {
        [] => DataType.Decimal,
        [>= 1 and <= NumericPrecisionMax and var precision] => new DataType(TypeKind.Decimal, precision, 0),
        [>= 1 and <= NumericPrecisionMax and var precision, >= 0 and <= NumericScaleMax and var scale] when scale <= precision => new DataType(TypeKind.Decimal, precision, scale),
        _ => throw Error.TypeModifier(name.Name, $"a precision from 1 to {NumericPrecisionMax:N0} and a scale from 0 to {NumericScaleMax} that is not greater", name.Position),
    };

    /// <summary>Times are kept to 100 ns whatever was asked for; fewer digits than six would need rounding that is not there.</summary>
    private static DataType WithPrecision(TypeNameSyntax name, DataType type) => name.Modifiers switch
    {
        [] or [6] or [7] => type,
        [>= 0 and <= 5] => throw Error.NotSupported($"{name.Name} with fewer than 6 digits of a second (values are kept to 100 ns)", name.Position + 1),
        _ => throw Error.TypeModifier(name.Name, "one precision of 6 or 7 digits of a second", name.Position),
    };
}
