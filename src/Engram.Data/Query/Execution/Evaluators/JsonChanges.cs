using System.Runtime.CompilerServices;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Copies a json value with a change at one place.</summary>
internal enum JsonChange
{
    Delete,
    /// <summary>jsonb_set without create_if_missing.</summary>
    Replace,
    /// <summary>jsonb_set.</summary>
    ReplaceOrCreate,
    InsertBefore,
    InsertAfter,
}

/// <summary>jsonb_set, jsonb_insert and #-, by PostgreSQL's rules.</summary>
/// <remarks>
/// Only the last step of a path may be missing. In an array, an index beyond the end means the end, one before the start the start. A path that leads
/// through a scalar changes nothing. Inserting does not replace a member (22023).
/// </remarks>
internal readonly ref struct JsonPathChange(JsonBuilder target, JsonChange change, List<byte[]?> path, ReadOnlySpan<byte> value)
{
    private readonly ReadOnlySpan<byte> value = value;

    private bool Adds => change >= JsonChange.ReplaceOrCreate;

    public void Copy(ReadOnlySpan<byte> source, int level = 0)
    {
        if (level == path.Count || !JsonText.IsContainer(source) || (source.Length == 2 && !Adds))
        {
            target.Raw(source);
            return;
        }

        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.JsonTooDeep(JsonBuilder.DepthMax);
        }

        var step = path[level] ?? throw Error.JsonPathNull(level + 1);
        if (source[0] == '{')
        {
            CopyObject(source, step, level);
        }
        else
        {
            CopyArray(source, step, level);
        }
    }

    private void CopyObject(ReadOnlySpan<byte> source, byte[] step, int level)
    {
        var isLast = level == path.Count - 1;
        var name = step.AsSpan().IndexOfAny(JsonText.MustEscape) < 0 ? step : JsonPart.Escape(step);
        var isFound = false;
        target.BeginObject();
        var members = new JsonWalk(source);
        while (members.Next())
        {
            var isHere = members.RawName.SequenceEqual(name);
            isFound |= isHere;
            if (isHere && isLast && change >= JsonChange.InsertBefore)
            {
                throw Error.InvalidArgument("jsonb_insert", $"the member \"{Encoding.UTF8.GetString(step)}\" is there already. Replace it with jsonb_set.");
            }

            if (isHere && isLast && change == JsonChange.Delete)
            {
                continue;
            }

            target.RawName(members.RawName);
            if (isHere && isLast)
            {
                target.Raw(value);
            }
            else if (isHere)
            {
                Copy(members.Value, level + 1);
            }
            else
            {
                target.Raw(members.Value);
            }
        }

        if (!isFound && isLast && Adds)
        {
            target.RawName(name);
            target.Raw(value);
        }

        target.End();
    }

    private void CopyArray(ReadOnlySpan<byte> source, byte[] step, int level)
    {
        if (!JsonPart.TryIndex(step, out var wanted))
        {
            throw Error.JsonPathIndex(level + 1, Encoding.UTF8.GetString(step));
        }

        var isLast = level == path.Count - 1;
        var count = JsonText.Count(source);
        var index = wanted < 0 ? (long)count + wanted : Math.Min(wanted, count);
        target.BeginArray();
        if (isLast && Adds && (index < 0 || count == 0))
        {
            target.Raw(value);
        }

        var elements = new JsonWalk(source);
        for (var i = 0; elements.Next(); i++)
        {
            if (i != index)
            {
                target.Raw(elements.Value);
            }
            else if (!isLast)
            {
                Copy(elements.Value, level + 1);
            }
            else
            {
                CopyChanged(elements.Value);
            }
        }

        if (isLast && Adds && count > 0 && index == count)
        {
            target.Raw(value);
        }

        target.End();
    }

    private void CopyChanged(ReadOnlySpan<byte> element)
    {
        if (change is JsonChange.InsertAfter)
        {
            target.Raw(element);
        }

        if (change != JsonChange.Delete)
        {
            target.Raw(value);
        }

        if (change is JsonChange.InsertBefore)
        {
            target.Raw(element);
        }
    }
}

/// <summary>What functions that write json share: a builder and a path, made at their first use and kept for the next row.</summary>
internal struct JsonScratch
{
    private JsonBuilder? builder;
    private List<byte[]?>? path;

    /// <summary>An empty builder.</summary>
    public JsonBuilder Begin()
    {
        builder ??= new JsonBuilder();
        builder.Clear();
        return builder;
    }

    public readonly Bytes End(ColumnBuffer memory) => TextValue.Copy(builder!.Written, memory);

