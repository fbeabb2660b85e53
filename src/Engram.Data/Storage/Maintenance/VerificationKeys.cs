using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>A row whose unique key a newer row has, too.</summary>
/// <param name="Key">As text: (Id)=(5).</param>
internal readonly record struct DuplicateKey(long RowId, long NewerRowId, string Key);

/// <summary>Looks for keys that should be unique and are not, and for references to rows that are not there.</summary>
/// <remarks>
/// By sorting the hashes of all keys, which takes 16 bytes a row for a moment; with many rows in several passes, each over a part of the hashes. Rows whose
/// hashes are equal are compared value by value.
/// </remarks>
internal static class VerificationKeys
{
    /// <summary>Rows of one pass.</summary>
    private const long RowsPerPass = 8 * 1024 * 1024;

    public static List<DuplicateKey> FindDuplicates(
        TableVersion version, TableDefinition table, IndexDefinition index, ReadHorizon horizon, IndexConditionFactory? conditions, CancellationToken cancellationToken,
        Func<SegmentExtent, SegmentExtent>? open = null)
    {
        var found = new List<DuplicateKey>();
        if (index.FilterSql is not null && conditions is null)
        {
            // Nobody here can tell which rows it is about.
            return found;
        }

        using var condition = index.FilterSql is null ? null : conditions!(table, index);
        var passes = (uint)((version.RowCount / RowsPerPass) + 1);
        for (uint pass = 0; pass < passes; pass++)
        {
            var hashes = new List<ulong>();
            var rowIds = new List<long>();
            foreach (var (rowId, hash) in Hashes(version, table, [.. index.Columns.Select(c => c.Column)], condition, horizon, open, cancellationToken))
            {
                if (hash is { } value && value % passes == pass)
                {
                    hashes.Add(value);
                    rowIds.Add(rowId);
                }
            }

            var sortedHashes = hashes.ToArray();
            var sortedRowIds = rowIds.ToArray();
            Array.Sort(sortedHashes, sortedRowIds);
            for (var i = 0; i < sortedHashes.Length;)
            {
                var end = i + 1;
                while (end < sortedHashes.Length && sortedHashes[end] == sortedHashes[i])
                {
                    end++;
                }

                if (end - i > 1)
                {
                    CompareAll(version, open, table, index, horizon, sortedRowIds.AsSpan(i, end - i), found);
                }

                i = end;
            }
        }

        return found;
    }

    /// <summary>Row ids of rows that refer to a row which is not there.</summary>
    public static List<long> FindDangling(
        TableVersion version, TableDefinition table, ForeignKeyDefinition key, TableVersion referenced, TableDefinition referencedTable, ReadHorizon horizon,
        CancellationToken cancellationToken, Func<SegmentExtent, SegmentExtent>? open = null)
    {
        // Integers of different sizes are compared as numeric, which has the values of all.
        bool[] mixed = [.. key.Columns.Zip(key.ReferencedColumns, (own, other) => table.FindColumn(own)!.Type.Kind != referencedTable.FindColumn(other)!.Type.Kind)];
        var hashes = Hashes(referenced, referencedTable, [.. key.ReferencedColumns], null, horizon, open, cancellationToken, mixed).Where(h => h.Hash is not null).Select(h => h.Hash!.Value).ToArray();
        Array.Sort(hashes);
        var dangling = new List<long>();
        foreach (var (rowId, hash) in Hashes(version, table, [.. key.Columns], null, horizon, open, cancellationToken, mixed))
        {
            // A reference with a NULL in it refers to nothing.
            if (hash is { } value && Array.BinarySearch(hashes, value) < 0)
            {
                dangling.Add(rowId);
            }
        }

        return dangling;
    }

    /// <summary>All visible rows with the hash of their key; null when a part of it is NULL, or the condition does not hold.</summary>
    /// <param name="condition">Of a partial index.</param>
    /// <param name="open">Gives the extent through which a segment is read, one after the other; it is released afterwards.</param>
    /// <param name="mixed">Which columns are hashed as numeric; null for none.</param>
    private static IEnumerable<(long RowId, ulong? Hash)> Hashes(
        TableVersion version, TableDefinition table, ColumnId[] columns, IndexCondition? condition, ReadHorizon horizon, Func<SegmentExtent, SegmentExtent>? open,
        CancellationToken cancellationToken, bool[]? mixed = null)
    {
        using var reader = new BlockReader(horizon, table, [ColumnId.RowId, .. columns, .. condition?.Columns ?? []]);
        var shape = KeyShape.Of(table, columns);
        var found = new List<(long, ulong?)>(Batch.RowCountMax);
        foreach (var segment in version.Segments)
        {
            var extent = open?.Invoke(segment);
            try
            {
                for (var block = 0; block < segment.Segment.BlockCount; block++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    reader.Position(extent ?? segment, block);
                    HashBlock(reader, shape, condition, mixed, found);
                    foreach (var row in found)
                    {
                        yield return row;
                    }
                }
            }
            finally
            {
                extent?.Release();
            }
        }

        foreach (var delta in version.Deltas)
        {
            for (var chunk = 0; chunk < delta.ChunkCount; chunk++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                reader.Position(delta.Chunk(chunk));
                HashBlock(reader, shape, condition, mixed, found);
                foreach (var row in found)
                {
                    yield return row;
                }
            }
        }
    }

