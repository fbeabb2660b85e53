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
    private const byte FormMask = 3;
    private const byte FormNoNulls = 0;
    private const byte FormSomeNulls = 1;
    private const byte FormConstant = 2;
    private const byte FormAllNull = 3;
    private const byte SameLengthFlag = 4;
    private const byte SameOffsetFlag = 8;

    /// <summary>14 hours either way, as in <see cref="DateTimeOffset"/>.</summary>
    private const int OffsetMinutesMax = 14 * 60;

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

        var flags = reader.ReadByte();
        var form = (byte)(flags & FormMask);
        var allowed = FormMask
            | (type.IsByReference && form <= FormSomeNulls && count > 0 ? SameLengthFlag : 0)
            | (type.HasOffsets && form <= FormSomeNulls && count > 0 ? SameOffsetFlag : 0);
        if ((flags & ~allowed) != 0 || (count == 0 && form != FormNoNulls))
        {
            throw reader.Damaged($"a column of type {type} with {count} values cannot have form {flags}");
        }

        if (form == FormConstant)
        {
            ReadConstant(ref reader, type, count, target);
            return;
        }

        if (form == FormAllNull)
        {
            for (var i = 0; i < count; i++)
            {
                target.AppendNull();
            }

            return;
        }

        var nulls = form == FormSomeNulls ? ReadNulls(ref reader, count) : default;
        if (type.IsByReference)
        {
            ReadBytes(ref reader, type, count, nulls, (flags & SameLengthFlag) != 0, target);
        }
        else
        {
            ReadFixed(ref reader, type, count, nulls, target);
        }

        if (type.HasOffsets && count > 0)
        {
            ReadOffsets(ref reader, count, (flags & SameOffsetFlag) != 0, target);
        }

        SetNulls(target, nulls, count);
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
            default:
                return null;
        }
    }

    private static int NullBytes(int count) => (count + 7) >> 3;

    private static bool IsNull(ReadOnlySpan<byte> nulls, int i) => !nulls.IsEmpty && (nulls[i >> 3] >> (i & 7) & 1) != 0;

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

    private static void ReadConstant(ref ByteReader reader, DataType type, int count, ColumnBuffer target)
    {
        using var one = new ColumnBuffer(type, 1);
        if (type.IsByReference)
        {
            var value = reader.ReadBlob();
            if (Fault(type, value) is { } fault)
            {
                throw reader.Damaged(fault);
            }

            // One copy serves every row.
            var pointer = target.AllocateVariable(value.Length);
            value.CopyTo(new Span<byte>(pointer, value.Length));
            target.Reserve(count);
            new Span<Bytes>(target.Column.Pointer<Bytes>() + target.Count, count).Fill(new Bytes(pointer, value.Length));
            SetNulls(target, default, count);
            target.SetCount(target.Count + count);
            return;
        }

        ReadFixed(ref reader, type, 1, default, one);
        if (type.HasOffsets)
        {
            ReadOffsets(ref reader, 1, isSame: true, one);
        }

        one.SetCount(1);
        for (var i = 0; i < count; i++)
        {
            target.AppendFrom(one.Column, 0);
        }
    }

    private static ReadOnlySpan<byte> ReadNulls(ref ByteReader reader, int count)
    {
        var nulls = reader.ReadRaw(NullBytes(count));
        var nullCount = 0;
        foreach (var b in nulls)
        {
            nullCount += BitOperations.PopCount(b);
        }

        if (((count & 7) != 0 && nulls[^1] >> (count & 7) != 0) || nullCount == 0 || nullCount == count)
        {
            throw reader.Damaged($"a null mask of {count} values marks {nullCount}");
        }

        return nulls;
    }

    private static void ReadFixed(ref ByteReader reader, DataType type, int count, scoped ReadOnlySpan<byte> nulls, ColumnBuffer target)
    {
        var size = type.PhysicalSize;
        // A count that no record could hold must not overflow, nor reserve memory, before it is refused.
        var source = count <= reader.Remaining / size ? reader.ReadRaw(count * size) : throw reader.Damaged($"{count} values of type {type} do not fit");
        if (type.Kind == TypeKind.Boolean && source.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw reader.Damaged("a boolean is neither 0 nor 1");
        }

        target.Reserve(count);
        source.CopyTo(new Span<byte>((byte*)target.Column.Data + ((nint)target.Count * size), source.Length));
        if (type.Physical == PhysicalType.Decimal)
        {
            CheckDecimals(ref reader, source);
        }

        for (var i = 0; !nulls.IsEmpty && i < count; i++)
        {
            if (IsNull(nulls, i) && source.Slice(i * size, size).ContainsAnyExcept((byte)0))
            {
                throw reader.Damaged("a value stands under a NULL");
            }
        }
    }

    /// <summary>In memory a decimal begins with its flags: the scale (0 to 28) in bits 16 to 23, the sign in bit 31, nothing else.</summary>
    private static void CheckDecimals(ref ByteReader reader, scoped ReadOnlySpan<byte> source)
    {
        for (var at = 0; at < source.Length; at += sizeof(decimal))
        {
            var flags = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            if ((flags & 0x7F00FFFF) != 0 || (flags >> 16 & 0xFF) > 28)
            {
                throw reader.Damaged($"{flags:X8} are not the flags of a decimal");
            }
        }
    }

    private static void ReadBytes(ref ByteReader reader, DataType type, int count, scoped ReadOnlySpan<byte> nulls, bool isSame, ColumnBuffer target)
    {
        var same = isSame ? reader.ReadCount() : 0;
        if (!isSame && count > reader.Remaining)
        {
            throw reader.Damaged($"the lengths of {count} values do not fit");
        }

        target.Reserve(count);
        var values = target.Column.Pointer<Bytes>() + target.Count;
        long total = 0;
        for (var i = 0; i < count; i++)
        {
            var length = isSame ? (IsNull(nulls, i) ? 0 : same) : reader.ReadCount();
            if (length != 0 && IsNull(nulls, i))
            {
                throw reader.Damaged("a NULL has a length");
            }

            values[i] = new Bytes(null, length);
            total += length;
        }

        var source = total <= reader.Remaining ? reader.ReadRaw((int)total) : throw reader.Damaged($"values of {total} bytes do not fit");
        var pointer = target.AllocateVariable(source.Length);
        source.CopyTo(new Span<byte>(pointer, source.Length));
        for (var i = 0; i < count; i++)
        {
            var value = new Bytes(pointer, values[i].Length);
            if (!IsNull(nulls, i) && Fault(type, value.Span) is { } fault)
            {
                throw reader.Damaged(fault);
            }

            values[i] = value.Length == 0 ? default : value;
            pointer += value.Length;
        }
    }

    private static void ReadOffsets(ref ByteReader reader, int count, bool isSame, ColumnBuffer target)
    {
        var offsets = new Span<short>(target.Column.Offsets + target.Count, count);
        if (isSame)
        {
            offsets.Fill(reader.ReadInt16());
        }
        else
        {
            foreach (ref var offset in offsets)
            {
                offset = reader.ReadInt16();
            }
        }

        if (offsets.ContainsAnyExceptInRange((short)-OffsetMinutesMax, (short)OffsetMinutesMax))
        {
            throw reader.Damaged("a UTC offset is beyond 14 hours");
        }
    }

    /// <summary>Marks NULLs among the rows that are about to be counted; rows before them keep their marks.</summary>
    private static void SetNulls(ColumnBuffer target, scoped ReadOnlySpan<byte> nulls, int count)
    {
        if (nulls.IsEmpty)
        {
            return;
        }

        if (target.Column.Nulls == null)
        {
            target.ClearNulls();
        }

        for (var i = 0; i < count; i++)
        {
            if (IsNull(nulls, i))
            {
                var row = target.Count + i;
                target.Column.Nulls[row >> 6] |= 1UL << (row & 63);
            }
        }
    }
}
