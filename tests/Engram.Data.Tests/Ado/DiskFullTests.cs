using Engram.Data.Tests.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>A file system of a few megabytes that is full. Needs the right to mount one.</summary>
public sealed class DiskFullTests : AdoTest
{
    [MountFact]
    public void A_full_file_system_fails_what_needs_room_and_nothing_else()
    {
        var mount = Directory.CreateDirectory(Path.GetDirectoryName(DiskPath)! + "/mount").FullName;
        Assert.True(Mounting.TryRun("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount));
        try
        {
            Run($"Data Source={mount}/db;Keep Alive=0", Path.Combine(mount, "ballast"));
        }
        finally
        {
            Assert.True(Mounting.TryRun("umount", mount));
        }
    }

    private static void Run(string text, string ballast)
    {
        // Creation.
        Fill(ballast);
        using var connection = new EngramConnection(text);
        AssertState("53100", connection.Open);
        File.Delete(ballast);
        connection.Open();
        Assert.True(connection.LastRecovery!.WasCreated);
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t VALUES (0, 'zero'); CHECKPOINT");

        // Commits: until the log needs a file that does not fit.
        Fill(ballast);
        var rows = 1L;
        var filler = new string('x', 20_000);
        var error = Assert.Throws<EngramException>(() =>
        {
            for (; rows < 10_000; rows++)
            {
                Execute(connection, "INSERT INTO t VALUES ($1, $2)", rows, filler);
            }
        });
        Assert.Equal("53100", error.SqlState);
        Assert.True(error.IsTransient);
        Assert.Equal(rows, Scalar(connection, "SELECT count(*) FROM t"));

        // A checkpoint.
        AssertState("53100", () => Execute(connection, "CHECKPOINT"));
        Assert.Equal(rows, Scalar(connection, "SELECT count(*) FROM t"));
        connection.Close();

        // Opening, which needs a new log file.
        AssertState("53100", connection.Open);
        AssertState("53100", connection.Open);
        using (var reading = new EngramConnection(text + ";Mode=ReadOnly"))
        {
            reading.Open();
            Assert.Equal(rows, Scalar(reading, "SELECT count(*) FROM t"));
        }

        // Room again: everything goes on where it was.
        File.Delete(ballast);
        connection.Open();
        Assert.Equal(rows, Scalar(connection, "SELECT count(*) FROM t"));
        Assert.Equal(1, Execute(connection, "INSERT INTO t VALUES (-1, 'room again')"));
        Execute(connection, "CHECKPOINT");
        connection.Close();
        connection.Open();
        Assert.Equal(rows + 1, Scalar(connection, "SELECT count(*) FROM t"));
        connection.Close();
    }

    /// <summary>Takes all room that is left, to the last byte.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 65536, 4096, 1 })
        {
            var piece = new byte[size];
            try
            {
                while (true)
                {
                    file.Write(piece);
                }
            }
            catch (IOException) when (size > 1)
            {
                continue;
            }
            catch (IOException)
            {
                return;
            }
        }
    }
}
