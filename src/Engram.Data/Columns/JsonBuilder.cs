using System.Buffers;
using System.Text.Json;

namespace Engram.Data.Columns;

/// <summary>Writes json in the one form in which the database keeps it.</summary>
/// <remarks>
/// <para>The form is that of PostgreSQL's jsonb when it is written as text: members ordered by the length of their names in bytes, then by those bytes;
/// of members with one name the last; one space after colon and comma; escapes only where JSON demands them; numbers without exponent, all digits
/// kept. So equal values have equal bytes, but for zeros at the end of a fraction; a part of a value is a slice of its bytes; and a member is
/// found by comparing bytes (docs/decisions/0008).</para>
/// <para>Everything is written forwards. A member's place is noted when it is begun, and at the end of an object whose members are out of order they are
/// put in order in place. Reused: what <see cref="Written"/> shows is valid until <see cref="Clear"/>.</para>
/// </remarks>
internal sealed class JsonBuilder
{
    /// <summary>Levels of arrays and objects in a value.</summary>
    public const int DepthMax = 1000;

    private readonly List<Member> members = [];
    private readonly List<Level> levels = [];
    private byte[] buffer = new byte[256];
    private byte[] scratch = [];
    private int length;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    /// <summary>Memory held for what is written.</summary>
    public int CapacityBytes => buffer.Length;

    /// <summary>Whether a value is written and nothing is open.</summary>
    public bool IsComplete => length > 0 && levels.Count == 0;

    public void Clear()
    {
        length = 0;
        members.Clear();
        levels.Clear();
    }

    public void BeginArray() => Begin(isObject: false);

    public void BeginObject() => Begin(isObject: true);

    public void End()
    {
        var level = levels[^1];
        levels.RemoveAt(levels.Count - 1);
        if (level.IsObject)
        {
            Order(level);
            members.RemoveRange(level.FirstMember, members.Count - level.FirstMember);
        }

        Append(level.IsObject ? (byte)'}' : (byte)']');
    }

    /// <summary>Begins a member of the open object.</summary>
    /// <param name="name">UTF-8, not escaped.</param>
    public void Name(ReadOnlySpan<byte> name)
    {
        BeginMember();
        AppendEscaped(name);
        EndName();
    }

    /// <summary>Begins a member by a name as it stands within a value, between its quotes.</summary>
    public void RawName(ReadOnlySpan<byte> name)
    {
        BeginMember();
        Append(name);
        EndName();
    }

