using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>jsonb_array_elements, jsonb_each and jsonb_object_keys: the parts of a json value, one a row.</summary>
/// <param name="name">For messages.</param>
/// <param name="isObject">Whether the value must be an object, not an array.</param>
/// <param name="hasValue">Whether the parts' values are wanted, after their names.</param>
/// <param name="isText">Whether values come as text: strings without quotes, null as NULL.</param>
internal sealed class JsonParts(string name, bool isObject, bool hasValue, bool isText) : TableFunction
{
    private Bytes value;
    private int place;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        value = arguments[0].Get<Bytes>(0);
        place = 0;
        if (JsonText.KindOf(value.Span) != (isObject ? JsonKind.Object : JsonKind.Array))
        {
            throw Error.JsonKind(name, isObject ? "an object" : "an array", JsonPart.Describe(value.Span));
        }
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var walk = new JsonWalk(value.Span, place);
        var count = 0;
        while (count < countMax && walk.Next())
        {
            if (isObject)
            {
                AppendName(targets[0], walk.RawName);
            }

            if (hasValue)
            {
                AppendValue(targets[^1], walk.Value);
            }

            count++;
        }

        place = walk.Place;
        return count;
    }

    private static void AppendName(ColumnBuffer target, ReadOnlySpan<byte> raw)
        => target.AppendBytes(raw.IndexOf((byte)'\\') < 0 ? raw : JsonText.Unescaped(raw));

    private void AppendValue(ColumnBuffer target, ReadOnlySpan<byte> part)
    {
        if (isText)
        {
            JsonRecords.AppendText(target, part);
        }
        else
        {
            target.AppendBytes(part);
        }
    }
}