    public List<byte[]?> Path(Bytes steps)
    {
        path ??= [];
        path.Clear();
        var walk = new ArrayWalk(steps.Span, TypeKind.Text);
        while (walk.Next())
        {
            path.Add(walk.IsNull ? null : walk.Value.ToArray());
        }

        return path;
    }
}

/// <summary>jsonb_set(json, path, value [, create]), jsonb_insert(json, path, value [, after]) and json #- path.</summary>
internal struct JsonChangeAt(string name, JsonChange whenFalse, JsonChange whenTrue, bool isTrueByDefault) : IRowFunction<Bytes>
{
    private JsonScratch scratch;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var source = arguments[0].Get<Bytes>(row);
        var path = scratch.Path(arguments[1].Get<Bytes>(row));
        if (!JsonText.IsContainer(source.Span))
        {
            throw Error.JsonKind(name, "an object or an array", JsonPart.Describe(source.Span));
        }

        var value = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : default;
        var isTrue = arguments.Length > 3 ? arguments[3].Get<byte>(row) != 0 : isTrueByDefault;
        new JsonPathChange(scratch.Begin(), isTrue ? whenTrue : whenFalse, path, value).Copy(source.Span);
        result = scratch.End(memory);
        return true;
    }
}

/// <summary>jsonb_set_lax: jsonb_set that says what a NULL means.</summary>
internal struct JsonSetLax : IRowFunction<Bytes>
{
    private JsonScratch scratch;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = default;
        if (arguments[0].IsNull(row) || arguments[1].IsNull(row) || (arguments.Length > 3 && arguments[3].IsNull(row)))
        {
            return false;
        }

        // As in PostgreSQL, what the treatment says is looked at when there is a NULL to treat; that there is one, always.
        var (source, isNull) = (arguments[0].Get<Bytes>(row), arguments[2].IsNull(row));
        var isGiven = arguments.Length >= 5;
        var treatment = isGiven && arguments[4].IsNull(row) ? "" : isGiven && isNull ? arguments[4].Get<Bytes>(row).Text : "use_json_null";
        if (treatment is not ("use_json_null" or "delete_key" or "return_target" or "raise_exception"))
        {
            throw Error.InvalidArgument("jsonb_set_lax", "the treatment of NULL is one of raise_exception, use_json_null, delete_key and return_target.");
        }

        if (isNull && treatment == "raise_exception")
        {
            throw Error.JsonValueNull();
        }

        if (isNull && treatment == "return_target")
        {
            result = source;
            return true;
        }

        if (!JsonText.IsContainer(source.Span))
        {
            throw Error.JsonKind("jsonb_set_lax", "an object or an array", JsonPart.Describe(source.Span));
        }

        var adds = arguments.Length < 4 || arguments[3].Get<byte>(row) != 0;
        var change = isNull && treatment == "delete_key" ? JsonChange.Delete : adds ? JsonChange.ReplaceOrCreate : JsonChange.Replace;
        var path = scratch.Path(arguments[1].Get<Bytes>(row));
        new JsonPathChange(scratch.Begin(), change, path, isNull ? "null"u8 : arguments[2].Get<Bytes>(row).Span).Copy(source.Span);
        result = scratch.End(memory);
        return true;
    }
}

/// <summary>json - name and json - names: without members of these names, or without strings equal to them.</summary>
internal struct JsonWithout(bool isList) : IBinaryFunction<Bytes, Bytes, Bytes>
{
    private JsonScratch scratch;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        if (!JsonText.IsContainer(a.Span))
        {
            throw Error.JsonKind("The operator -", "an object or an array", JsonPart.Describe(a.Span));
        }

        var target = scratch.Begin();
        var isObject = a.Span[0] == '{';
        Begin(target, isObject);
        var parts = new JsonWalk(a.Span);
        while (parts.Next())
        {
            if (isObject ? IsNamed(parts.RawName, b) : parts.Value[0] == '"' && IsNamed(JsonText.Inside(parts.Value), b))
            {
                continue;
            }

            if (isObject)
            {
                target.RawName(parts.RawName);
            }

            target.Raw(parts.Value);
        }

