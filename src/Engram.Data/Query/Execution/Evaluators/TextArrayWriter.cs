using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Writes an array of texts in the form of <see cref="ArrayValue"/>, one element after the other. Its memory is kept for the next one.</summary>
internal struct TextArrayWriter
{
    private List<byte>? bytes;
    private int count;

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
