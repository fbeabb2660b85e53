using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Writes an array in the form of <see cref="ArrayValue"/>, one element after the other. Its memory is kept for the next one.</summary>
internal struct ArrayWriter
{
    private List<byte>? bytes;
    private int count;

    /// <summary>What it has written so far.</summary>
    public readonly int SizeBytes => bytes?.Count ?? 0;

    public void Begin()
    {
        bytes ??= [];
        bytes.Clear();
        CollectionsMarshal.SetCount(bytes, sizeof(int));
        count = 0;
    }

    public void AddNull()
    {
        count++;
        bytes!.Add(0);
    }

    /// <summary>An element as it stands in another array of the type (<see cref="ArrayWalk.Whole"/>).</summary>
    public void AddWhole(ReadOnlySpan<byte> element)
    {
        count++;
        bytes!.AddRange(element);
    }

    /// <summary>All elements of another array of the type.</summary>
    public void AddAll(ReadOnlySpan<byte> array)
    {
        if ((long)bytes!.Count + array.Length > TextSize.LengthMax)
        {
            throw Error.ValueTooLarge((long)bytes.Count + array.Length, TextSize.LengthMax);
        }

        count += ArrayWalk.CountOf(array);
        bytes.AddRange(array[sizeof(int)..]);
    }

    /// <summary>A value of a column, which has the element's type.</summary>
    public unsafe void Add(Column column, int row)
    {
        var type = column.Type;
        if (column.IsNull(row))
        {
            AddNull();
        }
        else if (type.IsByReference)
        {
            Add(column.Get<Bytes>(row).Span);
        }
        else
        {
            count++;
            bytes!.Add(1);
            bytes.AddRange(new ReadOnlySpan<byte>((byte*)column.Data + (column.At(row) * type.PhysicalSize), type.PhysicalSize));
            if (type.HasOffsets)
            {
                var offset = column.GetOffset(row);
                bytes.AddRange([(byte)offset, (byte)(offset >> 8)]);
            }
        }
    }

    public void Add(ReadOnlySpan<byte> text) => text.CopyTo(Place(text.Length));

    public void Add(ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, Place(Encoding.UTF8.GetByteCount(text)));

    public readonly Bytes End(ColumnBuffer memory)
    {
        var all = CollectionsMarshal.AsSpan(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(all, count);
        return TextValue.Copy(all, memory);
    }

    private Span<byte> Place(int length)
    {
        count++;
        var start = bytes!.Count + 1 + sizeof(int);
        if ((long)start + length > TextSize.LengthMax)
        {
            throw Error.ValueTooLarge((long)start + length, TextSize.LengthMax);
        }

        CollectionsMarshal.SetCount(bytes, start + length);
        var all = CollectionsMarshal.AsSpan(bytes);
        all[start - 1 - sizeof(int)] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(all[(start - sizeof(int))..], length);
        return all[start..];
    }
}
