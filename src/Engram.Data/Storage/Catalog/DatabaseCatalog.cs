using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Catalog;

/// <summary>All tables, views and sequences of a database at one moment. Immutable: DDL makes a new catalog, and a snapshot keeps the one that it began with.</summary>
/// <remarks>Names are compared exactly here; how an unquoted name finds its table is the binder's business. Catalogs are equal when they are one and the same.</remarks>
internal sealed record DatabaseCatalog
{
    public const string DefaultSchema = "public";

    /// <summary>What the names of schemas begin with in which sessions keep their temporary tables.</summary>
    public const string TemporaryPrefix = "pg_temp_";

    private const int KeptPathCountMax = 8;

    public static readonly DatabaseCatalog Empty = new();

    // Made by Along from this very catalog: a copy of another has it too, and does not use it.
    private volatile DatabaseCatalog[] along = [];
    private DatabaseCatalog? origin;

    private DatabaseCatalog()
    {
    }

    /// <summary>The schemas in which a name without one is looked up, in this order. Of a session, not of the database: it is not stored.</summary>
    public ImmutableArray<string> SearchPath { get; private init; } = [DefaultSchema];

    /// <summary>Grows with every change of the schema; part of the key of cached plans.</summary>
    public long Version { get; private init; }

    public ImmutableDictionary<TableId, TableDefinition> Tables { get; private init; } = ImmutableDictionary<TableId, TableDefinition>.Empty;

    public ImmutableDictionary<(string Schema, string Name), TableId> Names { get; private init; }
        = ImmutableDictionary<(string, string), TableId>.Empty;

    /// <summary>Views and sequences.</summary>
    public ImmutableDictionary<ObjectId, SchemaObject> Objects { get; private init; } = ImmutableDictionary<ObjectId, SchemaObject>.Empty;

    public ImmutableDictionary<(string Schema, string Name), ObjectId> ObjectNames { get; private init; }
        = ImmutableDictionary<(string, string), ObjectId>.Empty;

    /// <summary>By counter, how far sequences were when the database was opened or checkpointed. While it is open, the store knows better.</summary>
    public ImmutableDictionary<ObjectId, SequenceValue> SequenceValues { get; private init; } = ImmutableDictionary<ObjectId, SequenceValue>.Empty;

    public ImmutableSortedSet<string> Schemas { get; private init; } = ImmutableSortedSet.Create(StringComparer.Ordinal, DefaultSchema);

    /// <summary>The ids that the next table, the next index and the next object or counter get.</summary>
    public int TableIdNext { get; private init; } = 1;

    public int IndexIdNext { get; private init; } = 1;

    public int ObjectIdNext { get; private init; } = 1;

    public IEnumerable<ViewDefinition> Views => Objects.Values.OfType<ViewDefinition>();

    public IEnumerable<SequenceDefinition> Sequences => Objects.Values.OfType<SequenceDefinition>();

    /// <summary>The same catalog, with names looked up along other schemas. As long as a path is in use, it gives the same instance each time: plans are kept by it.</summary>
    public DatabaseCatalog Along(ImmutableArray<string> path)
    {
        if (path.IsDefault || path.AsSpan().SequenceEqual(SearchPath.AsSpan()))
        {
            return this;
        }

        var known = along;
        foreach (var one in known)
        {
            if (ReferenceEquals(one.origin, this) && one.SearchPath.AsSpan().SequenceEqual(path.AsSpan()))
            {
                return one;
            }
        }

        var made = this with { SearchPath = path };
        (made.origin, made.along) = (this, []);
        // Racing threads may each make one and lose the other's: a plan is made twice then.
        along = [made, .. known.Where(k => ReferenceEquals(k.origin, this)).Take(KeptPathCountMax - 1)];
        return made;
    }

    /// <summary>The catalog that this one is of, whatever path names are looked up along.</summary>
    public DatabaseCatalog Root => origin?.Root ?? this;

    /// <summary>Whether a schema holds the temporary tables of a session other than the one whose path this is.</summary>
    public bool IsForeign(string schema) => schema.StartsWith(TemporaryPrefix, StringComparison.Ordinal) && !SearchPath.Contains(schema);

