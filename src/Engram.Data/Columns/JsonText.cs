using System.Buffers;
using System.Text;

namespace Engram.Data.Columns;

/// <summary>The kinds of json values, in the order in which values of different kinds compare.</summary>
internal enum JsonKind
{
    Null,
    String,
    Number,
    Boolean,
    Array,
    Object,
}

/// <summary>Reads json as <see cref="JsonBuilder"/> writes it: nothing is checked again, and every part of a value is a slice of its bytes.</summary>
/// <remarks>A text that is not in that form is damage, and found as such where the walk leaves the value's bytes.</remarks>
internal static class JsonText
{
    /// <summary>What stands escaped in a string.</summary>
    public static readonly SearchValues<byte> MustEscape = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"[]{}"u8);
    private static readonly SearchValues<byte> ScalarEnd = SearchValues.Create(",]} "u8);

    [ThreadStatic]
    private static JsonBuilder? normalizer;

    /// <summary>Any JSON in the database's form.</summary>
    public static string Normalize(string json)
    {
        var utf8 = Encoding.UTF8.GetBytes(json);
        var written = Normalize(utf8);
        return written.SequenceEqual(utf8) ? json : Encoding.UTF8.GetString(written);
    }

    /// <returns>Valid until the next call on this thread.</returns>
    public static ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> json)
    {
        var builder = normalizer ??= new JsonBuilder();
        builder.Clear();
        try
        {
            builder.Parse(json);
            return builder.Written;
        }
        finally
        {
            // What was very long is not kept for ever.
            const int KeptMax = 1 << 20;
            if (json.Length > KeptMax)
            {
                normalizer = null;
            }
        }
    }

    public static JsonKind KindOf(ReadOnlySpan<byte> value) => value.IsEmpty ? throw Damaged() : value[0] switch
    {
        (byte)'{' => JsonKind.Object,
        (byte)'[' => JsonKind.Array,
        (byte)'"' => JsonKind.String,
        (byte)'t' or (byte)'f' => JsonKind.Boolean,
        (byte)'n' => JsonKind.Null,
        _ => JsonKind.Number,
    };

    public static bool IsContainer(ReadOnlySpan<byte> value) => KindOf(value) >= JsonKind.Array;

    /// <summary>What stands between a string's quotes, escaped.</summary>
    public static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> text) => text[1..^1];

    /// <summary>Where the value that begins at a place ends.</summary>
    public static int EndOf(ReadOnlySpan<byte> text, int start)
    {
        switch (start < text.Length ? text[start] : throw Damaged())
        {
            case (byte)'"':
                return EndOfString(text, start);
            case (byte)'{' or (byte)'[':
                var depth = 0;
                for (var at = start; ;)
                {
                    var next = text[at..].IndexOfAny(Structure);
                    if (next < 0)
                    {
                        throw Damaged();
                    }

                    at += next;
                    switch (text[at])
                    {
                        case (byte)'"':
                            at = EndOfString(text, at);
                            continue;
                        case (byte)'{' or (byte)'[':
                            depth++;
                            break;
                        default:
                            depth--;
                            break;
                    }

                    at++;
                    if (depth == 0)
                    {
                        return at;
                    }
                }

            default:
                var length = text[start..].IndexOfAny(ScalarEnd);
                return length < 0 ? text.Length : start + length;
        }
    }

    /// <summary>The bytes of a string's text.</summary>
    /// <param name="inside">Between the quotes, escaped.</param>
    /// <param name="target">At least as long.</param>
    public static int Unescape(ReadOnlySpan<byte> inside, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var plain = inside.IndexOf((byte)'\\');
            if (plain < 0)
            {
                inside.CopyTo(target[written..]);
                return written + inside.Length;
            }

            inside[..plain].CopyTo(target[written..]);
            written += plain;
            var (character, length) = inside[plain + 1] switch
            {
                (byte)'b' => ((byte)'\b', 2),
                (byte)'f' => ((byte)'\f', 2),
                (byte)'n' => ((byte)'\n', 2),
                (byte)'r' => ((byte)'\r', 2),
                (byte)'t' => ((byte)'\t', 2),
                (byte)'u' => ((byte)((HexOf(inside[plain + 4]) << 4) | HexOf(inside[plain + 5])), 6),
                var c => (c, 2),
            };
            target[written++] = character;
            inside = inside[(plain + length)..];
        }
    }

    /// <summary>Names of members: shorter ones first, then by their bytes.</summary>
    public static int CompareNames(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.IndexOf((byte)'\\') < 0 && b.IndexOf((byte)'\\') < 0)
        {
            return a.Length != b.Length ? a.Length - b.Length : a.SequenceCompareTo(b);
        }

        var (plainA, plainB) = (Unescaped(a), Unescaped(b));
        return plainA.Length != plainB.Length ? plainA.Length - plainB.Length : plainA.AsSpan().SequenceCompareTo(plainB);
    }

    public static byte[] Unescaped(ReadOnlySpan<byte> inside)
    {
        var target = new byte[inside.Length];
        return target[..Unescape(inside, target)];
    }

    /// <summary>Finds a member of an object by its name as it stands there, between its quotes.</summary>
    /// <returns>The member's value as a range of the object's bytes; empty when there is none.</returns>
    public static Range FindMember(ReadOnlySpan<byte> value, ReadOnlySpan<byte> rawName)
    {
        var walk = new JsonWalk(value);
        while (walk.Next())
        {
            if (walk.RawName.SequenceEqual(rawName))
            {
                return walk.Range;
            }
        }

        return default;
    }

    /// <param name="index">From 0, or from the end when negative.</param>
    /// <returns>The element as a range of the array's bytes; empty when there is none.</returns>
    public static Range FindElement(ReadOnlySpan<byte> value, int index)
    {
        if (index < 0)
        {
            var place = (long)Count(value) + index;
            if (place < 0)
            {
                return default;
            }

            index = (int)place;
        }

        var walk = new JsonWalk(value);
        while (walk.Next())
        {
            if (index-- == 0)
            {
                return walk.Range;
            }
        }

        return default;
    }

    /// <summary>Elements of an array, or members of an object.</summary>
    public static int Count(ReadOnlySpan<byte> value)
    {
        var count = 0;
        var walk = new JsonWalk(value);
        while (walk.Next())
        {
            count++;
        }

        return count;
    }

    public static EngramException Damaged() => Error.Internal("a json value is not in the form in which the database keeps it");

    private static int EndOfString(ReadOnlySpan<byte> text, int start)
    {
        for (var at = start + 1; ; at += 2)
        {
            var next = at > text.Length ? -1 : text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                throw Damaged();
            }

            at += next;
            if (text[at] == '"')
            {
                return at + 1;
            }
        }
    }

    private static int HexOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/// <summary>Goes from one element of an array, or member of an object, to the next.</summary>
