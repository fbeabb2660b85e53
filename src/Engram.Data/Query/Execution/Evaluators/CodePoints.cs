namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Code points of UTF-8 text: every byte but the continuation bytes 10xxxxxx begins one.</summary>
internal static class CodePoints
{
    public static int Count(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            count += (sbyte)b >= -64 ? 1 : 0;
        }

        return count;
    }

    /// <summary>UTF-16 code units that the text takes: one a code point, two for those of four bytes.</summary>
    public static int CountUtf16(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            count += ((sbyte)b >= -64 ? 1 : 0) + (b >= 0xF0 ? 1 : 0);
        }

        return count;
    }

    /// <summary>The byte at which the code point of a 0-based place begins; the text's length when it has no more than that many.</summary>
    public static int Offset(ReadOnlySpan<byte> text, long place)
    {
        if (place <= 0)
        {
            return 0;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if ((sbyte)text[i] >= -64 && place-- == 0)
            {
                return i;
            }
        }

        return text.Length;
    }
}
