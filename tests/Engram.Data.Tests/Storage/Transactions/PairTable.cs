using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>One row of <see cref="PairTable"/>.</summary>
internal sealed record PairRow(long RowId, long Id, long Pair, long Balance, long Version, string? Text);

/// <summary>A table whose contents can be judged from any snapshot, without knowing what was written.</summary>
/// <remarks>
/// Rows come and go two by two; both rows of a pair always have the same version and text; balances add up to zero. One row, of pair 0, stands
/// alone and counts commits. Whatever breaks a transaction in two, loses a row, shows one twice or shows one that was rolled back, breaks one of these.
/// </remarks>
internal static class PairTable
{
    public const int IdColumn = 0;
    public const int PairColumn = 1;
    public const int BalanceColumn = 2;
    public const int VersionColumn = 3;
    public const int TextColumn = 4;

    public static readonly TableId Id = new(1);
    public static readonly IndexId PrimaryKey = new(1);
    public static readonly IndexId PairIndex = new(2);

    public static readonly TableDefinition Definition = new(
        Id, "public", "Pair",
        [
            new ColumnDefinition(new ColumnId(1), "Id", DataType.Int64) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(2), "Pair", DataType.Int64) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(3), "Balance", DataType.Int64) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(4), "Version", DataType.Int64) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(5), "Text", DataType.Text),
        ])
    {
        ColumnIdNext = 6,
        Indexes =
        [
            new IndexDefinition(PrimaryKey, "Pair_pkey", [new IndexColumn(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true, IsConstraint = true },
            new IndexDefinition(PairIndex, "Pair_Pair", [new IndexColumn(new ColumnId(2))]),
        ],
    };

    public static RowIdRange Insert(Transaction transaction, params IReadOnlyList<PairRow> rows)
    {
        var buffers = Definition.Columns.Select(c => new ColumnBuffer(c.Type)).ToArray();
        try
        {
            var batch = new Batch(buffers.Length) { RowCount = rows.Count };
            foreach (var row in rows)
            {
                buffers[0].Append(row.Id);
                buffers[1].Append(row.Pair);
                buffers[2].Append(row.Balance);
                buffers[3].Append(row.Version);
                ClrValue.Append(buffers[4], row.Text);
            }

            for (var i = 0; i < buffers.Length; i++)
            {
                batch.Columns[i] = buffers[i].Column;
            }

            return transaction.Insert(Id, batch);
        }
        finally
        {
            Array.ForEach(buffers, b => b.Dispose());
        }
    }

    public static int Update(Transaction transaction, long rowId, int column, object? value)
    {
        using var buffer = new ColumnBuffer(Definition.Columns[column].Type);
        ClrValue.Append(buffer, value);
        var batch = new Batch(1) { RowCount = 1 };
        batch.Columns[0] = buffer.Column;
        return transaction.Update(Id, [rowId], [Definition.Columns[column].Id], batch);
    }

    public static List<PairRow> Scan(Snapshot snapshot)
    {
        var rows = new List<PairRow>();
        using var scan = snapshot.Scan(Id, [ColumnId.RowId, .. Definition.Columns.Select(c => c.Id)], []);
        while (scan.NextBlock())
        {
            var columns = Enumerable.Range(0, 6).Select(i => scan.Load(i, scan.Visible)).ToArray();
            for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
            {
                rows.Add(Row(columns, scan.Visible is { } s ? s.Rows[i] : i));
            }
        }

        return rows;
    }

    /// <summary>The rows with a key, through the index, in the order of their row ids.</summary>
    public static List<PairRow> Find(Snapshot snapshot, IndexId index, long key)
    {
        using var value = ClrValue.Constant(DataType.Int64, key);
        var rowIds = new List<long>();
        snapshot.Probe(Id, index, [value.Column], 0, rowIds);
        using var fetch = snapshot.OpenFetch(Id, [ColumnId.RowId, .. Definition.Columns.Select(c => c.Id)]);
        var batch = fetch.Fetch([.. rowIds]);
        Assert.Equal(rowIds.Count, batch.RowCount);
        return [.. Enumerable.Range(0, batch.RowCount).Select(i => Row(batch.Columns, i))];
    }

    /// <summary>Checks a snapshot for itself and returns its rows.</summary>
    public static List<PairRow> Check(Snapshot snapshot, Random random)
    {
        var rows = Scan(snapshot);
        Assert.Equal(0, rows.Sum(r => r.Balance));
        Assert.Equal(rows.Count, rows.Select(r => r.RowId).Distinct().Count());
        Assert.Equal(rows.Count, rows.Select(r => r.Id).Distinct().Count());
        foreach (var pair in rows.GroupBy(r => r.Pair))
        {
            var both = pair.ToArray();
            Assert.Equal(pair.Key == 0 ? 1 : 2, both.Length);
            Assert.Equal(both[0].Version, both[^1].Version);
            Assert.Equal(both[0].Text, both[^1].Text);
        }

        for (var i = 0; i < 8 && rows.Count > 0; i++)
        {
            var row = rows[random.Next(rows.Count)];
            Assert.Equal([row], Find(snapshot, PrimaryKey, row.Id));
            Assert.Equal(rows.Where(r => r.Pair == row.Pair).OrderBy(r => r.RowId), Find(snapshot, PairIndex, row.Pair));
        }

        Assert.Empty(Find(snapshot, PrimaryKey, -1));
        return rows;
    }

    private static PairRow Row(ReadOnlySpan<Column> columns, int row) => new(
        columns[0].Get<long>(row), columns[1].Get<long>(row), columns[2].Get<long>(row), columns[3].Get<long>(row), columns[4].Get<long>(row),
        (string?)ClrValue.Read(columns[5], row));
}
