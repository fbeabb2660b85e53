using System.Buffers.Binary;

namespace Engram.Data.Columns;

/// <summary>How a one-dimensional array lies in a <see cref="Bytes"/> value.</summary>
/// <remarks>
/// <code>int32 count | for each element: byte present (0 = NULL), then the value: its physical bytes, or int32 length and bytes</code>
/// timestamptz elements are 8 bytes of UTC ticks and 2 of offset minutes. Numbers are little-endian.
/// </remarks>
internal static unsafe class ArrayValue
{
    /// <summary>The CLR array type: T[] when no element can be null, as Read chooses it by content.</summary>
    public static Type ClrType(TypeKind element) => Empty(element, nullable: false, 0).GetType();

    public static void Append(ColumnBuffer target, Array value)
    {
        using var elements = new ColumnBuffer(new DataType(target.Type.Element), Math.Max(value.Length, 1));
        foreach (var item in value)
        {
            ClrValue.Append(elements, item);
        }

        AppendElements(target, elements.Column, elements.Count);
    }

    /// <summary>Appends the first <paramref name="count"/> rows of a column as one array.</summary>
    public static void AppendElements(ColumnBuffer target, Column elements, int count)
    {
        var type = elements.Type;
        long size = 4;
        for (var i = 0; i < count; i++)
        {
            size += 1 + (elements.IsNull(i) ? 0 : type.IsByReference ? 4 + elements.Get<Bytes>(i).Length : type.PhysicalSize + (type.HasOffsets ? 2 : 0));
        }

        if (size > Array.MaxLength)
        {
            throw new EngramException($"An array of {count} elements takes {size} bytes; the limit is {Array.MaxLength}.", SqlStates.ProgramLimitExceeded);
        }

        var buffer = new byte[size];
        BinaryPrimitives.WriteInt32LittleEndian(buffer, count);
        var at = 4;
        for (var i = 0; i < count; i++)
        {
            if (elements.IsNull(i))
            {
                at++;
                continue;
            }

            buffer[at++] = 1;
            if (type.IsByReference)
            {
                var bytes = elements.Get<Bytes>(i);
                BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(at), bytes.Length);
                bytes.Span.CopyTo(buffer.AsSpan(at + 4));
                at += 4 + bytes.Length;
                continue;
            }

            new ReadOnlySpan<byte>((byte*)elements.Data + (elements.At(i) * type.PhysicalSize), type.PhysicalSize).CopyTo(buffer.AsSpan(at));
            at += type.PhysicalSize;
            if (type.HasOffsets)
            {
                BinaryPrimitives.WriteInt16LittleEndian(buffer.AsSpan(at), elements.GetOffset(i));
                at += 2;
            }
        }

        target.AppendBytes(buffer);
    }

    /// <summary>Takes an array apart into a buffer of its element type, which is cleared first.</summary>
    public static void Unpack(Bytes value, ColumnBuffer elements)
    {
        elements.Clear();
        var type = elements.Type;
        var span = value.Span;
        var count = BinaryPrimitives.ReadInt32LittleEndian(span);
        var at = 4;
        for (var i = 0; i < count; i++)
        {
            if (span[at++] == 0)
            {
                elements.AppendNull();
                continue;
            }

            if (type.IsByReference)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(span[at..]);
                elements.AppendBytes(span.Slice(at + 4, length));
                at += 4 + length;
                continue;
            }

            elements.Reserve(1);
            span.Slice(at, type.PhysicalSize).CopyTo(new Span<byte>((byte*)elements.Column.Data + ((long)elements.Count * type.PhysicalSize), type.PhysicalSize));
            at += type.PhysicalSize;
            if (type.HasOffsets)
            {
                elements.Column.Offsets[elements.Count] = BinaryPrimitives.ReadInt16LittleEndian(span[at..]);
                at += 2;
            }

            elements.SetCount(elements.Count + 1);
        }
    }

    /// <summary>The array as T[], or as T?[] when a value-type element is NULL.</summary>
    public static Array Read(TypeKind element, Bytes value)
    {
        using var elements = new ColumnBuffer(new DataType(element));
        Unpack(value, elements);
        var nullable = false;
        for (var i = 0; i < elements.Count; i++)
        {
            nullable |= elements.Column.IsNull(i);
        }

        var result = Empty(element, nullable, elements.Count);
        for (var i = 0; i < elements.Count; i++)
        {
            result.SetValue(ClrValue.Read(elements.Column, i), i);
        }

        return result;
    }

    private static Array Empty(TypeKind element, bool nullable, int count) => element switch
    {
        TypeKind.Boolean => Make<bool>(nullable, count),
        TypeKind.Int8 => Make<sbyte>(nullable, count),
        TypeKind.Int16 => Make<short>(nullable, count),
        TypeKind.Int32 => Make<int>(nullable, count),
        TypeKind.Int64 => Make<long>(nullable, count),
        TypeKind.UInt8 => Make<byte>(nullable, count),
        TypeKind.UInt16 => Make<ushort>(nullable, count),
        TypeKind.UInt32 => Make<uint>(nullable, count),
        TypeKind.UInt64 => Make<ulong>(nullable, count),
        TypeKind.Single => Make<float>(nullable, count),
        TypeKind.Double => Make<double>(nullable, count),
        TypeKind.Decimal => Make<decimal>(nullable, count),
        TypeKind.Text or TypeKind.Json => new string?[count],
        TypeKind.Bytea => new byte[]?[count],
        TypeKind.Uuid => Make<Guid>(nullable, count),
        TypeKind.Date => Make<DateOnly>(nullable, count),
        TypeKind.Time => Make<TimeOnly>(nullable, count),
        TypeKind.Timestamp => Make<DateTime>(nullable, count),
        TypeKind.TimestampTz => Make<DateTimeOffset>(nullable, count),
        TypeKind.Interval => Make<TimeSpan>(nullable, count),
        _ => new object?[count],
    };

    private static Array Make<T>(bool nullable, int count)
        where T : struct
        => nullable ? new T?[count] : new T[count];
}
