using System.Numerics;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>initcap: the first letter of each word in upper case, the others in lower; letters and digits make words.</summary>
internal readonly struct InitialCapitals : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = new StringBuilder(a.Length);
        var isInside = false;
        foreach (var rune in a.Text.EnumerateRunes())
        {
            text.Append(isInside ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            isInside = Rune.IsLetterOrDigit(rune);
        }

        return RegexMatches.Copy(text.ToString(), memory);
    }
}

/// <summary>translate(text, from, to): characters by their place; those without a counterpart are dropped.</summary>
internal readonly struct Translate : ITernaryFunction<Bytes, Bytes, Bytes, Bytes>
{
    public Bytes Invoke(Bytes a, Bytes b, Bytes c, ColumnBuffer memory)
    {
        var target = new StringBuilder(a.Length);
        var from = b.Text.EnumerateRunes().ToList();
        var to = c.Text.EnumerateRunes().ToList();
        foreach (var rune in a.Text.EnumerateRunes())
        {
            var place = from.IndexOf(rune);
            memory.Work(1 + from.Count);
            if (place < 0)
            {
                target.Append(rune);
            }
            else if (place < to.Count)
            {
                target.Append(to[place]);
            }
        }

        return RegexMatches.Copy(target.ToString(), memory);
    }
}

/// <summary>split_part(text, separator, n): from 1, from the end when negative; empty when there are not as many.</summary>
internal readonly unsafe struct SplitPart : ITernaryFunction<Bytes, Bytes, int, Bytes>
{
    public Bytes Invoke(Bytes a, Bytes b, int c, ColumnBuffer memory)
    {
        if (c == 0)
        {
            throw Error.InvalidArgument("split_part", "parts count from 1, or from -1 at the end; there is no part 0.");
        }

        var count = b.Length == 0 ? 1 : a.Span.Count(b.Span) + 1L;
        var wanted = c > 0 ? c : count + c + 1;
        if (wanted < 1 || wanted > count || a.Length == 0)
        {
            return new Bytes(a.Pointer, 0);
        }

        var start = 0;
        for (; wanted > 1; wanted--)
        {
            start += a.Span[start..].IndexOf(b.Span) + b.Length;
        }

        var length = b.Length == 0 ? -1 : a.Span[start..].IndexOf(b.Span);
        return new Bytes(a.Pointer + start, length < 0 ? a.Length - start : length);
    }
}

/// <summary>The code point of the first character; 0 for an empty text.</summary>
internal readonly struct FirstCodePoint : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => a.Length > 0 && Rune.DecodeFromUtf8(a.Span, out var rune, out _) == System.Buffers.OperationStatus.Done ? rune.Value : 0;
}

internal readonly struct CharacterOf : IUnaryFunction<int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(int a, ColumnBuffer memory)
    {
        if (a == 0 || !Rune.IsValid(a))
        {
            throw Error.NoCharacter(a);
        }

        Span<byte> buffer = stackalloc byte[4];
        return TextValue.Copy(buffer[..new Rune(a).EncodeToUtf8(buffer)], memory);
    }
}

internal interface IHashAlgorithm
{
    static abstract int Size { get; }

    static abstract void Hash(ReadOnlySpan<byte> source, Span<byte> target);
}

internal readonly struct Sha256 : IHashAlgorithm
{
    public static int Size => SHA256.HashSizeInBytes;

    public static void Hash(ReadOnlySpan<byte> source, Span<byte> target) => SHA256.HashData(source, target);
}

internal readonly struct Sha384 : IHashAlgorithm
{
    public static int Size => SHA384.HashSizeInBytes;

    public static void Hash(ReadOnlySpan<byte> source, Span<byte> target) => SHA384.HashData(source, target);
}

internal readonly struct Sha512 : IHashAlgorithm
{
    public static int Size => SHA512.HashSizeInBytes;

    public static void Hash(ReadOnlySpan<byte> source, Span<byte> target) => SHA512.HashData(source, target);
}

