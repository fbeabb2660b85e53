using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Integers in as many bits as the greatest of them needs: code i lies at bits i × width to (i + 1) × width, the lowest bit of a byte first.</summary>
/// <remarks>
/// <para>Eight codes fill exactly <c>width</c> bytes, so every eighth begins at a byte. That is what the loops live on: load the bytes of a group
/// once, let a shuffle bring to each lane the bytes that its code touches, shift each lane by what is left (less than 8), and mask. One load, one
/// shuffle, one shift for eight codes, whatever the width; and still code i is found alone by arithmetic, for those who want few rows.</para>
/// <para>Values are <c>first + code × factor</c> modulo the type's range, so one kernel serves signed and unsigned types. Nothing is read
/// beyond the last byte that holds a code, and nothing written beyond the last value.</para>
/// </remarks>
internal static unsafe class BitPacking
{
    /// <summary>A lane of 64 bits holds a code and the up to 7 bits before it in its first byte.</summary>
    public const int Width64Max = 57;

    public const int Width32Max = 25;

    /// <summary>Codes that are unpacked into a buffer at a time, where the values are of another size: a multiple of every group.</summary>
    private const int ChunkCount = 512;

    /// <summary>Bytes that hold <paramref name="count"/> codes.</summary>
    public static int SizeOf(int count, int width) => (int)((((long)count * width) + 7) / 8);

    /// <summary>The bits that <paramref name="greatest"/> needs; 0 for 0.</summary>
    public static int WidthOf(ulong greatest) => 64 - System.Numerics.BitOperations.LeadingZeroCount(greatest);

    /// <summary>Writes codes below 2^width; <paramref name="packed"/> has <see cref="SizeOf"/> bytes, and bits after the last code become zero.</summary>
    public static void Pack(ReadOnlySpan<ulong> codes, int width, Span<byte> packed)
    {
        packed = packed[..SizeOf(codes.Length, width)];
        var at = 0;
        UInt128 bits = 0;
        var count = 0;
        foreach (var code in codes)
        {
            bits |= (UInt128)code << count;
            for (count += width; count >= 64; count -= 64)
            {
                MemoryMarshal.Write(packed[at..], (ulong)bits);
                at += sizeof(ulong);
                bits >>= 64;
            }
        }

        for (; count > 0; count -= 8)
        {
            packed[at++] = (byte)bits;
            bits >>= 8;
        }
    }

    /// <summary>One code.</summary>
    /// <param name="size">Bytes at <paramref name="packed"/>, no byte after which is read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Get(byte* packed, int size, int width, int index)
    {
        var bit = (long)index * width;
        var at = (int)(bit >> 3);
        var shift = (int)bit & 7;
        if (at + sizeof(ulong) > size)
        {
            return GetAtEnd(packed, size, width, at, shift);
        }

        var code = Unsafe.ReadUnaligned<ulong>(packed + at) >> shift;
        if (shift + width > 64)
        {
            code |= (ulong)packed[at + sizeof(ulong)] << (64 - shift);
        }

        return code & MaskOf(width);
    }

    /// <summary>values[i] = first + code i, for widths up to 32.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, uint first, Span<uint> values)
    {
        if (width == 0)
        {
            values.Fill(first);
        }
        else if (width > Width32Max)
        {
            UnpackScalar.Run(packed, width, first, values);
        }
        else if (Unpack512Of32.IsSupported)
        {
            UnpackLoops<Unpack512Of32, uint>.Run(packed, width, first, 1, values);
        }
        else if (Unpack256Of32.IsSupported)
        {
            UnpackLoops<Unpack256Of32, uint>.Run(packed, width, first, 1, values);
        }
        else
        {
            UnpackLoops<Unpack128Of32, uint>.Run(packed, width, first, 1, values);
        }
    }

    /// <summary>values[i] = first + code i × factor, for all widths. A factor other than 1 goes with widths up to 32.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, ulong first, uint factor, Span<ulong> values)
    {
        Debug.Assert(factor == 1 || width <= 32);
        if (width == 0)
        {
            values.Fill(first);
        }
        else if (width > Width64Max)
        {
            UnpackScalar.Run(packed, width, first, factor, values);
        }
        else if (Unpack512Of64.IsSupported)
        {
            UnpackLoops<Unpack512Of64, ulong>.Run(packed, width, first, factor, values);
        }
        else if (Unpack256Of64.IsSupported)
        {
            UnpackLoops<Unpack256Of64, ulong>.Run(packed, width, first, factor, values);
        }
        else if (width <= Width32Max && factor == 1)
        {
            UnpackWidening(packed, width, first, values);
        }
        else
        {
            UnpackScalar.Run(packed, width, first, factor, values);
        }
    }

