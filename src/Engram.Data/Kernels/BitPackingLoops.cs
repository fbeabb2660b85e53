using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Unpacks whole groups of codes at one width of register.</summary>
internal unsafe interface IUnpackLoop<T>
    where T : unmanaged
{
    /// <summary>Codes in a group: a multiple of eight, so that each begins at a byte.</summary>
    static abstract int GroupCount { get; }

    /// <summary>Reads up to 64 bytes from the start of each group on, what follows its codes included.</summary>
    static abstract void Run(byte* packed, int width, int groups, T* values, T first, uint factor);
}

/// <summary><see cref="BitPacking"/> at one width of register, where groups end and where the bytes end. Tests call it loop by loop.</summary>
internal static unsafe class UnpackLoops<TLoop, T>
    where TLoop : struct, IUnpackLoop<T>
    where T : unmanaged
{
    /// <summary>The most that a loop reads from the start of a group on.</summary>
    private const int Reach = 64;

    public static void Run(ReadOnlySpan<byte> packed, int width, T first, uint factor, Span<T> values)
    {
        packed = packed[..BitPacking.SizeOf(values.Length, width)];
        var step = TLoop.GroupCount / 8 * width;
        var groups = values.Length / TLoop.GroupCount;
        var inside = packed.Length < Reach ? 0 : Math.Min(groups, ((packed.Length - Reach) / step) + 1);
        fixed (byte* from = packed)
        fixed (T* to = values)
        {
            if (inside > 0)
            {
                TLoop.Run(from, width, inside, to, first, factor);
            }

            // What is left is shorter than the reach, or it would have been inside; only codes short of a group can add to it.
            var rest = packed[(inside * step)..];
            byte* padded = stackalloc byte[2 * Reach];
            new Span<byte>(padded, 2 * Reach).Clear();
            var copied = Math.Min(rest.Length, 2 * Reach);
            rest[..copied].CopyTo(new Span<byte>(padded, copied));
            if (groups > inside)
            {
                TLoop.Run(padded, width, groups - inside, to + (inside * TLoop.GroupCount), first, factor);
            }

            for (var i = groups * TLoop.GroupCount; i < values.Length; i++)
            {
                UnpackScalar.One(from, packed.Length, width, i, first, factor, to);
            }
        }
    }
}

/// <summary>Code by code: what the loops must equal, and what is left over by them.</summary>
internal static unsafe class UnpackScalar
{
    public static void Run(ReadOnlySpan<byte> packed, int width, uint first, Span<uint> values)
    {
        var size = BitPacking.SizeOf(values.Length, width);
        fixed (byte* from = packed[..size])
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = first + (uint)BitPacking.Get(from, size, width, i);
            }
        }
    }

    public static void Run(ReadOnlySpan<byte> packed, int width, ulong first, uint factor, Span<ulong> values)
    {
        var size = BitPacking.SizeOf(values.Length, width);
        fixed (byte* from = packed[..size])
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = first + (BitPacking.Get(from, size, width, i) * factor);
            }
        }
    }

    public static void One<T>(byte* packed, int size, int width, int index, T first, uint factor, T* values)
        where T : unmanaged
    {
        var code = BitPacking.Get(packed, size, width, index);
        if (sizeof(T) == sizeof(ulong))
        {
            ((ulong*)values)[index] = *(ulong*)&first + (code * factor);
        }
        else
        {
            ((uint*)values)[index] = *(uint*)&first + ((uint)code * factor);
        }
    }
}

/// <summary>Eight codes up to 57 bits by one shuffle of 64 bytes.</summary>
internal readonly unsafe struct Unpack512Of64 : IUnpackLoop<ulong>
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512Vbmi.IsSupported;

    public static int GroupCount => 8;

    public static void Run(byte* packed, int width, int groups, ulong* values, ulong first, uint factor)
    {
        var bit = Vector512<ulong>.Indices * (ulong)width;
        var source = (((bit >> 3) * 0x0101010101010101UL) + Vector512.Create(0x0706050403020100UL)).AsByte();
        var shift = bit & Vector512.Create(7UL);
        var mask = Vector512.Create(BitPacking.MaskOf(width));
        var start = Vector512.Create(first);
        if (factor == 1)
        {
            for (var i = 0; i < groups; i++)
            {
                var bytes = Avx512Vbmi.PermuteVar64x8(Vector512.Load(packed), source);
                ((Avx512F.ShiftRightLogicalVariable(bytes.AsUInt64(), shift) & mask) + start).Store(values);
                packed += width;
                values += 8;
            }

            return;
        }

        var times = Vector512.Create((ulong)factor).AsUInt32();
        for (var i = 0; i < groups; i++)
        {
            var bytes = Avx512Vbmi.PermuteVar64x8(Vector512.Load(packed), source);
            var code = Avx512F.ShiftRightLogicalVariable(bytes.AsUInt64(), shift) & mask;
            (Avx512F.Multiply(code.AsUInt32(), times) + start).Store(values);
            packed += width;
            values += 8;
        }
    }
}

/// <summary>Sixteen codes up to 25 bits by one shuffle of 64 bytes.</summary>
internal readonly unsafe struct Unpack512Of32 : IUnpackLoop<uint>
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512Vbmi.IsSupported;

    public static int GroupCount => 16;

    public static void Run(byte* packed, int width, int groups, uint* values, uint first, uint factor)
    {
        var bit = Vector512<uint>.Indices * (uint)width;
        var source = (((bit >> 3) * 0x01010101U) + Vector512.Create(0x03020100U)).AsByte();
        var shift = bit & Vector512.Create(7U);
        var mask = Vector512.Create((uint)BitPacking.MaskOf(width));
        var start = Vector512.Create(first);
        for (var i = 0; i < groups; i++)
        {
            var bytes = Avx512Vbmi.PermuteVar64x8(Vector512.Load(packed), source);
            ((Avx512F.ShiftRightLogicalVariable(bytes.AsUInt32(), shift) & mask) + start).Store(values);
            packed += 2 * width;
            values += 16;
        }
    }
}