/// <summary>SHA-256 from another start, cut to 28 bytes: .NET has none, and 224 bits are not worth a package.</summary>
internal readonly struct Sha224 : IHashAlgorithm
{
    private const int BlockSizeBytes = 64;

    private static readonly uint[] Start = [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];

    // The first 32 bits of the fractions of the cube roots of the first 64 primes.
    private static readonly uint[] Rounds =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    public static int Size => 28;

    public static void Hash(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Span<uint> state = stackalloc uint[8];
        Start.CopyTo(state);
        var rest = source;
        for (; rest.Length >= BlockSizeBytes; rest = rest[BlockSizeBytes..])
        {
            Mix(state, rest[..BlockSizeBytes]);
        }

        // One bit, zeros, and the length in bits at the end of a block.
        Span<byte> last = stackalloc byte[2 * BlockSizeBytes];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        var size = rest.Length + 9 <= BlockSizeBytes ? BlockSizeBytes : 2 * BlockSizeBytes;
        BinaryPrimitives.WriteUInt64BigEndian(last[(size - sizeof(ulong))..], (ulong)source.Length * 8);
        for (var at = 0; at < size; at += BlockSizeBytes)
        {
            Mix(state, last.Slice(at, BlockSizeBytes));
        }

        for (var i = 0; i < Size / sizeof(uint); i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target[(i * sizeof(uint))..], state[i]);
        }
    }

    private static void Mix(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[64];
        for (var i = 0; i < 16; i++)
        {
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..]);
        }

        for (var i = 16; i < w.Length; i++)
        {
            var (x, y) = (w[i - 15], w[i - 2]);
            w[i] = w[i - 16] + (BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3))
                + w[i - 7] + (BitOperations.RotateRight(y, 17) ^ BitOperations.RotateRight(y, 19) ^ (y >> 10));
        }

        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < w.Length; i++)
        {
            var one = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + Rounds[i] + w[i];
            var two = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
}

internal readonly unsafe struct HashOf<TAlgorithm> : IUnaryFunction<Bytes, Bytes>
    where TAlgorithm : struct, IHashAlgorithm
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var pointer = memory.AllocateVariable(TAlgorithm.Size);
        TAlgorithm.Hash(a.Span, new Span<byte>(pointer, TAlgorithm.Size));
        return new Bytes(pointer, TAlgorithm.Size);
    }
}

/// <summary>md5: hexadecimal digits of a text or of bytes. For checks against other systems, not for secrets.</summary>
internal readonly struct Md5 : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

#pragma warning disable CA5351 // The function is named after the algorithm, which protects nothing here.
    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        Span<byte> hash = stackalloc byte[MD5.HashSizeInBytes];
        MD5.HashData(a.Span, hash);
        Span<byte> text = stackalloc byte[2 * MD5.HashSizeInBytes];
        Convert.TryToHexStringLower(hash, text, out _);
        return TextValue.Copy(text, memory);
    }
#pragma warning restore CA5351
}

/// <summary>encode(bytes, 'hex' | 'base64' | 'escape').</summary>
internal readonly struct Encode : IBinaryFunction<Bytes, Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        switch (BinaryFormat.Parse(b))
        {
            case BinaryFormat.Hex:
                return TextValue.Copy(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(a.Span)), memory);
            case BinaryFormat.Base64:
                // Lines of 76 characters, ended by \n alone.
                var text = Convert.ToBase64String(a.Span, Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n");
                return TextValue.Copy(Encoding.ASCII.GetBytes(text), memory);
            default:
                var target = new List<byte>(a.Length);
                foreach (var value in a.Span)
                {
                    if (value is 0 or >= 0x80)
                    {
                        target.AddRange([(byte)'\\', (byte)('0' + (value >> 6)), (byte)('0' + ((value >> 3) & 7)), (byte)('0' + (value & 7))]);
                    }
                    else
                    {
                        target.AddRange(value == '\\' ? "\\\\"u8 : [value]);
                    }
                }

                return TextValue.Copy(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(target), memory);
        }
    }
}

/// <summary>decode(text, 'hex' | 'base64' | 'escape').</summary>
internal readonly struct Decode : IBinaryFunction<Bytes, Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var format = BinaryFormat.Parse(b);
        try
        {
            switch (format)
            {
                case BinaryFormat.Hex:
                    return TextValue.Copy(Convert.FromHexString(string.Concat(a.Text.Where(c => !char.IsWhiteSpace(c)))), memory);
                case BinaryFormat.Base64:
                    return TextValue.Copy(Convert.FromBase64String(a.Text), memory);
                default:
                    return Unescape(a, memory);
            }
        }
        catch (FormatException)
        {
            throw Error.InvalidArgument("decode", $"the text is not what {format} is. Correct the text.");
        }
    }

    private static Bytes Unescape(Bytes a, ColumnBuffer memory)
    {
        var (source, target) = (a.Span.ToArray(), new List<byte>(a.Length));
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '\\')
            {
                target.Add(source[i]);
            }
            else if (i + 1 < source.Length && source[i + 1] == '\\')
            {
                target.Add(source[i++]);
            }
            else if (i + 3 < source.Length && source[i + 1] is >= (byte)'0' and <= (byte)'3' && source[i + 2] is >= (byte)'0' and <= (byte)'7' && source[i + 3] is >= (byte)'0' and <= (byte)'7')
            {
                target.Add((byte)(((source[i + 1] - '0') << 6) | ((source[i + 2] - '0') << 3) | (source[i + 3] - '0')));
                i += 3;
            }
            else
            {
                throw Error.InvalidText("bytea", a.Text);
            }
        }

        return TextValue.Copy(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(target), memory);
    }
}

