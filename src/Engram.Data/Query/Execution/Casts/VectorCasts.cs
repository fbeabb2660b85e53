using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Reads <c>[1,2,3]</c>.</summary>
internal readonly unsafe struct ParseVector : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Span.Trim(" \t\r\n"u8);
        if (text.Length < 2 || text[0] != '[' || text[^1] != ']')
        {
            throw TextValue.Invalid(DataType.Vector(0), a);
        }

        text = text[1..^1].Trim((byte)' ');
        var count = text.IsEmpty ? 0 : text.Count((byte)',') + 1;
        var target = (float*)memory.AllocateVariable(count * sizeof(float));
        for (var i = 0; i < count; i++)
        {
            var comma = text.IndexOf((byte)',');
            var item = comma < 0 ? text : text[..comma];
            if (!float.TryParse(item.Trim((byte)' '), NumberStyles.Float, CultureInfo.InvariantCulture, out target[i]))
            {
                throw TextValue.Invalid(DataType.Vector(0), a);
            }

            VectorCasts.CheckFinite(target[i]);
            text = comma < 0 ? default : text[(comma + 1)..];
        }

        return new Bytes((byte*)target, count * sizeof(float));
    }
}

/// <summary>Writes <c>[1,2,3]</c>, each element in the shortest form that reads back as itself.</summary>
internal readonly unsafe struct FormatVector : IUnaryFunction<Bytes, Bytes>
{
    private const int ElementLengthMax = 24;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var elements = a.Floats;
        var capacity = checked(2 + (elements.Length * (ElementLengthMax + 1)));
        var pointer = memory.AllocateVariable(capacity);
        var target = new Span<byte>(pointer, capacity);
        var length = 0;
        target[length++] = (byte)'[';
        for (var i = 0; i < elements.Length; i++)
        {
            if (i > 0)
            {
                target[length++] = (byte)',';
            }

            elements[i].TryFormat(target[length..], out var written, default, CultureInfo.InvariantCulture);
            target.Slice(length, written).Replace((byte)'E', (byte)'e');
            length += written;
        }

        target[length++] = (byte)']';
        return new Bytes(pointer, length);
    }
}

/// <summary>vector(n), halfvec(n): the number of dimensions is part of the type.</summary>
internal readonly struct FitVector(int dimensions, string? target, int elementSize = sizeof(float)) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
        => a.Length == dimensions * elementSize ? a : throw Error.VectorDimensionsExpected(target, dimensions, a.Length / elementSize);
}

/// <summary>A column whose every value is checked to be finite, as the kernels require of vectors.</summary>
internal readonly struct FiniteVector : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        VectorCasts.CheckFinite(a.Floats);
        return a;
    }
}

internal static class VectorCasts
{
    public static void CheckFinite(ReadOnlySpan<float> elements)
    {
        if (!Finite.All(elements))
        {
            throw Error.VectorNotFinite();
        }
    }

    public static void CheckFinite(float element)
    {
        if (!float.IsFinite(element))
        {
            throw Error.VectorNotFinite();
        }
    }
}
