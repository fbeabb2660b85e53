namespace Engram.Data.Tests.Ado;

/// <summary>EngramConnection.VerifyAsync.</summary>
public sealed class VerifyTests : AdoTest
{
    [Fact]
    public async Task A_database_in_memory_is_verified()
    {
        Execute("CREATE TABLE \"Parent\" (\"Id\" bigint PRIMARY KEY)");
        Execute("CREATE TABLE \"Child\" (\"Id\" bigint PRIMARY KEY, \"ParentId\" bigint NOT NULL REFERENCES \"Parent\" (\"Id\"), \"Name\" text UNIQUE)");
        Execute("INSERT INTO \"Parent\" VALUES (1), (2)");
        Execute("INSERT INTO \"Child\" VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, NULL), (4, 2, NULL)");
        Execute("CHECKPOINT");
        Execute("UPDATE \"Child\" SET \"ParentId\" = 1, \"Name\" = 'c' WHERE \"Id\" = 2");
        var report = await Connection.VerifyAsync();
        Assert.True(report.IsIntact, string.Join(" ", report.Problems));
        Assert.Equal(6, report.Rows);
        Assert.True(report is { Pages: > 0, Bytes: > 0, Files: > 3 });
    }

    [Fact]
    public async Task Damage_is_named_with_table_columns_and_rows()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        await using var connection = new EngramConnection(text);
        await connection.OpenAsync();
        Execute(connection, "CREATE TABLE \"Note\" (\"Id\" bigint PRIMARY KEY, \"Text\" text)");
        Execute(connection, "INSERT INTO \"Note\" VALUES (1, 'one'), (2, 'two')");
        Execute(connection, "CHECKPOINT");
        var file = Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").Single();
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.Position = 100;
            stream.WriteByte(0xA5);
        }

        var progress = new List<EngramVerifyProgress>();
        var report = await connection.VerifyAsync(new EngramVerifyOptions { BytesPerSecondMax = 1 << 30, Progress = new Now(progress) });
        Assert.False(report.IsIntact);
        var problem = Assert.Single(report.Problems);
        Assert.Equal(("Note", 1L, 2L), (problem.Table, problem.RowIdFirst, problem.RowIdLast));
        Assert.Contains("Text", problem.Columns);
        Assert.Equal("segments/" + Path.GetFileName(file), problem.File);
        Assert.Equal(report.Files, progress.Count);

        await using var readOnly = new EngramConnection($"{text};Mode=ReadOnly");
        await readOnly.OpenAsync();
        Assert.Equal(report.Problems, (await readOnly.VerifyAsync()).Problems, (a, b) => a.What == b.What);
    }

    [Fact]
    public async Task A_database_in_which_a_column_of_an_index_s_condition_was_renamed_is_intact()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        await using (var connection = new EngramConnection(text))
        {
            await connection.OpenAsync();
            Execute(connection, "CREATE TABLE t (id bigint PRIMARY KEY, a integer, b integer)");
            Execute(connection, "INSERT INTO t SELECT i, i % 7, i % 100 FROM generate_series(1, 5000) AS g (i)");
            Execute(connection, "CREATE INDEX ix ON t (a) WHERE b > 50");
            Execute(connection, "CHECKPOINT");
            Execute(connection, "ALTER TABLE t RENAME COLUMN b TO c");
        }

        await using (var connection = new EngramConnection(text))
        {
            await connection.OpenAsync();
            Execute(connection, "ALTER TABLE t RENAME COLUMN c TO d");
            Execute(connection, "INSERT INTO t VALUES (5001, 3, 60)");
            Execute(connection, "CHECKPOINT");
            var report = await connection.VerifyAsync();
            Assert.True(report.IsIntact, string.Join(" ", report.Problems));
            Assert.Equal(Scalar(connection, "SELECT count(*) FROM t WHERE a + 0 = 3 AND d > 50"), Scalar(connection, "SELECT count(*) FROM t WHERE a = 3 AND d > 50"));
        }
    }

    [Fact]
    public async Task Rows_of_a_load_that_only_the_log_names_are_read_too()
    {
        await using var connection = new EngramConnection($"Data Source={DiskPath};Keep Alive=0");
        await connection.OpenAsync();
        Execute(connection, "CREATE TABLE t (id bigint PRIMARY KEY, text text)");
        using (var copy = new EngramBulkCopy(connection, "t"))
        {
            await copy.WriteToServerAsync(Enumerable.Range(0, 20_000).Select(i => new object?[] { (long)i, $"text {i}" }));
        }

        var file = Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").Single();
        Assert.True((await connection.VerifyAsync()).IsIntact);
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.Position = stream.Length / 2;
            stream.Write(Enumerable.Repeat((byte)0xA5, 4096).ToArray());
        }

        var report = await connection.VerifyAsync();
        Assert.NotEmpty(report.Problems);
        Assert.All(report.Problems, p => Assert.Equal(("segments/" + Path.GetFileName(file), "t"), (p.File, p.Table)));
        await connection.CheckpointAsync();
        Assert.Equal(report.Problems.Select(p => p.What), (await connection.VerifyAsync()).Problems.Select(p => p.What));
    }

    [Fact]
    public async Task It_needs_an_open_connection_and_sensible_options()
    {
        await using var closed = new EngramConnection(ConnectionString);
        await Assert.ThrowsAsync<InvalidOperationException>(() => closed.VerifyAsync());
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngramVerifyOptions { BytesPerSecondMax = 0 });
    }

    private sealed class Now(List<EngramVerifyProgress> seen) : IProgress<EngramVerifyProgress>
    {
        public void Report(EngramVerifyProgress value) => seen.Add(value);
    }
}
