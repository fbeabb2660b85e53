using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Engram.Data.Columns;

namespace Engram.Data.Storage;

/// <summary>Values of one column inside a record: of the log, of an overlay file.</summary>
/// <remarks>
/// <para>The type and the number of rows are not written: the record around knows them. What is written:</para>
/// <code>
/// form      u8      bits 0-1: 0 no row is NULL, 1 some are, 2 one value stands for all rows, 3 all are NULL; bit 2: every value has
///                   the same length; bit 3: every instant has the same UTC offset. Other bits are zero
/// nulls     (n+7)/8 bytes, set = NULL, unused bits zero                       form 1
/// values    n × the type's size; zero under NULL                              fixed width; one value in form 2
/// lengths   one varint when all are the same, else one a row, 0 under NULL    variable length
/// bytes     the values one after the other, none for NULL                     variable length
/// offsets   one i16 when all are the same, else n × i16, 0 under NULL         timestamptz
/// </code>
/// <para>Everything is little-endian and has one encoding, whatever lay under a NULL. Reading copies into memory of the reader and checks
/// what could break an invariant later: lengths, UTF-8, booleans, decimals, the dimensions of vectors.</para>
/// </remarks>
internal static unsafe class ColumnCodec
{
    internal const byte FormMask = 3;
    internal const byte FormNoNulls = 0;
    internal const byte FormSomeNulls = 1;
    internal const byte FormConstant = 2;
    internal const byte FormAllNull = 3;
    internal const byte SameLengthFlag = 4;
    internal const byte SameOffsetFlag = 8;

    /// <summary>Appends the values of the selected rows, or of all <paramref name="rowCount"/>.</summary>
    public static void Write(ByteWriter writer, Column column, int rowCount, Selection? selection)
    {
        var count = selection?.Count ?? rowCount;
        Debug.Assert(selection is null || count == 0 || selection.Rows[^1] < rowCount);
        if (count == 0)
        {
            writer.WriteByte(FormNoNulls);
            return;
        }

        if (column.IsConstant)
        {
            WriteConstant(writer, column);
            return;
        }

        var rows = selection is null ? default : selection.Rows;
        var formAt = writer.Length;
        var bitmap = writer.Take(1 + NullBytes(count))[1..];
        var nullCount = column.Nulls == null ? 0 : FillNulls(bitmap, column, rows, count);
        if (nullCount is 0 || nullCount == count)
        {
            writer.Truncate(formAt + 1);
        }

        var form = nullCount == 0 ? FormNoNulls : nullCount == count ? FormAllNull : FormSomeNulls;
        if (form != FormAllNull)
        {
            form |= column.Type.IsByReference ? WriteBytes(writer, column, rows, count) : WriteFixed(writer, column, rows, count, nullCount);
            form |= column.Type.HasOffsets ? WriteOffsets(writer, column, rows, count) : (byte)0;
        }

        writer.PatchByte(formAt, form);
    }

    /// <summary>Appends <paramref name="count"/> values to <paramref name="target"/>, with copies of what they point to.</summary>
    /// <exception cref="EngramException">XX001: the bytes are not what <see cref="Write"/> makes of a column of this type.</exception>
    public static void ReadInto(ref ByteReader reader, DataType type, int count, ColumnBuffer target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (target.Type.Physical != type.Physical || target.Type.HasOffsets != type.HasOffsets)
        {
            throw Error.Internal($"values of type {type} are read into a column of type {target.Type}");
        }

        var column = EncodedColumn.Read(ref reader, type, count);
        target.Reserve(count);
        if (column.HasNulls && target.Column.Nulls == null)
        {
            target.ClearNulls();
        }

        var memory = target.AllocateVariable(checked((int)column.SizeOfNext(count, alignment: 1)));
        column.CopyNext(count, target.Column.Data, target.Column.Offsets, target.Column.Nulls, target.Count, memory, alignment: 1, copies: null);
        target.SetCount(target.Count + count);
    }

    /// <summary>Whether bytes are a value of a type of variable length; null when they are, else what is wrong with them.</summary>
    public static string? Fault(DataType type, ReadOnlySpan<byte> value)
    {
        switch (type.Kind)
        {
            case TypeKind.Text or TypeKind.Json:
                return Utf8.IsValid(value) ? null : $"a value of type {type} is not UTF-8";
            case TypeKind.Vector or TypeKind.HalfVector:
                var elementSize = type.Kind == TypeKind.Vector ? sizeof(float) : sizeof(ushort);
                return value.Length % elementSize != 0 || (type.Size != 0 && value.Length != (long)type.Size * elementSize)
                    ? $"a value of type {type} has {value.Length} bytes"
                    : null;
            case TypeKind.Bit:
                return BitString.Fault(type, value);
            case TypeKind.SparseVector:
                return SparseValue.Fault(type, value);
            default:
                return null;
        }
    }

