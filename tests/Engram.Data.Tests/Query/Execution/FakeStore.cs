using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>Tables as lists of boxed rows behind door 2: small enough to be right by inspection. Blocks are short and hold invisible rows.</summary>
internal sealed class FakeStore : Transaction
{
    public const int BlockRowCount = 70;

    private Dictionary<TableId, SortedDictionary<long, object?[]>> rows = [];
    private Dictionary<TableId, SortedDictionary<long, object?[]>> saved = [];
    private readonly Dictionary<(TableId, ColumnId), long> identities = [];
    private DatabaseCatalog catalog = DatabaseCatalog.Empty;
    private long rowIdNext = 1;

    public override DatabaseCatalog Catalog => catalog;

    /// <summary>Whether a key was violated at the end of the last statement.</summary>
    public bool IsUnique { get; private set; } = true;

    public TableDefinition Add(TableDefinition table, IEnumerable<object?[]>? content = null)
    {
        PutTable(table);
        foreach (var row in content ?? [])
        {
            rows[table.Id].Add(rowIdNext++, row);
        }

        return table;
    }

    public List<object?[]> RowsOf(TableDefinition table) => [.. rows[table.Id].Values];

    public override TableDefinition BeginChange(TableId table) => catalog.Get(table);

    public override ColumnFill BeginFill(TableId table, ColumnId column) => throw new NotSupportedException();

    public override long PeekIdentity(TableId table, ColumnId column) => identities.GetValueOrDefault((table, column), 1);

    public override Snapshot BeginStatement()
    {
        saved = Copy(rows);
        return OpenSnapshot();
    }

    public override Snapshot OpenSnapshot() => new FakeSnapshot(catalog, Copy(rows));

    public override void EndStatement()
    {
        IsUnique = catalog.Tables.Values.All(t => t.Indexes.Where(i => i.IsUnique).All(i =>
        {
            var keys = rows[t.Id].Values.Select(r => i.Columns.Select(c => r[t.IndexOf(c.Column)]).ToArray()).Where(k => !k.Contains(null)).ToList();
            return keys.Select(k => string.Join('|', k)).Distinct().Count() == keys.Count;
        }));
    }

    public override void RollbackStatement() => rows = saved;

    public override void Attach(BulkLoad load) => throw new NotSupportedException();

    public override RowIdRange Insert(TableId table, Batch batch)
    {
        Assert.Null(batch.Selection);
        var first = rowIdNext;
        for (var i = 0; i < batch.RowCount; i++)
        {
            rows[table].Add(rowIdNext++, [.. batch.Columns.Select(c => ClrValue.Read(c, i))]);
        }

        return new RowIdRange(first, batch.RowCount);
    }

    public override int Delete(TableId table, ReadOnlySpan<long> rowIds)
    {
        var count = 0;
        foreach (var id in rowIds)
        {
            count += rows[table].Remove(id) ? 1 : 0;
        }

        return count;
    }

    public override int Update(TableId table, ReadOnlySpan<long> rowIds, ReadOnlySpan<ColumnId> columns, Batch values)
    {
        Assert.Null(values.Selection);
        Assert.Equal(rowIds.Length, values.RowCount);
        var definition = catalog.Get(table);
        var count = 0;
        for (var i = 0; i < rowIds.Length; i++)
        {
            if (rows[table].TryGetValue(rowIds[i], out var row))
            {
                var changed = (object?[])row.Clone();
                for (var c = 0; c < columns.Length; c++)
                {
                    changed[definition.IndexOf(columns[c])] = ClrValue.Read(values.Columns[c], i);
                }

                rows[table][rowIds[i]] = changed;
                count++;
            }
        }

        return count;
    }

    public override long NextIdentity(TableId table, ColumnId column, int count)
    {
        var first = identities.GetValueOrDefault((table, column), 1);
        identities[(table, column)] = first + count;
        return first;
    }

    public override void AdvanceIdentity(TableId table, ColumnId column, long used)
        => identities[(table, column)] = Math.Max(identities.GetValueOrDefault((table, column), 1), used + 1);

