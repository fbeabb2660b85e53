using Engram.Data.Columns;

namespace Engram.Data.Storage.Versions;

/// <summary>Copies values between columns of the same physical type, with the bytes that they point to.</summary>
internal static unsafe class ValueCopy
{
    /// <summary>Alignment of vectors in the delta, so that kernels load whole cache lines.</summary>
    public const int VectorAlignment = 64;

    /// <summary>Copies one value that is not NULL to place <paramref name="at"/> of an array.</summary>
    public static void CopyOne(Column source, int sourceRow, void* target, short* targetOffsets, int at, Arena memory)
    {
        var from = source.At(sourceRow);
        switch (source.Type.PhysicalSize)
        {
            case 1: ((byte*)target)[at] = ((byte*)source.Data)[from]; break;
            case 2: ((short*)target)[at] = ((short*)source.Data)[from]; break;
            case 4: ((int*)target)[at] = ((int*)source.Data)[from]; break;
            case 8: ((long*)target)[at] = ((long*)source.Data)[from]; break;
            default:
                ((Guid*)target)[at] = ((Guid*)source.Data)[from];
                if (source.Type.IsByReference)
                {
                    ((Bytes*)target)[at] = CopyBytes(((Bytes*)source.Data)[from], source.Type, memory);
                }

                break;
        }

        if (targetOffsets != null)
        {
            targetOffsets[at] = source.GetOffset(sourceRow);
        }
    }

    /// <summary>Copies the selected rows of a column to consecutive places from <paramref name="at"/> on. What lies under a NULL becomes zeros, whatever lay there.</summary>
    public static void CopyRows(Column source, Batch batch, int first, int count, void* target, short* targetOffsets, int at, Arena memory)
    {
        // Dense, fixed-width and not constant: one move.
        var size = source.Type.PhysicalSize;
        if (batch.Selection is null && !source.IsConstant && !source.Type.IsByReference)
        {
            Buffer.MemoryCopy((byte*)source.Data + ((long)first * size), (byte*)target + ((long)at * size), (long)count * size, (long)count * size);
            if (targetOffsets != null && source.Offsets != null)
            {
                Buffer.MemoryCopy(source.Offsets + first, targetOffsets + at, (long)count * sizeof(short), (long)count * sizeof(short));
            }
            else if (targetOffsets != null)
            {
                new Span<short>(targetOffsets + at, count).Clear();
            }

            for (var i = 0; source.Nulls != null && i < count; i++)
            {
                if (source.IsNull(first + i))
                {
                    Clear(target, targetOffsets, at + i, size);
                }
            }

            return;
        }

        for (var i = 0; i < count; i++)
        {
            var row = batch.RowAt(first + i);
            if (!source.IsNull(row))
            {
                CopyOne(source, row, target, targetOffsets, at + i, memory);
            }
            else
            {
                Clear(target, targetOffsets, at + i, size);
            }
        }
    }

    private static void Clear(void* target, short* targetOffsets, int at, int size)
    {
        new Span<byte>((byte*)target + ((long)at * size), size).Clear();
        if (targetOffsets != null)
        {
            targetOffsets[at] = 0;
        }
    }

    private static Bytes CopyBytes(Bytes value, DataType type, Arena memory)
    {
        if (!type.IsVector)
        {
            return memory.Copy(value);
        }

        var pointer = memory.Allocate(value.Length, VectorAlignment);
        value.Span.CopyTo(new Span<byte>(pointer, value.Length));
        return new Bytes(pointer, value.Length);
    }
}
