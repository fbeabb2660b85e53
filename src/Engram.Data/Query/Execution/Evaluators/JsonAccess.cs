using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

// Json lies in the form that JsonBuilder writes, so a member, an element and the part at a path are views of the same memory, never copies.

/// <summary>What a part of a json value is handed out as.</summary>
internal interface IJsonResult
{
    /// <returns>False for NULL.</returns>
    static abstract bool Of(Bytes part, ColumnBuffer memory, out Bytes result);
}

internal readonly struct AsJson : IJsonResult
{
    public static bool Of(Bytes part, ColumnBuffer memory, out Bytes result)
    {
        result = part;
        return true;
    }
}

/// <summary>A string without its quotes, NULL for null, all else as it is written.</summary>
internal readonly unsafe struct AsText : IJsonResult
{
    public static bool Of(Bytes part, ColumnBuffer memory, out Bytes result)
    {
        result = part;
        switch (part.Pointer[0])
        {
            case (byte)'n':
                return false;
            case (byte)'"':
                var inside = JsonText.Inside(part.Span);
                if (inside.IndexOf((byte)'\\') < 0)
                {
                    result = new Bytes(part.Pointer + 1, inside.Length);
                    return true;
                }

                var target = memory.AllocateVariable(inside.Length);
                result = new Bytes(target, JsonText.Unescape(inside, new Span<byte>(target, inside.Length)));
                return true;
            default:
                return true;
        }
    }
}

internal static unsafe class JsonPart
{
    /// <summary>A part of a value as a view of its bytes.</summary>
    public static Bytes View(Bytes whole, Range range) => new(whole.Pointer + range.Start.Value, range.End.Value - range.Start.Value);

    /// <summary>A member by a name that is not escaped; false when there is none.</summary>
    public static bool TryMember(Bytes value, ReadOnlySpan<byte> name, out Bytes member)
    {
        member = default;
        if (value.Pointer[0] != '{')
        {
            return false;
        }

        var found = JsonText.FindMember(value.Span, name.IndexOfAny(JsonText.MustEscape) < 0 ? name : Escape(name));
        member = View(value, found);
        return member.Length > 0;
    }

    public static bool TryElement(Bytes value, int index, out Bytes element)
    {
        element = value;
        if (value.Pointer[0] != '[')
        {
            // A scalar is its own first and last element, as in PostgreSQL.
            return index is 0 or -1 && value.Pointer[0] != '{';
        }

        element = View(value, JsonText.FindElement(value.Span, index));
        return element.Length > 0;
    }

    /// <summary>One step of a path: a name in an object, an index in an array.</summary>
    public static bool TryStep(Bytes value, ReadOnlySpan<byte> step, out Bytes part)
    {
        part = default;
        return value.Pointer[0] == '['
            ? TryIndex(step, out var index) && TryElement(value, index, out part)
            : TryMember(value, step, out part);
    }

    public static bool TryIndex(ReadOnlySpan<byte> step, out int index)
        => int.TryParse(step, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out index);

    /// <summary>A name as it stands within a value, between its quotes.</summary>
    public static byte[] Escape(ReadOnlySpan<byte> name)
    {
        var builder = new JsonBuilder();
        builder.String(name);
        return JsonText.Inside(builder.Written).ToArray();
    }

    public static string Describe(ReadOnlySpan<byte> value) => JsonText.KindOf(value) switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.Boolean => "a boolean",
        _ => "null",
    };
}

/// <summary>json -> name, json ->> name.</summary>
internal readonly struct JsonMember<TResult> : IRowFunction<Bytes>
    where TResult : struct, IJsonResult
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
        => JsonPart.TryMember(arguments[0].Get<Bytes>(row), arguments[1].Get<Bytes>(row).Span, out result) && TResult.Of(result, memory, out result);
}

/// <summary>json -> index, json ->> index: from 0, from the end when negative.</summary>
internal readonly struct JsonElement<TResult> : IRowFunction<Bytes>
    where TResult : struct, IJsonResult
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
        => JsonPart.TryElement(arguments[0].Get<Bytes>(row), arguments[1].Get<int>(row), out result) && TResult.Of(result, memory, out result);
}

/// <summary>json #> path, json #>> path.</summary>
internal readonly struct JsonAtPath<TResult> : IRowFunction<Bytes>
    where TResult : struct, IJsonResult
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = arguments[0].Get<Bytes>(row);
        var path = new ArrayWalk(arguments[1].Get<Bytes>(row).Span, TypeKind.Text);
        while (path.Next())
        {
            if (path.IsNull || !JsonPart.TryStep(result, path.Value, out result))
            {
                return false;
            }
        }

        return TResult.Of(result, memory, out result);
    }
}

/// <summary>jsonb_extract_path(json, step, …).</summary>
internal readonly struct JsonAtSteps<TResult> : IRowFunction<Bytes>
    where TResult : struct, IJsonResult
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = arguments[0].Get<Bytes>(row);
        for (var i = 1; i < arguments.Length; i++)
        {
            if (!JsonPart.TryStep(result, arguments[i].Get<Bytes>(row).Span, out result))
            {
                return false;
            }
        }

        return TResult.Of(result, memory, out result);
    }
}

internal readonly struct JsonTypeOf : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory) => TextValue.Copy(
        JsonText.KindOf(a.Span) switch
        {
            JsonKind.Object => "object"u8,
            JsonKind.Array => "array"u8,
            JsonKind.String => "string"u8,
            JsonKind.Number => "number"u8,
            JsonKind.Boolean => "boolean"u8,
            _ => "null"u8,
        },
        memory);
}

internal readonly struct JsonArrayLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory)
        => JsonText.KindOf(a.Span) == JsonKind.Array ? JsonText.Count(a.Span) : throw Error.JsonKind("jsonb_array_length", "an array", JsonPart.Describe(a.Span));
}
