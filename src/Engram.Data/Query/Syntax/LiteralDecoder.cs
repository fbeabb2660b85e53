using System.Globalization;
using System.Numerics;
using System.Text;

namespace Engram.Data.Query.Syntax;

/// <summary>The values that literal tokens stand for.</summary>
internal static class LiteralDecoder
{
    /// <summary>The name in a quoted-name token, without its quotes.</summary>
    public static string QuotedName(string text, Token token)
    {
        if (text[token.Start] != '"')
        {
            return Unicode(text, token, '"');
        }

        var inner = text.AsSpan(token.Start + 1, token.Length - 2);
        return inner.Contains('"') ? inner.ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : inner.ToString();
    }

    /// <summary>The characters that a string token of any kind stands for.</summary>
    public static string String(string text, Token token)
    {
        if (token.Kind == TokenKind.DollarString)
        {
            var tagLength = text.IndexOf('$', token.Start + 1) + 1 - token.Start;
            return text[(token.Start + tagLength)..(token.End - tagLength)];
        }

        if (token.Kind == TokenKind.EscapeString && text[token.Start] is 'u' or 'U')
        {
            return Unicode(text, token, '\'');
        }

        var start = text.IndexOf('\'', token.Start) + 1;
        var inner = text.AsSpan(start, token.End - 1 - start);
        if (token.Kind != TokenKind.EscapeString && !inner.Contains('\''))
        {
            return inner.ToString();
        }

        return Unquote(inner, token.Kind == TokenKind.EscapeString, start);
    }

    /// <summary>The digits 0 and 1 of a bit string or a hexadecimal string.</summary>
    public static string Bits(string text, Token token)
    {
        var inner = String(text, token with { Kind = TokenKind.String });
        var isHex = token.Kind == TokenKind.HexString;
        var bits = new StringBuilder(isHex ? inner.Length * 4 : inner.Length);
        foreach (var c in inner)
        {
            if (isHex ? !char.IsAsciiHexDigit(c) : c is not ('0' or '1'))
            {
                throw Error.InvalidBits(isHex ? "hexadecimal digits in X'…'" : "0 and 1 in B'…'", $"\"{c}\"", token.Start);
            }

            bits.Append(isHex ? Convert.ToInt32(c.ToString(), 16).ToString("b4", CultureInfo.InvariantCulture) : c.ToString());
        }

        return bits.ToString();
    }