    private static int NullBytes(int count) => (count + 7) >> 3;

    /// <summary>The place of the i-th row that is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowAt(ReadOnlySpan<ushort> rows, int i) => rows.IsEmpty ? i : rows[i];

    private static int FillNulls(Span<byte> bitmap, Column column, ReadOnlySpan<ushort> rows, int count)
    {
        if (rows.IsEmpty)
        {
            new ReadOnlySpan<byte>(column.Nulls, bitmap.Length).CopyTo(bitmap);
            if ((count & 7) != 0)
            {
                bitmap[^1] &= (byte)((1 << (count & 7)) - 1);
            }
        }
        else
        {
            bitmap.Clear();
            for (var i = 0; i < count; i++)
            {
                bitmap[i >> 3] |= (byte)((column.IsNull(rows[i]) ? 1 : 0) << (i & 7));
            }
        }

        var nullCount = 0;
        foreach (var b in bitmap)
        {
            nullCount += BitOperations.PopCount(b);
        }

        return nullCount;
    }

    private static void WriteConstant(ByteWriter writer, Column column)
    {
        if (column.IsNull(0))
        {
            writer.WriteByte(FormAllNull);
            return;
        }

        writer.WriteByte(FormConstant);
        if (column.Type.IsByReference)
        {
            writer.WriteBlob(column.Get<Bytes>(0).Span);
        }
        else
        {
            writer.WriteRaw(new ReadOnlySpan<byte>(column.Data, column.Type.PhysicalSize));
        }

        if (column.Type.HasOffsets)
        {
            writer.WriteInt16(column.GetOffset(0));
        }
    }

    private static byte WriteFixed(ByteWriter writer, Column column, ReadOnlySpan<ushort> rows, int count, int nullCount)
    {
        var size = column.Type.PhysicalSize;
        var target = writer.Take(checked(count * size));
        if (rows.IsEmpty)
        {
            new ReadOnlySpan<byte>(column.Data, target.Length).CopyTo(target);
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                new ReadOnlySpan<byte>((byte*)column.Data + ((nint)rows[i] * size), size).CopyTo(target[(i * size)..]);
            }
        }

        for (var i = 0; nullCount > 0 && i < count; i++)
        {
            if (column.IsNull(RowAt(rows, i)))
            {
                target.Slice(i * size, size).Clear();
            }
        }

        return 0;
    }

    private static byte WriteBytes(ByteWriter writer, Column column, ReadOnlySpan<ushort> rows, int count)
    {
        var values = column.Pointer<Bytes>();
        var same = -1;
        var isSame = true;
        long total = 0;
        for (var i = 0; i < count; i++)
        {
            var row = RowAt(rows, i);
            if (!column.IsNull(row))
            {
                var length = values[row].Length;
                isSame &= same < 0 || same == length;
                same = length;
                total += length;
            }
        }

        if (isSame)
        {
            writer.WriteCount(same);
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                var row = RowAt(rows, i);
                writer.WriteCount(column.IsNull(row) ? 0 : values[row].Length);
            }
        }

        if (writer.Length + total > Array.MaxLength)
        {
            throw Error.RecordTooLong(writer.Length + total, Array.MaxLength);
        }

        var target = writer.Take((int)total);
        for (var i = 0; i < count; i++)
        {
            var row = RowAt(rows, i);
            if (!column.IsNull(row))
            {
                values[row].Span.CopyTo(target);
                target = target[values[row].Length..];
            }
        }

        return isSame ? SameLengthFlag : (byte)0;
    }

    private static byte WriteOffsets(ByteWriter writer, Column column, ReadOnlySpan<ushort> rows, int count)
    {
        short same = 0;
        var isSame = true;
        var found = false;
        for (var i = 0; isSame && i < count; i++)
        {
            var row = RowAt(rows, i);
            if (!column.IsNull(row))
            {
                var offset = column.GetOffset(row);
                isSame = !found || offset == same;
                same = offset;
                found = true;
            }
        }

        if (isSame)
        {
            writer.WriteInt16(same);
            return SameOffsetFlag;
        }

        for (var i = 0; i < count; i++)
        {
            var row = RowAt(rows, i);
            writer.WriteInt16(column.IsNull(row) ? (short)0 : column.GetOffset(row));
        }

        return 0;
    }
}
