using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engram.Data.Kernels;

/// <summary>64-bit hashes of values, for hash tables and for index files: the same on every machine and in every run, for ever.</summary>
/// <remarks>
/// <para>Fixed-width values: the output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014,
/// with Stafford's 13th variant of the MurmurHash3 finalizer). It is a bijection: different 64-bit values have different hashes.</para>
/// <para>Byte strings: XXH64 with seed 0 (Collet: xxHash specification, doc/xxhash_spec.md, version 0.1.1).</para>
/// <para>Equal values hash equally whatever their type's width: integers are widened to 64 bits by their sign, float32 to float64; −0
/// hashes as +0, and every NaN as one. Integers and floats do not match each other: cast first. Not for adversarial input: no secret seed.</para>
/// </remarks>
internal static unsafe class Hashing
{
    /// <summary>The hash that stands for NULL.</summary>
    public const ulong NullHash = 0x9AE16A3B2F90404F;

    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    /// <summary>The hash of one 64-bit value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Hash(ulong value)
    {
        var z = value + Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The hash of a value of two columns, from the hashes of each; the order matters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Combine(ulong first, ulong second) => Hash((first * Golden) + second);

    /// <summary>The hash of one number, as the summary of this class has it; what <see cref="HashInto{T}"/> writes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong HashValue<T>(T value)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            var number = double.CreateTruncating(value) + 0.0;
            return Hash(BitConverter.DoubleToUInt64Bits(double.IsNaN(number) ? double.NaN : number));
        }

