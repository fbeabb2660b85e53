using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Engram.Data.Columns;

/// <summary>How a sparse vector lies in memory and in files.</summary>
/// <remarks>
/// Little-endian: the number of dimensions (int32), then the places of the elements that are not zero (int32, 0-based, ascending), then their values
/// (float32). How many there are follows from the length. Zeros of either sign are left out, so equal vectors are equal bytes. Places and values lie at any
/// address, as values of variable length do.
/// </remarks>
internal readonly ref struct SparseValue
{
    /// <summary>pgvector's limits.</summary>
    public const int DimensionsMax = 1_000_000_000;
    public const int CountMax = 16_000;

    private const int HeaderSize = sizeof(int);
    private const int ElementSize = sizeof(int) + sizeof(float);

    public SparseValue(ReadOnlySpan<byte> value)
    {
        Dimensions = BinaryPrimitives.ReadInt32LittleEndian(value);
        var count = (value.Length - HeaderSize) / ElementSize;
        Places = MemoryMarshal.Cast<byte, int>(value.Slice(HeaderSize, count * sizeof(int)));
        Values = MemoryMarshal.Cast<byte, float>(value.Slice(HeaderSize + (count * sizeof(int)), count * sizeof(float)));
    }

    public int Dimensions { get; }

    /// <summary>0-based, ascending.</summary>
    public ReadOnlySpan<int> Places { get; }

    public ReadOnlySpan<float> Values { get; }

    public static int SizeOf(int count) => HeaderSize + (count * ElementSize);

    /// <summary>Writes a value; places ascend and values are finite and not zero, as the caller has seen to.</summary>
    public static void Write(Span<byte> target, int dimensions, ReadOnlySpan<int> places, ReadOnlySpan<float> values)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, dimensions);
        MemoryMarshal.AsBytes(places).CopyTo(target[HeaderSize..]);
        MemoryMarshal.AsBytes(values).CopyTo(target[(HeaderSize + (places.Length * sizeof(int)))..]);
    }

    /// <summary>As the vectors would compare that have all elements: by the first that differs, then by the number of dimensions.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var a = new SparseValue(left);
        var b = new SparseValue(right);
        var (i, j) = (0, 0);
        while (i < a.Places.Length || j < b.Places.Length)
        {
            var (placeA, placeB) = (i < a.Places.Length ? a.Places[i] : int.MaxValue, j < b.Places.Length ? b.Places[j] : int.MaxValue);
            // Where one has ended, the other's further elements do not count: the shorter comes first.
            if (Math.Min(placeA, placeB) >= Math.Min(a.Dimensions, b.Dimensions))
            {
                break;
            }

            var order = (placeA <= placeB ? a.Values[i] : 0f).CompareTo(placeB <= placeA ? b.Values[j] : 0f);
            if (order != 0)
            {
                return order;
            }

            i += placeA <= placeB ? 1 : 0;
            j += placeB <= placeA ? 1 : 0;
        }

        return a.Dimensions.CompareTo(b.Dimensions);
    }

    /// <summary>What is wrong with bytes as a value of a type; null when nothing is.</summary>
    public static string? Fault(DataType type, ReadOnlySpan<byte> value)
    {
        if (value.Length < HeaderSize || (value.Length - HeaderSize) % ElementSize != 0)
        {
            return $"a value of type {type} has {value.Length} bytes";
        }

        var vector = new SparseValue(value);
        if (vector.Dimensions < 1 || (type.Size != 0 && vector.Dimensions != type.Size))
        {
            return $"a value of type {type} has {vector.Dimensions} dimensions";
        }

        var last = -1;
        for (var i = 0; i < vector.Places.Length; i++)
        {
            if (vector.Places[i] <= last || vector.Places[i] >= vector.Dimensions || vector.Values[i] == 0 || !float.IsFinite(vector.Values[i]))
            {
                return $"element {i} of a value of type {type} is not in its place, zero or not finite";
            }

            last = vector.Places[i];
        }

        return null;
    }
}
