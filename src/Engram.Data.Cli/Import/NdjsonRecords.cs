using System.Text.Json;

namespace Engram.Data.Cli.Import;

/// <summary>One JSON object a line. The first one names the columns; later ones may leave some out (NULL), and have no others.</summary>
internal sealed class NdjsonRecords : RecordSource
{
    private readonly TextReader input;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private long line;

    public NdjsonRecords(TextReader input)
    {
        this.input = input;
        var (text, number) = NextLine() ?? throw new FormatException("The file is empty: each line must be a JSON object.");
        using var document = Parse(text, number);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            places.TryAdd(property.Name, places.Count);
        }

        Names = [.. places.Keys];
        Unread(ToRecord(document.RootElement, number));
    }

    public override IReadOnlyList<string> Names { get; }

    public override void Dispose() => input.Dispose();

    protected override Record? Next()
    {
        if (NextLine() is not var (text, number))
        {
            return null;
        }

        using var document = Parse(text, number);
        return ToRecord(document.RootElement, number);
    }

    private (string Text, long Line)? NextLine()
    {
        while (input.ReadLine() is { } text)
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text))
            {
                return (text, line);
            }
        }

        return null;
    }

    private static JsonDocument Parse(string text, long number)
    {
        try
        {
            var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new FormatException($"Line {number}: it is no JSON object.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"Line {number}: it is no JSON: {e.Message}");
        }
    }

    private Record ToRecord(JsonElement element, long number)
    {
        var values = new object?[places.Count];
        foreach (var property in element.EnumerateObject())
        {
            if (!places.TryGetValue(property.Name, out var place))
            {
                throw new FormatException($"Line {number}: '{property.Name}' is not among the names of the first object: {string.Join(", ", places.Keys)}.");
            }

            values[place] = ToValue(property.Value);
        }

        return new Record(values, number);
    }

    private static object? ToValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number when value.TryGetInt64(out var integer) => integer,
        JsonValueKind.Number when value.TryGetDecimal(out var number) && !value.GetRawText().AsSpan().ContainsAny('e', 'E') => number,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.Array when value.GetArrayLength() > 0 && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number)
            => value.EnumerateArray().Select(e => e.GetSingle()).ToArray(),
        _ => new JsonText(value.GetRawText()),
    };
}

/// <summary>An object or array of JSON that is a value.</summary>
internal sealed record JsonText(string Text)
{
    public override string ToString() => Text;
}
