using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Engram.Data.Cli.Output;

/// <summary>Values of .NET as text, and as JSON. Everything round trips in JSON and CSV; tables for people show long values short.</summary>
internal static class ValueText
{
    private const int ElementsShown = 4;

    /// <summary>The whole value, as SQL would read it back.</summary>
    public static string Full(object? value) => value switch
    {
        null or DBNull => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        float or double => ((IFormattable)value).ToString("R", CultureInfo.InvariantCulture),
        DateTime time => time.ToString(time.Kind == DateTimeKind.Utc ? "yyyy-MM-dd HH:mm:ss.FFFFFFF'Z'" : "yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DateTimeOffset instant => instant.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        byte[] bytes => "\\x" + Convert.ToHexStringLower(bytes),
        IEnumerable elements => $"[{string.Join(',', elements.Cast<object?>().Select(e => e is null ? "NULL" : Full(e)))}]",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>For a table: one line, embeddings by their first elements and their length, long texts cut.</summary>
    public static string Short(object? value, int lengthMax) => value switch
    {
        null or DBNull => "NULL",
        float or double => ((IFormattable)value).ToString("G7", CultureInfo.InvariantCulture),
        float[] vector => ShortList(vector, vector.Length, lengthMax),
        Half[] vector => ShortList(vector, vector.Length, lengthMax),
        byte[] { Length: > 16 } bytes => string.Create(CultureInfo.InvariantCulture, $"\\x{Convert.ToHexStringLower(bytes.AsSpan(0, 8))}… {bytes.Length} bytes"),
        _ => Cut(Full(value).ReplaceLineEndings("⏎"), lengthMax),
    };

    public static void WriteJson(Utf8JsonWriter writer, object? value, string typeName)
    {
        switch (value)
        {
            case null or DBNull: writer.WriteNullValue(); break;
            case bool truth: writer.WriteBooleanValue(truth); break;
            case string text when typeName is "json" or "jsonb": writer.WriteRawValue(text); break;
            case string text: writer.WriteStringValue(text); break;
            case byte or sbyte or short or ushort or int or uint or long: writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case ulong number: writer.WriteNumberValue(number); break;
            case decimal number: writer.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): writer.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): writer.WriteNumberValue(number); break;
            case Half number when Half.IsFinite(number): writer.WriteNumberValue((float)number); break;
            case DateTime time: writer.WriteStringValue(time.ToString("O", CultureInfo.InvariantCulture)); break;
            case DateTimeOffset instant: writer.WriteStringValue(instant.ToString("O", CultureInfo.InvariantCulture)); break;
            case byte[] bytes: writer.WriteStringValue(Convert.ToBase64String(bytes)); break;
            case IEnumerable elements:
                writer.WriteStartArray();
                foreach (var element in elements)
                {
                    WriteJson(writer, element, "");
                }

                writer.WriteEndArray();
                break;
            default: writer.WriteStringValue(Full(value)); break;
        }
    }

    public static string Cut(string text, int lengthMax) => text.Length <= lengthMax ? text : text[..(lengthMax - 1)] + "…";

    private static string ShortList<T>(T[] elements, int length, int lengthMax)
        where T : IFormattable
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < Math.Min(length, ElementsShown); i++)
        {
            text.Append(i > 0 ? ", " : "").Append(elements[i].ToString("0.###", CultureInfo.InvariantCulture));
        }

        return Cut(text.Append(length > ElementsShown ? string.Create(CultureInfo.InvariantCulture, $", … {length}]") : "]").ToString(), lengthMax);
    }
}