    public override void PutTable(TableDefinition table)
    {
        var old = catalog.Tables.GetValueOrDefault(table.Id);
        catalog = catalog.With(table);
        if (old is null)
        {
            rows[table.Id] = [];
        }
        else if (rows[table.Id] is { Count: > 0 } content)
        {
            foreach (var (id, row) in content.ToArray())
            {
                content[id] = [.. table.Columns.Select(c => old.FindColumn(c.Id) is null ? null : row[old.IndexOf(c.Id)])];
            }
        }
    }

    public override void DropTable(TableId table)
    {
        catalog = catalog.Without(table);
        rows.Remove(table);
    }

    public override void PutSchema(string schema) => catalog = catalog.WithSchemas(catalog.Schemas.Add(schema));

    public override void DropSchema(string schema) => catalog = catalog.WithSchemas(catalog.Schemas.Remove(schema));

    public override void CreateSavepoint(string name) => throw new NotSupportedException();

    public override void RollbackToSavepoint(string name) => throw new NotSupportedException();

    public override void ReleaseSavepoint(string name) => throw new NotSupportedException();

    public override ValueTask<Lsn> CommitAsync() => throw new NotSupportedException();

    public override Lsn Commit() => throw new NotSupportedException();

    public override void Rollback() => throw new NotSupportedException();

    public override void Dispose()
    {
    }

    public override ValueTask DisposeAsync() => default;

    private static Dictionary<TableId, SortedDictionary<long, object?[]>> Copy(Dictionary<TableId, SortedDictionary<long, object?[]>> source)
        => source.ToDictionary(p => p.Key, p => new SortedDictionary<long, object?[]>(p.Value));

    private sealed class FakeSnapshot(DatabaseCatalog catalog, Dictionary<TableId, SortedDictionary<long, object?[]>> rows) : Snapshot
    {
        public override DatabaseCatalog Catalog => catalog;

        public override Lsn Lsn => Lsn.Zero;

        public override long EstimateRowCount(TableId table) => rows[table].Count;

        public override long CountNulls(TableId table, ColumnId column) => rows[table].Values.Count(r => r[catalog.Get(table).IndexOf(column)] is null);

        public override TableScan Scan(TableId table, ReadOnlySpan<ColumnId> columns, ReadOnlySpan<ZoneBound> bounds)
            => new FakeScan(catalog.Get(table), columns.ToArray(), [.. rows[table]]);

        public override RowFetch OpenFetch(TableId table, ReadOnlySpan<ColumnId> columns)
            => new FakeFetch(catalog.Get(table), columns.ToArray(), rows[table]);

        public override void Probe(TableId table, IndexId index, ReadOnlySpan<Column> key, int row, List<long> rowIds)
        {
            var definition = catalog.Get(table);
            var columns = definition.Indexes.Single(i => i.Id == index).Columns;
            Assert.Equal(columns.Length, key.Length);
            var values = new object?[key.Length];
            for (var i = 0; i < key.Length; i++)
            {
                Assert.Equal(definition.FindColumn(columns[i].Column)!.Type.Kind, key[i].Type.Kind);
                values[i] = ClrValue.Read(key[i], row);
            }

            if (!values.Contains(null))
            {
                rowIds.AddRange(rows[table].Where(r => columns.Select((c, i) => Equals(r.Value[definition.IndexOf(c.Column)], values[i])).All(e => e)).Select(r => r.Key));
            }
        }

        public override IndexRange OpenRange(TableId table, IndexId index, IndexBounds bounds)
        {
            var definition = catalog.Get(table);
            var shape = KeyShape.Of(definition, definition.Indexes.Single(i => i.Id == index));
            var range = new KeyRange();
            range.Set(shape, bounds);
            var columns = shape.Columns.ToArray().Select(c => Build(definition, c, rows[table]).Column).ToArray();
            var key = new KeyBuffer();
            var found = new List<(byte[] Key, long RowId)>();
            foreach (var (row, rowId) in rows[table].Keys.Select((id, i) => (i, id)))
            {
                shape.Encode(columns, row, key);
                if (range.Compare(key.Span) == 0)
                {
                    found.Add((key.Span.ToArray(), rowId));
                }
            }

            return new FakeRange(shape, found);
        }

