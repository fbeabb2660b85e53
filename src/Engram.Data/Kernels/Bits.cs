using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>Bitmaps of rows in 64-bit words, row i at bit i mod 64 of word i / 64: boolean algebra, counting, and turning into positions and back.</summary>
internal static unsafe class Bits
{
    /// <summary>A word with no more bits than this is cheaper bit by bit.</summary>
    private const int SparseBitCountMax = 6;

    /// <summary>For each byte, the positions of its set bits in ascending order, one a byte.</summary>
    private static readonly ulong[] PositionsOfByte = MakePositions();

    private static readonly ushort[] AllRows = [.. Enumerable.Range(0, 2048).Select(i => (ushort)i)];

    /// <summary>Words that hold <paramref name="count"/> bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WordCount(int count) => (int)(((uint)count + 63) / 64);

    /// <summary>0, 1, 2 … <paramref name="count"/> − 1, at most 2,048: what stands for a missing selection.</summary>
    public static ReadOnlySpan<ushort> FirstRows(int count) => AllRows.AsSpan(0, count);

    /// <summary>target &amp;= other, word by word; other has at least as many words as target.</summary>
    public static void And(Span<ulong> target, ReadOnlySpan<ulong> other) => Run<AndOperation>(target, other);

    /// <summary>target |= other.</summary>
    public static void Or(Span<ulong> target, ReadOnlySpan<ulong> other) => Run<OrOperation>(target, other);

    /// <summary>target &amp;= ~other: drops the rows whose bit is set in other, such as NULLs.</summary>
    public static void AndNot(Span<ulong> target, ReadOnlySpan<ulong> other) => Run<AndNotOperation>(target, other);

    /// <summary>Inverts the first <paramref name="count"/> bits; the rest of the last word becomes zero, words after it stay.</summary>
    public static void Not(Span<ulong> target, int count)
    {
        var words = target[..WordCount(count)];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = ~words[i];
        }

        ClearTail(words, count);
    }

    /// <summary>Sets the first <paramref name="count"/> bits; the rest of the last word becomes zero, words after it stay.</summary>
    public static void Fill(Span<ulong> bitmap, int count)
    {
        var words = bitmap[..WordCount(count)];
        words.Fill(ulong.MaxValue);
        ClearTail(words, count);
    }

    public static int PopCount(ReadOnlySpan<ulong> bitmap)
    {
        var count = 0;
        foreach (var word in bitmap)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Set bits among the first <paramref name="count"/>; the bits after them may be anything.</summary>
    public static int PopCount(ReadOnlySpan<ulong> bitmap, int count)
    {
        var found = PopCount(bitmap[..(count / 64)]);
        return (count & 63) == 0 ? found : found + BitOperations.PopCount(bitmap[count / 64] & TailMask(count));
    }

    /// <summary>Writes the ascending positions of the set bits among the first <paramref name="count"/> (at most 65,536) and returns how many there are.</summary>
    /// <remarks>Places of <paramref name="indices"/> after the last position may be overwritten. One with room for count positions is never too short.</remarks>
    public static int ToIndices(ReadOnlySpan<ulong> bitmap, int count, Span<ushort> indices)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ushort.MaxValue + 1);
        var words = bitmap[..WordCount(count)];
        var found = 0;
        for (var i = 0; i < words.Length; i++)
        {
            var word = i == count / 64 ? words[i] & TailMask(count) : words[i];
            var bits = BitOperations.PopCount(word);
            if (bits <= SparseBitCountMax || indices.Length - found < 64)
            {
                WriteBitByBit(word, i * 64, indices.Slice(found, bits));
            }
            else
            {
                fixed (ushort* target = &indices[found])
                {
                    WriteByteByByte(word, i * 64, target);
                }
            }

            found += bits;
        }

        return found;
    }

    /// <summary>Makes a bitmap of <paramref name="count"/> bits whose set bits are <paramref name="indices"/>, each below count.</summary>
    public static void FromIndices(ReadOnlySpan<ushort> indices, Span<ulong> bitmap, int count)
    {
        var words = bitmap[..WordCount(count)];
        words.Clear();
        foreach (var index in indices)
        {
            words[index >> 6] |= 1UL << index;
        }
    }

    private static void WriteBitByBit(ulong word, int firstPosition, Span<ushort> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (ushort)(firstPosition + BitOperations.TrailingZeroCount(word));
            word &= word - 1;
        }
    }

    /// <summary>Eight positions at a time by table, each store overlapping what the one before had too much. Needs room for 64 whatever the word.</summary>
    private static void WriteByteByByte(ulong word, int firstPosition, ushort* target)
    {
        var first = Vector128.Create((ushort)firstPosition);
        for (var i = 0; i < 64; i += 8)
        {
            var part = (byte)(word >> i);
            var positions = Vector128.WidenLower(Vector128.CreateScalarUnsafe(PositionsOfByte[part]).AsByte()) + first;
            positions.Store(target);
            target += BitOperations.PopCount((uint)part);
            first += Vector128.Create((ushort)8);
        }
    }

    private static ulong[] MakePositions()
    {
        var table = new ulong[256];
        for (var value = 0; value < table.Length; value++)
        {
            var place = 0;
            for (var bit = 0; bit < 8; bit++)
            {
                if ((value >> bit & 1) != 0)
                {
                    table[value] |= (ulong)bit << (8 * place++);
                }
            }
        }

        return table;
    }

    /// <summary>The bits of the last word that count, when count is not a multiple of 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TailMask(int count) => (1UL << count) - 1;

    private static void ClearTail(Span<ulong> words, int count)
    {
        if ((count & 63) != 0)
        {
            words[^1] &= TailMask(count);
        }
    }

    private static void Run<TOperation>(Span<ulong> target, ReadOnlySpan<ulong> other)
        where TOperation : struct, IOperation
    {
        other = other[..target.Length];
        var vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(target);
        var otherVectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(other);
        for (var i = 0; i < vectors.Length; i++)
        {
            vectors[i] = TOperation.Apply(vectors[i], otherVectors[i]);
        }

        for (var i = vectors.Length * Vector<ulong>.Count; i < target.Length; i++)
        {
            target[i] = TOperation.Apply(target[i], other[i]);
        }
    }

    private interface IOperation
    {
        static abstract ulong Apply(ulong x, ulong y);

        static abstract Vector<ulong> Apply(Vector<ulong> x, Vector<ulong> y);
    }

    private readonly struct AndOperation : IOperation
    {
        public static ulong Apply(ulong x, ulong y) => x & y;

        public static Vector<ulong> Apply(Vector<ulong> x, Vector<ulong> y) => x & y;
    }

    private readonly struct OrOperation : IOperation
    {
        public static ulong Apply(ulong x, ulong y) => x | y;

        public static Vector<ulong> Apply(Vector<ulong> x, Vector<ulong> y) => x | y;
    }

    private readonly struct AndNotOperation : IOperation
    {
        public static ulong Apply(ulong x, ulong y) => x & ~y;

        public static Vector<ulong> Apply(Vector<ulong> x, Vector<ulong> y) => Vector.AndNot(x, y);
    }
}