    /// <summary>values[i] = first + code i, for widths up to 16.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, ushort first, Span<ushort> values)
    {
        Span<uint> chunk = stackalloc uint[ChunkCount];
        for (var done = 0; done < values.Length; done += ChunkCount)
        {
            var count = Math.Min(ChunkCount, values.Length - done);
            var start = SizeOf(done, width);
            Unpack(packed.Slice(start, SizeOf(count, width)), width, first, chunk[..count]);
            Narrow(chunk, values.Slice(done, count));
        }
    }

    /// <summary>values[i] = first + code i, for widths up to 8.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, int width, byte first, Span<byte> values)
    {
        if (width == 1)
        {
            UnpackBits(packed, first, values);
            return;
        }

        Span<uint> chunk = stackalloc uint[ChunkCount];
        for (var done = 0; done < values.Length; done += ChunkCount)
        {
            var count = Math.Min(ChunkCount, values.Length - done);
            var start = SizeOf(done, width);
            Unpack(packed.Slice(start, SizeOf(count, width)), width, first, chunk[..count]);
            Narrow(chunk, values.Slice(done, count));
        }
    }

    /// <summary>Codes of 32 bits, widened: for processors that shift all lanes of a register by the same count only.</summary>
    internal static void UnpackWidening(ReadOnlySpan<byte> packed, int width, ulong first, Span<ulong> values)
    {
        Span<uint> chunk = stackalloc uint[ChunkCount];
        for (var done = 0; done < values.Length; done += ChunkCount)
        {
            var count = Math.Min(ChunkCount, values.Length - done);
            UnpackLoops<Unpack128Of32, uint>.Run(packed.Slice(SizeOf(done, width), SizeOf(count, width)), width, 0, 1, chunk[..count]);
            Widen(chunk, first, values.Slice(done, count));
        }
    }

    /// <summary>Sixteen bits at a time: each byte gets the byte that its bit lies in, and asks for its bit.</summary>
    internal static void UnpackBits(ReadOnlySpan<byte> packed, byte first, Span<byte> values)
    {
        packed = packed[..SizeOf(values.Length, 1)];
        var source = Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        var bits = Vector128.Create(0x8040201008040201UL).AsByte();
        var one = Vector128<byte>.One;
        var start = Vector128.Create(first);
        var i = 0;
        fixed (byte* from = packed, to = values)
        {
            for (; i + 16 <= values.Length; i += 16)
            {
                var both = Vector128.Create(Unsafe.ReadUnaligned<ushort>(from + (i / 8))).AsByte();
                var spread = Vector128.Shuffle(both, source) & bits;
                ((Vector128.Equals(spread, bits) & one) + start).Store(to + i);
            }
        }

        for (; i < values.Length; i++)
        {
            values[i] = (byte)(first + (packed[i >> 3] >> (i & 7) & 1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong MaskOf(int width) => width == 64 ? ulong.MaxValue : (1UL << width) - 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong GetAtEnd(byte* packed, int size, int width, int at, int shift)
    {
        UInt128 bits = 0;
        for (var i = Math.Min(size - at, 9) - 1; i >= 0; i--)
        {
            bits = (bits << 8) | packed[at + i];
        }

        return (ulong)(bits >> shift) & MaskOf(width);
    }

    private static void Widen(ReadOnlySpan<uint> codes, ulong first, Span<ulong> values)
    {
        var start = Vector128.Create(first);
        var i = 0;
        fixed (uint* from = codes)
        fixed (ulong* to = values)
        {
            for (; i + 4 <= values.Length; i += 4)
            {
                var (lower, upper) = Vector128.Widen(Vector128.Load(from + i));
                (lower + start).Store(to + i);
                (upper + start).Store(to + i + 2);
            }
        }

        for (; i < values.Length; i++)
        {
            values[i] = first + codes[i];
        }
    }

    private static void Narrow(ReadOnlySpan<uint> codes, Span<ushort> values)
    {
        var i = 0;
        fixed (uint* from = codes)
        fixed (ushort* to = values)
        {
            for (; i + 8 <= values.Length; i += 8)
            {
                Vector128.Narrow(Vector128.Load(from + i), Vector128.Load(from + i + 4)).Store(to + i);
            }
        }

        for (; i < values.Length; i++)
        {
            values[i] = (ushort)codes[i];
        }
    }

    private static void Narrow(ReadOnlySpan<uint> codes, Span<byte> values)
    {
        var i = 0;
        fixed (uint* from = codes)
        fixed (byte* to = values)
        {
            for (; i + 16 <= values.Length; i += 16)
            {
                var lower = Vector128.Narrow(Vector128.Load(from + i), Vector128.Load(from + i + 4));
                var upper = Vector128.Narrow(Vector128.Load(from + i + 8), Vector128.Load(from + i + 12));
                Vector128.Narrow(lower, upper).Store(to + i);
            }
        }

        for (; i < values.Length; i++)
        {
            values[i] = (byte)codes[i];
        }
    }
}
