using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Versions;

/// <summary>Applies changes of rows to one table, for the write transaction (with an undo log) and for recovery (without).</summary>
/// <remarks>Used by the holder of the write lock only. Reads see the newest state, own statement included.</remarks>
internal sealed partial class RowChanges : IDisposable
{
    /// <summary>Sees everything that was not rolled back: what the holder of the write lock may rely on.</summary>
    public static readonly ReadHorizon Latest = new(ReadHorizon.Aborted - 1, long.MaxValue);

    private readonly TableVersion version;
    private readonly TableDefinition table;
    private readonly UndoLog? undo;
    private readonly BlockReader locator;
    // Made when a key changes: most writes are inserts, or change no key.
    private Dictionary<IndexId, (BlockReader Reader, Column[] Values)>? keyReaders;
    private readonly IndexConditionFactory? conditionFactory;
    // Those of partial indexes, by the index's place, made at their first use.
    private IndexCondition?[]? conditions;
    private readonly KeyShape[] shapes;
    private readonly Selection one = new();

    /// <param name="version">Where the rows lie.</param>
    /// <param name="table">Of which they are.</param>
    /// <param name="undo">Null for recovery.</param>
    /// <param name="conditions">Makes the conditions of partial indexes; null for entries of all rows.</param>
    public RowChanges(TableVersion version, TableDefinition table, UndoLog? undo, IndexConditionFactory? conditions = null)
    {
        conditionFactory = conditions;
        this.version = version;
        this.table = table;
        this.undo = undo;
        locator = new BlockReader(Latest, table, []);
        shapes = KeyShape.AllOf(table);
    }

    public TableVersion Version => version;

    public TableDefinition Table => table;

    /// <summary>Appends rows with consecutive row ids; one column for each of the table's, in its order.</summary>
    public void Insert(Batch rows, long rowIdFirst, long stamp)
    {
        var delta = version.Active;
        var count = rows.SelectedCount;
        // Keys first: a reader that finds an entry without its row finds nothing, one that sees a row must find its entry.
        for (var i = 0; i < shapes.Length; i++)
        {
            AddKeys(delta.GetOrAddIndex(table.Indexes[i].Id), shapes[i], ConditionOf(i), rows, rowIdFirst);
        }

        for (var first = 0; first < count;)
        {
            var chunk = delta.Writable(table, count - first);
            var take = Math.Min(count - first, chunk.Capacity - chunk.Count);
            var at = chunk.Append(rows, first, take, rowIdFirst + first, stamp);
            undo?.Inserted(chunk, at, take);
            first += take;
        }
    }

    /// <summary>Ends a row; false when there is no such row any more.</summary>
    public bool Delete(long rowId, long stamp)
    {
        if (Find(rowId, out var row) is not { } versions || !locator.IsVisible(row))
        {
            return false;
        }

        versions.SetEnd(row, stamp);
        undo?.Ended(versions, row);
        return true;
    }

    /// <summary>Gives columns of a row new values, row <paramref name="valueRow"/> of <paramref name="values"/>; false when there is no such row any more.</summary>
    public bool Update(long rowId, ReadOnlySpan<ColumnId> columns, Batch values, int valueRow, long stamp)
    {
        if (Find(rowId, out var row) is not { } versions || !locator.IsVisible(row))
        {
            return false;
        }

        for (var i = 0; i < columns.Length; i++)
        {
            var patches = versions.GetOrAddPatches(columns[i], table.Columns[table.IndexOf(columns[i])].Type);
            var at = patches.Append(row, stamp, values.Columns[i], valueRow);
            undo?.Patched(patches, at);
        }

        for (var i = 0; i < shapes.Length; i++)
        {
            if (Covers(shapes[i], columns))
            {
                AddKeyOf(table.Indexes[i].Id, shapes[i], ConditionOf(i), rowId);
            }
        }

        return true;
    }

