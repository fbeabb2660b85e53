using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>Finds the rows of a table whose columns equal one of many keys: by an index over exactly these columns, else by one scan.</summary>
internal static class KeyLookup
{
    /// <summary>An index whose key is these columns, in any order.</summary>
    public static IndexDefinition? FindIndex(TableDefinition table, ImmutableArray<ColumnId> columns)
        => table.Indexes.FirstOrDefault(i => i.Method is null && i.FilterSql is null && i.Columns.Length == columns.Length
            && i.Columns.All(c => columns.Contains(c.Column)));

    /// <param name="keys">Of types that compare with the columns', in their order, without NULLs.</param>
    /// <param name="found">Receives pairs of a key's number and a row id.</param>
    public static void Find(
        Snapshot snapshot, TableDefinition table, ImmutableArray<ColumnId> columns, KeyTable keys, List<(int Key, long RowId)> found, CancellationToken cancellation)
    {
        DataType[] types = [.. columns.Select(c => table.FindColumn(c)!.Type)];
        if (types.Where((t, i) => t.Kind != keys.Key(i).Type.Kind).Any())
        {
            FindConverted(snapshot, table, columns, types, keys, found, cancellation);
            return;
        }

        if (FindIndex(table, columns) is { } index)
        {
            Probe(snapshot, table, columns, index, keys, found);
        }
        else
        {
            Scan(snapshot, table, columns, keys, found, cancellation);
        }
    }

    /// <summary>Integers of another size: looked up as what the columns hold. A key that they cannot hold is in no row.</summary>
    private static void FindConverted(
        Snapshot snapshot, TableDefinition table, ImmutableArray<ColumnId> columns, DataType[] types, KeyTable keys, List<(int Key, long RowId)> found, CancellationToken cancellation)
    {
        using var converted = new KeyTable(types);
        var buffers = Array.ConvertAll(types, t => new ColumnBuffer(t));
        var numbers = new int[Batch.RowCountMax];
        // By number there: the number of the key here.
        var originals = new List<int>();
        try
        {
            for (var first = 0; first < keys.Count; first += Batch.RowCountMax)
            {
                Array.ForEach(buffers, b => b.Clear());
                for (var number = first; number < Math.Min(keys.Count, first + Batch.RowCountMax); number++)
                {
                    if (TryConvert(keys, number, buffers))
                    {
                        originals.Add(number);
                    }
                }

                // Different keys stay different, so each gets the next number.
                converted.FindOrAdd(Array.ConvertAll(buffers, b => b.Column), buffers[0].Count, null, numbers);
            }
        }
        finally
        {
            Array.ForEach(buffers, b => b.Dispose());
        }

        var before = found.Count;
        if (converted.Count > 0)
        {
            Find(snapshot, table, columns, converted, found, cancellation);
        }

        for (var i = before; i < found.Count; i++)
        {
            found[i] = found[i] with { Key = originals[found[i].Key] };
        }
    }

    private static bool TryConvert(KeyTable keys, int number, ColumnBuffer[] buffers)
    {
        for (var i = 0; i < buffers.Length; i++)
        {
            if (!KeyConversion.TryAppend(buffers[i], keys.Key(i), number))
            {
                for (var done = 0; done < i; done++)
                {
                    buffers[done].SetCount(buffers[done].Count - 1);
                }

                return false;
            }
        }

        return true;
    }

    private static void Probe(
        Snapshot snapshot, TableDefinition table, ImmutableArray<ColumnId> columns, IndexDefinition index, KeyTable keys, List<(int Key, long RowId)> found)
    {
        var key = index.Columns.Select(c => keys.Key(columns.IndexOf(c.Column))).ToArray();
        var rowIds = new List<long>();
        for (var number = 0; number < keys.Count; number++)
        {
            rowIds.Clear();
            snapshot.Probe(table.Id, index.Id, key, number, rowIds);
            foreach (var rowId in rowIds)
            {
                found.Add((number, rowId));
            }
        }
    }

    private static void Scan(
        Snapshot snapshot, TableDefinition table, ImmutableArray<ColumnId> columns, KeyTable keys, List<(int Key, long RowId)> found, CancellationToken cancellation)
    {
        using var scan = snapshot.Scan(table.Id, [.. columns, ColumnId.RowId], []);
        var loaded = new Column[columns.Length];
        var numbers = new int[Batch.RowCountMax];
        while (scan.NextBlock())
        {
            cancellation.ThrowIfCancellationRequested();
            var visible = scan.Visible;
            for (var i = 0; i < loaded.Length; i++)
            {
                loaded[i] = scan.Load(i, visible);
            }

            keys.Find(loaded, scan.RowCount, visible, numbers);
            var rowIds = scan.Load(columns.Length, visible);
            var count = visible?.Count ?? scan.RowCount;
            for (var i = 0; i < count; i++)
            {
                if (numbers[i] >= 0)
                {
                    found.Add((numbers[i], rowIds.Get<long>(visible?.Rows[i] ?? i)));
                }
            }
        }
    }
}
