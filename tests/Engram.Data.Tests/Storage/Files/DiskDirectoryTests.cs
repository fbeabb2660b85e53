using System.Diagnostics;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Files;

public sealed class DiskDirectoryTests : DirectoryTests
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly DiskDirectory _directory;

    public DiskDirectoryTests()
    {
        _directory = new DiskDirectory(Path.Combine(_temporary.Path, "a.engram"));
        _directory.CreateSubdirectory("");
    }

    private protected override DataDirectory Target => _directory;

    public override void Dispose()
    {
        _directory.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void A_directory_that_is_not_there_has_no_files_and_is_not_created_by_asking()
    {
        var absent = new DiskDirectory(Path.Combine(_temporary.Path, "absent"));
        Assert.False(absent.Exists("CURRENT"));
        Assert.Empty(absent.List(""));
        absent.Delete("CURRENT");
        Assert.Throws<EngramException>(() => absent.Open("CURRENT", writable: false));
        Assert.Throws<EngramException>(() => absent.Create("CURRENT"));
        Assert.Throws<EngramException>(() => absent.Sync(""));
        Assert.False(Directory.Exists(absent.Path));
    }

    [LinuxFact]
    public void Only_the_owner_may_read()
    {
        _directory.CreateSubdirectory("wal");
        _directory.Create("wal/1").Dispose();
        _directory.TryLock("LOCK", out _)!.Dispose();
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
#pragma warning disable CA1416 // The attribute skips this test elsewhere.
        foreach (var name in new[] { "", "wal", "wal/1", "LOCK" })
        {
            Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(Path.Combine(_directory.Path, name)) & others);
        }
#pragma warning restore CA1416
    }

    [LinuxFact]
    public void A_full_disk_is_told_from_other_failures()
    {
        using var devices = new DiskDirectory("/dev");
        using var full = devices.Open("full", writable: true);
        var e = Assert.Throws<EngramException>(() => full.Write(0, "x"u8));
        Assert.Equal("53100", e.SqlState);
        Assert.Contains("write of '/dev/full' failed: No space left on device (error 28)", e.Message, StringComparison.Ordinal);

        using var file = _directory.Create("a");
        file.Dispose();
        Assert.Equal("58030", Assert.Throws<EngramException>(() => _directory.Create("a/b")).SqlState);
    }

    [LinuxFact]
    public void A_mapped_page_that_cannot_be_read_is_an_exception_and_not_the_end_of_the_process()
    {
        using var file = _directory.Create("a");
        file.Write(0, new byte[64 * 1024]);
        using var map = file.Map(0, 64 * 1024);
        map.Populate(0, 4096);
        file.SetLength(8192);
        map.Populate(0, 8192);
        Assert.Equal("58030", Assert.Throws<EngramException>(() => map.Populate(0, 64 * 1024)).SqlState);
    }

    [LinuxFact]
    public void A_lock_names_the_process_that_holds_it()
    {
        var other = new DiskDirectory(_directory.Path);
        using var held = _directory.TryLock("LOCK", out _);
        Assert.Null(other.TryLock("LOCK", out var holder));
        Assert.Equal(Environment.ProcessId, holder);
        Assert.StartsWith($"{Environment.ProcessId}\n", File.ReadAllText(Path.Combine(_directory.Path, "LOCK")), StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_lock_is_not_kept_by_a_child_process()
    {
        var held = _directory.TryLock("LOCK", out _);
        Assert.NotNull(held);
        using var child = Process.Start(new ProcessStartInfo("sleep", "60") { UseShellExecute = false })!;
        try
        {
            held.Dispose();
            using var again = _directory.TryLock("LOCK", out _);
            Assert.NotNull(again);
            var inherited = new DirectoryInfo($"/proc/{child.Id}/fd").GetFiles().Select(f => f.LinkTarget ?? "");
            Assert.DoesNotContain(inherited, target => target.Contains("LOCK", StringComparison.Ordinal));
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }
    }

    [LinuxFact]
    public void A_lock_excludes_another_process_and_ends_with_it()
    {
        // util-linux's flock takes the other kind of lock, so a shell cannot ask; Python's fcntl asks for the same kind as ours.
        const string script = "import fcntl,struct,sys,time\n"
            + "f=open(sys.argv[1],'a+')\n"
            + "try:\n fcntl.fcntl(f,37,struct.pack('hhqqi4x',1,0,0,0,0))\n print('locked',flush=True)\n sys.stdin.read()\n"
            + "except OSError:\n print('refused',flush=True)\n";
        if (!TryStartPython(script, out var first))
        {
            return;
        }

        using (first)
        {
            Assert.Equal("locked", first.StandardOutput.ReadLine());
            Assert.Null(_directory.TryLock("LOCK", out _));
            first.Kill();
            first.WaitForExit();
        }

        using var held = _directory.TryLock("LOCK", out _);
        Assert.NotNull(held);
        Assert.True(TryStartPython(script, out var second));
        using (second)
        {
            Assert.Equal("refused", second.StandardOutput.ReadLine());
            second.WaitForExit();
        }
    }

    [LinuxFact]
    public void A_lock_on_a_directory_that_was_replaced_is_taken_anew()
    {
        using var first = _directory.TryLock("LOCK", out _);
        Directory.Delete(_directory.Path, recursive: true);
        _directory.CreateSubdirectory("");
        using var second = _directory.TryLock("LOCK", out _);
        Assert.NotNull(second);
        Assert.Null(_directory.TryLock("LOCK", out _));
    }

    private bool TryStartPython(string script, out Process process)
    {
        var start = new ProcessStartInfo("python3") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.ArgumentList.Add(Path.Combine(_directory.Path, "LOCK"));
        try
        {
            process = Process.Start(start)!;
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            process = null!;
            return false;
        }
    }
}
