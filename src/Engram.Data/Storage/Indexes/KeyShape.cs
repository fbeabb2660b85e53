using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Indexes;

/// <summary>The columns of an index's key, and how a key becomes bytes whose order is the order of the index.</summary>
/// <remarks>
/// <para><b>The problem.</b> Runs, logs and scans of an index compare keys of any types and directions, by the million. So each key is written once as
/// bytes, and everything else compares bytes.</para>
/// <code>
/// key   = part part …            in the order of the index's columns
/// part  = 00                     NULL, the smallest
///       | 01 value               all bits inverted, marker included, when the column is descending
/// value = integers, times        big-endian, the sign bit inverted
///       | real, double           big-endian, the sign bit inverted, negative numbers inverted whole; −0 as +0; every NaN as FF…
///       | numeric                value × 10^28 as a signed number of 24 bytes: 1.0 and 1.00 are one key
///       | uuid                   its 16 bytes as they are written
///       | text, bytea, …         each 00 as 00 FF, then 00 00: so no value is the beginning of another; text that compares without case is folded first
/// </code>
/// <para><b>Invariants.</b> Bytes compare as ORDER BY compares (NULL smallest, NaN greatest, text by code point, instants without their offset);
/// equal bytes are equal keys by SQL's <c>=</c>, and no key is the beginning of another key of the same shape. So "the first columns equal these" is
/// one range of bytes, and so is a range of the column after them (<see cref="KeyRange"/>).</para>
/// <para>Arrays and vectors have equality of their bytes and no order: <see cref="IsOrdered"/>. The bytes of an index stay the same as long as its id: whoever
/// gives a column another type gives its indexes other ids. Rows that were stored in a narrower type have keys of the type that the column has now.</para>
/// </remarks>
internal sealed class KeyShape
{
    public const byte NullMarker = 0;
    public const byte ValueMarker = 1;
    private const int DecimalDigits = 28;
    private const int DecimalSize = 24;

    private static readonly UInt128[] PowersOfTen = MakePowers();

    // Every probe and every write needs them, and definitions live long. Beside the definitions, not in them: a shape is no part of what they say.
    private static readonly ConditionalWeakTable<TableDefinition, KeyShape[]> ShapesOfTables = new();

    private readonly ColumnId[] columns;
    private readonly DataType[] types;
    private readonly bool[] descending;
    private readonly ColumnForm[] forms;
    private readonly ColumnId[] sources;

    private KeyShape(ColumnForm[] forms, bool[] descending, KeyFilter? filter = null)
    {
        (this.forms, this.descending, Filter) = (forms, descending, filter);
        columns = [.. forms.Select(f => f.Id)];
        types = [.. forms.Select(f => f.Type)];
        var all = new List<ColumnId>(columns);
        foreach (var form in forms)
        {
            for (var older = form.Older; older is not null; older = older.Older)
            {
                all.Add(older.Id);
            }
        }

        foreach (var id in filter is null ? [] : filter.Columns.Sources)
        {
            if (!all.Contains(id))
            {
                all.Add(id);
            }
        }

        sources = all.Count == columns.Length ? columns : [.. all];
    }

    public int Count => columns.Length;

    public ReadOnlySpan<ColumnId> Columns => columns;

    /// <summary>Which rows have entries; null when all have.</summary>
    public KeyFilter? Filter { get; }

    /// <summary>All ids under which values may be stored that decide about entries: those of <see cref="Columns"/> and of the filter's, and of the forms that they had before.</summary>
    public ReadOnlySpan<ColumnId> Sources => sources;

    public DataType TypeOf(int part) => types[part];

    public ColumnForm FormOf(int part) => forms[part];

    public bool IsDescending(int part) => descending[part];

    /// <summary>The shape of one index: made once for each definition of a table, unless the index is not one of its.</summary>
    public static KeyShape Of(TableDefinition table, IndexDefinition index)
    {
        for (var i = 0; i < table.Indexes.Length; i++)
        {
            if (ReferenceEquals(table.Indexes[i], index))
            {
                return AllOf(table)[i];
            }
        }

        return Make(table, index);
    }

    /// <summary>The shapes of all indexes of a table, in their order.</summary>
    public static KeyShape[] AllOf(TableDefinition table)
        => ShapesOfTables.TryGetValue(table, out var shapes) ? shapes : ShapesOfTables.GetValue(table, static t => [.. t.Indexes.Select(i => Make(t, i))]);

    /// <summary>The shape of a key over columns that need not have an index.</summary>
    public static KeyShape Of(TableDefinition table, ReadOnlySpan<ColumnId> columns)
    {
        var forms = new ColumnForm[columns.Length];
        for (var i = 0; i < forms.Length; i++)
        {
            forms[i] = table.FindColumn(columns[i]) ?? throw Error.Internal($"a key names a column that {table} has not");
        }

        return new KeyShape(forms, new bool[columns.Length]);
    }

