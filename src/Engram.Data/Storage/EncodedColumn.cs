using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Engram.Data.Columns;

namespace Engram.Data.Storage;

/// <summary>One column of a record as it stands there: checked, not copied yet.</summary>
/// <remarks>
/// <para>Form in <see cref="ColumnCodec"/>. Reading checks everything that could break an invariant later; copying then cannot fail, and takes the
/// rows in order, in as many parts as the reader has places for them (a record's rows may lie on both sides of a chunk's end).</para>
/// <para>Its spans are the record's: it is used while the record is there.</para>
/// </remarks>
internal unsafe ref struct EncodedColumn
{
    /// <summary>14 hours either way, as in <see cref="DateTimeOffset"/>.</summary>
    private const int OffsetMinutesMax = 14 * 60;

    private readonly DataType type;
    private readonly int physicalSize;
    private readonly bool isByReference;
    private byte form;
    private bool isSameLength;
    private bool isSameOffset;
    private int sameLength;
    private ReadOnlySpan<byte> nulls;
    private ReadOnlySpan<byte> lengths;
    private ReadOnlySpan<byte> values;
    private ReadOnlySpan<byte> offsets;

    // Where the next row to be copied stands.
    private int row;
    private int lengthAt;
    private int valueAt;
    private Bytes constant;

    private EncodedColumn(DataType type)
    {
        this.type = type;
        physicalSize = type.PhysicalSize;
        isByReference = type.IsByReference;
    }

    /// <summary>Whether a row may be NULL: then copying needs a null mask.</summary>
    public readonly bool HasNulls => form is ColumnCodec.FormSomeNulls or ColumnCodec.FormAllNull;

    /// <exception cref="EngramException">XX001: the bytes are not what <see cref="ColumnCodec.Write"/> makes of a column of this type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static EncodedColumn Read(scoped ref ByteReader reader, DataType type, int count)
    {
        var column = new EncodedColumn(type);
        var flags = reader.ReadByte();
        column.form = (byte)(flags & ColumnCodec.FormMask);
        var isPlain = column.form <= ColumnCodec.FormSomeNulls && count > 0;
        var allowed = ColumnCodec.FormMask
            | (column.isByReference && isPlain ? ColumnCodec.SameLengthFlag : 0)
            | (type.HasOffsets && isPlain ? ColumnCodec.SameOffsetFlag : 0);
        if ((flags & ~allowed) != 0 || (count == 0 && column.form != ColumnCodec.FormNoNulls))
        {
            throw reader.Damaged($"a column of type {type} with {count} values cannot have form {flags}");
        }

        switch (column.form)
        {
            case ColumnCodec.FormAllNull:
                return column;
            case ColumnCodec.FormConstant:
                column.values = column.isByReference ? ReadOneValue(ref reader, type) : column.ReadFixed(ref reader, 1);
                column.isSameOffset = true;
                break;
            default:
                column.nulls = column.form == ColumnCodec.FormSomeNulls ? ReadNulls(ref reader, count) : default;
                column.isSameLength = (flags & ColumnCodec.SameLengthFlag) != 0;
                column.isSameOffset = (flags & ColumnCodec.SameOffsetFlag) != 0;
                column.values = column.isByReference ? column.ReadBytes(ref reader, count) : column.ReadFixed(ref reader, count);
                break;
        }

        if (type.HasOffsets && count > 0)
        {
            column.offsets = ReadOffsets(ref reader, column.isSameOffset ? 1 : count);
        }

        return column;
    }

    /// <summary>Bytes that the next rows' values of variable length take, each at a multiple of <paramref name="alignment"/>.</summary>
    public readonly long SizeOfNext(int rows, int alignment)
    {
        if (!isByReference || form == ColumnCodec.FormAllNull)
        {
            return 0;
        }

        if (form == ColumnCodec.FormConstant)
        {
            return constant.Pointer == null ? values.Length : 0;
        }

        long size = 0;
        var at = lengthAt;
        for (var i = row; i < row + rows; i++)
        {
            size += Align(LengthAt(i, ref at), alignment);
        }

        return size;
    }

    /// <summary>Copies the next rows to places from <paramref name="at"/> on.</summary>
    /// <param name="data">An array of the physical type.</param>
    /// <param name="targetOffsets">UTC offsets, for timestamptz.</param>
    /// <param name="nullMask">Where NULLs are marked; must be there when <see cref="HasNulls"/>.</param>
    /// <param name="memory">As many bytes as <see cref="SizeOfNext"/> said, kept by the caller as long as the values.</param>
    /// <param name="copies">Takes over the copying of long values; null to copy them here.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyNext(int rows, void* data, short* targetOffsets, ulong* nullMask, int at, byte* memory, int alignment, BulkCopies? copies)
    {
        if (form == ColumnCodec.FormAllNull)
        {
            NativeMemory.Clear((byte*)data + ((long)at * physicalSize), (nuint)((long)rows * physicalSize));
        }
        else if (form == ColumnCodec.FormConstant)
        {
            CopyConstant(rows, data, at, memory);
        }
        else if (isByReference)
        {
            CopyBytes(rows, (Bytes*)data + at, memory, alignment, copies);
        }
        else
        {
            values.Slice(row * physicalSize, rows * physicalSize).CopyTo(new Span<byte>((byte*)data + ((long)at * physicalSize), rows * physicalSize));
        }

        if (targetOffsets != null)
        {
            CopyOffsets(new Span<short>(targetOffsets + at, rows));
        }

        for (var i = 0; HasNulls && i < rows; i++)
        {
            if (form == ColumnCodec.FormAllNull || IsNull(row + i))
            {
                nullMask[(at + i) >> 6] |= 1UL << ((at + i) & 63);
            }
        }

        row += rows;
    }

    private static long Align(int length, int alignment) => (length + alignment - 1L) & -alignment;

    private readonly bool IsNull(int i) => !nulls.IsEmpty && (nulls[i >> 3] >> (i & 7) & 1) != 0;

    /// <summary>The length of row <paramref name="i"/>, in order: <paramref name="at"/> stands at its varint.</summary>
    private readonly int LengthAt(int i, ref int at)
    {
        if (isSameLength)
        {
            return IsNull(i) ? 0 : sameLength;
        }

        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = lengths[at++];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return length;
            }
        }
    }

    private void CopyConstant(int rows, void* data, int at, byte* memory)
    {
        if (isByReference)
        {
            // One copy serves every row, those of earlier parts too.
            if (constant.Pointer == null && values.Length > 0)
            {
                values.CopyTo(new Span<byte>(memory, values.Length));
                constant = new Bytes(memory, values.Length);
            }

            new Span<Bytes>((Bytes*)data + at, rows).Fill(constant);
            return;
        }

        for (var i = 0; i < rows; i++)
        {
            values.CopyTo(new Span<byte>((byte*)data + ((long)(at + i) * physicalSize), physicalSize));
        }
    }

    private void CopyBytes(int rows, Bytes* target, byte* memory, int alignment, BulkCopies? copies)
    {
        var start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        if (isSameLength && nulls.IsEmpty && Align(sameLength, alignment) == sameLength)
        {
            // The values lie here as they will lie there: one move for all of them.
            var size = checked(rows * sameLength);
            if (copies is not null)
            {
                copies.Add(start + valueAt, memory, size);
            }
            else
            {
                values.Slice(valueAt, size).CopyTo(new Span<byte>(memory, size));
            }

            for (var i = 0; i < rows; i++)
            {
                target[i] = sameLength == 0 ? default : new Bytes(memory + ((long)i * sameLength), sameLength);
            }

            valueAt += size;
            return;
        }

        for (var i = 0; i < rows; i++)
        {
            var length = LengthAt(row + i, ref lengthAt);
            if (copies is not null)
            {
                copies.Add(start + valueAt, memory, length);
            }
            else
            {
                values.Slice(valueAt, length).CopyTo(new Span<byte>(memory, length));
            }

            target[i] = length == 0 ? default : new Bytes(memory, length);
            memory += Align(length, alignment);
            valueAt += length;
        }
    }

    private readonly void CopyOffsets(Span<short> target)
    {
        if (offsets.IsEmpty)
        {
            target.Clear();
        }
        else if (isSameOffset)
        {
            target.Fill(BinaryPrimitives.ReadInt16LittleEndian(offsets));
        }
        else
        {
            MemoryMarshal.Cast<byte, short>(offsets.Slice(row * sizeof(short), target.Length * sizeof(short))).CopyTo(target);
        }
    }

    private static ReadOnlySpan<byte> ReadOneValue(scoped ref ByteReader reader, DataType type)
    {
        var value = reader.ReadBlob();
        return ColumnCodec.Fault(type, value) is { } fault ? throw reader.Damaged(fault) : value;
    }

    private static ReadOnlySpan<byte> ReadNulls(scoped ref ByteReader reader, int count)
    {
        var nulls = reader.ReadRaw((count + 7) >> 3);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly ReadOnlySpan<byte> ReadFixed(scoped ref ByteReader reader, int count)
    {
        // A count that no record could hold must not overflow before it is refused.
        var source = count <= reader.Remaining / physicalSize
            ? reader.ReadRaw(count * physicalSize)
            : throw reader.Damaged($"{count} values of type {type} do not fit");
        if (type.Kind == TypeKind.Boolean && source.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw reader.Damaged("a boolean is neither 0 nor 1");
        }

        if (type.Physical == PhysicalType.Decimal)
        {
            CheckDecimals(ref reader, source);
        }

        for (var i = 0; !nulls.IsEmpty && i < count; i++)
        {
            if (IsNull(i) && source.Slice(i * physicalSize, physicalSize).ContainsAnyExcept((byte)0))
            {
                throw reader.Damaged("a value stands under a NULL");
            }
        }

        return source;
    }

    /// <summary>In memory a decimal begins with its flags: the scale (0 to 28) in bits 16 to 23, the sign in bit 31, nothing else.</summary>
    private static void CheckDecimals(scoped ref ByteReader reader, scoped ReadOnlySpan<byte> source)
    {
        for (var at = 0; at < source.Length; at += sizeof(decimal))
        {
            var flags = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            if ((flags & 0x7F00FFFF) != 0 || (flags >> 16 & 0xFF) > 28)
            {
                throw reader.Damaged($"{flags:X8} are not the flags of a decimal");
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ReadOnlySpan<byte> ReadBytes(scoped ref ByteReader reader, int count)
    {
        long total = 0;
        if (isSameLength)
        {
            sameLength = reader.ReadCount();
            var valueCount = count;
            for (var i = 0; !nulls.IsEmpty && i < count; i++)
            {
                valueCount -= IsNull(i) ? 1 : 0;
            }

            total = (long)valueCount * sameLength;
        }
        else
        {
            var start = reader.Position;
            for (var i = 0; i < count; i++)
            {
                var length = reader.ReadCount();
                if (length != 0 && IsNull(i))
                {
                    throw reader.Damaged("a NULL has a length");
                }

                total += length;
            }

            lengths = reader.Since(start);
        }

        var source = total <= reader.Remaining ? reader.ReadRaw((int)total) : throw reader.Damaged($"values of {total} bytes do not fit");
        if (type.Kind is TypeKind.Text or TypeKind.Json or TypeKind.Bit or TypeKind.SparseVector || type.IsVector)
        {
            CheckValues(ref reader, source, count);
        }

        return source;
    }

    private readonly void CheckValues(scoped ref ByteReader reader, scoped ReadOnlySpan<byte> source, int count)
    {
        // What holds for one length holds for all of it; text is looked at value by value.
        var rows = type.IsVector && isSameLength && nulls.IsEmpty ? Math.Min(count, 1) : count;
        var at = 0;
        for (var i = 0; i < rows; i++)
        {
            var length = LengthAt(i, ref at);
            if (!IsNull(i) && ColumnCodec.Fault(type, source[..length]) is { } fault)
            {
                throw reader.Damaged(fault);
            }

            source = source[length..];
        }
    }

    private static ReadOnlySpan<byte> ReadOffsets(scoped ref ByteReader reader, int count)
    {
        var offsets = count <= reader.Remaining / sizeof(short) ? reader.ReadRaw(count * sizeof(short)) : throw reader.Damaged($"{count} UTC offsets do not fit");
        if (MemoryMarshal.Cast<byte, short>(offsets).ContainsAnyExceptInRange((short)-OffsetMinutesMax, (short)OffsetMinutesMax))
        {
            throw reader.Damaged("a UTC offset is beyond 14 hours");
        }

        return offsets;
    }
}
