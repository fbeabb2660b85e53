using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A LIKE pattern taken apart: bytes to match, % for any text, _ for any one character.</summary>
internal sealed class LikePattern
{
    private const short AnyCharacter = -1;
    private const short AnyText = -2;

    private readonly short[] tokens;

    // Set when the pattern is plain text with at most a % at either end: then a search of the framework's does it.
    private readonly byte[]? literal;
    private readonly bool isOpenAtStart;
    private readonly bool isOpenAtEnd;

    private LikePattern(short[] tokens)
    {
        this.tokens = tokens;
        isOpenAtStart = tokens.Length > 0 && tokens[0] == AnyText;
        isOpenAtEnd = tokens.Length > 1 && tokens[^1] == AnyText;
        var inner = tokens[(isOpenAtStart ? 1 : 0)..^(isOpenAtEnd ? 1 : 0)];
        literal = Array.TrueForAll(inner, t => t >= 0) ? Array.ConvertAll(inner, t => (byte)t) : null;
    }

    public static LikePattern Parse(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape)
    {
        if (CodePoints.Count(escape) > 1)
        {
            throw Error.InvalidArgument("LIKE", "the escape is longer than one character.");
        }

        var tokens = new List<short>(pattern.Length);
        for (var i = 0; i < pattern.Length; i++)
        {
            if (!escape.IsEmpty && pattern[i..].StartsWith(escape))
            {
                i += escape.Length;
                if (i >= pattern.Length)
                {
                    throw Error.InvalidArgument("LIKE", "the pattern ends in its escape character. Double it, or remove it.");
                }

                tokens.Add(pattern[i]);
            }
            else if (pattern[i] == '%')
            {
                if (tokens.Count == 0 || tokens[^1] != AnyText)
                {
                    tokens.Add(AnyText);
                }
            }
            else
            {
                tokens.Add(pattern[i] == '_' ? AnyCharacter : pattern[i]);
            }
        }

        return new LikePattern([.. tokens]);
    }

    /// <summary>What every text begins with that matches a pattern escaped by \.</summary>
    public static byte[] LiteralStart(ReadOnlySpan<byte> pattern)
    {
        var start = new List<byte>(pattern.Length);
        for (var i = 0; i < pattern.Length && pattern[i] is not ((byte)'%' or (byte)'_'); i++)
        {
            // A pattern that ends in its escape is an error, when a row is matched.
            if (pattern[i] == '\\' && ++i == pattern.Length)
            {
                break;
            }

            start.Add(pattern[i]);
        }

        return [.. start];
    }

    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        if (literal is null)
        {
            return Walk(text);
        }

        return (isOpenAtStart, isOpenAtEnd) switch
        {
            (false, false) => text.SequenceEqual(literal),
            (false, true) => text.StartsWith(literal),
            (true, false) => literal.Length == 0 || text.EndsWith(literal),
            _ => text.IndexOf(literal) >= 0,
        };
    }

    /// <summary>Greedy, with a way back to the last % only: what that one could not give, an earlier one cannot either.</summary>
    private bool Walk(ReadOnlySpan<byte> text)
    {
        var (at, token) = (0, 0);
        var (lastAny, lastAt) = (-1, 0);
        while (at < text.Length)
        {
            if (token < tokens.Length && tokens[token] == AnyText)
            {
                lastAny = token++;
                lastAt = at;
            }
            else if (token < tokens.Length && tokens[token] == AnyCharacter)
            {
                at += Slices.LengthAt(text, at);
                token++;
            }
            else if (token < tokens.Length && tokens[token] == text[at])
            {
                at++;
                token++;
            }
            else if (lastAny >= 0)
            {
                // By characters, so that _ never sees the middle of one.
                lastAt += Slices.LengthAt(text, lastAt);
                at = lastAt;
                token = lastAny + 1;
            }
            else
            {
                return false;
            }
        }

        while (token < tokens.Length && tokens[token] == AnyText)
        {
            token++;
        }

        return token == tokens.Length;
    }
}

/// <summary>LIKE and ILIKE; the pattern is taken apart again only when it changes.</summary>
internal struct Like(bool ignoresCase) : ITernaryFunction<Bytes, Bytes, Bytes, byte>, IBinaryFunction<Bytes, Bytes, byte>
{
    private byte[]? patternText;
    private byte[]? escapeText;
    private LikePattern? pattern;

    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => Match(a, b.Span, "\\"u8);

    public byte Invoke(Bytes a, Bytes b, Bytes c, ColumnBuffer memory) => Match(a, b.Span, c.Span);

    private byte Match(Bytes text, ReadOnlySpan<byte> newPattern, ReadOnlySpan<byte> escape)
    {
        if (pattern is null || !newPattern.SequenceEqual(patternText) || !escape.SequenceEqual(escapeText))
        {
            patternText = newPattern.ToArray();
            escapeText = escape.ToArray();
            pattern = ignoresCase ? LikePattern.Parse(Fold(newPattern), Fold(escape)) : LikePattern.Parse(newPattern, escape);
        }

        var matches = ignoresCase ? MatchesFolded(text.Span) : pattern.IsMatch(text.Span);
        return matches ? (byte)1 : (byte)0;
    }

    private readonly bool MatchesFolded(ReadOnlySpan<byte> text)
    {
        if (text.Length > 512 || !Ascii.IsValid(text))
        {
            return pattern!.IsMatch(Fold(text));
        }

        Span<byte> folded = stackalloc byte[512];
        Ascii.ToLower(text, folded, out var length);
        return pattern!.IsMatch(folded[..length]);
    }

    private static byte[] Fold(ReadOnlySpan<byte> text) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).ToLowerInvariant());
}
