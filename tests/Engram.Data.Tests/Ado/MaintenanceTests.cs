namespace Engram.Data.Tests.Ado;

/// <summary>CHECKPOINT and VACUUM, CheckpointAsync and CompactAsync.</summary>
public sealed class MaintenanceTests : AdoTest
{
    [Fact]
    public async Task Vacuum_gives_the_room_of_deleted_rows_back()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        await using var connection = new EngramConnection(text);
        await connection.OpenAsync();
        Execute(connection, "CREATE TABLE a (id bigint PRIMARY KEY, t text)");
        Execute(connection, "CREATE TABLE b (id bigint PRIMARY KEY, t text)");
        foreach (var table in new[] { "a", "b" })
        {
            Execute(connection, $"INSERT INTO {table} VALUES {string.Join(", ", Enumerable.Range(1, 5000).Select(i => $"({i}, '{new string('x', 100)}{i}')"))}");
        }

        Execute(connection, "CHECKPOINT");
        var full = SegmentSizeBytes();
        Execute(connection, "DELETE FROM a WHERE id % 10 <> 0");
        Execute(connection, "DELETE FROM b WHERE id % 10 <> 0");
        Execute(connection, "VACUUM A");
        Assert.InRange(SegmentSizeBytes(), full * 0.5, full * 0.7);
        Execute(connection, "VACUUM FULL");
        Assert.InRange(SegmentSizeBytes(), 1, full * 0.2);
        Assert.Equal(500L, Scalar(connection, "SELECT count(*) FROM a"));
        Assert.Equal(500L, Scalar(connection, "SELECT count(*) FROM b"));
        Assert.Equal("42P01", Assert.Throws<EngramException>(() => Execute(connection, "VACUUM c")).SqlState);
    }

    [Fact]
    public async Task Compaction_tells_how_far_it_is()
    {
        Execute("CREATE TABLE a (id bigint PRIMARY KEY, x real)");
        for (var i = 0; i < 3; i++)
        {
            Execute($"INSERT INTO a VALUES {string.Join(", ", Enumerable.Range(i * 1000, 1000).Select(id => $"({id}, 0)"))}");
            await Connection.CheckpointAsync();
        }

        Execute("UPDATE a SET x = 1 WHERE id < 100");
        Execute("DELETE FROM a WHERE id >= 2900");
        var progress = new List<EngramCompactionProgress>();
        await Connection.CompactAsync(new Now(progress));
        Assert.Equal([new(0, 2900), new(2900, 2900)], progress);
        Assert.Equal(100L, Scalar(Connection, "SELECT count(*) FROM a WHERE x = 1"));
        Assert.Equal(2900L, Scalar(Connection, "SELECT count(*) FROM a"));
    }

    [Fact]
    public async Task A_transaction_that_has_written_cannot_wait_for_itself()
    {
        Execute("CREATE TABLE a (id bigint PRIMARY KEY)");
        using (Connection.BeginTransaction())
        {
            Execute("VACUUM");
            Execute("INSERT INTO a VALUES (1)");
            Assert.Equal("25001", Assert.Throws<EngramException>(() => Execute("VACUUM")).SqlState);
            Assert.Equal("25001", (await Assert.ThrowsAsync<EngramException>(() => Connection.CheckpointAsync())).SqlState);
            Assert.Equal("25001", (await Assert.ThrowsAsync<EngramException>(() => Connection.CompactAsync())).SqlState);
        }

        await using var closed = new EngramConnection("Data Source=:memory:");
        await Assert.ThrowsAsync<InvalidOperationException>(() => closed.CompactAsync());
    }

    private long SegmentSizeBytes() => Directory.GetFiles(Path.Combine(DiskPath, "segments")).Sum(f => new FileInfo(f).Length);

    private sealed class Now(List<EngramCompactionProgress> seen) : IProgress<EngramCompactionProgress>
    {
        public void Report(EngramCompactionProgress value) => seen.Add(value);
    }
}
