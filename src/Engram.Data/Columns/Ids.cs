namespace Engram.Data.Columns;

/// <summary>Identifies a table for ever: never reused, not even after DROP TABLE.</summary>
internal readonly record struct TableId(int Value)
{
    public override string ToString() => $"t{Value}";
}

/// <summary>Identifies a column within its table for ever; its position in the table may change, its id does not.</summary>
internal readonly record struct ColumnId(int Value)
{
    /// <summary>The hidden column that carries each row's 64-bit row id (Int64, never null).</summary>
    public static readonly ColumnId RowId = new(-1);

    /// <summary>In a segment whose rows do not stand in the order of their ids: all row ids, ascending (Int64, never null).</summary>
    public static readonly ColumnId OrderedRowId = new(-2);

    /// <summary>Beside <see cref="OrderedRowId"/>: where the row with that id stands (Int32, never null).</summary>
    public static readonly ColumnId RowPosition = new(-3);

    public override string ToString() => Value switch
    {
        -1 => "rowid",
        -2 => "rowid order",
        -3 => "row position",
        _ => $"c{Value}",
    };
}

/// <summary>Identifies an index for ever, across all tables.</summary>
internal readonly record struct IndexId(int Value)
{
    public override string ToString() => $"i{Value}";
}

/// <summary>Identifies a view or a sequence for ever; also the counter of a sequence, which RESTART replaces.</summary>
internal readonly record struct ObjectId(int Value)
{
    public override string ToString() => $"o{Value}";
}

/// <summary>A log sequence number: the place of a commit in the one order of all commits, counted from 1. 0 is the empty database.</summary>
internal readonly record struct Lsn(long Value) : IComparable<Lsn>
{
    public static readonly Lsn Zero;

    public Lsn Next => new(Value + 1);

    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    public static bool operator <(Lsn a, Lsn b) => a.Value < b.Value;

    public static bool operator >(Lsn a, Lsn b) => a.Value > b.Value;

    public static bool operator <=(Lsn a, Lsn b) => a.Value <= b.Value;

    public static bool operator >=(Lsn a, Lsn b) => a.Value >= b.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
