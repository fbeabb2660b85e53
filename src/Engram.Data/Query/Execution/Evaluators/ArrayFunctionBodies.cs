using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

// Arrays have one dimension and start at 1. What keeps elements as they are copies their bytes (ArrayWalk.Whole) without taking them apart.

/// <summary>array_append(array, x) and array || x: no array is an empty one.</summary>
internal struct ArrayAppend(bool isFirst) : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (array, element) = isFirst ? (arguments[1], arguments[0]) : (arguments[0], arguments[1]);
        writer.Begin();
        if (isFirst)
        {
            writer.Add(element, row);
        }

        if (!array.IsNull(row))
        {
            writer.AddAll(array.Get<Bytes>(row).Span);
        }

        if (!isFirst)
        {
            writer.Add(element, row);
        }

        result = writer.End(memory);
        return true;
    }
}

/// <summary>array_cat(a, b) and a || b: NULL beside an array counts as nothing.</summary>
internal struct ArrayConcatenate : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (isLeftNull, isRightNull) = (arguments[0].IsNull(row), arguments[1].IsNull(row));
        if (isLeftNull || isRightNull)
        {
            result = arguments[isLeftNull ? 1 : 0].Get<Bytes>(row);
            return !isLeftNull || !isRightNull;
        }

        writer.Begin();
        writer.AddAll(arguments[0].Get<Bytes>(row).Span);
        writer.AddAll(arguments[1].Get<Bytes>(row).Span);
        result = writer.End(memory);
        return true;
    }
}

/// <summary>What array_length, array_upper, array_lower and array_ndims answer: NULL for an empty array, or for another dimension than the first.</summary>
internal readonly struct ArrayExtent(bool isConstantOne) : IRowFunction<int>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        var count = ArrayWalk.CountOf(arguments[0].Get<Bytes>(row).Span);
        result = isConstantOne ? 1 : count;
        return count > 0 && (arguments.Length == 1 || arguments[1].Get<int>(row) == 1);
    }
}

/// <summary>array_dims(array): [1:n].</summary>
internal readonly struct ArrayDimensions : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var count = ArrayWalk.CountOf(arguments[0].Get<Bytes>(row).Span);
        result = TextValue.Copy(Encoding.ASCII.GetBytes($"[1:{count}]"), memory);
        return count > 0;
    }
}

/// <summary>a[from:to]; places beyond either end are left out.</summary>
internal struct ArraySlice : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = Of(arguments[0], row, arguments[1].Get<int>(row), arguments[2].Get<int>(row), memory, ref writer);
        return true;
    }

    public static Bytes Of(Column array, int row, int first, int last, ColumnBuffer memory, ref ArrayWriter writer)
    {
        writer.Begin();
        var walk = new ArrayWalk(array.Get<Bytes>(row).Span, array.Type.Element);
        for (var place = 1; walk.Next() && place <= last; place++)
        {
            if (place >= first)
            {
                writer.AddWhole(walk.Whole);
            }
        }

        return writer.End(memory);
    }
}

/// <summary>array_set(array, place, x): with another element at a place that has one. Without an array there is nothing to set: NULL.</summary>
internal struct ArraySet : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[0].IsNull(row))
        {
            return false;
        }

        var bytes = arguments[0].Get<Bytes>(row).Span;
        var count = ArrayWalk.CountOf(bytes);
        int? place = arguments[1].IsNull(row) ? null : arguments[1].Get<int>(row);
        if (place is null || place < 1 || place > count)
        {
            throw Error.ArrayPlace(place, count);
        }

        writer.Begin();
        var walk = new ArrayWalk(bytes, arguments[0].Type.Element);
        for (var i = 1; walk.Next(); i++)
        {
            if (i == place)
            {
                writer.Add(arguments[2], row);
            }
            else
            {
                writer.AddWhole(walk.Whole);
            }
        }

        result = writer.End(memory);
        return true;
    }
}

/// <summary>trim_array(array, n): without its last n elements.</summary>
internal struct ArrayTrim : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (count, n) = (ArrayWalk.CountOf(arguments[0].Get<Bytes>(row).Span), arguments[1].Get<int>(row));
        if (n < 0 || n > count)
        {
            throw Error.ArrayTrim(n, count);
        }

        result = ArraySlice.Of(arguments[0], row, 1, count - n, memory, ref writer);
        return true;
    }
}

