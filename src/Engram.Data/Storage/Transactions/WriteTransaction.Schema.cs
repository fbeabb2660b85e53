using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Changes of the schema, and the keys that it promises.</summary>
internal sealed partial class WriteTransaction
{
    // A power of two.
    private const int RowsPerLook = 1024;

    public override void PutTable(TableDefinition table)
    {
        CheckActive();
        var old = catalog.Tables.GetValueOrDefault(table.Id);
        if (old is not null)
        {
            CheckTableUnchanged(old);
        }

        written.Add(table.Id);
        if (store.TryAddTable(table.Id))
        {
            created.Add(table.Id);
        }

        var counters = store.CountersOf(table.Id);
        counters.ColumnIdNext = Math.Max(counters.ColumnIdNext, table.ColumnIdNext);
        catalog = catalog.With(table);
        foreach (var index in table.Indexes)
        {
            if (old is null || !old.Indexes.Any(i => i.Id == index.Id))
            {
                ChangesOf(table.Id).FillIndex(index, includeDeltas: true, RowChanges.Latest);
                if (index.IsUnique && old is not null && !old.Indexes.Any(o => IsAsUnique(o, index, table)))
                {
                    CheckWholeTable(table, index);
                }
            }
        }

        RedoRecord.WritePutTable(Redo, table);
    }

    /// <summary>Whether an index that was unique before has the same keys, be it that some of its columns got wider types.</summary>
    private static bool IsAsUnique(IndexDefinition before, IndexDefinition index, TableDefinition table)
        => before.IsUnique && before.FilterSql == index.FilterSql && before.Columns.Length == index.Columns.Length
            && before.Columns.Zip(index.Columns).All(c => table.FindColumn(c.Second.Column)!.IsStoredAs(c.First.Column));

    public override TableDefinition BeginChange(TableId table)
    {
        var definition = catalog.Get(table);
        var next = store.CountersOf(table).ColumnIdNext;
        return definition.ColumnIdNext >= next ? definition : definition with { ColumnIdNext = next };
    }

    public override long PeekIdentity(TableId table, ColumnId column) => store.CountersOf(table).NextIdentity(Column(table, column));

    public override void DropTable(TableId table)
    {
        CheckActive();
        CheckTableUnchanged(catalog.Get(table));
        written.Add(table);
        catalog = catalog.Without(table);
        RedoRecord.WriteDropTable(Redo, table);
    }

    public override void PutObject(SchemaObject thing)
    {
        CheckActive();
        if (thing is SequenceDefinition sequence && (catalog.Objects.GetValueOrDefault(thing.Id) as SequenceDefinition)?.Counter != sequence.Counter)
        {
            store.Sequences.Create(sequence);
        }

        catalog = catalog.With(thing);
        RedoRecord.WritePutObject(Redo, thing);
    }

    public override void DropObject(ObjectId id)
    {
        CheckActive();
        catalog = catalog.Without(id);
        RedoRecord.WriteDropObject(Redo, id);
    }

    /// <summary>Adds to the commit how far sequences are; false when there is nothing to say.</summary>
    public bool LogSequences(bool isClosing)
    {
        var before = payload.Length;
        store.Sequences.WriteTo(Redo, catalog, isClosing);
        return payload.Length > before;
    }

    public override void PutSchema(string schema)
    {
        CheckActive();
        catalog = catalog.WithSchemas(catalog.Schemas.Add(schema));
        RedoRecord.WriteSchemas(Redo, catalog.Schemas);
    }

    public override void DropSchema(string schema)
    {
        CheckActive();
        catalog = catalog.WithSchemas(catalog.Schemas.Remove(schema));
        RedoRecord.WriteSchemas(Redo, catalog.Schemas);
    }

    /// <summary>A new definition must hold for all rows, those too that a transaction with an earlier view does not see: it may not judge by that view.</summary>
    private void CheckTableUnchanged(TableDefinition table)
    {
        if (asOf is { } lsn && store.Counters.TryGetValue(table.Id, out var counters) && counters.ChangedAt > lsn)
        {
            throw Error.TableChangedSinceSnapshot(table.ToString());
        }
    }

