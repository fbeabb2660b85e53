using Microsoft.EntityFrameworkCore.Scaffolding;

namespace Engram.EntityFrameworkCore.Scaffolding;

/// <summary>Which tables and sequences were asked for: <c>--schema</c> and <c>--table</c>, the latter with a schema or without, in quotes where a name has a dot.</summary>
/// <remarks>A table is wanted by its name or by that of its schema; everything is when nothing is named. What was asked for and is not there is known at the end.</remarks>
internal sealed class TableFilter
{
    private readonly List<string> schemas;
    private readonly List<(string Text, string? Schema, string Name)> tables;
    private readonly HashSet<string> found = new(StringComparer.Ordinal);

    public TableFilter(DatabaseModelFactoryOptions options)
    {
        schemas = [.. options.Schemas];
        tables = [.. options.Tables.Select(t => Parse(t) is var (schema, name) ? (t, schema, name) : default)];
    }

    public IEnumerable<string> Schemas => schemas;

    public IEnumerable<string> TablesNotFound => tables.Select(t => t.Text).Where(t => !found.Contains(t));

    public bool ContainsTable(string schema, string name)
    {
        var isNamed = false;
        foreach (var table in tables.Where(t => t.Name == name && (t.Schema is null || t.Schema == schema)))
        {
            found.Add(table.Text);
            isNamed = true;
        }

        return isNamed || schemas.Contains(schema, StringComparer.Ordinal) || (schemas.Count == 0 && tables.Count == 0);
    }

    public bool ContainsSequence(string schema) => schemas.Count == 0 || schemas.Contains(schema, StringComparer.Ordinal);

    /// <summary><c>name</c>, <c>schema.name</c>, either of them in quotes: the last dot outside of quotes is between the two.</summary>
    private static (string? Schema, string Name) Parse(string text)
    {
        var dot = -1;
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            isQuoted ^= text[i] == '"';
            dot = text[i] == '.' && !isQuoted ? i : dot;
        }

        return dot < 0 ? (null, Unquote(text)) : (Unquote(text[..dot]), Unquote(text[(dot + 1)..]));
    }

    private static string Unquote(string name)
        => name is ['"', .., '"'] ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;
}