        public override void Dispose()
        {
        }
    }

    private sealed class FakeRange(KeyShape shape, List<(byte[] Key, long RowId)> found) : IndexRange
    {
        private List<(byte[] Key, long RowId)> ordered = [];
        private byte[] last = [];

        public override long EntryCount => found.Count;

        public override long EntriesRead { get; protected set; }

        public override void AddCandidates(List<long> rowIds) => rowIds.AddRange(found.Select(f => f.RowId));

        public override void Start(bool descending)
        {
            var order = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b) * (descending ? -1 : 1));
            ordered = [.. found.OrderBy(f => f.Key, order).ThenBy(f => f.RowId)];
        }

        public override int Read(Span<long> rowIds) => Read(rowIds, []);

        public override int ReadTies(Span<long> rowIds, int parts) => Read(rowIds, last[..shape.LengthOf(last, parts)]);

        private int Read(Span<long> rowIds, byte[] start)
        {
            var count = 0;
            while (count < rowIds.Length && ordered.Count > 0 && ordered[0].Key.AsSpan().StartsWith(start))
            {
                rowIds[count++] = ordered[0].RowId;
                last = ordered[0].Key;
                ordered.RemoveAt(0);
            }

            return count;
        }

        public override void Dispose()
        {
        }
    }

    private static ColumnBuffer Build(TableDefinition table, ColumnId column, IEnumerable<KeyValuePair<long, object?[]>> rows)
    {
        var buffer = new ColumnBuffer(column == ColumnId.RowId ? DataType.Int64 : table.FindColumn(column)!.Type);
        foreach (var (id, row) in rows)
        {
            ClrValue.Append(buffer, column == ColumnId.RowId ? id : row[table.IndexOf(column)]);
        }

        return buffer;
    }

    private sealed class FakeScan(TableDefinition table, ColumnId[] columns, List<KeyValuePair<long, object?[]>> rows) : TableScan
    {
        private readonly Selection visible = new();
        private List<KeyValuePair<long, object?[]>> block = [];
        private int next;

        public override int RowCount => block.Count;

        public override Selection? Visible => visible.Count == block.Count ? null : visible;

        public override long BlocksTotal => next / BlockRowCount;

        public override long BlocksSkipped => 0;

        public override long BytesRead => next;

        public override bool NextBlock()
        {
            block = [];
            visible.Count = 0;
            foreach (var row in rows.Skip(next).Take(BlockRowCount))
            {
                // Every eleventh place of a block but the first is a row that was deleted.
                if (next / BlockRowCount > 0 && block.Count % 11 == 3)
                {
                    block.Add(new KeyValuePair<long, object?[]>(-row.Key, row.Value));
                }

                visible.Add(block.Count);
                block.Add(row);
            }

            next += BlockRowCount;
            return block.Count > 0;
        }

        public override Column Load(int ordinal, Selection? needed) => Build(table, columns[ordinal], block).Column;

        public override void Dispose()
        {
        }
    }

    private sealed class FakeFetch(TableDefinition table, ColumnId[] columns, SortedDictionary<long, object?[]> rows) : RowFetch
    {
        public override Batch Fetch(ReadOnlySpan<long> rowIds)
        {
            var found = rowIds.ToArray().Where(rows.ContainsKey).Select(id => new KeyValuePair<long, object?[]>(id, rows[id])).ToList();
            var batch = new Batch(columns.Length) { RowCount = found.Count };
            for (var i = 0; i < columns.Length; i++)
            {
                batch.Columns[i] = Build(table, columns[i], found).Column;
            }

            return batch;
        }

        public override void Dispose()
        {
        }
    }
}
