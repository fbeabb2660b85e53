using System.Diagnostics;
using System.Globalization;
using Engram.Data.Tests.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>Two processes, or two names, and one database.</summary>
public sealed class ProcessTests : AdoTest
{
    [Fact]
    public async Task A_second_writer_waits_and_is_told_who_writes()
    {
        using var other = new OtherProcess("hold", $"Data Source={DiskPath}");
        Assert.Equal("open", other.ReadLine());
        var error = Assert.Throws<EngramException>(() => Open($"Data Source={DiskPath};Default Timeout=1"));
        Assert.Equal("55P03", error.SqlState);
        Assert.True(error.IsTransient);
        Assert.Contains($"in process {other.Id}.", error.Message, StringComparison.Ordinal);
        Assert.Matches(@"waited [1-9][\d.]* s", error.Message);
        Assert.Equal("55P03", Assert.Throws<EngramException>(() => EngramConnection.DeleteDatabase($"Data Source={DiskPath}")).SqlState);

        var opening = Task.Factory.StartNew(() => Open($"Data Source={DiskPath}"), TaskCreationOptions.LongRunning);
        using var second = new EngramConnection($"Data Source={DiskPath}");
        var asynchronous = second.OpenAsync();
        Assert.False(opening.IsCompleted || asynchronous.IsCompleted);
        other.Continue();
        Assert.Equal("closed", other.ReadLine());
        Assert.Equal(1, Scalar(await opening, "SELECT 1"));
        await asynchronous;
    }

    [Fact]
    public async Task The_lock_dies_with_its_process()
    {
        using var other = new OtherProcess("hold", $"Data Source={DiskPath}");
        Assert.Equal("open", other.ReadLine());
        var opening = Task.Factory.StartNew(() => Open($"Data Source={DiskPath}"), TaskCreationOptions.LongRunning);
        Assert.False(opening.IsCompleted);
        other.Kill();
        Assert.Equal(1, Scalar(await opening, "SELECT 1"));
    }