    /// <summary>Every row that the statement wrote must be the only one with its key, in every unique index of its table.</summary>
    private void CheckUniqueKeys()
    {
        foreach (var (tableId, ranges) in touched)
        {
            if (!catalog.Tables.TryGetValue(tableId, out var table))
            {
                continue;
            }

            foreach (var index in table.Indexes)
            {
                if (!index.IsUnique)
                {
                    continue;
                }

                using var check = NewKeyCheck(table, index);
                foreach (var range in ranges)
                {
                    for (var rowId = range.First; rowId < range.First + range.Count; rowId++)
                    {
                        if ((rowId & (RowsPerLook - 1)) == 0)
                        {
                            Cancellation.ThrowIfCancellationRequested();
                        }

                        if (check.FindDuplicate(rowId) is { } key)
                        {
                            throw Error.UniqueViolation(index.Name, table.ToString(), key);
                        }
                    }
                }
            }
        }
    }

    private void CheckWholeTable(TableDefinition table, IndexDefinition index)
    {
        using var check = NewKeyCheck(table, index);
        using var scan = new StoreTableScan(store.VersionOf(table.Id), new BlockReader(RowChanges.Latest, table, [ColumnId.RowId]), []);
        while (scan.NextBlock())
        {
            Cancellation.ThrowIfCancellationRequested();
            var rowIds = scan.Load(0, scan.Visible);
            for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
            {
                if (check.FindDuplicate(rowIds.Get<long>(scan.Visible is { } s ? s.Rows[i] : i)) is { } key)
                {
                    throw Error.UniqueIndexFails(index.Name, table.ToString(), key);
                }
            }
        }
    }

    private KeyCheck NewKeyCheck(TableDefinition table, IndexDefinition index)
    {
        var condition = index.FilterSql is null ? null
            : store.Options.IndexConditions?.Invoke(table, index) ?? throw Error.Internal($"nobody can tell which rows belong to the unique index {index.Name}");
        return new KeyCheck(store.VersionOf(table.Id), table, index, condition);
    }

    /// <summary>Looks a row's key up among all rows, or those that a partial index is about.</summary>
    private sealed class KeyCheck : IDisposable
    {
        private readonly TableVersion version;
        private readonly TableDefinition table;
        private readonly IndexDefinition index;
        private readonly BlockReader reader;
        private readonly KeyProbe probe;
        private readonly Column[] key;
        private readonly Selection one = new();
        private readonly List<long> found = [];
        private readonly IndexCondition? condition;
        private readonly BlockReader? conditionReader;
        private readonly Column[] conditionValues = [];

        public KeyCheck(TableVersion version, TableDefinition table, IndexDefinition index, IndexCondition? condition)
        {
            if (condition is not null)
            {
                this.condition = condition;
                conditionReader = new BlockReader(RowChanges.Latest, table, condition.Columns.AsSpan());
                conditionValues = new Column[condition.Columns.Length];
            }

            this.version = version;
            this.table = table;
            this.index = index;
            reader = new BlockReader(RowChanges.Latest, table, KeyShape.Of(table, index).Columns);
            probe = new KeyProbe(RowChanges.Latest, version, table, index);
            key = new Column[index.Columns.Length];
        }

        /// <summary>The row's key as text when another row has it too; null when the row is gone, has a NULL in its key, or is alone.</summary>
        public string? FindDuplicate(long rowId)
        {
            if (!RowLocator.TryPosition(version, rowId, reader, out var row) || !reader.IsVisible(row) || !Belongs(rowId))
            {
                return null;
            }

            one.Count = 0;
            one.Add(row);
            for (var i = 0; i < key.Length; i++)
            {
                key[i] = reader.Load(i, one);
            }

            found.Clear();
            probe.Find(key, row, found);
            if (condition is not null && found.Count > 1)
            {
                found.RemoveAll(id => !Belongs(id));
            }

            return found.Count < 2 ? null : KeyValue.Describe(index.Columns.Select(c => table.FindColumn(c.Column)!.Name), key, row);
        }

        public void Dispose()
        {
            reader.Dispose();
            probe.Dispose();
            conditionReader?.Dispose();
            condition?.Dispose();
        }

        private bool Belongs(long rowId)
        {
            if (conditionReader is null)
            {
                return true;
            }

            if (!RowLocator.TryPosition(version, rowId, conditionReader, out var row))
            {
                return false;
            }

            one.Count = 0;
            one.Add(row);
            for (var i = 0; i < conditionValues.Length; i++)
            {
                conditionValues[i] = conditionReader.Load(i, one);
            }

            return condition!.Holds(conditionValues, row);
        }
    }
}
