using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>The columns that a table is clustered by, between the model, which names properties, and the database, which names columns.</summary>
internal static class ClusteringSql
{
    /// <summary>The value of <c>cluster_by</c> for a table, as <c>"Embedding", "Created"</c>; null when none of its entities is clustered.</summary>
    /// <exception cref="InvalidOperationException">A property is named that the table has no column for.</exception>
    public static string? Of(ITable table)
    {
        foreach (var mapping in table.EntityTypeMappings)
        {
            // By its main table alone: not those of the types above it, and not those that other properties of it were split to.
            if (mapping.TypeBase is IEntityType entity && NamesOf(entity) is { Length: > 0 } names && entity.GetTableName() == table.Name && entity.GetSchema() == table.Schema)
            {
                return string.Join(", ", names.Select(n => Quote(ColumnOf(table, entity, n))));
            }
        }

        return null;
    }

    /// <summary>The names of an entity's annotation: of properties, or, where it was read from a database, of columns.</summary>
    public static string[]? NamesOf(IReadOnlyAnnotatable entity) => entity[AnnotationNames.ClusteredBy] as string[];

    /// <summary>The properties by name, for code that is written.</summary>
    public static string[]? PropertiesOf(IEntityType entity)
        => NamesOf(entity) is { } names ? [.. names.Select(n => FindProperty(entity, n)?.Name ?? n)] : null;

    /// <summary>The names in a value of <c>cluster_by</c>, as the database writes it.</summary>
    public static string[] Parse(string text)
    {
        var names = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            if (text[at] == '"')
            {
                for (end = at + 1; end < text.Length && (text[end] != '"' || (end + 1 < text.Length && text[end + 1] == '"')); end++)
                {
                    end += text[end] == '"' ? 1 : 0;
                }

                names.Add(text[(at + 1)..end].Replace("\"\"", "\"", StringComparison.Ordinal));
                end++;
            }
            else
            {
                end = text.IndexOf(',', at) is >= 0 and var comma ? comma : text.Length;
                names.Add(text[at..end].Trim());
            }

            // Over the comma and the space behind it.
            at = end;
            while (at < text.Length && text[at] is ',' or ' ')
            {
                at++;
            }
        }

        return [.. names];
    }

    private static string ColumnOf(ITable table, IEntityType entity, string name)
        // Not by FindColumn, which asks for the model that is being made just now.
        => FindProperty(entity, name) is { } property && table.Columns.FirstOrDefault(c => c.PropertyMappings.Any(m => m.Property == property)) is { } column ? column.Name
            : throw new InvalidOperationException($"'{entity.DisplayName()}' is clustered by '{name}', which is no property with a column of table '{table.SchemaQualifiedName}'. Name mapped properties of the entity in HasClustering.");

    private static IProperty? FindProperty(IEntityType entity, string name)
        => entity.FindProperty(name) ?? entity.GetProperties().FirstOrDefault(p => p.GetColumnName() == name);

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