    /// <summary>A whole number: its value when it fits 64 bits, else null and its decimal digits.</summary>
    public static (long? Value, string Digits) Integer(string text, Token token)
    {
        var span = text.AsSpan(token.Start, token.Length);
        var digits = span.Contains('_') ? span.ToString().Replace("_", "", StringComparison.Ordinal) : span;
        var radix = digits.Length > 1 ? (digits[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 } : 10;
        if (radix == 10)
        {
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? (value, "") : (null, digits.ToString());
        }

        var number = BigInteger.Zero;
        // Past any number that a type of ours holds: stop, so that a long literal costs no quadratic time.
        if (digits.Length is 2 or > 130)
        {
            throw Error.Syntax("a whole number", $"\"{span[..Math.Min(span.Length, 40)]}\"", token.Start);
        }

        foreach (var c in digits[2..])
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
            if (digit >= radix)
            {
                throw Error.Syntax($"digits of base {radix}", $"\"{span}\"", token.Start);
            }

            number = (number * radix) + digit;
        }

        return number <= long.MaxValue ? ((long)number, "") : (null, number.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What U&amp;'…' or U&amp;"…" stands for, by the escape behind it.</summary>
    private static string Unicode(string text, Token token, char quote)
    {
        var quotesEnd = Lexer.EndOfUnicode(text, token);
        var (start, end, escape) = (token.Start + 3, quotesEnd - 1, quotesEnd < token.End ? text[token.End - 2] : '\\');

        var written = quote == '"' ? text[start..end].Replace("\"\"", "\"", StringComparison.Ordinal) : Unquote(text.AsSpan(start, end - start), false, start);
        var result = new StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
        {
            if (written[i] != escape)
            {
                result.Append(written[i]);
                continue;
            }

            if (i + 1 < written.Length && written[i + 1] == escape)
            {
                result.Append(escape);
                i++;
                continue;
            }

            var (at, count) = i + 1 < written.Length && written[i + 1] == '+' ? (i + 2, 6) : (i + 1, 4);
            if (at + count > written.Length || !int.TryParse(written.AsSpan(at, count), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value is 0 or > 0x10FFFF)
            {
                throw Error.Syntax($"four hexadecimal digits of a character, or a plus and six, behind {escape}", $"\"{written[i..Math.Min(written.Length, at + count)]}\"", start + i);
            }

            _ = value is >= 0xD800 and <= 0xDFFF ? result.Append((char)value) : result.Append(char.ConvertFromUtf32(value));
            i = at + count - 1;
        }

        return result.ToString();
    }

    private static string Unquote(ReadOnlySpan<char> inner, bool hasEscapes, int position)
    {
        var result = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length;)
        {
            var c = inner[i];
            if (c == '\\' && hasEscapes)
            {
                i = Unescape(inner, i, result, position);
            }
            else if (c == '\'')
            {
                // Either a doubled quote, or the gap between a string and the one that continues it.
                var next = i + 1 + inner[(i + 1)..].IndexOf('\'');
                if (next == i + 1)
                {
                    result.Append('\'');
                }

                i = next + 1;
            }
            else
            {
                result.Append(c);
                i++;
            }
        }

        return result.ToString();
    }

    /// <summary>Appends what the escape at <paramref name="i"/> stands for and returns where the text goes on.</summary>
    private static int Unescape(ReadOnlySpan<char> inner, int i, StringBuilder result, int position)
    {
        var c = i + 1 < inner.Length ? inner[i + 1] : '\\';
        switch (c)
        {
            case 'b': result.Append('\b'); return i + 2;
            case 'f': result.Append('\f'); return i + 2;
            case 'n': result.Append('\n'); return i + 2;
            case 'r': result.Append('\r'); return i + 2;
            case 't': result.Append('\t'); return i + 2;
            case 'u': return AppendCodePoint(inner, i, 4, result, position);
            case 'U': return AppendCodePoint(inner, i, 8, result, position);
            case 'x' when i + 2 < inner.Length && char.IsAsciiHexDigit(inner[i + 2]):
            case >= '0' and <= '7':
                return AppendBytes(inner, i, result, position);
            default: result.Append(c); return i + 2;
        }
    }

    private static int AppendCodePoint(ReadOnlySpan<char> inner, int i, int digitCount, StringBuilder result, int position)
    {
        var digits = inner.Slice(i + 2, Math.Min(digitCount, inner.Length - i - 2));
        if (digits.Length < digitCount || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value is < 0 or > 0x10FFFF or 0)
        {
            throw Error.UnicodeEscape($"{digitCount} hexadecimal digits of a character after \\{inner[i + 1]}", $"\"{digits}\"", position + i);
        }

        // A surrogate is half of a pair of escapes; what the binder refuses is a half alone.
        if (value is >= 0xD800 and <= 0xDFFF)
        {
            result.Append((char)value);
        }
        else
        {
            result.Append(char.ConvertFromUtf32(value));
        }

        return i + 2 + digitCount;
    }

    /// <summary>Escapes by octal or hexadecimal number are bytes of UTF-8: a run of them is decoded together.</summary>
    private static int AppendBytes(ReadOnlySpan<char> inner, int i, StringBuilder result, int position)
    {
        var bytes = new List<byte>();
        var start = i;
        while (i + 1 < inner.Length && inner[i] == '\\')
        {
            var isHex = inner[i + 1] == 'x';
            var at = isHex ? i + 2 : i + 1;
            var end = at;
            while (end < inner.Length && end - at < (isHex ? 2 : 3) && (isHex ? char.IsAsciiHexDigit(inner[end]) : inner[end] is >= '0' and <= '7'))
            {
                end++;
            }

            if (end == at)
            {
                break;
            }

            var value = 0;
            foreach (var c in inner[at..end])
            {
                value = (value * (isHex ? 16 : 8)) + (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
            }

            bytes.Add((byte)value);
            i = end;
        }

        try
        {
            result.Append(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]));
        }
        catch (DecoderFallbackException)
        {
            throw Error.Syntax("bytes that are UTF-8 in an escape string", $"\"{inner[start..i]}\"", position + start);
        }

        return i;
    }
}
