using System.Runtime.InteropServices;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Files;

/// <summary>Our sync reports errors of the operating system; the framework's returns normally. Why the engine has a sync call of its own.</summary>
public sealed unsafe partial class SyncTests
{
    [LinuxFact]
    public void A_sync_that_the_system_refuses_is_reported_by_ours_and_not_by_the_frameworks()
    {
        // The device for testing full disks has nothing to sync and answers EINVAL.
        using var handle = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);

        using var directory = new DiskDirectory("/dev");
        using var file = directory.Open("full", writable: true);
        var e = Assert.Throws<EngramException>(file.Sync);
        Assert.Equal("58030", e.SqlState);
        Assert.Contains("fdatasync of '/dev/full' failed: Invalid argument (error 22)", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Every error that fsync can give on a failing disk, given by the kernel itself on request of a filter of this thread.</summary>
    [LinuxFact]
    public void A_failing_disk_is_reported_by_ours_and_not_by_the_frameworks()
    {
        (int Error, string SqlState)[] cases = [(5, "58030"), (28, "53100"), (30, "58030"), (122, "53100")];
        using var temporary = new TemporaryDirectory();
        using var directory = new DiskDirectory(temporary.Path);
        using (var file = directory.Create("healthy"))
        {
            file.Sync();
            directory.Sync("");
        }

        foreach (var (error, sqlState) in cases)
        {
            var isFiltered = false;
            Exception? framework = null, stream = null, ours = null, again = null, entries = null;
            RunOnThread(() =>
            {
                isFiltered = TryFailSyncs(error);
                using var file = directory.Create($"{error}");
                file.Write(0, "x"u8);
                ours = Record.Exception(file.Sync);
                again = Record.Exception(file.Sync);
                entries = Record.Exception(() => directory.Sync(""));
                using var plain = new FileStream(Path.Combine(temporary.Path, $"{error}-framework"), FileMode.Create);
                plain.WriteByte(1);
                stream = Record.Exception(() => plain.Flush(flushToDisk: true));
                framework = Record.Exception(() => RandomAccess.FlushToDisk(plain.SafeFileHandle));
            });
            if (!isFiltered)
            {
                // A sandbox may forbid filters; the first test still holds there.
                return;
            }

            Assert.Null(framework);
            Assert.Null(stream);
            var reported = Assert.IsType<EngramException>(ours);
            Assert.Equal(sqlState, reported.SqlState);
            Assert.Contains($"(error {error})", reported.Message, StringComparison.Ordinal);
            Assert.Contains("An earlier sync", Assert.IsType<EngramException>(again).Message, StringComparison.Ordinal);
            Assert.Equal(sqlState, Assert.IsType<EngramException>(entries).SqlState);
        }
    }

    private static void RunOnThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    /// <summary>Makes fsync and fdatasync of the calling thread fail for the rest of its life. False where filters are refused.</summary>
    private static bool TryFailSyncs(int error)
    {
        const int setNoNewPrivileges = 38, setSeccomp = 22, filterMode = 2;
        var (fsync, fdatasync) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (74u, 75u),
            Architecture.Arm64 => (82u, 83u),
            _ => (0u, 0u),
        };
        if (fsync == 0)
        {
            return false;
        }

        // Load the number of the call; if it is one of the two return the error, else let it pass.
        var steps = stackalloc FilterStep[5];
        steps[0] = new FilterStep { Code = 0x20 };
        steps[1] = new FilterStep { Code = 0x15, IfTrue = 1, Operand = fsync };
        steps[2] = new FilterStep { Code = 0x15, IfFalse = 1, Operand = fdatasync };
        steps[3] = new FilterStep { Code = 0x06, Operand = 0x00050000u | (uint)error };
        steps[4] = new FilterStep { Code = 0x06, Operand = 0x7FFF0000u };
        var filter = new Filter { Count = 5, Steps = steps };
        return prctl(setNoNewPrivileges, 1, 0, 0, 0) == 0 && prctl(setSeccomp, filterMode, (nint)(&filter), 0, 0) == 0;
    }

    private struct FilterStep
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint Operand;
    }

    private struct Filter
    {
        public ushort Count;
        public FilterStep* Steps;
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);
}
