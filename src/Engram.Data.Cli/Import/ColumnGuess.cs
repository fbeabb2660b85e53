using System.Globalization;
using Engram.Data.Cli.Commands;

namespace Engram.Data.Cli.Import;

/// <summary>A table for a file, from what its first rows hold.</summary>
/// <remarks>A guess takes the narrowest of few types that all looked-at values fit: boolean, bigint, numeric or double precision, timestamptz, uuid, vector(n), json, else text. A
/// value further down that does not fit ends the import with its line; nothing is left behind but the empty table.</remarks>
internal static class ColumnGuess
{
    private const int RowsLookedAt = 1_000;

    public static string CreateTable(string table, RecordSource source)
    {
        var rows = source.Peek(RowsLookedAt);
        var columns = source.Names.Select((name, i) => $"{SqlName.Quote(name)} {Guess(rows.Select(r => r.Values[i]))}");
        return $"CREATE TABLE {SqlName.Quote(table)} ({string.Join(", ", columns)})";
    }

    public static string Guess(IEnumerable<object?> values)
    {
        var given = values.OfType<object>().ToList();
        if (given.Count == 0)
        {
            return "text";
        }

        if (given.All(v => v is float[]))
        {
            var dimensions = given.Cast<float[]>().Select(v => v.Length).Distinct().ToList();
            return dimensions.Count == 1 ? $"vector({dimensions[0]})" : "real[]";
        }

        return given switch
        {
            _ when given.All(v => v is JsonText or float[]) => "json",
            _ when given.All(v => v is bool || v is string s && s is "true" or "false") => "boolean",
            _ when given.All(IsInteger) => "bigint",
            _ when given.All(v => IsInteger(v) || IsDecimal(v)) => "numeric",
            _ when given.All(v => v is double || IsInteger(v) || IsDecimal(v) || v is string s && IsPlain(s) && double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) => "double precision",
            _ when given.All(v => v is string s && Guid.TryParseExact(s, "D", out _)) => "uuid",
            _ when given.All(v => v is string s && IsInstant(s)) => "timestamptz",
            _ when given.All(v => v is string s && s is ['[', .., ']']) && Vector(given) is { } type => type,
            _ => "text",
        };
    }

    private static bool IsInteger(object value)
        => value is long || value is string s && IsPlain(s) && long.TryParse(s, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static bool IsDecimal(object value)
        => value is decimal || value is string s && IsPlain(s) && decimal.TryParse(s, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _) && s.Contains('.', StringComparison.Ordinal);

    /// <summary>Without zeros in front: those belong to codes, such as postal ones, and a number would lose them.</summary>
    private static bool IsPlain(string text) => !(text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1]));

    /// <summary>A date with a time and an offset: less could be meant otherwise.</summary>
    private static bool IsInstant(string text)
        => text.Length >= 20 && char.IsAsciiDigit(text[0]) && (text.EndsWith('Z') || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static string? Vector(List<object> given)
    {
        try
        {
            var lengths = given.Select(v => ((float[])TextValue.Convert(v, "vector")!).Length).Distinct().ToList();
            return lengths is [> 0 and var n] ? $"vector({n})" : null;
        }
        catch (FormatException)
        {
            // Text in brackets.
            return null;
        }
    }
}