        target.End();
        return scratch.End(memory);
    }

    public static void Begin(JsonBuilder target, bool isObject)
    {
        if (isObject)
        {
            target.BeginObject();
        }
        else
        {
            target.BeginArray();
        }
    }

    private readonly bool IsNamed(ReadOnlySpan<byte> raw, Bytes names)
    {
        if (!isList)
        {
            return IsEqual(raw, names.Span);
        }

        var walk = new ArrayWalk(names.Span, TypeKind.Text);
        while (walk.Next())
        {
            if (!walk.IsNull && IsEqual(raw, walk.Value))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsEqual(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> name)
        => raw.IndexOf((byte)'\\') < 0 ? raw.SequenceEqual(name) : name.SequenceEqual(JsonText.Unescaped(raw));
}

/// <summary>json - index.</summary>
internal struct JsonWithoutElement : IBinaryFunction<Bytes, int, Bytes>
{
    private JsonScratch scratch;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory)
    {
        if (JsonText.KindOf(a.Span) != JsonKind.Array)
        {
            throw Error.JsonKind("The operator - with an integer", "an array", JsonPart.Describe(a.Span));
        }

        var index = b < 0 ? (long)JsonText.Count(a.Span) + b : b;
        var target = scratch.Begin();
        target.BeginArray();
        var elements = new JsonWalk(a.Span);
        for (var i = 0; elements.Next(); i++)
        {
            if (i != index)
            {
                target.Raw(elements.Value);
            }
        }

        target.End();
        return scratch.End(memory);
    }
}

/// <summary>json || json: two objects merge, the right one's members winning; all else is strung together as an array.</summary>
internal struct JsonConcatenate : IBinaryFunction<Bytes, Bytes, Bytes>
{
    private JsonScratch scratch;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var target = scratch.Begin();
        var isObject = a.Span[0] == '{' && b.Span[0] == '{';
        JsonWithout.Begin(target, isObject);
        Add(target, a.Span, isObject);
        Add(target, b.Span, isObject);
        target.End();
        return scratch.End(memory);
    }

    private static void Add(JsonBuilder target, ReadOnlySpan<byte> value, bool isObject)
    {
        if (!isObject && value[0] != '[')
        {
            target.Raw(value);
            return;
        }

        var parts = new JsonWalk(value);
        while (parts.Next())
        {
            if (isObject)
            {
                target.RawName(parts.RawName);
            }

            target.Raw(parts.Value);
        }
    }
}

/// <summary>jsonb_strip_nulls: without members that are null, at every depth.</summary>
internal struct JsonStripNulls : IUnaryFunction<Bytes, Bytes>
{
    private JsonScratch scratch;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var target = scratch.Begin();
        Copy(target, a.Span);
        return scratch.End(memory);
    }

    private static void Copy(JsonBuilder target, ReadOnlySpan<byte> value)
    {
        if (!JsonText.IsContainer(value))
        {
            target.Raw(value);
            return;
        }

        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.JsonTooDeep(JsonBuilder.DepthMax);
        }

        var isObject = value[0] == '{';
        JsonWithout.Begin(target, isObject);
        var parts = new JsonWalk(value);
        while (parts.Next())
        {
            if (isObject && parts.Value[0] == 'n')
            {
                continue;
            }

            if (isObject)
            {
                target.RawName(parts.RawName);
            }

            Copy(target, parts.Value);
        }

        target.End();
    }
}

/// <summary>jsonb_pretty: one line an element, four spaces a level.</summary>
internal struct JsonPretty : IUnaryFunction<Bytes, Bytes>
{
    private List<byte>? text;

    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        text ??= [];
        text.Clear();
        var value = a.Span;
        var level = 0;
        for (var at = 0; at < value.Length;)
        {
            switch (value[at])
            {
                case (byte)'{' or (byte)'[':
                    text.Add(value[at++]);
                    NewLine(++level);
                    // An empty one ends on a line of its own, as PostgreSQL writes it.
                    break;
                case (byte)'}' or (byte)']':
                    level--;
                    if (at > 0 && value[at - 1] is (byte)'{' or (byte)'[')
                    {
                        text.RemoveRange(text.Count - 4, 4);
                    }
                    else
                    {
                        NewLine(level);
                    }

                    text.Add(value[at++]);
                    break;
                case (byte)',':
                    text.Add(value[at]);
                    NewLine(level);
                    at += 2;
                    break;
                case (byte)':':
                    text.AddRange(": "u8);
                    at += 2;
                    break;
                default:
                    var end = JsonText.EndOf(value, at);
                    text.AddRange(value[at..end]);
                    at = end;
                    break;
            }
        }

        return TextValue.Copy(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text), memory);
    }

    private readonly void NewLine(int level)
    {
        text!.Add((byte)'\n');
        for (var i = 0; i < 4 * level; i++)
        {
            text.Add((byte)' ');
        }
    }
}
