using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Catalog;

/// <summary>All tables of a database at one moment. Immutable: DDL makes a new catalog, and a snapshot keeps the one that it began with.</summary>
/// <remarks>Names are compared exactly here; how an unquoted name finds its table is the binder's business.</remarks>
internal sealed class DatabaseCatalog
{
    public const string DefaultSchema = "public";

    public static readonly DatabaseCatalog Empty = new();

    private DatabaseCatalog()
    {
    }

    /// <summary>Grows with every change of the schema; part of the key of cached plans.</summary>
    public long Version { get; private init; }

    public ImmutableDictionary<TableId, TableDefinition> Tables { get; private init; } = ImmutableDictionary<TableId, TableDefinition>.Empty;

    public ImmutableDictionary<(string Schema, string Name), TableId> Names { get; private init; }
        = ImmutableDictionary<(string, string), TableId>.Empty;

    public ImmutableSortedSet<string> Schemas { get; private init; } = ImmutableSortedSet.Create(StringComparer.Ordinal, DefaultSchema);

    /// <summary>The ids that the next table and the next index get.</summary>
    public int TableIdNext { get; private init; } = 1;

    public int IndexIdNext { get; private init; } = 1;

    public TableDefinition? Find(string schema, string name)
        => Names.TryGetValue((schema, name), out var id) ? Tables[id] : null;

    public TableDefinition Get(TableId id)
        => Tables.TryGetValue(id, out var table) ? table : throw Error.Internal($"no table {id} in the catalog");

    /// <summary>Adds a table, or replaces the one with its id (which may rename it), and moves the id counters beyond those it uses.</summary>
    public DatabaseCatalog With(TableDefinition table)
    {
        var names = Names;
        if (Tables.TryGetValue(table.Id, out var old))
        {
            names = names.Remove((old.Schema, old.Name));
        }

        var indexIdNext = IndexIdNext;
        foreach (var index in table.Indexes)
        {
            indexIdNext = Math.Max(indexIdNext, index.Id.Value + 1);
        }

        return new DatabaseCatalog
        {
            Version = Version + 1,
            Tables = Tables.SetItem(table.Id, table),
            Names = names.Add((table.Schema, table.Name), table.Id),
            Schemas = Schemas,
            TableIdNext = Math.Max(TableIdNext, table.Id.Value + 1),
            IndexIdNext = indexIdNext,
        };
    }

    public DatabaseCatalog Without(TableId id)
    {
        var table = Get(id);
        return new DatabaseCatalog
        {
            Version = Version + 1,
            Tables = Tables.Remove(id),
            Names = Names.Remove((table.Schema, table.Name)),
            Schemas = Schemas,
            TableIdNext = TableIdNext,
            IndexIdNext = IndexIdNext,
        };
    }

    public DatabaseCatalog WithSchemas(ImmutableSortedSet<string> schemas) => new()
    {
        Version = Version + 1,
        Tables = Tables,
        Names = Names,
        Schemas = schemas,
        TableIdNext = TableIdNext,
        IndexIdNext = IndexIdNext,
    };

    /// <summary>As read from a manifest.</summary>
    public static DatabaseCatalog Restore(long version, IEnumerable<TableDefinition> tables, IEnumerable<string> schemas, int tableIdNext, int indexIdNext)
    {
        var byId = tables.ToImmutableDictionary(t => t.Id);
        return new DatabaseCatalog
        {
            Version = version,
            Tables = byId,
            Names = byId.Values.ToImmutableDictionary(t => (t.Schema, t.Name), t => t.Id),
            Schemas = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, schemas),
            TableIdNext = tableIdNext,
            IndexIdNext = indexIdNext,
        };
    }
}