/// <summary>Four times two codes up to 57 bits, each pair from 16 bytes of its own.</summary>
internal readonly unsafe struct Unpack256Of64 : IUnpackLoop<ulong>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int GroupCount => 8;

    public static void Run(byte* packed, int width, int groups, ulong* values, ulong first, uint factor)
    {
        var (at2, at4, at6) = (2 * width / 8, 4 * width / 8, 6 * width / 8);
        var bit03 = (Vector256<ulong>.Indices * (ulong)width) - Vector256.Create(0UL, 0, 8 * (ulong)at2, 8 * (ulong)at2);
        var bit47 = ((Vector256<ulong>.Indices + Vector256.Create(4UL)) * (ulong)width)
            - Vector256.Create(8 * (ulong)at4, 8 * (ulong)at4, 8 * (ulong)at6, 8 * (ulong)at6);
        var (source03, source47) = (SourceOf(bit03), SourceOf(bit47));
        var (shift03, shift47) = (bit03 & Vector256.Create(7UL), bit47 & Vector256.Create(7UL));
        var mask = Vector256.Create(BitPacking.MaskOf(width));
        var start = Vector256.Create(first);
        var times = Vector256.Create((ulong)factor).AsUInt32();
        for (var i = 0; i < groups; i++)
        {
            var bytes03 = Avx2.Shuffle(Vector256.Create(Vector128.Load(packed), Vector128.Load(packed + at2)), source03);
            var bytes47 = Avx2.Shuffle(Vector256.Create(Vector128.Load(packed + at4), Vector128.Load(packed + at6)), source47);
            var code03 = Avx2.ShiftRightLogicalVariable(bytes03.AsUInt64(), shift03) & mask;
            var code47 = Avx2.ShiftRightLogicalVariable(bytes47.AsUInt64(), shift47) & mask;
            if (factor != 1)
            {
                code03 = Avx2.Multiply(code03.AsUInt32(), times);
                code47 = Avx2.Multiply(code47.AsUInt32(), times);
            }

            (code03 + start).Store(values);
            (code47 + start).Store(values + 4);
            packed += width;
            values += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> SourceOf(Vector256<ulong> bit)
        => (((bit >> 3) * 0x0101010101010101UL) + Vector256.Create(0x0706050403020100UL)).AsByte();
}

/// <summary>Two times four codes up to 25 bits, each four from 16 bytes of their own.</summary>
internal readonly unsafe struct Unpack256Of32 : IUnpackLoop<uint>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int GroupCount => 8;

    public static void Run(byte* packed, int width, int groups, uint* values, uint first, uint factor)
    {
        var at4 = 4 * width / 8;
        var bit = (Vector256<uint>.Indices * (uint)width) - Vector256.Create(Vector128<uint>.Zero, Vector128.Create(8 * (uint)at4));
        var source = (((bit >> 3) * 0x01010101U) + Vector256.Create(0x03020100U)).AsByte();
        var shift = bit & Vector256.Create(7U);
        var mask = Vector256.Create((uint)BitPacking.MaskOf(width));
        var start = Vector256.Create(first);
        for (var i = 0; i < groups; i++)
        {
            var bytes = Avx2.Shuffle(Vector256.Create(Vector128.Load(packed), Vector128.Load(packed + at4)), source);
            ((Avx2.ShiftRightLogicalVariable(bytes.AsUInt32(), shift) & mask) + start).Store(values);
            packed += width;
            values += 8;
        }
    }
}

/// <summary>Two times four codes up to 25 bits where lanes cannot be shifted one by one: multiplied to stand at bit 7, then shifted together.</summary>
internal readonly unsafe struct Unpack128Of32 : IUnpackLoop<uint>
{
    public static int GroupCount => 8;

    public static void Run(byte* packed, int width, int groups, uint* values, uint first, uint factor)
    {
        var at4 = 4 * width / 8;
        var bit03 = Vector128<uint>.Indices * (uint)width;
        var bit47 = ((Vector128<uint>.Indices + Vector128.Create(4U)) * (uint)width) - Vector128.Create(8 * (uint)at4);
        var (source03, source47) = (SourceOf(bit03), SourceOf(bit47));
        var (lift03, lift47) = (LiftOf(bit03), LiftOf(bit47));
        var mask = Vector128.Create((uint)BitPacking.MaskOf(width));
        var start = Vector128.Create(first);
        for (var i = 0; i < groups; i++)
        {
            var bytes03 = Vector128.ShuffleNative(Vector128.Load(packed), source03).AsUInt32();
            var bytes47 = Vector128.ShuffleNative(Vector128.Load(packed + at4), source47).AsUInt32();
            ((((bytes03 * lift03) >> 7) & mask) + start).Store(values);
            ((((bytes47 * lift47) >> 7) & mask) + start).Store(values + 4);
            packed += width;
            values += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> SourceOf(Vector128<uint> bit) => (((bit >> 3) * 0x01010101U) + Vector128.Create(0x03020100U)).AsByte();

    private static Vector128<uint> LiftOf(Vector128<uint> bit)
    {
        var lift = Vector128<uint>.Zero;
        for (var i = 0; i < 4; i++)
        {
            lift = lift.WithElement(i, 1U << (7 - (int)(bit[i] & 7)));
        }

        return lift;
    }
}
