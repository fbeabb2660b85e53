namespace Engram.Data.Columns;

/// <summary>The kinds of SQL types. The numbers are stored in files: never renumber, only append.</summary>
internal enum TypeKind : byte
{
    /// <summary>The type of a bare NULL, or of a parameter whose type is not known yet.</summary>
    Unknown = 0,
    Boolean = 1,
    Int8 = 2,
    Int16 = 3,
    Int32 = 4,
    Int64 = 5,
    UInt8 = 6,
    UInt16 = 7,
    UInt32 = 8,
    UInt64 = 9,
    Single = 10,
    Double = 11,
    Decimal = 12,
    Text = 13,
    Bytea = 14,
    Uuid = 15,
    Date = 16,
    Time = 17,
    Timestamp = 18,
    TimestampTz = 19,
    Interval = 20,
    Json = 21,
    Array = 22,
    Vector = 23,
    HalfVector = 24,
    Bit = 25,
    SparseVector = 26,
}

/// <summary>How one value lies in memory. Every kind has exactly one; <see cref="Column.Data"/> is an array of it.</summary>
internal enum PhysicalType : byte
{
    None = 0,
    /// <summary>byte: 0 or 1 for boolean.</summary>
    Byte,
    SByte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    /// <summary><see cref="decimal"/>, 16 bytes as .NET lays it out in memory.</summary>
    Decimal,
    /// <summary><see cref="System.Guid"/>, 16 bytes.</summary>
    Guid,
    /// <summary><see cref="Columns.Bytes"/>: pointer and length. Text and json as UTF-8, bytea as is, vectors as little-endian elements.</summary>
    Bytes,
}

