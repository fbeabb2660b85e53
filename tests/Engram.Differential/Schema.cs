namespace Engram.Differential;

/// <summary>The types that columns and expressions have.</summary>
internal enum Kind
{
    Int,
    Big,
    Real,
    Double,
    Num,
    Text,
    Bool,
    Tz,
    Ts,
    Date,
    Uuid,
    Small,
    Free,
    Time,
    Interval,
    Bytea,
    Short,
}

internal sealed record Column(string Name, Kind Kind, bool IsNullable = true);

internal sealed record Table(string Name, IReadOnlyList<Column> Columns, IReadOnlyList<string> Key, string Definition, int RowCount);

/// <summary>A column that a query can name, with its table's alias.</summary>
internal sealed record Field(string Sql, Kind Kind);

internal static class Kinds
{
    public static readonly Kind[] All = Enum.GetValues<Kind>();

    public static readonly Kind[] Numbers = [Kind.Int, Kind.Big, Kind.Real, Kind.Double, Kind.Num, Kind.Small, Kind.Free];

    public static string Sql(this Kind kind) => kind switch
    {
        Kind.Int => "integer",
        Kind.Big => "bigint",
        Kind.Real => "real",
        Kind.Double => "double precision",
        Kind.Num => "numeric(12,3)",
        Kind.Text => "text",
        Kind.Bool => "boolean",
        Kind.Tz => "timestamptz",
        Kind.Ts => "timestamp",
        Kind.Date => "date",
        Kind.Small => "smallint",
        Kind.Free => "numeric",
        Kind.Time => "time",
        Kind.Interval => "interval",
        Kind.Bytea => "bytea",
        Kind.Short => "varchar(5)",
        _ => "uuid",
    };
}