/// <param name="value">The whole.</param>
/// <param name="place">Where an earlier walk over the value stopped (<see cref="Place"/>), to go on from there; 0 for the start.</param>
internal ref struct JsonWalk(ReadOnlySpan<byte> value, int place = 0)
{
    private readonly ReadOnlySpan<byte> value = value;
    private int at = Math.Max(place, 1);
    private int nameStart;
    private int nameEnd;
    private int valueStart = place;

    public readonly int Place => at;

    /// <summary>The member's name as it stands there, between its quotes.</summary>
    public readonly ReadOnlySpan<byte> RawName => value[nameStart..nameEnd];

    public readonly ReadOnlySpan<byte> Value => value[valueStart..at];

    /// <summary>Where <see cref="Value"/> lies in the bytes of the whole.</summary>
    public readonly Range Range => valueStart..at;

    /// <summary>False at the end, and at once for what is neither array nor object.</summary>
    public bool Next()
    {
        var isObject = value[0] == '{';
        if ((!isObject && value[0] != '[') || value[at] is (byte)']' or (byte)'}')
        {
            return false;
        }

        // A comma and a space; a colon and a space.
        at += valueStart == 0 ? 0 : 2;
        if (isObject)
        {
            nameStart = at + 1;
            nameEnd = JsonText.EndOf(value, at) - 1;
            at = nameEnd + 3;
        }

        valueStart = at;
        at = JsonText.EndOf(value, at);
        return at < value.Length ? true : throw JsonText.Damaged();
    }
}