/// <summary>A SQL type with its modifiers: <c>numeric(18,2)</c>, <c>varchar(100)</c>, <c>vector(768)</c>.</summary>
/// <param name="Kind">Which type.</param>
/// <param name="Size">Precision of numeric, greatest length of varchar in code points, dimensions of a vector, bits of a bit string; 0 when not given.</param>
/// <param name="Scale">Digits after the point of <c>numeric(p,s)</c>, -1 when not given; 0 of a bit string whose <paramref name="Size"/> is its greatest length.</param>
/// <param name="Element">The element's kind for <see cref="TypeKind.Array"/>, else Unknown.</param>
internal readonly record struct DataType(TypeKind Kind, int Size = 0, int Scale = -1, TypeKind Element = TypeKind.Unknown)
{
    public static readonly DataType Unknown = new(TypeKind.Unknown);
    public static readonly DataType Boolean = new(TypeKind.Boolean);
    public static readonly DataType Int8 = new(TypeKind.Int8);
    public static readonly DataType Int16 = new(TypeKind.Int16);
    public static readonly DataType Int32 = new(TypeKind.Int32);
    public static readonly DataType Int64 = new(TypeKind.Int64);
    public static readonly DataType UInt8 = new(TypeKind.UInt8);
    public static readonly DataType UInt16 = new(TypeKind.UInt16);
    public static readonly DataType UInt32 = new(TypeKind.UInt32);
    public static readonly DataType UInt64 = new(TypeKind.UInt64);
    public static readonly DataType Single = new(TypeKind.Single);
    public static readonly DataType Double = new(TypeKind.Double);
    public static readonly DataType Decimal = new(TypeKind.Decimal);
    public static readonly DataType Text = new(TypeKind.Text);
    public static readonly DataType Bytea = new(TypeKind.Bytea);
    public static readonly DataType Uuid = new(TypeKind.Uuid);
    public static readonly DataType Date = new(TypeKind.Date);
    public static readonly DataType Time = new(TypeKind.Time);
    public static readonly DataType Timestamp = new(TypeKind.Timestamp);
    public static readonly DataType TimestampTz = new(TypeKind.TimestampTz);
    public static readonly DataType Interval = new(TypeKind.Interval);
    public static readonly DataType Json = new(TypeKind.Json);

    /// <summary>How texts compare; of an array, its elements. Nothing of how they are stored.</summary>
    public Collation Collation { get; init; }

    /// <summary>A bit string of any length, or up to one.</summary>
    public static DataType VaryingBits(int lengthMax = 0) => new(TypeKind.Bit, lengthMax, lengthMax == 0 ? -1 : 0);

    /// <summary>Whether bit strings of this type may be of different lengths.</summary>
    public bool IsVarying => Kind == TypeKind.Bit && (Size == 0 || Scale == 0);

    /// <summary>The type of an array's elements.</summary>
    public DataType ElementType => new(Element) { Collation = Collation };

    /// <summary>A vector of <paramref name="dimensions"/> float32 elements; 0 when the dimension is not fixed.</summary>
    public static DataType Vector(int dimensions) => new(TypeKind.Vector, dimensions);

    public static DataType ArrayOf(TypeKind element) => new(TypeKind.Array, Element: element);

    /// <summary>How values lie in memory.</summary>
    public PhysicalType Physical => Kind switch
    {
        TypeKind.Boolean or TypeKind.UInt8 => PhysicalType.Byte,
        TypeKind.Int8 => PhysicalType.SByte,
        TypeKind.Int16 => PhysicalType.Int16,
        TypeKind.UInt16 => PhysicalType.UInt16,
        TypeKind.Int32 or TypeKind.Date => PhysicalType.Int32,
        TypeKind.UInt32 => PhysicalType.UInt32,
        TypeKind.Int64 or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz or TypeKind.Interval => PhysicalType.Int64,
        TypeKind.UInt64 => PhysicalType.UInt64,
        TypeKind.Single => PhysicalType.Single,
        TypeKind.Double => PhysicalType.Double,
        TypeKind.Decimal => PhysicalType.Decimal,
        TypeKind.Uuid => PhysicalType.Guid,
        TypeKind.Text or TypeKind.Bytea or TypeKind.Json or TypeKind.Array or TypeKind.Vector or TypeKind.HalfVector
            or TypeKind.Bit or TypeKind.SparseVector => PhysicalType.Bytes,
        _ => PhysicalType.None,
    };

    /// <summary>Bytes of one value in <see cref="Column.Data"/>.</summary>
    public int PhysicalSize => Physical switch
    {
        PhysicalType.Byte or PhysicalType.SByte => 1,
        PhysicalType.Int16 or PhysicalType.UInt16 => 2,
        PhysicalType.Int32 or PhysicalType.UInt32 or PhysicalType.Single => 4,
        PhysicalType.Int64 or PhysicalType.UInt64 or PhysicalType.Double => 8,
        PhysicalType.Decimal or PhysicalType.Guid or PhysicalType.Bytes => 16,
        // A bare NULL still needs a place, so that its column has an address.
        _ => 1,
    };

    /// <summary>Whether values are pointer and length, so that keeping one means copying what it points to.</summary>
    public bool IsByReference => Physical == PhysicalType.Bytes;

    /// <summary>Whether a column of this type carries <see cref="Column.Offsets"/> beside its instants.</summary>
    public bool HasOffsets => Kind == TypeKind.TimestampTz;

    public bool IsInteger => Kind is >= TypeKind.Int8 and <= TypeKind.UInt64;

    public bool IsNumeric => Kind is >= TypeKind.Int8 and <= TypeKind.Decimal;

    public bool IsVector => Kind is TypeKind.Vector or TypeKind.HalfVector;

    /// <summary>The type's SQL name, as <c>docs/sql.md</c> spells it.</summary>
    public override string ToString() => Kind switch
    {
        TypeKind.Unknown => "unknown",
        TypeKind.Boolean => "boolean",
        TypeKind.Int8 => "tinyint",
        TypeKind.Int16 => "smallint",
        TypeKind.Int32 => "integer",
        TypeKind.Int64 => "bigint",
        TypeKind.UInt8 => "utinyint",
        TypeKind.UInt16 => "usmallint",
        TypeKind.UInt32 => "uinteger",
        TypeKind.UInt64 => "ubigint",
        TypeKind.Single => "real",
        TypeKind.Double => "double precision",
        TypeKind.Decimal => Size == 0 ? "numeric" : $"numeric({Size},{Math.Max(Scale, 0)})",
        TypeKind.Text => Size == 0 ? "text" : $"varchar({Size})",
        TypeKind.Bytea => "bytea",
        TypeKind.Uuid => "uuid",
        TypeKind.Date => "date",
        TypeKind.Time => "time",
        TypeKind.Timestamp => "timestamp",
        TypeKind.TimestampTz => "timestamptz",
        TypeKind.Interval => "interval",
        TypeKind.Json => "json",
        TypeKind.Array => new DataType(Element) + "[]",
        TypeKind.Vector => Size == 0 ? "vector" : $"vector({Size})",
        TypeKind.HalfVector => Size == 0 ? "halfvec" : $"halfvec({Size})",
        TypeKind.Bit => Size == 0 ? "bit varying" : IsVarying ? $"bit varying({Size})" : $"bit({Size})",
        TypeKind.SparseVector => Size == 0 ? "sparsevec" : $"sparsevec({Size})",
        _ => throw Error.Internal($"no name for type kind {Kind}"),
    };
}
