using System.Numerics;
using System.Runtime.InteropServices;

namespace Engram.Data.Kernels;

/// <summary>CRC-32C (Castagnoli, reflected, all ones in and out): the checksum of every page and log group.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>, or of everything before it too when <paramref name="seed"/> is the checksum of that.</summary>
    /// <remarks><c>Compute(b, Compute(a)) == Compute(a + b)</c>; <c>Compute("123456789") == 0xE3069283</c>.</remarks>
    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0)
    {
        var crc = ~seed;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var b in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