    /// <summary>Whether somebody else changed or deleted the row after a commit: what makes a snapshot transaction fail.</summary>
    public bool HasChangedSince(long rowId, long lsn)
    {
        if (Find(rowId, out var row) is not { } versions)
        {
            return false;
        }

        if (versions.Ends is { } ends && ends[row] > lsn)
        {
            return true;
        }

        foreach (var (_, _, list) in versions.Patches)
        {
            if (list.HasCommitAfter(row, lsn))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Enters the keys of rows that no segment stores under them: all rows of the deltas, and rows of segments with patched keys.</summary>
    /// <param name="horizon">As of when. Keys that were given later are not this call's business: the update that gave them entered them.</param>
    public void FillIndex(IndexDefinition index, bool includeDeltas, ReadHorizon horizon)
    {
        var shape = KeyShape.Of(table, index);
        using var condition = shape.Filter?.MakeCondition(conditionFactory);
        using var reader = new BlockReader(horizon, table, ReadFor(shape, condition));
        var target = version.Active.GetOrAddIndex(index.Id);
        foreach (var delta in includeDeltas ? version.Deltas : [])
        {
            for (var i = 0; i < delta.ChunkCount; i++)
            {
                reader.Position(delta.Chunk(i));
                AddKeysOf(target, shape, condition, reader, reader.Visible, delta.Chunk(i).RowIdAt);
            }
        }

        var patched = new Selection();
        foreach (var extent in version.Segments)
        {
            for (var block = 0; block < extent.Segment.BlockCount; block++)
            {
                if (extent.FindVersions(block) is { HasPatches: true } versions && FindPatchedRows(versions, shape, patched))
                {
                    reader.Position(extent, block);
                    var first = block * Batch.RowCountMax;
                    AddKeysOf(target, shape, condition, reader, patched, row => extent.Segment.RowIdAt(first + row));
                }
            }
        }
    }

    public void Dispose()
    {
        locator.Dispose();
        foreach (var entry in keyReaders ?? [])
        {
            entry.Value.Reader.Dispose();
        }

        foreach (var condition in conditions ?? [])
        {
            condition?.Dispose();
        }
    }

    private IndexCondition? ConditionOf(int index)
        => shapes[index].Filter is { } filter && conditionFactory is not null
            ? (conditions ??= new IndexCondition?[shapes.Length])[index] ??= filter.MakeCondition(conditionFactory)
            : null;

    /// <summary>The columns of a key, then those of a condition.</summary>
    private static ColumnId[] ReadFor(KeyShape shape, IndexCondition? condition) => [.. shape.Columns, .. condition?.Columns ?? []];

    /// <summary>Which rows of a block ever got another value in one of the columns.</summary>
    private static bool FindPatchedRows(BlockVersions versions, KeyShape shape, Selection found)
    {
        PatchList[] lists = [.. shape.Sources.ToArray().Select(versions.FindPatches).OfType<PatchList>()];
        found.Count = 0;
        for (var row = 0; row < Batch.RowCountMax && lists.Length > 0; row++)
        {
            if (Array.Exists(lists, l => l.Holds(row)))
            {
                found.Add(row);
            }
        }

        return found.Count > 0;
    }

    private static void AddKeysOf(DeltaIndex target, KeyShape shape, IndexCondition? condition, BlockReader reader, Selection? rows, Func<int, long> rowIdAt)
    {
        var key = new Column[shape.Count];
        for (var i = 0; i < key.Length; i++)
        {
            key[i] = reader.Load(i, rows);
        }

        if (condition is not null)
        {
            var tested = new Column[condition.Columns.Length];
            for (var i = 0; i < tested.Length; i++)
            {
                tested[i] = reader.Load(key.Length + i, rows);
            }

            rows = condition.Select(tested, reader.RowCount, rows);
        }

        var count = rows?.Count ?? reader.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            target.Add(shape, key, row, rowIdAt(row));
        }
    }

    private static bool Covers(KeyShape shape, ReadOnlySpan<ColumnId> columns)
    {
        foreach (var column in shape.Columns)
        {
            if (columns.Contains(column))
            {
                return true;
            }
        }

        // A row may come to satisfy the condition with the key that it had.
        return shape.Filter is { } filter && columns.ContainsAny(filter.Columns.Columns);
    }

    /// <summary>Positions the locator on the row and gives the versions of its block.</summary>
    private BlockVersions? Find(long rowId, out int row)
    {
        if (RowLocator.FindDelta(version, rowId, out row) is { } chunk)
        {
            locator.Position(chunk);
            return chunk.Versions;
        }

        if (RowLocator.FindSegment(version, rowId, out var position) is { } segment)
        {
            var block = position / Batch.RowCountMax;
            row = position % Batch.RowCountMax;
            var versions = segment.GetOrAddVersions(block);
            locator.Position(segment, block);
            return versions;
        }

        return null;
    }

    private void AddKeys(DeltaIndex target, KeyShape shape, IndexCondition? condition, Batch rows, long rowIdFirst)
    {
        var key = ColumnsOf(shape.Columns, rows);
        var chosen = condition?.Select(ColumnsOf(condition.Columns.AsSpan(), rows), rows.RowCount, rows.Selection);
        var next = 0;
        var count = rows.SelectedCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows.RowAt(i);
            if (chosen is null)
            {
                target.Add(shape, key, row, rowIdFirst + i);
            }
            else if (next < chosen.Count && chosen.Rows[next] == row)
            {
                next++;
                target.Add(shape, key, row, rowIdFirst + i);
            }
        }
    }

    private Column[] ColumnsOf(ReadOnlySpan<ColumnId> ids, Batch rows)
    {
        var columns = new Column[ids.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = rows.Columns[table.IndexOf(ids[i])];
        }

        return columns;
    }

    /// <summary>Enters a changed row under its new key, unless it is none of the index's.</summary>
    private void AddKeyOf(IndexId index, KeyShape shape, IndexCondition? condition, long rowId)
    {
        keyReaders ??= [];
        if (!keyReaders.TryGetValue(index, out var entry))
        {
            var read = ReadFor(shape, condition);
            entry = (new BlockReader(Latest, table, read), new Column[read.Length]);
            keyReaders.Add(index, entry);
        }

        if (!RowLocator.TryPosition(version, rowId, entry.Reader, out var row))
        {
            throw Error.Internal($"row {rowId} of {table} disappeared while it was updated");
        }

        one.Count = 0;
        one.Add(row);
        for (var i = 0; i < entry.Values.Length; i++)
        {
            entry.Values[i] = entry.Reader.Load(i, one);
        }

        if (condition is null || condition.MayHold(entry.Values.AsSpan(shape.Count), row))
        {
            version.Active.GetOrAddIndex(index).Add(shape, entry.Values.AsSpan(0, shape.Count), row, rowId);
        }
    }
}
