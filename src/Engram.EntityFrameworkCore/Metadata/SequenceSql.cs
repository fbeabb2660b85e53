namespace Engram.EntityFrameworkCore.Metadata;

internal static class SequenceSql
{
    /// <summary><c>nextval('"schema"."name"')</c>: the name is an identifier within a text.</summary>
    public static string NextValue(string name, string? schema)
    {
        var delimited = (schema is null ? "" : Delimit(schema) + ".") + Delimit(name);
        return $"nextval('{delimited.Replace("'", "''", StringComparison.Ordinal)}')";
    }

    private static string Delimit(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