    /// <summary>Whether all that sessions share is as in another catalog: the definitions are the same instances. Temporary tables are each of one session.</summary>
    public bool DiffersOnlyInTemporary(DatabaseCatalog other)
    {
        static bool IsShared(string schema) => !schema.StartsWith(TemporaryPrefix, StringComparison.Ordinal);
        return Tables.Values.Count(t => IsShared(t.Schema)) == other.Tables.Values.Count(t => IsShared(t.Schema))
            && Tables.All(t => !IsShared(t.Value.Schema) || ReferenceEquals(other.Tables.GetValueOrDefault(t.Key), t.Value))
            && Objects.Values.Count(o => IsShared(o.Schema)) == other.Objects.Values.Count(o => IsShared(o.Schema))
            && Objects.All(o => !IsShared(o.Value.Schema) || ReferenceEquals(other.Objects.GetValueOrDefault(o.Key), o.Value))
            && Schemas.Where(IsShared).SequenceEqual(other.Schemas.Where(IsShared));
    }

    public TableDefinition? Find(string schema, string name)
        => Names.TryGetValue((schema, name), out var id) ? Tables[id] : null;

    public SchemaObject? FindObject(string schema, string name)
        => ObjectNames.TryGetValue((schema, name), out var id) ? Objects[id] : null;

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
        foreach (var index in table.AllIndexes)
        {
            indexIdNext = Math.Max(indexIdNext, index.Id.Value + 1);
        }

        return this with
        {
            Version = Version + 1,
            Tables = Tables.SetItem(table.Id, table),
            Names = names.Add((table.Schema, table.Name), table.Id),
            TableIdNext = Math.Max(TableIdNext, table.Id.Value + 1),
            IndexIdNext = indexIdNext,
        };
    }

    public DatabaseCatalog Without(TableId id)
    {
        var table = Get(id);
        return this with { Version = Version + 1, Tables = Tables.Remove(id), Names = Names.Remove((table.Schema, table.Name)) };
    }

    /// <summary>Adds a view or a sequence, or replaces the one with its id.</summary>
    public DatabaseCatalog With(SchemaObject thing)
    {
        var names = ObjectNames;
        var values = SequenceValues;
        if (Objects.TryGetValue(thing.Id, out var old))
        {
            names = names.Remove((old.Schema, old.Name));
            if (old is SequenceDefinition before && (thing as SequenceDefinition)?.Counter != before.Counter)
            {
                values = values.Remove(before.Counter);
            }
        }

        var used = thing is SequenceDefinition { Counter.Value: var counter } ? Math.Max(counter, thing.Id.Value) : thing.Id.Value;
        return this with
        {
            Version = Version + 1,
            Objects = Objects.SetItem(thing.Id, thing),
            ObjectNames = names.Add((thing.Schema, thing.Name), thing.Id),
            SequenceValues = values,
            ObjectIdNext = Math.Max(ObjectIdNext, used + 1),
        };
    }

    public DatabaseCatalog Without(ObjectId id)
    {
        var old = Objects.TryGetValue(id, out var found) ? found : throw Error.Internal($"no object {id} in the catalog");
        return this with
        {
            Version = Version + 1,
            Objects = Objects.Remove(id),
            ObjectNames = ObjectNames.Remove((old.Schema, old.Name)),
            SequenceValues = old is SequenceDefinition sequence ? SequenceValues.Remove(sequence.Counter) : SequenceValues,
        };
    }

    /// <summary>Says how far sequences are; no change of the schema.</summary>
    public DatabaseCatalog WithSequenceValues(IEnumerable<KeyValuePair<ObjectId, SequenceValue>> values)
        => this with { SequenceValues = SequenceValues.SetItems(values) };

    public DatabaseCatalog WithSchemas(ImmutableSortedSet<string> schemas) => this with { Version = Version + 1, Schemas = schemas };

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

    /// <summary>As read from a manifest: views, sequences and how far these are.</summary>
    public DatabaseCatalog Restore(IEnumerable<SchemaObject> objects, int objectIdNext, IEnumerable<KeyValuePair<ObjectId, SequenceValue>> values)
    {
        var byId = objects.ToImmutableDictionary(o => o.Id);
        return this with
        {
            Objects = byId,
            ObjectNames = byId.Values.ToImmutableDictionary(o => (o.Schema, o.Name), o => o.Id),
            ObjectIdNext = objectIdNext,
            SequenceValues = values.ToImmutableDictionary(),
        };
    }

    public bool Equals(DatabaseCatalog? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}
