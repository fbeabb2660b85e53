using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>One row of the table that storage tests use.</summary>
internal sealed record EpisodeRow(long Id, string? Name, float Confidence, DateTimeOffset Time, float[]? Embedding)
{
    public bool Equals(EpisodeRow? other)
        => other is not null && Id == other.Id && Name == other.Name && Confidence.Equals(other.Confidence) && Time.EqualsExact(other.Time)
            && (Embedding is null ? other.Embedding is null : other.Embedding is not null && Embedding.AsSpan().SequenceEqual(other.Embedding));

    public override int GetHashCode() => Id.GetHashCode();

    public override string ToString() => $"({Id}, {Name ?? "NULL"}, {Confidence}, {Time:o}, [{(Embedding is null ? "NULL" : string.Join(' ', Embedding))}])";

    public static EpisodeRow Random(Random random, long id) => new(
        id,
        random.Next(5) == 0 ? null : new string((char)('a' + random.Next(26)), random.Next(20)),
        random.NextSingle(),
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(random.Next(-4, 5) * 30)).AddSeconds(random.Next(1_000_000)),
        random.Next(6) == 0 ? null : [random.NextSingle(), random.NextSingle(), random.NextSingle(), random.NextSingle()]);
}

/// <summary>Writes and reads <see cref="EpisodeRow"/>s through the storage door.</summary>
internal static class EpisodeTable
{
    public static readonly TableId Id = new(1);
    public static readonly IndexId PrimaryKey = new(1);

    public static readonly TableDefinition Definition = new(
        Id, "public", "Episode",
        [
            new ColumnDefinition(new ColumnId(1), "Id", DataType.Int64) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(2), "Name", DataType.Text),
            new ColumnDefinition(new ColumnId(3), "Confidence", DataType.Single) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(4), "Time", DataType.TimestampTz) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(5), "Embedding", DataType.Vector(4)),
        ])
    {
        ColumnIdNext = 6,
        Indexes =
        [
            new IndexDefinition(PrimaryKey, "Episode_pkey", [new IndexColumn(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true, IsConstraint = true },
            new IndexDefinition(new IndexId(2), "Episode_Name", [new IndexColumn(new ColumnId(2))]),
        ],
    };

    /// <param name="clusteredBy">Ids of columns.</param>
    public static async Task CreateAsync(Store store, params int[] clusteredBy)
    {
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        transaction.PutTable(Definition with { ClusteredBy = [.. clusteredBy.Select(c => new ColumnId(c))] });
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    public static RowIdRange Insert(RowTarget transaction, params IReadOnlyList<EpisodeRow> rows)
    {
        var buffers = Definition.Columns.Select(c => new ColumnBuffer(c.Type)).ToArray();
        try
        {
            var batch = new Batch(5) { RowCount = rows.Count };
            foreach (var row in rows)
            {
                object?[] values = [row.Id, row.Name, row.Confidence, row.Time, row.Embedding];
                for (var i = 0; i < 5; i++)
                {
                    ClrValue.Append(buffers[i], values[i]);
                    batch.Columns[i] = buffers[i].Column;
                }
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

    /// <summary>All visible rows in storage order, with their row ids.</summary>
    public static List<(long RowId, EpisodeRow Row)> Read(Snapshot snapshot)
    {
        var result = new List<(long, EpisodeRow)>();
        using var scan = snapshot.Scan(Id, [ColumnId.RowId, .. Definition.Columns.Select(c => c.Id)], []);
        while (scan.NextBlock())
        {
            var columns = Enumerable.Range(0, 6).Select(i => scan.Load(i, scan.Visible)).ToArray();
            for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
            {
                var row = scan.Visible is { } s ? s.Rows[i] : i;
                result.Add((columns[0].Get<long>(row), Row(columns.AsSpan(1), row)));
            }
        }

        return result;
    }

    /// <summary>Looks a row up by its primary key; null when there is none.</summary>
    public static (long RowId, EpisodeRow Row)? Find(Snapshot snapshot, long id)
    {
        using var key = ClrValue.Constant(DataType.Int64, id);
        var rowIds = new List<long>();
        snapshot.Probe(Id, PrimaryKey, [key.Column], 0, rowIds);
        if (rowIds.Count == 0)
        {
            return null;
        }

        Assert.Single(rowIds);
        using var fetch = snapshot.OpenFetch(Id, [.. Definition.Columns.Select(c => c.Id)]);
        var batch = fetch.Fetch([rowIds[0]]);
        Assert.Equal(1, batch.RowCount);
        return (rowIds[0], Row(batch.Columns, 0));
    }

    private static EpisodeRow Row(ReadOnlySpan<Column> columns, int row) => new(
        columns[0].Get<long>(row), (string?)ClrValue.Read(columns[1], row), columns[2].Get<float>(row), (DateTimeOffset)ClrValue.Read(columns[3], row)!,
        (float[]?)ClrValue.Read(columns[4], row));
}