    [LinuxFact]
    public void A_child_process_does_not_inherit_the_lock()
    {
        using var other = new OtherProcess("hold-with-child", $"Data Source={DiskPath}");
        var child = Process.GetProcessById(int.Parse(other.ReadLine()!, CultureInfo.InvariantCulture));
        try
        {
            Assert.DoesNotContain(OpenFiles(child.Id), f => f.StartsWith(DiskPath, StringComparison.Ordinal));
            other.Kill();
            Assert.False(child.HasExited);
            Assert.Equal(1, Scalar(Open($"Data Source={DiskPath};Default Timeout=60"), "SELECT 1"));
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }

    [LinuxFact]
    public void A_child_of_one_that_closes_the_database_does_not_keep_it()
    {
        using var other = new OtherProcess("hold-with-child", $"Data Source={DiskPath}");
        var child = Process.GetProcessById(int.Parse(other.ReadLine()!, CultureInfo.InvariantCulture));
        try
        {
            other.Continue();
            Assert.Equal("closed", other.ReadLine());
            Assert.Equal(1, Scalar(Open($"Data Source={DiskPath};Default Timeout=60"), "SELECT 1"));
            Assert.False(child.HasExited);
        }
        finally
        {
            child.Kill();
        }
    }

    [Fact]
    public void All_spellings_of_a_path_are_one_database()
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), DiskPath);
        using var first = Open($"Data Source={DiskPath};Default Timeout=60");
        Execute(first, "CREATE TABLE t (id integer); INSERT INTO t VALUES (7)");
        var link = Path.Combine(Path.GetDirectoryName(DiskPath)!, "link");
        File.CreateSymbolicLink(link, DiskPath);
        var above = Path.Combine(Path.GetDirectoryName(DiskPath)!, "above");
        File.CreateSymbolicLink(above, Path.GetDirectoryName(DiskPath)!);
        string[] spellings = [relative, DiskPath + "/", Path.Combine(DiskPath, "..", "db.engram"), link, Path.Combine(above, "db.engram"), Path.Combine(above, "link")];
        foreach (var spelling in spellings)
        {
            using var connection = Open($"Data Source={spelling};Default Timeout=60");
            Assert.Equal(7, Scalar(connection, "SELECT id FROM t"));
            AssertState("55006", () => EngramConnection.DeleteDatabase($"Data Source={spelling}"));
        }
    }

    [Fact]
    public void A_database_is_created_through_a_link_as_without_it()
    {
        var above = Path.Combine(Path.GetDirectoryName(DiskPath)!, "above");
        File.CreateSymbolicLink(above, Path.GetDirectoryName(DiskPath)!);
        using var first = Open($"Data Source={above}/db.engram;Default Timeout=60");
        Execute(first, "CREATE TABLE t (id integer)");
        Assert.Equal(0L, Scalar(Open($"Data Source={DiskPath};Default Timeout=60"), "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_link_that_leads_elsewhere_leads_to_another_database()
    {
        var directory = Path.GetDirectoryName(DiskPath)!;
        var link = Path.Combine(directory, "link");
        Directory.CreateDirectory(DiskPath);
        File.CreateSymbolicLink(link, DiskPath);
        using var connection = new EngramConnection($"Data Source={link};Keep Alive=60");
        connection.Open();
        Execute(connection, "CREATE TABLE t (id integer)");
        connection.Close();
        File.Delete(link);
        var second = Path.Combine(directory, "second");
        Directory.CreateDirectory(second);
        File.CreateSymbolicLink(link, second);
        connection.Open();
        AssertState("42P01", () => Scalar(connection, "SELECT count(*) FROM t"));
        connection.Close();
        EngramConnection.ClearPool(connection);
    }

    [MountFact]
    public void Another_mount_of_the_directory_meets_the_same_lock()
    {
        var mount = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(DiskPath)!, "mount")).FullName;
        using var connection = Open($"Data Source={DiskPath}");
        Assert.True(Mounting.TryRun("mount", "--bind", DiskPath, mount));
        try
        {
            var error = Assert.Throws<EngramException>(() => Open($"Data Source={mount};Default Timeout=1"));
            Assert.Equal("55P03", error.SqlState);
            Assert.Contains("under another path in this process", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Assert.True(Mounting.TryRun("umount", mount));
        }
    }

    [Fact]
    public async Task Readers_beside_a_writer_that_commits_and_checkpoints_see_all_that_it_has_acknowledged()
    {
        using var writer = new OtherProcess("write", $"Data Source={DiskPath}");
        var acknowledged = long.Parse(writer.ReadLine()!, CultureInfo.InvariantCulture);
        var listening = Task.Factory.StartNew(
            () =>
            {
                while (writer.ReadLine() is { } line)
                {
                    if (long.TryParse(line, CultureInfo.InvariantCulture, out var number))
                    {
                        Volatile.Write(ref acknowledged, number);
                    }
                }
            },
            TaskCreationOptions.LongRunning);
        var last = 0L;
        // A writer that gets little of a busy machine is waited for.
        for (var i = 0; i < Openings || (last <= Openings / 10 && i < 100 * Openings); i++)
        {
            var before = Volatile.Read(ref acknowledged);
            using var reader = new EngramConnection($"Data Source={DiskPath};Mode=ReadOnly;Keep Alive=0");
            reader.Open();
            last = CheckPairs(reader);
            Assert.True(last >= before, $"Opening {i} shows {last} commits; {before} had been acknowledged before.");
        }

        Assert.True(last > Openings / 10, $"The writer came to {last} commits only.");
        var opened = Volatile.Read(ref acknowledged);
        using (var late = Open($"Data Source={DiskPath};Mode=ReadOnly;Keep Alive=0"))
        {
            // Opened now, first read when its files are long gone.
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref acknowledged) > opened + 30, TimeSpan.FromSeconds(60)));
            Assert.True(CheckPairs(late) >= opened);
        }

        writer.Kill();
        await listening;
        using var after = Open($"Data Source={DiskPath};Mode=ReadOnly;Keep Alive=0");
        Assert.True(CheckPairs(after) >= acknowledged);
    }

    /// <summary>ENGRAM_READER_OPENINGS says how often a reader opens beside the writer.</summary>
    private static int Openings
        => int.TryParse(Environment.GetEnvironmentVariable("ENGRAM_READER_OPENINGS"), CultureInfo.InvariantCulture, out var number) ? number : 200;

    /// <summary>Every commit added two rows that name each other, changed two others alike, and is counted by row 0.</summary>
    private static long CheckPairs(EngramConnection connection)
    {
        // One statement is one snapshot; the database does not follow the writer anyway.
        var row = Rows(connection, """
            SELECT (SELECT twin FROM t WHERE id = 0), count(*), sum(id), sum(CASE WHEN id > 0 THEN version ELSE 0 END),
                   sum(CASE WHEN id < 0 THEN version ELSE 0 END), count(DISTINCT id) FROM t
            """)[0].Split(',').Select(v => long.Parse(v, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal((2 * row[0]) + 1, row[1]);
        Assert.Equal(0, row[2]);
        Assert.Equal(row[3], row[4]);
        Assert.Equal(row[1], row[5]);
        return row[0];
    }

    private static string[] OpenFiles(int processId)
        => [.. Directory.GetFiles($"/proc/{processId}/fd").Select(f => new FileInfo(f).LinkTarget ?? "")];
}
