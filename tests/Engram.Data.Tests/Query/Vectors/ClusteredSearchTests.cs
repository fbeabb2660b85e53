using System.Globalization;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Vectors;

/// <summary>Queries give the same rows wherever compactions lay them, and read less.</summary>
public sealed class ClusteredSearchTests : AdoTest
{
    private const int RowCount = 24_000;
    private const int GroupCount = 3;
    private static readonly DateTime s_start = new(2026, 1, 1);

    [Fact]
    public async Task A_search_among_clustered_rows_is_exact_and_skips_blocks()
    {
        var connection = Open($"Data Source={DiskPath}");
        Execute(connection, "CREATE TABLE e (id int PRIMARY KEY, at timestamp NOT NULL, kind int, v vector(4)); CREATE INDEX ON e (kind)");
        var random = new Random(5);
        new EngramBulkCopy(connection, "e").WriteToServer(Enumerable.Range(0, RowCount).Select(i =>
        {
            var group = random.Next(GroupCount);
            float[]? vector = random.Next(50) == 0 ? null : [group + (random.NextSingle() / 8), random.NextSingle() / 8, 1 - group, 1];
            return new object?[] { i, s_start.AddMinutes(random.Next(100_000)), random.Next(7), vector };
        }));
        var before = Ask(connection);
        Execute(connection, "ALTER TABLE e SET (cluster_by = 'v, at'); UPDATE e SET kind = 3 WHERE id % 11 = 0; UPDATE e SET kind = id % 7 WHERE id % 11 = 0");
        var changed = Ask(connection);
        await connection.CompactAsync();
        Assert.Equal(changed, Ask(connection));
        Assert.Equal(before.Length, changed.Length);
        Assert.Equal(["v, at"], Rows(connection, "SELECT DISTINCT clustered_by FROM engram_segments"));

        var plan = string.Join('\n', Rows(connection, "EXPLAIN ANALYZE SELECT count(*) FROM e WHERE at < timestamp '2026-01-08'"));
        var blocks = Number(plan, "blocks=");
        Assert.True(Number(plan, "skipped=") * 2 > blocks, plan);

        // Deletes, updates and new rows beside it.
        Execute(connection, "DELETE FROM e WHERE id % 5 = 0; UPDATE e SET v = '[9,9,9,9]' WHERE id = 77; INSERT INTO e VALUES (-1, '2026-01-02', 3, '[9,9,9,9]')");
        Assert.Equal(["-1", "77"], Rows(connection, "SELECT id FROM e ORDER BY v <-> '[9,9,9,9]', id LIMIT 2"));
        var last = Ask(connection);
        await connection.CompactAsync();
        Assert.Equal(last, Ask(connection));
        Assert.Empty((await connection.VerifyAsync()).Problems);
    }

    private static string[] Ask(EngramConnection connection) =>
    [
        .. Rows(connection, "SELECT id, v <=> '[1,0,0,1]' FROM e ORDER BY v <=> '[1,0,0,1]' LIMIT 20"),
        .. Rows(connection, "SELECT id FROM e WHERE at >= timestamp '2026-02-01' AND at < timestamp '2026-02-08' ORDER BY v <-> '[2,0,0,1]' LIMIT 20"),
        .. Rows(connection, "SELECT id FROM e WHERE kind = 3 ORDER BY v <#> '[0,1,1,1]' LIMIT 10"),
        .. Rows(connection, "SELECT count(*), sum(id), min(at), max(at) FROM e WHERE kind = 3"),
        .. Rows(connection, "SELECT kind, count(*), sum(id) FROM e GROUP BY kind ORDER BY kind"),
        .. Rows(connection, "SELECT id, kind, at, v FROM e WHERE id IN (1, 77, 2000, 23999) ORDER BY id"),
        .. Rows(connection, "SELECT id FROM e WHERE v IS NULL ORDER BY id LIMIT 5"),
    ];

    private static int Number(string text, string before)
    {
        var at = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return int.Parse(new string([.. text[at..].TakeWhile(char.IsAsciiDigit)]), CultureInfo.InvariantCulture);
    }
}