    private static void HashBlock(BlockReader reader, KeyShape shape, IndexCondition? condition, bool[]? mixed, List<(long RowId, ulong? Hash)> found)
    {
        found.Clear();
        if (reader.VisibleCount == 0)
        {
            return;
        }

        var visible = reader.Visible;
        var rowIds = reader.Load(0, visible);
        var key = new Column[shape.Count];
        for (var c = 0; c < key.Length; c++)
        {
            key[c] = reader.Load(c + 1, visible);
        }

        using var numeric = new NumericKeys();
        for (var c = 0; c < key.Length && mixed is not null; c++)
        {
            key[c] = mixed[c] ? numeric.Make(key[c], reader) : key[c];
        }

        var tested = new Column[condition?.Columns.Length ?? 0];
        for (var c = 0; c < tested.Length; c++)
        {
            tested[c] = reader.Load(1 + key.Length + c, visible);
        }

        for (var i = 0; i < reader.VisibleCount; i++)
        {
            var row = visible is null ? i : visible.Rows[i];
            found.Add((rowIds.Get<long>(row), (condition is null || Holds(condition, tested, row)) && KeyValue.TryHash(shape, key, row, out var hash) ? hash : null));
        }
    }

    /// <summary>A row for which the condition fails (a division by zero) was never entered under it.</summary>
    private static bool Holds(IndexCondition condition, ReadOnlySpan<Column> values, int row)
    {
        try
        {
            return condition.Holds(values, row);
        }
        catch (EngramException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>Columns that were made of others.</summary>
    private sealed class NumericKeys : IDisposable
    {
        private readonly List<ColumnBuffer> buffers = [];

        public Column Make(Column integers, BlockReader reader)
        {
            var buffer = new ColumnBuffer(DataType.Decimal);
            buffers.Add(buffer);
            var next = 0;
            for (var row = 0; row < reader.RowCount; row++)
            {
                // Rows that nobody sees may hold anything.
                var isSeen = reader.Visible is not { } visible || (next < visible.Count && visible.Rows[next] == row);
                next += isSeen ? 1 : 0;
                if (!isSeen || integers.IsNull(row) || !KeyConversion.TryAppend(buffer, integers, row))
                {
                    buffer.AppendNull();
                }
            }

            return buffer.Column;
        }

        public void Dispose() => buffers.ForEach(b => b.Dispose());
    }

    private static void CompareAll(
        TableVersion version, Func<SegmentExtent, SegmentExtent>? open, TableDefinition table, IndexDefinition index, ReadHorizon horizon, Span<long> rowIds,
        List<DuplicateKey> found)
    {
        rowIds.Sort();
        var segments = open is null ? version.Segments : [.. version.Segments.Select(open)];
        try
        {
            using var left = new KeyReader(version with { Segments = segments }, table, index, horizon);
            using var right = new KeyReader(version with { Segments = segments }, table, index, horizon);
            for (var i = 0; i < rowIds.Length; i++)
            {
                left.Read(rowIds[i]);
                for (var j = rowIds.Length - 1; j > i; j--)
                {
                    right.Read(rowIds[j]);
                    if (left.Equals(right))
                    {
                        found.Add(new DuplicateKey(rowIds[i], rowIds[j], left.Describe(index.Columns.Select(c => table.FindColumn(c.Column)!.Name))));
                        break;
                    }
                }
            }
        }
        finally
        {
            foreach (var opened in open is null ? [] : segments)
            {
                opened.Release();
            }
        }
    }

    /// <summary>The key of one row.</summary>
    private sealed class KeyReader(TableVersion version, TableDefinition table, IndexDefinition index, ReadHorizon horizon) : IDisposable
    {
        private readonly BlockReader reader = new(horizon, table, [.. index.Columns.Select(c => c.Column)]);
        private readonly Column[] key = new Column[index.Columns.Length];
        private readonly KeyShape shape = KeyShape.Of(table, index);
        private readonly Selection one = new();
        private int row;

        public void Read(long rowId)
        {
            if (!RowLocator.TryPosition(version, rowId, reader, out row))
            {
                throw Error.Internal($"row {rowId} of {table} was there and is not");
            }

            one.Count = 0;
            one.Add(row);
            for (var i = 0; i < key.Length; i++)
            {
                key[i] = reader.Load(i, one);
            }
        }

        public bool Equals(KeyReader other)
        {
            for (var i = 0; i < key.Length; i++)
            {
                if (!KeyValue.AreEqual(shape, i, key[i], row, other.key[i], other.row))
                {
                    return false;
                }
            }

            return true;
        }

        public string Describe(IEnumerable<string> names) => KeyValue.Describe(names, key, row);

        public void Dispose() => reader.Dispose();
    }
}
