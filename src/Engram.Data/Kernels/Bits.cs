using System.Numerics;

namespace Engram.Data.Kernels;

/// <summary>Bitmaps of rows in 64-bit words, bit i of word i / 64 first: boolean algebra, counting, and turning into positions and back.</summary>
internal static class Bits
{
    /// <summary>Words that hold <paramref name="count"/> bits.</summary>
    public static int WordCount(int count) => (int)(((uint)count + 63) / 64);

    /// <summary>target &amp;= other, word by word, as many words as target has.</summary>
    public static void And(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] &= other[i];
        }
    }

    /// <summary>target |= other.</summary>
    public static void Or(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] |= other[i];
        }
    }

    /// <summary>target &amp;= ~other: drops the rows whose bit is set in other, such as NULLs.</summary>
    public static void AndNot(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] &= ~other[i];
        }
    }

    /// <summary>Inverts the first <paramref name="count"/> bits; the rest of the last word becomes zero.</summary>
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

    /// <summary>Writes the ascending positions of the set bits among the first <paramref name="count"/> (at most 65,536) and returns how many there are.</summary>
    public static int ToIndices(ReadOnlySpan<ulong> bitmap, int count, Span<ushort> indices)
    {
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            if ((bitmap[i >> 6] >> i & 1) != 0)
            {
                indices[found++] = (ushort)i;
            }
        }

        return found;
    }

    /// <summary>Makes a bitmap of <paramref name="count"/> bits whose set bits are <paramref name="indices"/>, each below count.</summary>
    public static void FromIndices(ReadOnlySpan<ushort> indices, Span<ulong> bitmap, int count)
    {
        bitmap[..WordCount(count)].Clear();
        foreach (var index in indices)
        {
            bitmap[index >> 6] |= 1UL << index;
        }
    }

    private static void ClearTail(Span<ulong> words, int count)
    {
        if ((count & 63) != 0)
        {
            words[^1] &= (1UL << count) - 1;
        }
    }
}