        // Generic callers may come with decimal too: the JIT takes the cast away.
        return typeof(T) == typeof(decimal) ? HashValue((decimal)(object)value) : Hash(ulong.CreateTruncating(value));
    }

    /// <summary>The hash of a uuid: its two halves as they lie in memory, combined.</summary>
    public static ulong HashValue(Guid value)
    {
        var halves = (ulong*)&value;
        return Combine(Hash(halves[0]), Hash(halves[1]));
    }

    /// <summary>The hash of a decimal by its value, 1.0 and 1.00 alike: of its digits without trailing zeros, and of its scale and sign.</summary>
    public static ulong HashValue(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var low = (uint)parts[0] | ((ulong)(uint)parts[1] << 32);
        var high = (ulong)(uint)parts[2];
        var scale = parts[3] >> 16 & 0xFF;
        if (high == 0)
        {
            for (; scale > 0 && low % 10 == 0; scale--)
            {
                low /= 10;
            }
        }
        else
        {
            var digits = new UInt128(high, low);
            for (; scale > 0 && digits % 10 == 0; scale--)
            {
                digits /= 10;
            }

            (low, high) = ((ulong)digits, (ulong)(digits >> 64));
        }

        var sign = parts[3] < 0 && (low | high) != 0 ? 1UL : 0;
        return Combine(Hash(low), Hash(high | ((ulong)scale << 32) | (sign << 63)));
    }

    /// <summary>hashes[i] = the hash of values[i], or, with <paramref name="combine"/>, Combine(hashes[i], that).</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="hashes">One for each value.</param>
    /// <param name="combine">Whether this is the second or a later column of a key.</param>
    /// <param name="nulls">One bit a row, set = NULL, or null; a NULL's hash is <see cref="NullHash"/>.</param>
    public static void HashInto<T>(ReadOnlySpan<T> values, Span<ulong> hashes, bool combine, ulong* nulls = null)
        where T : unmanaged, INumber<T>
        => Run<T, NumberHash<T>>(values, hashes, combine, nulls);

    public static void HashInto(ReadOnlySpan<Guid> values, Span<ulong> hashes, bool combine, ulong* nulls = null)
        => Run<Guid, GuidHash>(values, hashes, combine, nulls);

    public static void HashInto(ReadOnlySpan<decimal> values, Span<ulong> hashes, bool combine, ulong* nulls = null)
        => Run<decimal, DecimalHash>(values, hashes, combine, nulls);

    /// <summary>The same for byte strings: hashes.Length entries of 16 bytes, each a pointer at offset 0 and an int64 length in bytes at offset 8.</summary>
    public static void HashEntriesInto(void* entries, Span<ulong> hashes, bool combine, ulong* nulls = null)
        => Run<Entry, EntryHash>(new ReadOnlySpan<Entry>(entries, hashes.Length), hashes, combine, nulls);

    /// <summary>XXH64 of the bytes, seed 0.</summary>
    public static ulong Hash(ReadOnlySpan<byte> data)
    {
        fixed (byte* start = &MemoryMarshal.GetReference(data))
        {
            var p = start;
            var end = start + data.Length;
            ulong hash;
            if (data.Length >= 32)
            {
                ulong a = unchecked(Prime1 + Prime2), b = Prime2, c = 0, d = unchecked(0 - Prime1);
                for (var last = end - 32; p <= last; p += 32)
                {
                    a = Round(a, Unsafe.ReadUnaligned<ulong>(p));
                    b = Round(b, Unsafe.ReadUnaligned<ulong>(p + 8));
                    c = Round(c, Unsafe.ReadUnaligned<ulong>(p + 16));
                    d = Round(d, Unsafe.ReadUnaligned<ulong>(p + 24));
                }

                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
                hash = MergeRound(MergeRound(MergeRound(MergeRound(hash, a), b), c), d);
            }
            else
            {
                hash = Prime5;
            }

            return Finish(hash + (ulong)data.Length, p, end);
        }
    }

    private static ulong Finish(ulong hash, byte* p, byte* end)
    {
        for (; end - p >= 8; p += 8)
        {
            hash = (BitOperations.RotateLeft(hash ^ Round(0, Unsafe.ReadUnaligned<ulong>(p)), 27) * Prime1) + Prime4;
        }

        if (end - p >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (Unsafe.ReadUnaligned<uint>(p) * Prime1), 23) * Prime2) + Prime3;
            p += 4;
        }

        for (; p < end; p++)
        {
            hash = BitOperations.RotateLeft(hash ^ (*p * Prime5), 11) * Prime1;
        }

        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong accumulator, ulong input) => BitOperations.RotateLeft(accumulator + (input * Prime2), 31) * Prime1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MergeRound(ulong hash, ulong accumulator) => ((hash ^ Round(0, accumulator)) * Prime1) + Prime4;

    private static void Run<T, THash>(ReadOnlySpan<T> values, Span<ulong> hashes, bool combine, ulong* nulls)
        where THash : struct, IHash<T>
    {
        hashes = hashes[..values.Length];
        if (nulls == null && !combine)
        {
            for (var i = 0; i < hashes.Length; i++)
            {
                hashes[i] = THash.Hash(values[i]);
            }

            return;
        }

        for (var i = 0; i < hashes.Length; i++)
        {
            var hash = nulls != null && (nulls[i >> 6] >> i & 1) != 0 ? NullHash : THash.Hash(values[i]);
            hashes[i] = combine ? Combine(hashes[i], hash) : hash;
        }
    }

    private interface IHash<T>
    {
        static abstract ulong Hash(T value);
    }

    private readonly struct NumberHash<T> : IHash<T>
        where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Hash(T value) => HashValue(value);
    }

    private readonly struct GuidHash : IHash<Guid>
    {
        public static ulong Hash(Guid value) => HashValue(value);
    }

    private readonly struct DecimalHash : IHash<decimal>
    {
        public static ulong Hash(decimal value) => HashValue(value);
    }

    private readonly struct EntryHash : IHash<Entry>
    {
        public static ulong Hash(Entry value) => Hashing.Hash(new ReadOnlySpan<byte>(value.Pointer, (int)value.Length));
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct Entry
    {
        [FieldOffset(0)]
        public byte* Pointer;

        [FieldOffset(8)]
        public long Length;
    }
}
