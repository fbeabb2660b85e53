using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>json @> json: whether the left value holds the right one.</summary>
/// <remarks>
/// As jsonb has it: an object holds another when it has all of its members, with values that hold the others' values; an array holds another when each
/// element of that is in it, whatever the order and how often; scalars hold equal ones. On the outermost level an array also holds a scalar.
/// </remarks>
internal readonly struct JsonContains : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var isHeld = JsonText.KindOf(a.Span) == JsonKind.Array && !JsonText.IsContainer(b.Span)
            ? HasElement(a.Span, b.Span)
            : Contains(a.Span, b.Span);
        return isHeld ? (byte)1 : (byte)0;
    }

    private static bool Contains(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var kind = JsonText.KindOf(a);
        if (kind != JsonText.KindOf(b))
        {
            return false;
        }

        if (kind < JsonKind.Array)
        {
            return JsonOrder.AreEqual(a, b);
        }

        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.JsonTooDeep(JsonBuilder.DepthMax);
        }

        var wanted = new JsonWalk(b);
        while (wanted.Next())
        {
            var isHeld = kind == JsonKind.Array
                ? HasElement(a, wanted.Value)
                : a[JsonText.FindMember(a, wanted.RawName)] is { IsEmpty: false } member && Contains(member, wanted.Value);
            if (!isHeld)
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasElement(ReadOnlySpan<byte> array, ReadOnlySpan<byte> wanted)
    {
        var elements = new JsonWalk(array);
        while (elements.Next())
        {
            if (Contains(elements.Value, wanted))
            {
                return true;
            }
        }

        return false;
    }
}

internal readonly struct JsonIsContained : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => default(JsonContains).Invoke(b, a, memory);
}

/// <summary>json ? text: a member of that name, or a string among the elements, or the string itself.</summary>
internal readonly struct JsonHas : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => Has(a.Span, b.Span) ? (byte)1 : (byte)0;

    public static bool Has(ReadOnlySpan<byte> value, ReadOnlySpan<byte> name)
    {
        if (name.IndexOfAny(JsonText.MustEscape) >= 0)
        {
            name = JsonPart.Escape(name);
        }

        switch (JsonText.KindOf(value))
        {
            case JsonKind.String:
                return JsonText.Inside(value).SequenceEqual(name);
            case JsonKind.Object:
                return !value[JsonText.FindMember(value, name)].IsEmpty;
            default:
                var elements = new JsonWalk(value);
                while (elements.Next())
                {
                    if (elements.Value[0] == '"' && JsonText.Inside(elements.Value).SequenceEqual(name))
                    {
                        return true;
                    }
                }

                return false;
        }
    }
}

/// <summary>json ?| names and json ?&amp; names; NULLs among the names are left out.</summary>
internal readonly struct JsonHasNames(bool wantsAll) : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var names = new ArrayWalk(b.Span, TypeKind.Text);
        while (names.Next())
        {
            if (!names.IsNull && JsonHas.Has(a.Span, names.Value) != wantsAll)
            {
                return wantsAll ? (byte)0 : (byte)1;
            }
        }

        return wantsAll ? (byte)1 : (byte)0;
    }
}