    private static KeyShape Make(TableDefinition table, IndexDefinition index) => new(
        [.. index.Columns.Select(c => table.FindColumn(c.Column) ?? throw Error.Internal($"index {index.Name} names a column that {table} has not"))],
        [.. index.Columns.Select(c => c.IsDescending)],
        index.FilterColumns.IsEmpty ? null : new KeyFilter(table, index, Of(table, index.FilterColumns.AsSpan())));

    /// <summary>Whether the bytes of this type order as SQL does; else they only tell equal from different.</summary>
    public static bool IsOrdered(DataType type) => type.Kind is (>= TypeKind.Boolean and <= TypeKind.Interval) or TypeKind.Bytea or TypeKind.Uuid or TypeKind.Text;

    /// <summary>Whether both make the same bytes of the same rows. An index id whose creation was rolled back may come again with others.</summary>
    public bool Equals(KeyShape other)
    {
        if (!columns.AsSpan().SequenceEqual(other.columns) || !descending.AsSpan().SequenceEqual(other.descending) || !KeyFilter.AreSame(Filter, other.Filter))
        {
            return false;
        }

        for (var i = 0; i < types.Length; i++)
        {
            if (types[i].Kind != other.types[i].Kind || IsFolded(i) != other.IsFolded(i))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Replaces the buffer's content by the key of one row, a column for each part.</summary>
    public void Encode(ReadOnlySpan<Column> key, int row, KeyBuffer target)
    {
        target.Clear();
        for (var i = 0; i < key.Length; i++)
        {
            AppendPart(i, key[i], row, target);
        }
    }

    /// <summary>Appends one part of a key.</summary>
    public void AppendPart(int part, Column column, int row, KeyBuffer target)
    {
        var first = target.Length;
        if (column.IsNull(row))
        {
            target.Add(NullMarker);
        }
        else
        {
            target.Add(ValueMarker);
            if (IsFolded(part))
            {
                AppendFolded(column.Get<Bytes>(row).Span, target);
                target.Add(0);
                target.Add(0);
            }
            else
            {
                AppendValue(column, row, target);
            }
        }

        if (descending[part])
        {
            target.Invert(first);
        }
    }

    /// <summary>Appends a text without its end: what all texts begin with that begin with it.</summary>
    public void AppendTextStart(int part, ReadOnlySpan<byte> start, KeyBuffer target)
    {
        var first = target.Length;
        target.Add(ValueMarker);
        if (IsFolded(part))
        {
            AppendFolded(start, target);
        }
        else
        {
            AppendEscaped(start, target);
        }

        if (descending[part])
        {
            target.Invert(first);
        }
    }

    /// <summary>Appends what all parts begin with that are not NULL.</summary>
    public void AppendValueMarker(int part, KeyBuffer target) => target.Add(descending[part] ? (byte)(0xFF ^ ValueMarker) : ValueMarker);

    /// <summary>How many bytes of a key its first parts take.</summary>
    public int LengthOf(ReadOnlySpan<byte> key, int parts)
    {
        var length = 0;
        for (var i = 0; i < parts; i++)
        {
            var flip = descending[i] ? 0xFF : 0;
            var isNull = (key[length++] ^ flip) == NullMarker;
            if (isNull)
            {
                continue;
            }

            if (types[i].IsByReference)
            {
                length += LengthOfBytes(key[length..], flip);
            }
            else
            {
                length += types[i].Physical == PhysicalType.Decimal ? DecimalSize : types[i].PhysicalSize;
            }
        }

        return length;
    }

    /// <summary>Up to and with the two zeros at the end; a zero within is followed by FF.</summary>
    private static int LengthOfBytes(ReadOnlySpan<byte> key, int flip)
    {
        var at = 0;
        while ((key[at] ^ flip) != 0 || (key[at + 1] ^ flip) != 0)
        {
            at += (key[at] ^ flip) == 0 ? 2 : 1;
        }

        return at + 2;
    }

    private static void AppendValue(Column column, int row, KeyBuffer target)
    {
        switch (column.Type.Physical)
        {
            case PhysicalType.Byte: target.Add(column.Get<byte>(row)); break;
            case PhysicalType.SByte: target.Add((byte)(column.Get<sbyte>(row) ^ 0x80)); break;
            case PhysicalType.Int16: BinaryPrimitives.WriteUInt16BigEndian(target.Take(2), (ushort)(column.Get<short>(row) ^ 0x8000)); break;
            case PhysicalType.UInt16: BinaryPrimitives.WriteUInt16BigEndian(target.Take(2), column.Get<ushort>(row)); break;
            case PhysicalType.Int32: BinaryPrimitives.WriteUInt32BigEndian(target.Take(4), (uint)column.Get<int>(row) ^ 0x8000_0000); break;
            case PhysicalType.UInt32: BinaryPrimitives.WriteUInt32BigEndian(target.Take(4), column.Get<uint>(row)); break;
            case PhysicalType.Int64: BinaryPrimitives.WriteUInt64BigEndian(target.Take(8), (ulong)column.Get<long>(row) ^ (1UL << 63)); break;
            case PhysicalType.UInt64: BinaryPrimitives.WriteUInt64BigEndian(target.Take(8), column.Get<ulong>(row)); break;
            case PhysicalType.Single: BinaryPrimitives.WriteUInt32BigEndian(target.Take(4), Ordered(column.Get<float>(row))); break;
            case PhysicalType.Double: BinaryPrimitives.WriteUInt64BigEndian(target.Take(8), Ordered(column.Get<double>(row))); break;
            case PhysicalType.Decimal: WriteDecimal(column.Get<decimal>(row), target.Take(DecimalSize)); break;
            case PhysicalType.Guid: column.Get<Guid>(row).TryWriteBytes(target.Take(16), bigEndian: true, out _); break;
            case PhysicalType.Bytes:
                AppendEscaped(column.Get<Bytes>(row).Span, target);
                target.Add(0);
                target.Add(0);
                break;
            default: throw Error.Internal($"no key of type {column.Type}");
        }
    }

    /// <summary>Whether a part compares without regard to case.</summary>
    public bool IsFolded(int part) => types[part] is { Kind: TypeKind.Text, Collation: Collation.NoCase };

    private static void AppendFolded(ReadOnlySpan<byte> value, KeyBuffer target)
    {
        var room = Kernels.TextCase.FoldedLengthMax(value.Length);
        var rented = room <= 512 ? null : System.Buffers.ArrayPool<byte>.Shared.Rent(room);
        var folded = rented ?? stackalloc byte[512];
        AppendEscaped(folded[..Kernels.TextCase.Fold(value, folded)], target);
        if (rented is not null)
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static uint Ordered(float value)
    {
        if (float.IsNaN(value))
        {
            return uint.MaxValue;
        }

        // Adding zero turns −0 into +0.
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }

    private static ulong Ordered(double value)
    {
        if (double.IsNaN(value))
        {
            return ulong.MaxValue;
        }

        var bits = BitConverter.DoubleToUInt64Bits(value + 0d);
        return (bits & (1UL << 63)) != 0 ? ~bits : bits | (1UL << 63);
    }

    private static void AppendEscaped(ReadOnlySpan<byte> value, KeyBuffer target)
    {
        for (var zero = value.IndexOf((byte)0); zero >= 0; zero = value.IndexOf((byte)0))
        {
            target.AddRange(value[..(zero + 1)]);
            target.Add(0xFF);
            value = value[(zero + 1)..];
        }

        target.AddRange(value);
    }

    /// <summary>The value times 10^28, below 2^190 in size, as a signed number of 192 bits with the sign bit inverted.</summary>
    private static void WriteDecimal(decimal value, Span<byte> target)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var mantissa = new UInt128((uint)parts[2], ((ulong)(uint)parts[1] << 32) | (uint)parts[0]);
        var power = PowersOfTen[DecimalDigits - ((parts[3] >> 16) & 0xFF)];
        // 96 by 94 bits: the halves' products and their carries.
        var (m1, m0) = ((ulong)(mantissa >> 64), (ulong)mantissa);
        var (p1, p0) = ((ulong)(power >> 64), (ulong)power);
        var low = (UInt128)m0 * p0;
        var middle = ((UInt128)m1 * p0) + (low >> 64);
        var high = (UInt128)m1 * p1;
        var cross = (UInt128)m0 * p1;
        var sum = (UInt128)(ulong)middle + (ulong)cross;
        var (w0, w1) = ((ulong)low, (ulong)sum);
        var w2 = (ulong)(high + (middle >> 64) + (cross >> 64) + (sum >> 64));
        if (parts[3] < 0)
        {
            // Two's complement.
            (w0, w1, w2) = (~w0, ~w1, ~w2);
            if (++w0 == 0 && ++w1 == 0)
            {
                w2++;
            }
        }

        BinaryPrimitives.WriteUInt64BigEndian(target, w2 ^ (1UL << 63));
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], w1);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], w0);
    }

    private static UInt128[] MakePowers()
    {
        var powers = new UInt128[DecimalDigits + 1];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
