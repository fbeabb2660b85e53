using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>CRC-32C (Castagnoli, reflected, all ones in and out): the checksum of every page and log group.</summary>
/// <remarks>
/// <para>The processor's instruction takes 8 bytes and answers after three cycles, but starts a new one every cycle. So a long input is cut
/// into stretches of three blocks that are checked side by side, and the three remainders are joined:</para>
/// <code>
///   remainder(A B C) = shift(shift(remainder(A)) xor remainder0(B)) xor remainder0(C)
/// </code>
/// <para>where shift multiplies by x^(8 · block size) modulo the polynomial, what appending a block of zeros does. It is linear, so one table of
/// 256 words for each byte of the remainder does it. Stretches come in two sizes: 24 KiB, and 768 bytes for what is left. Data is
/// little-endian, as all of the format is.</para>
/// </remarks>
internal static unsafe class Crc32C
{
    /// <summary>The polynomial without its x^32, lowest power in the highest bit.</summary>
    private const uint Polynomial = 0x82F63B78;

    private const int LongBlockSizeBytes = 8192;
    private const int ShortBlockSizeBytes = 256;

    private static readonly uint[] LongShift = MakeShift(LongBlockSizeBytes);
    private static readonly uint[] ShortShift = MakeShift(ShortBlockSizeBytes);

    /// <summary>The checksum of <paramref name="data"/>, or of everything before it too when <paramref name="seed"/> is the checksum of that.</summary>
    /// <remarks><c>Compute(b, Compute(a)) == Compute(a + b)</c>; <c>Compute("123456789") == 0xE3069283</c>. O(n), allocates nothing.</remarks>
    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0)
    {
        fixed (byte* start = &MemoryMarshal.GetReference(data))
        {
            var p = start;
            var left = data.Length;
            var crc = ~seed;

            // Without the instruction the framework computes by tables, and three streams gain nothing.
            if (Sse42.X64.IsSupported || Crc32.Arm64.IsSupported)
            {
                for (; left >= 3 * LongBlockSizeBytes; left -= 3 * LongBlockSizeBytes, p += 3 * LongBlockSizeBytes)
                {
                    crc = Stretch(p, LongBlockSizeBytes, crc, LongShift);
                }

                for (; left >= 3 * ShortBlockSizeBytes; left -= 3 * ShortBlockSizeBytes, p += 3 * ShortBlockSizeBytes)
                {
                    crc = Stretch(p, ShortBlockSizeBytes, crc, ShortShift);
                }
            }

            return ~Serial(p, left, crc);
        }
    }

    private static uint Stretch(byte* p, int blockSizeBytes, uint crc, uint[] shift)
    {
        ThreeBlocks(p, blockSizeBytes, ref crc, out var second, out var third);
        return Shift(Shift(crc, shift) ^ second, shift) ^ third;
    }

    /// <summary>The remainders of three neighbouring blocks, the second and third from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeBlocks(byte* p, int blockSizeBytes, ref uint first, out uint second, out uint third)
    {
        uint a = first, b = 0, c = 0;
        for (var end = p + blockSizeBytes; p < end; p += sizeof(ulong))
        {
            a = BitOperations.Crc32C(a, Unsafe.ReadUnaligned<ulong>(p));
            b = BitOperations.Crc32C(b, Unsafe.ReadUnaligned<ulong>(p + blockSizeBytes));
            c = BitOperations.Crc32C(c, Unsafe.ReadUnaligned<ulong>(p + (2 * blockSizeBytes)));
        }

        first = a;
        second = b;
        third = c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Serial(byte* p, int length, uint crc)
    {
        var end = p + length;
        for (; end - p >= sizeof(ulong); p += sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(p));
        }

        for (; p < end; p++)
        {
            crc = BitOperations.Crc32C(crc, *p);
        }

        return crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Shift(uint crc, uint[] table)
        => table[(byte)crc] ^ table[256 + (byte)(crc >> 8)] ^ table[512 + (byte)(crc >> 16)] ^ table[768 + (crc >> 24)];

    /// <summary>table[256 · k + b]: the remainder (b · x^(the place of byte k)) shifted by a block.</summary>
    private static uint[] MakeShift(int blockSizeBytes)
    {
        // x^(8 · size), by squaring x^8 as often as the size, a power of two, says.
        var factor = 1u << (31 - 8);
        for (var size = 1; size < blockSizeBytes; size *= 2)
        {
            factor = Multiply(factor, factor);
        }

        var table = new uint[4 * 256];
        for (var k = 0; k < 4; k++)
        {
            var part = table.AsSpan(256 * k, 256);
            for (var b = 1; b < 256; b++)
            {
                var rest = b & (b - 1);
                part[b] = rest != 0 ? part[rest] ^ part[b ^ rest] : Multiply((uint)b << (8 * k), factor);
            }
        }

        return table;
    }

    /// <summary>The product of two remainders modulo the polynomial.</summary>
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (var bit = 1u << 31; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
            {
                product ^= b;
            }

            // Times x: towards the lower bit, and x^32 is the polynomial's rest.
            b = (b >> 1) ^ ((b & 1) * Polynomial);
        }

        return product;
    }
}
