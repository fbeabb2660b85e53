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
        foreach (var (index, shape, key) in redoKeys!)
        {
            for (var i = 0; i < key.Length; i++)
            {
                chunk.TryView(shape.Columns[i], key[i]);
            }

            var target = delta.GetOrAddIndex(index);
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
            var key = new Column[shapes[i].Count];
            for (var c = 0; c < key.Length; c++)
            {
                key[c] = new Column(DataType.Unknown);
            }

            redoKeys[i] = new RedoKey(table.Indexes[i].Id, shapes[i], key);
        }

        redoIdentities = [.. table.Columns.Where(c => c.Identity != IdentityKind.None).Select(c => (c, new Column(c.Type)))];
    }

    private bool IsIndexed(ColumnId id)
    {
        foreach (var (_, shape, _) in redoKeys!)
        {
            if (shape.Columns.Contains(id))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct RedoKey(IndexId Index, KeyShape Shape, Column[] Key);
}
