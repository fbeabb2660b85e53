using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>halfvec to vector: exact.</summary>
internal readonly unsafe struct WidenVector : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => true;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var n = a.Length / sizeof(ushort);
        var target = (float*)memory.AllocateVariable(n * sizeof(float));
        HalfFloats.Widen((ushort*)a.Pointer, target, n);
        return new Bytes((byte*)target, n * sizeof(float));
    }
}

/// <summary>vector to halfvec: each element to the nearest float16; one that is too large for it is an error.</summary>
internal readonly unsafe struct NarrowVector : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var elements = a.Floats;
        var target = (Half*)memory.AllocateVariable(elements.Length * sizeof(Half));
        for (var i = 0; i < elements.Length; i++)
        {
            target[i] = (Half)elements[i];
            if (!Half.IsFinite(target[i]))
            {
                throw Error.HalfVectorOverflow(elements[i]);
            }
        }

        return new Bytes((byte*)target, elements.Length * sizeof(Half));
    }
}

/// <summary>Writes <c>[1,2,3]</c>, each element in the shortest form that reads back as the same float16.</summary>
internal readonly unsafe struct FormatHalfVector : IUnaryFunction<Bytes, Bytes>
{
    private const int ElementLengthMax = 16;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var elements = MemoryMarshal.Cast<byte, Half>(a.Span);
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
