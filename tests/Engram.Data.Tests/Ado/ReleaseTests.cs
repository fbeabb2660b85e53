using Engram.Data.Tests.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>What a process still holds of a directory after letting go of it.</summary>
public sealed class ReleaseTests : AdoTest
{
    [LinuxFact]
    public void Clearing_deleting_and_disposing_leave_no_handle_and_no_map()
    {
        var text = $"Data Source={DiskPath};Keep Alive=60";
        using var connection = new EngramConnection(text);
        connection.Open();
        Use(connection);
        Assert.NotEmpty(Held());
        connection.Close();
        Assert.NotEmpty(Held());
        EngramConnection.ClearPool(connection);
        Assert.Empty(Held());

        using (var reading = Open($"Data Source={DiskPath};Mode=ReadOnly;Keep Alive=0"))
        {
            Assert.Equal(3L, Scalar(reading, "SELECT count(*) FROM t"));
            Assert.NotEmpty(Held());
        }

        Assert.Empty(Held());
        using (var source = new EngramDataSource(text))
        {
            using (var other = source.OpenConnection())
            {
                Assert.Equal(3L, Scalar(other, "SELECT count(v) FROM t"));
            }

            Assert.NotEmpty(Held());
        }

        Assert.Empty(Held());
        connection.Open();
        Assert.Equal(3L, Scalar(connection, "SELECT count(v) FROM t"));
        var reader = Command(connection, "SELECT v FROM t").ExecuteReader();
        Assert.True(reader.Read());
        connection.Close();
        Assert.True(EngramConnection.DeleteDatabase(text));
        Assert.Empty(Held());
        Assert.False(Directory.Exists(DiskPath));
    }

    [LinuxFact]
    public void An_opening_that_fails_leaves_no_handle()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        using (var connection = Open(text))
        {
            Use(connection);
        }

        var segment = Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").First();
        File.Move(segment, segment + ".away");
        AssertState("XX001", () => Open(text));
        AssertState("XX001", () => Open(text + ";Mode=ReadOnly"));
        Assert.Empty(Held());
        File.Move(segment + ".away", segment);
        Assert.Equal(3L, Scalar(Open(text), "SELECT count(*) FROM t"));
    }

    [Fact]
    public void Connections_that_are_open_are_counted_when_a_database_cannot_be_deleted()
    {
        var text = $"Data Source={DiskPath}";
        using var one = Open(text);
        using var two = Open(text + ";Mode=ReadOnly");
        var error = Assert.Throws<EngramException>(() => EngramConnection.DeleteDatabase(text));
        Assert.Equal("55006", error.SqlState);
        Assert.Contains("2 connections", error.Message, StringComparison.Ordinal);
        one.Close();
        Assert.Contains("1 connection ", Assert.Throws<EngramException>(() => EngramConnection.DeleteDatabase(text)).Message, StringComparison.Ordinal);
    }

    private static void Use(EngramConnection connection)
    {
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'); CHECKPOINT");
        Execute(connection, "INSERT INTO t VALUES (3, 'c')");
        Assert.Equal(3L, Scalar(connection, "SELECT count(v) FROM t"));
    }

    /// <summary>Open files and maps of the directory in this process.</summary>
    private string[] Held()
        => [.. Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget ?? "").Where(t => t.StartsWith(DiskPath, StringComparison.Ordinal)),
            .. File.ReadLines("/proc/self/maps").Where(l => l.Contains(DiskPath, StringComparison.Ordinal))];
}
