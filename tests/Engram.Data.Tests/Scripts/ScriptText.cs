using System.Collections;
using System.Globalization;

namespace Engram.Data.Tests.Scripts;

/// <summary>Values as the texts that scripts hold: the same for both databases.</summary>
/// <remarks>
/// The letter of a column says which .NET type its values must have, and so checks the types of results too: I integers, N decimals with their scale, R any
/// number, to 10 digits (real 5), B booleans, T text, D dates, times and intervals, U uuids, X bytes, A arrays, V vectors, ? anything.
/// An instant is shown in UTC. Text is put in quotes where it would be mistaken for something else, and shows \n, \t and \\.
/// </remarks>
internal static class ScriptText
{
    private const int DoubleDigits = 10;
    private const int SingleDigits = 5;

    public static string Row(IEnumerable<object?> values, string types) => string.Join(" | ", values.Select((v, i) => Value(v, i < types.Length ? types[i] : '?')));

    /// <summary>The rows as a script holds them, sorted as asked.</summary>
    public static List<string> Rows(IEnumerable<object?[]> rows, string types, ScriptSort sort)
    {
        var lines = sort == ScriptSort.Values ? rows.SelectMany(r => r.Select((v, i) => Value(v, types[i]))).ToList() : rows.Select(r => Row(r, types)).ToList();
        if (sort != ScriptSort.None)
        {
            lines.Sort(StringComparer.Ordinal);
        }

        return lines;
    }

    /// <summary>The letter that fits a value.</summary>
    public static char TypeOf(object? value) => value switch
    {
        sbyte or byte or short or ushort or int or uint or long or ulong => 'I',
        decimal => 'N',
        float or double => 'R',
        bool => 'B',
        string or char => 'T',
        DateTime or DateTimeOffset or DateOnly or TimeOnly or TimeSpan => 'D',
        Guid => 'U',
        byte[] => 'X',
        ReadOnlyMemory<float> => 'V',
        IEnumerable => 'A',
        _ => '?',
    };

    public static string Value(object? value, char type)
    {
        if (value is null or DBNull)
        {
            return "NULL";
        }

        var own = TypeOf(value);
        if (type != '?' && own != type && !(type == 'R' && own is 'N' or 'I') && !(type == 'V' && own == 'A'))
        {
            return $"<{value.GetType().Name} {Plain(value)}, not {type}>";
        }

        return type == 'R' && value is not float ? Rounded(Convert.ToDouble(value, CultureInfo.InvariantCulture), DoubleDigits) : Plain(value);
    }

    private static string Plain(object value) => value switch
    {
        bool b => b ? "true" : "false",
        float f => Rounded(f, SingleDigits),
        double d => Rounded(d, DoubleDigits),
        string s => Quoted(s),
        DateTime { Kind: DateTimeKind.Utc } d => d.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateTime d => d.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DateTimeOffset o => o.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateOnly d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly t => t.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        TimeSpan t => t.ToString("c", CultureInfo.InvariantCulture),
        byte[] b => "\\x" + Convert.ToHexStringLower(b),
        ReadOnlyMemory<float> v => "[" + string.Join(",", v.ToArray().Select(f => Rounded(f, SingleDigits))) + "]",
        IEnumerable items => "{" + string.Join(",", items.Cast<object?>().Select(i => i is null ? "NULL" : Plain(i))) + "}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Rounded(double value, int digits)
        => value == 0 ? "0" : value.ToString("G" + digits, CultureInfo.InvariantCulture);

    private static string Quoted(string text)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
        return text.Length == 0 || text == "NULL" || text[0] is '\'' or '#' || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]) ? $"'{escaped}'" : escaped;
    }
}
