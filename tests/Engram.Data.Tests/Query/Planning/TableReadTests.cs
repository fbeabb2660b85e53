namespace Engram.Data.Tests.Query.Planning;

/// <summary>Columns that are computed when they are read stand in no way of indexes and vector searches, whether a query names them or not.</summary>
public sealed class TableReadTests : IDisposable
{
    private readonly EngramConnection connection = new("Data Source=table reads;Mode=Memory");

    public TableReadTests()
    {
        connection.Open();
        Rows("CREATE TABLE t (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a % 7) VIRTUAL, e vector(2))");
        Rows("CREATE INDEX t_a ON t (a)");
        Rows("CREATE INDEX t_v ON t (v)");
        Rows("INSERT INTO t (id, a, e) SELECT i, i * 3, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 40) AS g (i)");
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData("SELECT id FROM t ORDER BY e <-> '[3,1]' LIMIT 2", "Vector", "3")]
    [InlineData("SELECT id, v FROM t ORDER BY e <-> '[4,1]' LIMIT 1", "Vector", "4")]
    [InlineData("SELECT id, v FROM t ORDER BY a LIMIT 2", "Index scan of t_a on t", "1")]
    [InlineData("SELECT id FROM t ORDER BY v DESC LIMIT 2", "Index scan of t_v on t", null)]
    [InlineData("SELECT id FROM t WHERE v = 3 AND id < 3", "t_v", "1")]
    [InlineData("SELECT max(a) FROM t", "Index scan of t_a on t", "120")]
    [InlineData("SELECT v FROM t WHERE id = 9", "Index probe of t_pkey on t", "6")]
    [InlineData("SELECT count(*) FROM t x JOIN t y ON y.id = x.a WHERE x.id = 2", "Index probe of t_pkey on t", "1")]
    public void Indexes_and_vectors_are_used(string sql, string line, string? first)
    {
        Assert.Contains(Rows("EXPLAIN " + sql), l => l.Contains(line, StringComparison.OrdinalIgnoreCase));
        var found = Rows(sql)[0];
        Assert.Equal(first ?? found, found);
    }

    private List<string> Rows(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }

        return rows;
    }
}
