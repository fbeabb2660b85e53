using System.Globalization;

namespace Engram.EntityFrameworkCore.Scaffolding;

/// <summary>Defaults that are plain literals, so that a scaffolded class says <c>HasDefaultValue(true)</c> and can tell the default from a value that was set.</summary>
internal static class DefaultLiterals
{
    /// <summary>The value of a literal of the column's type; null when it is anything else.</summary>
    public static object? Parse(string sql, string storeType)
    {
        var type = storeType.IndexOf('(', StringComparison.Ordinal) is >= 0 and var facets ? storeType[..facets] : storeType;
        var number = CultureInfo.InvariantCulture;
        return type switch
        {
            "boolean" => bool.TryParse(sql, out var value) ? value : null,
            "tinyint" => sbyte.TryParse(sql, NumberStyles.AllowLeadingSign, number, out var value) ? value : null,
            "smallint" => short.TryParse(sql, NumberStyles.AllowLeadingSign, number, out var value) ? value : null,
            "integer" => int.TryParse(sql, NumberStyles.AllowLeadingSign, number, out var value) ? value : null,
            "bigint" => long.TryParse(sql, NumberStyles.AllowLeadingSign, number, out var value) ? value : null,
            "utinyint" => byte.TryParse(sql, NumberStyles.None, number, out var value) ? value : null,
            "usmallint" => ushort.TryParse(sql, NumberStyles.None, number, out var value) ? value : null,
            "uinteger" => uint.TryParse(sql, NumberStyles.None, number, out var value) ? value : null,
            "ubigint" => ulong.TryParse(sql, NumberStyles.None, number, out var value) ? value : null,
            "numeric" => decimal.TryParse(sql, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, number, out var value) ? value : null,
            "text" or "varchar" => Text(sql),
            _ => null,
        };
    }

    /// <summary>One literal in quotes, and nothing behind it.</summary>
    private static string? Text(string sql)
    {
        if (sql is not ['\'', .., '\''])
        {
            return null;
        }

        var inner = sql[1..^1];
        var text = inner.Replace("''", "'", StringComparison.Ordinal);
        return inner.Length - text.Length == text.Count(c => c == '\'') ? text : null;
    }
}
