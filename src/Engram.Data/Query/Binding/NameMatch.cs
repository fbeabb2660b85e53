using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>The one rule by which a written name finds what it names.</summary>
/// <remarks>A quoted name matches exactly. Another is folded to lower case; when nothing has that name, it matches the only name that differs in case alone.</remarks>
internal static class NameMatch
{
    /// <summary>All that a name may mean: exact matches when there are any, else those that differ in case alone.</summary>
    public static List<T> Find<T>(IdentifierSyntax name, IEnumerable<T> candidates, Func<T, string> nameOf)
    {
        var exact = new List<T>();
        var inOtherCase = new List<T>();
        var folded = Fold(name);
        foreach (var candidate in candidates)
        {
            var text = nameOf(candidate);
            if (text == folded)
            {
                exact.Add(candidate);
            }
            else if (!name.IsQuoted && text.Equals(folded, StringComparison.OrdinalIgnoreCase))
            {
                inOtherCase.Add(candidate);
            }
        }

        return exact.Count > 0 ? exact : inOtherCase;
    }

    /// <summary>The name that something new gets: as quoted, else in lower case.</summary>
    public static string Fold(IdentifierSyntax name) => name.IsQuoted ? name.Text : name.Text.ToLowerInvariant();

    /// <summary>The table that a name means.</summary>
    /// <exception cref="EngramException">42P01 when there is none; 42P09 when several differ in case alone.</exception>
    public static TableDefinition FindTable(DatabaseCatalog catalog, ObjectNameSyntax name)
        => TryFindTable(catalog, name) ?? throw (FindObject<SchemaObject>(catalog, name) is { } other
            ? Error.NotATable(other.ToString(), other is ViewDefinition ? "view" : "sequence", name.Position)
            : Error.UndefinedTable(name.ToString(), Elsewhere(catalog, name) ?? Similar(name.Name.Text, catalog.Tables.Values.Where(t => !catalog.IsForeign(t.Schema)).Select(t => t.Name)), name.Position));

    /// <summary>The table of that very name in a schema where it was not looked for.</summary>
    private static string? Elsewhere(DatabaseCatalog catalog, ObjectNameSyntax name)
        => catalog.Tables.Values.Where(t => t.Name == Fold(name.Name) && !catalog.IsForeign(t.Schema)).Select(t => $"{t.Schema}.{t.Name}").Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>The table that a name means, or null.</summary>
    public static TableDefinition? TryFindTable(DatabaseCatalog catalog, ObjectNameSyntax name)
    {
        if (name.Schema is null)
        {
            // A view or a sequence hides tables of schemas further on.
            foreach (var one in catalog.SearchPath)
            {
                if (TryFindTable(catalog, name, one) is { } first)
                {
                    return first;
                }

                if (TryFindObject(catalog, name, one) is not null)
                {
                    return null;
                }
            }

            return null;
        }

        return FindSchema(catalog, name.Schema) is { } schema ? TryFindTable(catalog, name, schema) : null;
    }

    private static TableDefinition? TryFindTable(DatabaseCatalog catalog, ObjectNameSyntax name, string schema)
    {
        if (catalog.Find(schema, Fold(name.Name)) is { } table)
        {
            return table;
        }

        if (name.Name.IsQuoted)
        {
            return null;
        }

        var found = Find(name.Name, catalog.Tables.Values.Where(t => t.Schema == schema), t => t.Name);
        return found.Count <= 1 ? found.FirstOrDefault() : throw Error.AmbiguousName("table", name.ToString(), name.Position);
    }

    /// <summary>The view or sequence that a name means, or null.</summary>
    public static T? FindObject<T>(DatabaseCatalog catalog, ObjectNameSyntax name)
        where T : SchemaObject
    {
        if (catalog.Objects.IsEmpty)
        {
            return null;
        }

        if (name.Schema is null)
        {
            foreach (var one in catalog.SearchPath)
            {
                if (TryFindObject(catalog, name, one) is { } first)
                {
                    return first as T;
                }

                if (TryFindTable(catalog, name, one) is not null)
                {
                    return null;
                }
            }

            return null;
        }

        return FindSchema(catalog, name.Schema) is { } schema ? TryFindObject(catalog, name, schema) as T : null;
    }

    private static SchemaObject? TryFindObject(DatabaseCatalog catalog, ObjectNameSyntax name, string schema)
    {
        if (catalog.Objects.IsEmpty)
        {
            return null;
        }

        var found = Find(name.Name, catalog.Objects.Values.Where(o => o.Schema == schema), o => o.Name);
        return found.Count <= 1 ? found.FirstOrDefault() : throw Error.AmbiguousName("object", name.ToString(), name.Position);
    }

    /// <summary>The schema that a name means, or null.</summary>
    /// <remarks>pg_temp is the schema of the session's own temporary tables; those of others are out of reach.</remarks>
    public static string? FindSchema(DatabaseCatalog catalog, IdentifierSyntax name)
        => Fold(name) == TemporarySchema ? catalog.SearchPath.FirstOrDefault(s => s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal))
            : Find(name, catalog.Schemas.Where(s => !catalog.IsForeign(s)), s => s).FirstOrDefault();

    /// <summary>What a session calls the schema of its temporary tables.</summary>
    public const string TemporarySchema = "pg_temp";

    /// <summary>The column of a table that a name means.</summary>
    /// <exception cref="EngramException">42703 when there is none; 42702 when several differ in case alone.</exception>
    public static ColumnDefinition FindColumn(TableDefinition table, IdentifierSyntax name)
    {
        var found = Find(name, table.NamedColumns, c => c.Name);
        return found.Count switch
        {
            1 => found[0],
            0 => throw Error.UndefinedColumn(name.Text, table.ToString(), Similar(name.Text, table.NamedColumns.Select(c => c.Name)), name.Position),
            _ => throw Error.AmbiguousName("column", name.Text, name.Position),
        };
    }

    /// <summary>A name that was perhaps meant: at most two letters away; null when there is none.</summary>
    public static string? Similar(string name, IEnumerable<string> candidates)
    {
        const int LengthMax = 64;
        const int DistanceMax = 2;
        return name.Length > LengthMax ? null : candidates.Where(c => c.Length <= LengthMax)
            .Select(c => (Name: c, Distance: Distance(name.ToLowerInvariant(), c.ToLowerInvariant())))
            .Where(c => c.Distance <= DistanceMax && c.Distance < name.Length).OrderBy(c => c.Distance).ThenBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault().Name;
    }

    /// <summary>The number of letters to change, add or take away.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var next = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = next;
            }
        }

        return row[b.Length];
    }
}