/// <summary>array_fill(x, ARRAY[n]).</summary>
internal struct ArrayFill : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[1].IsNull(row))
        {
            throw Error.InvalidArgument("array_fill", "the length is NULL.");
        }

        var lengths = new ArrayWalk(arguments[1].Get<Bytes>(row).Span, TypeKind.Int32);
        var count = lengths.Next() && !lengths.IsNull ? System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(lengths.Value) : 0;
        if (lengths.Next())
        {
            throw Error.NotSupported("An array of more than one dimension");
        }

        const int CountMax = 1 << 27;
        if (count is < 0 or > CountMax)
        {
            throw Error.InvalidArgument("array_fill", $"the length is {count}; it goes from 0 to {CountMax}.");
        }

        writer.Begin();
        for (var i = 0; i < count; i++)
        {
            var before = writer.SizeBytes;
            writer.Add(arguments[0], row);
            memory.Work(writer.SizeBytes - before);
            memory.CheckComputed(writer.SizeBytes);
        }

        result = writer.End(memory);
        return true;
    }
}

/// <summary>string_to_array(text, separator [, null]): without a separator (NULL) one element a character.</summary>
internal struct StringToArray : IRowFunction<Bytes>
{
    // What finding and writing one costs besides copying it.
    private const int ElementSizeBytes = 32;

    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[0].IsNull(row))
        {
            return false;
        }

        writer.Begin();
        var hasNull = arguments.Length > 2 && !arguments[2].IsNull(row);
        var asNull = hasNull ? arguments[2].Get<Bytes>(row).Span : default;
        var text = arguments[0].Get<Bytes>(row).Span;
        var split = new TextSplit(text, !arguments[1].IsNull(row), arguments[1].IsNull(row) ? default : arguments[1].Get<Bytes>(row).Span);
        while (split.Next())
        {
            memory.Work(split.Part.Length + ElementSizeBytes);
            memory.CheckComputed((long)writer.SizeBytes + split.Part.Length);
            if (hasNull && split.Part.SequenceEqual(asNull))
            {
                writer.AddNull();
            }
            else
            {
                writer.Add(split.Part);
            }
        }

        result = writer.End(memory);
        return true;
    }
}

/// <summary>Goes over the parts of a text: between separators, or one a character. An empty text has no parts; an empty separator leaves it whole.</summary>
internal ref struct TextSplit(ReadOnlySpan<byte> text, bool hasSeparator, ReadOnlySpan<byte> separator)
{
    private readonly ReadOnlySpan<byte> text = text;
    private readonly ReadOnlySpan<byte> separator = separator;
    private int at;
    private bool isDone = text.IsEmpty;

    public ReadOnlySpan<byte> Part { get; private set; }

    public bool Next()
    {
        if (isDone)
        {
            return false;
        }

        if (!hasSeparator)
        {
            var length = Slices.LengthAt(text, at);
            Part = text.Slice(at, length);
            at += length;
            isDone = at == text.Length;
            return true;
        }

        var found = separator.IsEmpty ? -1 : text[at..].IndexOf(separator);
        Part = found < 0 ? text[at..] : text.Slice(at, found);
        at += Part.Length + separator.Length;
        isDone = found < 0;
        return true;
    }
}

/// <summary>array_to_string(array of texts, separator [, null]): NULL elements are left out, unless something is to be shown for them.</summary>
internal struct ArrayToString : IRowFunction<Bytes>
{
    private List<byte>? text;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[0].IsNull(row) || arguments[1].IsNull(row))
        {
            return false;
        }

        text ??= [];
        text.Clear();
        var separator = arguments[1].Get<Bytes>(row).Span;
        var hasNull = arguments.Length > 2 && !arguments[2].IsNull(row);
        var walk = new ArrayWalk(arguments[0].Get<Bytes>(row).Span, TypeKind.Text);
        var isFirst = true;
        while (walk.Next())
        {
            if (walk.IsNull && !hasNull)
            {
                continue;
            }

            if (!isFirst)
            {
                text.AddRange(separator);
            }

            isFirst = false;
            var value = walk.IsNull ? arguments[2].Get<Bytes>(row).Span : walk.Value;
            memory.Work((long)value.Length + separator.Length);
            memory.CheckComputed((long)text.Count + value.Length + separator.Length);
            text.AddRange(value);
        }

        result = TextValue.Copy(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text), memory);
        return true;
    }
}