internal static class BinaryFormat
{
    public const string Hex = "hex";
    public const string Base64 = "base64";
    public const string Escape = "escape";

    public static string Parse(Bytes name) => name.Text.ToLowerInvariant() switch
    {
        Hex => Hex,
        Base64 => Base64,
        Escape => Escape,
        var other => throw Error.InvalidArgument("encode and decode", $"'{other}' is no format. There are hex, base64 and escape."),
    };
}

/// <summary>to_hex: two's complement, without leading zeros.</summary>
internal readonly struct ToHex<T> : IUnaryFunction<T, Bytes>
    where T : unmanaged, System.Numerics.IBinaryInteger<T>
{
    public static bool IsTotal => false;

    public Bytes Invoke(T a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[20];
        a.TryFormat(buffer, out var written, "x", CultureInfo.InvariantCulture);
        return TextValue.Copy(buffer[..written], memory);
    }
}

/// <summary>Names and texts as they are written in SQL.</summary>
internal static class Quoting
{
    public static string Identifier(string name)
    {
        var isPlain = name.Length > 0 && (name[0] == '_' || char.IsAsciiLetterLower(name[0]))
            && name.All(c => c == '_' || char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) && Keywords.Find(name) is Keyword.None or > Keyword.Varchar;
        return isPlain ? name : "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    public static string Literal(string text)
    {
        var doubled = text.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal) ? "E'" + doubled.Replace("\\", "\\\\", StringComparison.Ordinal) + "'" : "'" + doubled + "'";
    }
}

internal readonly struct QuoteIdentifier : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory) => RegexMatches.Copy(Quoting.Identifier(a.Text), memory);
}

internal readonly struct QuoteLiteral : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory) => RegexMatches.Copy(Quoting.Literal(a.Text), memory);
}

internal readonly struct QuoteNullable : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = arguments[0].IsNull(row) ? TextValue.Copy("NULL"u8, memory) : default(QuoteLiteral).Invoke(arguments[0].Get<Bytes>(row), memory);
        return true;
    }
}

/// <summary>overlay(text PLACING part FROM n [FOR m]).</summary>
internal readonly unsafe struct Overlay(bool isText) : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (text, part, from) = (arguments[0].Get<Bytes>(row), arguments[1].Get<Bytes>(row), arguments[2].Get<int>(row));
        if (from < 1)
        {
            throw Error.SubstringLength("overlay", "the place to start at is less than 1.");
        }

        var length = arguments.Length > 3 ? arguments[3].Get<int>(row) : isText ? CodePoints.Count(part.Span) : part.Length;
        var start = Offset(text.Span, (long)from - 1);
        var end = Offset(text.Span, (long)from - 1 + length);
        var target = TextSize.Allocate((long)start + part.Length + (text.Length - end), memory, out var pointer);
        text.Span[..start].CopyTo(target);
        part.Span.CopyTo(target[start..]);
        text.Span[end..].CopyTo(target[(start + part.Length)..]);
        result = new Bytes(pointer, target.Length);
        return true;
    }

    private int Offset(ReadOnlySpan<byte> text, long place) => isText ? CodePoints.Offset(text, place) : (int)Math.Clamp(place, 0, text.Length);
}

/// <summary>normalize(text [, form]): NFC, NFD, NFKC, NFKD.</summary>
internal readonly struct Normalize : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = RegexMatches.Copy(arguments[0].Get<Bytes>(row).Text.Normalize(Form(arguments, row)), memory);
        return true;
    }

    /// <summary>Without ICU or its like (InvariantGlobalization) .NET gives texts back as they are, which would be wrong silently.</summary>
    private static readonly bool IsThere = "e\u0301".Normalize(NormalizationForm.FormC) == "\u00E9";

    public static NormalizationForm Form(Column[] arguments, int row)
        => !IsThere && !System.Text.Ascii.IsValid(arguments[0].Get<Bytes>(row).Span) ? throw Error.NotSupported("normalize in a process with InvariantGlobalization") : (arguments.Length < 2 ? "NFC" : arguments[1].Get<Bytes>(row).Text.ToUpperInvariant()) switch
        {
            "NFC" => NormalizationForm.FormC,
            "NFD" => NormalizationForm.FormD,
            "NFKC" => NormalizationForm.FormKC,
            "NFKD" => NormalizationForm.FormKD,
            var other => throw Error.InvalidArgument("normalize", $"'{other}' is no form. There are NFC, NFD, NFKC and NFKD."),
        };
}

internal readonly struct IsNormalized : IRowFunction<byte>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        result = arguments[0].Get<Bytes>(row).Text.IsNormalized(Normalize.Form(arguments, row)) ? (byte)1 : (byte)0;
        return true;
    }
}

