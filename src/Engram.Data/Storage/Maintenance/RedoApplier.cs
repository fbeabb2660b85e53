using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Applies the commits of the log, in order, to the state that the manifest describes: the last step of recovery.</summary>
/// <remarks>
/// It does with LSNs as stamps what the write transaction did with statement numbers, through the same <see cref="RowChanges"/>. A commit that passed its
/// checksum but does not fit the state (a row that is not there, a table that nobody made) is damage: XX001, and the database is not opened.
/// Rows that a statement wrote and took back within one transaction are not in the log at all.
/// </remarks>
internal sealed class RedoApplier(Dictionary<TableId, TableVersion> tables, Dictionary<TableId, TableCounters> counters, DatabaseCatalog catalog, string path,
    ReplayWorkers? workers = null)
    : IDisposable
{
    private readonly Dictionary<TableId, RowChanges> changes = [];
    private long current;
    private RowChanges? last;
    private DatabaseCatalog? lastCatalog;

    /// <summary>Where segments lie that loads attached.</summary>
    public required DataDirectory Directory { get; init; }

    /// <summary>Segments that loads attached, those of tables that were dropped since too: until a manifest is beyond their commits, the next recovery opens them again.</summary>
    public List<LoggedSegment> Attached { get; } = [];

    public DatabaseCatalog Catalog { get; private set; } = catalog;

    /// <summary>Rows inserted, updated or deleted.</summary>
    public long Rows { get; private set; }

    /// <summary>Where runs of attached segments are kept; null when nobody asks for keys.</summary>
    public IndexFiles? Indexes { get; init; }

    /// <summary>For a salvage: which rows are known to be lost, so that changes to them are left out.</summary>
    public Func<TableId, long, bool>? IsLost { get; init; }

    /// <summary>For a salvage: what is left of a segment that a load attached; null when nothing is.</summary>
    public Func<TableDefinition, SegmentInfo, SegmentInfo?>? Save { get; init; }

    /// <summary>For a salvage: whether a file with a column of a segment can be read.</summary>
    public Func<TableDefinition, SegmentInfo, bool>? SaveColumn { get; init; }

    /// <summary>Changes left out because <see cref="IsLost"/> said so.</summary>
    public List<(TableId Table, long RowId, Lsn Lsn)> Skipped { get; } = [];

    // Optimised from the first call on, as all that recovery does for each record: it is over before the runtime would come to it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(Lsn lsn, ReadOnlySpan<byte> payload)
    {
        current = lsn.Value;
        var reader = new ByteReader(payload, path, current);
        while (!reader.IsAtEnd)
        {
            var tag = reader.ReadByte();
            switch (tag)
            {
                case RedoRecord.Insert: ApplyInsert(ref reader); break;
                case RedoRecord.Delete: ApplyDelete(ref reader); break;
                case RedoRecord.Update: ApplyUpdate(ref reader); break;
                case RedoRecord.PutTable: ApplyPutTable(CatalogCodec.Decode(ref reader)); break;
                case RedoRecord.DropTable: ApplyDropTable(new TableId(reader.ReadCount())); break;
                case RedoRecord.Schemas: ApplySchemas(ref reader); break;
                case RedoRecord.Attach: ApplyAttach(ref reader); break;
                case RedoRecord.AttachColumns: ApplyAttachColumns(ref reader); break;
                case RedoRecord.PutObject: Catalog = Catalog.With(SchemaObjectCodec.Read(ref reader)); break;
                case RedoRecord.DropObject: ApplyDropObject(new ObjectId(reader.ReadCount())); break;
                case RedoRecord.SequenceValue: Catalog = Catalog.WithSequenceValues([SchemaObjectCodec.ReadValue(ref reader)]); break;
                default: throw reader.Damaged($"record tag {tag} is unknown");
            }
        }
    }

    public void Dispose()
    {
        foreach (var rows in changes.Values)
        {
            rows.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ApplyInsert(ref ByteReader reader)
    {
        var rows = ChangesOf(new TableId(reader.ReadCount()));
        var rowIdFirst = (long)reader.ReadVarUInt();
        var count = reader.ReadCount(Batch.RowCountMax);
        var columnCount = reader.ReadCount();
        var table = rows.Table;
        if (columnCount != table.Columns.Length)
        {
            throw Damaged($"a row of '{table}' has {columnCount} columns, the table has {table.Columns.Length}");
        }

        if (rows.Insert(ref reader, count, rowIdFirst, current, counters[table.Id], workers?.Copies) is { } fault)
        {
            throw Damaged(fault);
        }

        Rows += count;
    }

    private void ApplyDelete(ref ByteReader reader)
    {
        var rows = ChangesOf(new TableId(reader.ReadCount()));
        foreach (var rowId in RedoRecord.ReadRowIds(ref reader))
        {
            if (!rows.Delete(rowId, current))
            {
                if (IsSkipped(rows.Table.Id, rowId))
                {
                    continue;
                }

                throw Damaged($"row {rowId} of '{rows.Table}' is deleted but is not there");
            }

            Rows++;
        }
    }

    private void ApplyUpdate(ref ByteReader reader)
    {
        var rows = ChangesOf(new TableId(reader.ReadCount()));
        var rowIds = RedoRecord.ReadRowIds(ref reader);
        var buffers = new ColumnBuffer?[reader.ReadCount(rows.Table.Columns.Length)];
        try
        {
            var ids = new ColumnId[buffers.Length];
            var batch = new Batch(buffers.Length) { RowCount = rowIds.Length };
            for (var i = 0; i < buffers.Length; i++)
            {
                (ids[i], buffers[i]) = RedoRecord.ReadColumn(ref reader, rowIds.Length);
                batch.Columns[i] = buffers[i]!.Column;
                if (rows.Table.FindColumn(ids[i]) is not { } column || column.Type.Physical != buffers[i]!.Type.Physical)
                {
                    throw Damaged($"column {ids[i]} of '{rows.Table}' is updated but is not there, or has another type");
                }
            }

            for (var i = 0; i < rowIds.Length; i++)
            {
                if (!rows.Update(rowIds[i], ids, batch, i, current) && !IsSkipped(rows.Table.Id, rowIds[i]))
                {
                    throw Damaged($"row {rowIds[i]} of '{rows.Table}' is updated but is not there");
                }
            }

            Rows += rowIds.Length;
        }
        finally
        {
            foreach (var buffer in buffers)
            {
                buffer?.Dispose();
            }
        }
    }

    private void ApplyPutTable(TableDefinition table)
    {
        // New keys are made of what rows hold.
        workers?.Finish();
        var old = Catalog.Tables.GetValueOrDefault(table.Id);
        if (!tables.ContainsKey(table.Id))
        {
            tables.Add(table.Id, new TableVersion([], [new DeltaTable()]));
            counters.Add(table.Id, new TableCounters());
        }

        Catalog = Catalog.With(table);
        foreach (var index in table.Indexes)
        {
            if (old is null || !old.Indexes.Any(i => i.Id == index.Id))
            {
                ChangesOf(table.Id).FillIndex(index, includeDeltas: true, RowChanges.Latest);
            }
        }
    }

    private void ApplyDropTable(TableId table)
    {
        if (!Catalog.Tables.ContainsKey(table))
        {
            throw Damaged($"table {table} is dropped but is not there");
        }

        Catalog = Catalog.Without(table);
        // Nobody may copy into memory that is given back.
        workers?.Finish();
        // Readers of this store begin after recovery, so nobody can ask for its rows any more.
        if (tables.Remove(table, out var version))
        {
            foreach (var delta in version.Deltas)
            {
                delta.Release();
            }

            foreach (var segment in version.Segments)
            {
                segment.Release();
            }
        }

        counters.Remove(table);
        if (changes.Remove(table, out var rows))
        {
            rows.Dispose();
        }
    }

    private void ApplyDropObject(ObjectId id)
        => Catalog = Catalog.Objects.ContainsKey(id) ? Catalog.Without(id) : throw Damaged($"object {id} is dropped but is not there");

    private void ApplySchemas(ref ByteReader reader)
    {
        var names = new string[reader.ReadElementCount(1)];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = reader.ReadString();
        }

        Catalog = Catalog.WithSchemas(ImmutableSortedSet.CreateRange(StringComparer.Ordinal, names));
    }

    private void ApplyAttach(ref ByteReader reader)
    {
        var (id, identities, segments) = RedoRecord.ReadAttach(ref reader);
        if (!Catalog.Tables.TryGetValue(id, out var table))
        {
            throw Damaged($"segments are attached to table {id}, and there is no such table");
        }

        // Its version is another one from here on.
        last = null;
        if (changes.Remove(id, out var rows))
        {
            rows.Dispose();
        }

        foreach (var info in segments)
        {
            if (tables[id].Segments.Any(s => s.Segment.Info.Name == info.Name || (s.Segment.Info.RowIdMin <= info.RowIdMax && info.RowIdMin <= s.Segment.Info.RowIdMax)))
            {
                throw Damaged($"segment '{info.Name}' is attached to '{table}', which has rows with its row ids");
            }

            counters[id].RowIdNext = Math.Max(counters[id].RowIdNext, info.RowIdMax + 1);
            if ((Save is null ? info : Save(table, info)) is not { } left)
            {
                continue;
            }

            Attached.Add(new LoggedSegment(info, new Lsn(current)));
            var extent = new SegmentExtent(Segment.Open(Directory, left), Indexes);
            tables[id] = tables[id] with { Segments = TableVersion.InOrder(tables[id].Segments.Add(extent)) };
            Rows += left.RowCount;
        }

        foreach (var (columnId, next) in identities)
        {
            if (table.FindColumn(columnId) is { } column)
            {
                counters[id].AdvanceIdentityTo(column, next);
            }
        }
    }

    private void ApplyAttachColumns(ref ByteReader reader)
    {
        var (id, files) = RedoRecord.ReadAttachColumns(ref reader);
        if (!Catalog.Tables.TryGetValue(id, out var table))
        {
            throw Damaged($"columns are attached to table {id}, and there is no such table");
        }

        foreach (var (name, file) in files)
        {
            if (SaveColumn is not null)
            {
                ApplyColumn(table, file);
                continue;
            }

            var at = 0;
            while (at < tables[id].Segments.Length && tables[id].Segments[at].Segment.Info.Name != name)
            {
                at++;
            }

            if (at == tables[id].Segments.Length || tables[id].Segments[at].Segment.Info.RowCount != file.RowCount)
            {
                throw Damaged($"file '{file.Name}' is attached to segment '{name}' of '{table}', which has no such segment of {file.RowCount} rows");
            }

            Attached.Add(new LoggedSegment(file, new Lsn(current)));
            var before = tables[id].Segments[at];
            tables[id] = tables[id] with { Segments = tables[id].Segments.SetItem(at, before.WithColumns(Directory, [file])) };
            before.Release();
            Rows += file.RowCount;
        }

        // Its version is another one from here on.
        last = null;
        if (changes.Remove(id, out var rows))
        {
            rows.Dispose();
        }
    }

    /// <summary>For a salvage, whose segments may have other files and fewer rows: the values of a column file as updates of the rows that are left.</summary>
    private void ApplyColumn(TableDefinition table, SegmentInfo file)
    {
        if (!SaveColumn!(table, file))
        {
            return;
        }

        using var segment = Segment.Open(Directory, file);
        var rows = ChangesOf(table.Id);
        using var rowIds = new ColumnBuffer(DataType.Int64, Batch.RowCountMax);
        using var memory = new ColumnBuffer(segment.TypeOf(1), Batch.RowCountMax);
        var (ids, batch) = (new Column(DataType.Int64), new Batch(1));
        batch.Columns[0] = new Column(memory.Type);
        for (var block = 0; block < segment.BlockCount; block++)
        {
            segment.Load(0, block, null, ids, rowIds);
            segment.Load(1, block, null, batch.Columns[0], memory);
            batch.RowCount = segment.RowsInBlock(block);
            for (var row = 0; row < batch.RowCount; row++)
            {
                // Rows that were deleted before are in the file too.
                rows.Update(ids.Get<long>(row), [file.ReplacedColumn], batch, row, current);
            }
        }
    }

    private RowChanges ChangesOf(TableId id)
    {
        // Mostly the same table as in the commit before.
        if (last is { } found && found.Table.Id == id && ReferenceEquals(lastCatalog, Catalog))
        {
            return found;
        }

        if (!Catalog.Tables.TryGetValue(id, out var table))
        {
            throw Damaged($"rows of table {id} are changed, and there is no such table");
        }

        if (!changes.TryGetValue(id, out var rows) || !ReferenceEquals(rows.Table, table))
        {
            rows?.Dispose();
            changes[id] = rows = new RowChanges(tables[id], table, null, Indexes?.Conditions);
        }

        (last, lastCatalog) = (rows, Catalog);
        return rows;
    }

    private bool IsSkipped(TableId table, long rowId)
    {
        if (IsLost is null || !IsLost(table, rowId))
        {
            return false;
        }

        Skipped.Add((table, rowId, new Lsn(current)));
        return true;
    }

    private EngramException Damaged(string what) => Error.RedoDamaged(current, what);
}
