using System.Globalization;
using System.Text.Json;

namespace Engram.Data.Cli.Import;

/// <summary>Values of files as values of columns.</summary>
internal static class TextValue
{
    /// <param name="value">Of a record.</param>
    /// <param name="type">Of the column, as SQL names it.</param>
    /// <exception cref="FormatException">It cannot be one.</exception>
    public static object? Convert(object? value, string type)
    {
        if (value is null)
        {
            return null;
        }

        var baseType = type.Split('(')[0].Trim();
        if (value is JsonText json)
        {
            return baseType is "json" or "jsonb" or "text" ? json.Text : throw new FormatException();
        }

        if (value is not string text)
        {
            return baseType is "text" or "varchar" or "character varying" ? System.Convert.ToString(value, CultureInfo.InvariantCulture)
                : baseType is "json" or "jsonb" ? JsonSerializer.Serialize(value)
                : value;
        }

        var culture = CultureInfo.InvariantCulture;
        return baseType switch
        {
            "boolean" => text.ToLowerInvariant() switch
            {
                "true" or "t" or "yes" or "1" => true,
                "false" or "f" or "no" or "0" => false,
                _ => throw new FormatException(),
            },
            "tinyint" or "smallint" or "integer" or "bigint" or "utinyint" or "usmallint" or "uinteger" => long.Parse(text, NumberStyles.AllowLeadingSign, culture),
            "ubigint" => ulong.Parse(text, NumberStyles.None, culture),
            "numeric" => decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, culture),
            "real" => float.Parse(text, NumberStyles.Float, culture),
            "double precision" => double.Parse(text, NumberStyles.Float, culture),
            "uuid" => Guid.Parse(text),
            "date" => DateOnly.Parse(text, culture),
            "time" => TimeOnly.Parse(text, culture),
            "timestamp" => DateTime.Parse(text, culture, DateTimeStyles.RoundtripKind),
            "timestamptz" => DateTimeOffset.Parse(text, culture, DateTimeStyles.AssumeUniversal),
            "interval" => TimeSpan.Parse(text, culture),
            "bytea" => text.StartsWith("\\x", StringComparison.Ordinal) ? System.Convert.FromHexString(text.AsSpan(2)) : System.Convert.FromBase64String(text),
            "vector" => ToVector(text),
            _ => text,
        };
    }

    private static float[] ToVector(string text)
    {
        if (text.Length < 2 || text[0] != '[' || text[^1] != ']')
        {
            throw new FormatException();
        }

        return text.Length == 2 ? [] : Array.ConvertAll(text[1..^1].Split(','), e => float.Parse(e, NumberStyles.Float, CultureInfo.InvariantCulture));
    }
}