    /// <summary>A value that is in the database's form already.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        BeginValue();
        Append(value);
    }

    public void Null() => Raw("null"u8);

    public void Boolean(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <param name="text">UTF-8, not escaped.</param>
    public void String(ReadOnlySpan<byte> text)
    {
        BeginValue();
        Append((byte)'"');
        AppendEscaped(text);
        Append((byte)'"');
    }

    /// <param name="number">As JSON spells numbers.</param>
    public void Number(ReadOnlySpan<byte> number)
    {
        BeginValue();
        if (number.IndexOfAny((byte)'e', (byte)'E') < 0 && !number.StartsWith("-0"u8))
        {
            Append(number);
            return;
        }

        JsonNumber.Split(number, out var isNegative, out var digits, out var scale);
        Reserve(digits.Length + Math.Abs(scale) + 3);
        length += JsonNumber.Write(isNegative, digits, scale, buffer.AsSpan(length));
    }

    /// <summary>Reads any JSON and writes it in the database's form.</summary>
    /// <exception cref="EngramException">22P02: it is no JSON. 54000: nested too deeply.</exception>
    public void Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (reader.Read())
            {
                Copy(ref reader);
            }
        }
        catch (JsonException e)
        {
            var place = PlaceOf(json, e);
            throw reader.CurrentDepth >= DepthMax - 1 && place < json.Length && json[place] is (byte)'[' or (byte)'{'
                ? Error.JsonTooDeep(DepthMax) : Error.InvalidJson(json, place);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: valid as JSON, and no text.
            throw Error.InvalidJson(json, (int)reader.TokenStartIndex);
        }
    }

    private void Copy(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject: BeginObject(); break;
            case JsonTokenType.StartArray: BeginArray(); break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray: End(); break;
            case JsonTokenType.PropertyName when !reader.ValueIsEscaped: RawName(reader.ValueSpan); break;
            case JsonTokenType.PropertyName: Name(Unescape(ref reader)); break;
            case JsonTokenType.String when !reader.ValueIsEscaped:
                BeginValue();
                Append((byte)'"');
                Append(reader.ValueSpan);
                Append((byte)'"');
                break;
            case JsonTokenType.String: String(Unescape(ref reader)); break;
            case JsonTokenType.Number: Number(reader.ValueSpan); break;
            default: Raw(reader.ValueSpan); break;
        }
    }

    private ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader)
    {
        if (scratch.Length < reader.ValueSpan.Length)
        {
            scratch = new byte[Math.Max(reader.ValueSpan.Length, scratch.Length * 2)];
        }

        return scratch.AsSpan(0, reader.CopyString(scratch));
    }

    private static int PlaceOf(ReadOnlySpan<byte> json, JsonException e)
    {
        var start = 0;
        for (var line = e.LineNumber ?? 0; line > 0; line--)
        {
            start += json[start..].IndexOf((byte)'\n') + 1;
        }

        return (int)Math.Min(start + (e.BytePositionInLine ?? 0), json.Length);
    }

    private void Begin(bool isObject)
    {
        if (levels.Count == DepthMax)
        {
            throw Error.JsonTooDeep(DepthMax);
        }

        BeginValue();
        levels.Add(new Level(isObject, members.Count));
        Append(isObject ? (byte)'{' : (byte)'[');
    }

    private void BeginValue()
    {
        // A value that follows another one in an array; in an object the name came first and has the comma.
        if (levels.Count == 0 || levels[^1].IsObject)
        {
            return;
        }

        if (!levels[^1].IsEmpty)
        {
            Append(", "u8);
        }

        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(levels)[^1].IsEmpty = false;
    }

    private void BeginMember()
    {
        if (members.Count > levels[^1].FirstMember)
        {
            Append(", "u8);
        }

        members.Add(new Member(length));
        Append((byte)'"');
    }

    private void EndName()
    {
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members)[^1].NameEnd = length;
        Append("\": "u8);
    }

    private ReadOnlySpan<byte> NameOf(Member member) => buffer.AsSpan((member.Start + 1)..member.NameEnd);

    /// <summary>Puts the members of an object that ends here in order, and drops all but the last of each name.</summary>
    private void Order(Level level)
    {
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(members)[level.FirstMember..];
        var isOrdered = true;
        for (var i = 1; i < all.Length; i++)
        {
            all[i - 1].End = all[i].Start - 2;
            isOrdered &= JsonText.CompareNames(NameOf(all[i - 1]), NameOf(all[i])) < 0;
        }

        if (isOrdered)
        {
            return;
        }

        all[^1].End = length;
        var start = all[0].Start;
        // Stable by start, so that the last of each name can be told.
        all.Sort((a, b) => JsonText.CompareNames(NameOf(a), NameOf(b)) is var order and not 0 ? order : a.Start - b.Start);
        var copy = ArrayPool<byte>.Shared.Rent(length - start);
        var written = 0;
        for (var i = 0; i < all.Length; i++)
        {
            if (i + 1 < all.Length && NameOf(all[i]).SequenceEqual(NameOf(all[i + 1])))
            {
                continue;
            }

            if (written > 0)
            {
                ", "u8.CopyTo(copy.AsSpan(written));
                written += 2;
            }

            var member = buffer.AsSpan(all[i].Start..all[i].End);
            member.CopyTo(copy.AsSpan(written));
            written += member.Length;
        }

        copy.AsSpan(0, written).CopyTo(buffer.AsSpan(start));
        length = start + written;
        ArrayPool<byte>.Shared.Return(copy);
    }

    private void AppendEscaped(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var plain = text.IndexOfAny(JsonText.MustEscape);
            if (plain < 0)
            {
                Append(text);
                return;
            }

            Append(text[..plain]);
            AppendEscape(text[plain]);
            text = text[(plain + 1)..];
        }
    }

    private void AppendEscape(byte character)
    {
        Append((byte)'\\');
        switch (character)
        {
            case (byte)'"' or (byte)'\\': Append(character); break;
            case (byte)'\b': Append((byte)'b'); break;
            case (byte)'\f': Append((byte)'f'); break;
            case (byte)'\n': Append((byte)'n'); break;
            case (byte)'\r': Append((byte)'r'); break;
            case (byte)'\t': Append((byte)'t'); break;
            default:
                Append("u00"u8);
                Append("0123456789abcdef"u8[character >> 4]);
                Append("0123456789abcdef"u8[character & 15]);
                break;
        }
    }

    private void Append(byte value)
    {
        Reserve(1);
        buffer[length++] = value;
    }

    private void Append(ReadOnlySpan<byte> value)
    {
        Reserve(value.Length);
        value.CopyTo(buffer.AsSpan(length));
        length += value.Length;
    }

    private void Reserve(int size)
    {
        const int LengthMax = 1 << 30;
        if ((long)length + size > LengthMax)
        {
            throw Error.ValueTooLarge((long)length + size, LengthMax);
        }

        if (length + size > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(length + size, (int)Math.Min(2L * buffer.Length, LengthMax)));
        }
    }

    /// <summary>One array or object that is open.</summary>
    private struct Level(bool isObject, int firstMember)
    {
        public readonly bool IsObject = isObject;
        public readonly int FirstMember = firstMember;
        public bool IsEmpty = true;
    }

    /// <summary>Where a member lies in the buffer: from its first quote on.</summary>
    private struct Member(int start)
    {
        public readonly int Start = start;
        public int NameEnd;
        public int End;
    }
}
