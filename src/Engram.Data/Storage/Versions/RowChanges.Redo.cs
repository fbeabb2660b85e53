using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Versions;

/// <content>What recovery does a million times: rows from an insert record straight into the delta.</content>
internal sealed partial class RowChanges
{
    private RedoKey[]? redoKeys;
    private (ColumnDefinition Definition, Column View)[] redoIdentities = [];

    /// <summary>Appends the rows of an insert record, whose columns come next in the reader, one for each of the table's and in its order.</summary>
    /// <param name="counters">Moved beyond the row ids and the identity numbers of the rows.</param>
    /// <param name="copies">Takes over the copying of vectors that no index reads; null to copy here.</param>
    /// <returns>What does not fit the table, or null. Then nothing shows, and the transaction cannot be applied.</returns>
    /// <exception cref="EngramException">XX001: the bytes are no record.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public string? Insert(ref ByteReader reader, int rows, long rowIdFirst, long stamp, TableCounters counters, BulkCopies? copies)
    {
        PrepareRedo();
        if (rows == 0)
        {
            return "an insert has no rows";
        }

        var delta = version.Active;
        var chunk = delta.Writable(table, rows);
        var here = Math.Min(rows, chunk.FreeRows);
        // A chunk holds as many rows as a record can, so two of them always do.
        var next = here < rows ? delta.AddChunk(table, rows - here) : null;
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            var id = new ColumnId(reader.ReadCount());
            var type = CatalogCodec.ReadType(ref reader);
            if (column.Id != id || column.Type.Physical != type.Physical || column.Type.HasOffsets != type.HasOffsets)
            {
                return $"a row of '{table}' has column {id} of type {type} where the table has {column.Name}";
            }

            var values = EncodedColumn.Read(ref reader, type, rows);
            var handedOver = IsIndexed(id) ? null : copies;
            chunk.WriteColumn(i, ref values, here, handedOver);
            next?.WriteColumn(i, ref values, rows - here, handedOver);
        }

        Show(delta, chunk, here, rowIdFirst, stamp, counters);
        if (next is not null)
        {
            Show(delta, next, rows - here, rowIdFirst + here, stamp, counters);
        }

        counters.RowIdNext = Math.Max(counters.RowIdNext, rowIdFirst + rows);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Show(DeltaTable delta, DeltaChunk chunk, int rows, long rowIdFirst, long stamp, TableCounters counters)
    {
        var at = chunk.PublishWritten(rows, rowIdFirst, stamp);
        foreach (var (index, shape, key, condition, tested) in redoKeys!)
        {
            for (var i = 0; i < key.Length; i++)
            {
                chunk.TryView(shape.Columns[i], key[i]);
            }

            var target = delta.GetOrAddIndex(index);
            if (condition is not null)
            {
                ShowSome(target, shape, key, condition, tested, chunk, at, rows, rowIdFirst);
                continue;
            }

            for (var i = 0; i < rows; i++)
            {
                target.Add(shape, key, at + i, rowIdFirst + i);
            }
        }

        foreach (var (column, view) in redoIdentities)
        {
            chunk.TryView(column.Id, view);
            counters.AdvanceBy(column, view, at, rows);
        }
    }

    /// <summary>Enters those rows that a partial index is about.</summary>
    private static void ShowSome(
        DeltaIndex target, KeyShape shape, Column[] key, IndexCondition condition, Column[] tested, DeltaChunk chunk, int at, int rows, long rowIdFirst)
    {
        for (var i = 0; i < tested.Length; i++)
        {
            chunk.TryView(condition.Columns[i], tested[i]);
        }

        var asked = new Selection();
        for (var i = 0; i < rows; i++)
        {
            asked.Add(at + i);
        }

        foreach (var row in condition.Select(tested, at + rows, asked).Rows)
        {
            target.Add(shape, key, row, rowIdFirst + row - at);
        }
    }

    /// <summary>Makes what every record needs; this object is for one definition of the table.</summary>
    private void PrepareRedo()
    {
        if (redoKeys is not null)
        {
            return;
        }

        redoKeys = new RedoKey[shapes.Length];
        for (var i = 0; i < redoKeys.Length; i++)
        {
            var condition = ConditionOf(i);
            redoKeys[i] = new RedoKey(table.Indexes[i].Id, shapes[i], NewViews(shapes[i].Count), condition, NewViews(condition?.Columns.Length ?? 0));
        }

        redoIdentities = [.. table.Columns.Where(c => c.Identity != IdentityKind.None).Select(c => (c, new Column(c.Type)))];
    }

    private static Column[] NewViews(int count)
    {
        var views = new Column[count];
        for (var i = 0; i < count; i++)
        {
            views[i] = new Column(DataType.Unknown);
        }

        return views;
    }

    private bool IsIndexed(ColumnId id)
    {
        foreach (var (_, shape, _, condition, _) in redoKeys!)
        {
            if (shape.Columns.Contains(id) || condition?.Columns.Contains(id) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="Condition">Of a partial index; it is disposed with the others.</param>
    private readonly record struct RedoKey(IndexId Index, KeyShape Shape, Column[] Key, IndexCondition? Condition, Column[] Tested);
}
