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

    [Fact]
    public async Task A_column_that_numbers_the_rows_numbers_them_as_they_were_inserted()
    {
        var connection = Open($"Data Source={DiskPath}");
        Execute(connection, "CREATE TABLE t (a int) WITH (cluster_by = 'a'); INSERT INTO t SELECT 5000 - i FROM generate_series(1, 5000) AS g (i); CHECKPOINT");
        Execute(connection, "INSERT INTO t SELECT -i FROM generate_series(1, 10) AS g (i); DELETE FROM t WHERE a % 10 = 3");
        await connection.CompactAsync();
        Assert.Equal(["-10"], Rows(connection, "SELECT a FROM t LIMIT 1"));
        Execute(connection, "ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY (START WITH 7 INCREMENT BY 2)");
        Assert.Equal(["0"], Rows(connection, "SELECT count(*) FROM (SELECT n, 5 + 2 * row_number() OVER (ORDER BY a DESC) AS expected FROM t) AS q WHERE n <> expected"));
        Execute(connection, "INSERT INTO t (a) VALUES (-11)");
        Assert.Equal(["2"], Rows(connection, "SELECT n - (SELECT max(n) FROM t WHERE a > -11) FROM t WHERE a = -11"));
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