/// <summary>unistr: \0041, \+000041, \u0041 and \U00000041 are characters, \\ is a backslash.</summary>
internal readonly struct Unescape : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Text;
        var target = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            if (text[i] != '\\')
            {
                target.Append(text[i++]);
                continue;
            }

            var (skip, digits) = (i + 1 < text.Length ? text[i + 1] : ' ') switch { '+' => (2, 6), 'u' => (2, 4), 'U' => (2, 8), '\\' => (2, 0), _ => (1, 4) };
            if (digits == 0)
            {
                target.Append('\\');
            }
            else if (i + skip + digits <= text.Length && uint.TryParse(text.AsSpan(i + skip, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                && code is > 0 and <= 0x10FFFF)
            {
                target.Append(code <= char.MaxValue ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
            }
            else
            {
                throw Error.InvalidUnicodeEscape(i + 1);
            }

            i += skip + digits;
        }

        try
        {
            var checkedText = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback).GetBytes(target.ToString());
            return TextValue.Copy(checkedText, memory);
        }
        catch (EncoderFallbackException)
        {
            throw Error.InvalidUnicodeEscape(1);
        }
    }
}

/// <summary>format(template, value, …): %s, %I and %L, with a place (%1$s) and a width (%-10s, %*s).</summary>
internal struct FormatTemplate : IRowFunction<Bytes>
{
    // Widths and places are less.
    private const int NumbersEnd = 10_000_000;

    private StringBuilder? target;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[0].IsNull(row))
        {
            return false;
        }

        target = (target ?? new StringBuilder()).Clear();
        var template = arguments[0].Get<Bytes>(row).Text;
        var next = 1;
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '%')
            {
                target.Append(template[i]);
            }
            else if (i + 1 < template.Length && template[i + 1] == '%')
            {
                target.Append('%');
                i++;
            }
            else
            {
                i = AppendOne(template, i + 1, arguments, row, memory, ref next);
                memory.CheckComputed(target.Length);
            }
        }

        result = RegexMatches.Copy(target.ToString(), memory);
        return true;
    }

    /// <returns>Where the specifier ends.</returns>
    private readonly int AppendOne(string template, int at, Column[] arguments, int row, ColumnBuffer memory, ref int next)
    {
        var number = ReadNumber(template, ref at);
        var place = 0;
        if (number is { } given && at < template.Length && template[at] == '$')
        {
            place = given > 0 ? given : throw Error.InvalidArgument("format", "arguments count from 1.");
            at++;
            number = null;
        }

        var isLeft = false;
        while (number is null && at < template.Length && template[at] == '-')
        {
            isLeft = true;
            at++;
        }

        var width = number ?? ReadNumber(template, ref at) ?? 0;
        if (number is null && width == 0 && at < template.Length && template[at] == '*')
        {
            at++;
            // A place that is given counts: the value comes behind it.
            var from = ReadNumber(template, ref at) is { } widthPlace && at < template.Length && template[at++] == '$' ? widthPlace : next;
            next = from + 1;
            var text = TextOf(arguments, from, row);
            width = text is null ? 0 : WidthOf(text);
        }

        (isLeft, width) = (isLeft || width < 0, Math.Abs(width));
        if (at >= template.Length)
        {
            throw Error.InvalidArgument("format", "the template ends within a specifier. Write %% for a percent sign.");
        }

        place = place > 0 ? place : next;
        next = place + 1;
        var value = TextOf(arguments, place, row);
        var shown = template[at] switch
        {
            's' => value ?? "",
            'I' => value is null ? throw Error.NullIdentifier() : Quoting.Identifier(value),
            'L' => value is null ? "NULL" : Quoting.Literal(value),
            var c => throw Error.InvalidArgument("format", $"%{c} is no specifier. There are %s, %I, %L and %%."),
        };
        memory.CheckComputed((long)target!.Length + width + shown.Length);
        var pad = new string(' ', Math.Max(0, width - shown.EnumerateRunes().Count()));
        target.Append(isLeft ? shown + pad : pad + shown);
        return at;
    }

    private static string? TextOf(Column[] arguments, int place, int row)
        => place >= arguments.Length ? throw Error.InvalidArgument("format", $"there is no argument {place}.") : arguments[place].IsNull(row) ? null : arguments[place].Get<Bytes>(row).Text;

    private static int WidthOf(string text)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var width))
        {
            throw Error.InvalidText("integer", text);
        }

        return width is > -NumbersEnd and < NumbersEnd ? (int)width : throw Error.InvalidArgument("format", "a width is too great.");
    }

    private static int? ReadNumber(string template, ref int at)
    {
        var start = at;
        while (at < template.Length && char.IsAsciiDigit(template[at]))
        {
            at++;
        }

        return at == start ? null : int.TryParse(template.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < NumbersEnd ? number
            : throw Error.InvalidArgument("format", "a number in the template is too great.");
    }
}
