using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Engram.Data.Storage.Files;

/// <summary>The calls into the operating system that the framework lacks, or whose failure it hides.</summary>
/// <remarks>
/// <para>Measured on .NET 10 / Linux: <c>FileStream.Flush(true)</c> and <c>RandomAccess.FlushToDisk</c> return normally when fsync fails with
/// EIO, ENOSPC, EROFS or EDQUOT. A commit that is acknowledged on their word may never reach the disk. So every sync goes through
/// <see cref="SyncFile"/> or <see cref="SyncDirectory"/>, which read the result. Opening, reading, writing and truncating stay with the
/// framework: it reports those faithfully, loops over short transfers, and opens every handle close-on-exec.</para>
/// <para>No call here allocates, and none is marked as suppressing the transition of the garbage collector: a call that waits for the disk
/// must not stop collections.</para>
/// </remarks>
internal static unsafe partial class SystemCalls
{
    // Numbers of Linux on x64 and arm64, and of macOS where the names say so. EINTR and EINVAL are the same on both.
    public const int Interrupted = 4;
    public const int InvalidArgument = 22;
    /// <summary>Of Linux on x64, and on arm64 as mostly configured.</summary>
    public const int LargePageSizeBytes = 2 << 20;

    private const int IllegalSeek = 29;
    private const int NotImplemented = 38;

    // SYNC_FILE_RANGE_WAIT_BEFORE | WRITE | WAIT_AFTER.
    private const uint SyncRangeWriteAndWait = 7;
    private const int NotSupportedMac = 45;
    private const int FullSyncMac = 51;
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int OfdGetLock = 36;
    private const int OfdSetLock = 37;
    private const short ReadLock = 0;
    private const short WriteLock = 1;
    private const short Unlock = 2;
    private const int FlockExclusiveNonBlocking = 2 | 4;
    private const int FlockSharedNonBlocking = 1 | 4;
    private const int AdvisePopulateRead = 22;
    private const int AdviseHugePage = 14;
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    private static readonly Lazy<bool> s_canPopulate = new(ProbePopulate);

    /// <summary>Whether the kernel can bring mapped pages in by a call whose result is checked (Linux 5.14 and later).</summary>
    public static bool CanPopulate => s_canPopulate.Value;

    /// <summary>Makes a file's data and length durable. 0, or the system's error.</summary>
    public static int SyncFile(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
        {
            return FlushFileBuffers(file) != 0 ? 0 : Marshal.GetLastPInvokeError();
        }

        while (true)
        {
            var result = OperatingSystem.IsMacOS() ? SyncMac(file) : fdatasync(file);
            var error = result == 0 ? 0 : Marshal.GetLastPInvokeError();

            // An interrupted call did not say what became of the data, so asking again is allowed; after any other error it is not.
            if (error != Interrupted)
            {
                return error;
            }
        }
    }

    /// <summary>Writes the dirty pages of a range to the disk and waits for that, without its metadata. 0, or the system's error.</summary>
    public static int WriteBack(SafeFileHandle file, long offset, long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        while (true)
        {
            var error = sync_file_range(file, offset, length, SyncRangeWriteAndWait) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return error is NotImplemented or InvalidArgument or IllegalSeek ? 0 : error;
            }
        }
    }

    /// <summary>Begins to read a range of a file into the system's cache. Advice, whose failure changes nothing that anybody could notice but the time of the first read.</summary>
    public static void Prefetch(SafeFileHandle file, long offset, long length)
    {
        const int WillNeed = 3;
        if (OperatingSystem.IsLinux())
        {
            _ = posix_fadvise(file, offset, length, WillNeed);
        }
    }

    /// <summary>Has reads and writes of a handle pass the system's cache. False where the system or the file system cannot.</summary>
    public static bool TrySetDirect(SafeFileHandle file)
    {
        // O_DIRECT, whose number depends on the processor.
        nint direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 0x4000,
            Architecture.Arm64 => 0x10000,
            _ => 0,
        };
        if (direct == 0)
        {
            return false;
        }

        var flags = fcntl(file, GetFlags, null);
        return flags >= 0 && fcntl(file, SetFlags, (FileLock*)(flags | direct)) == 0;
    }

    /// <summary>Makes the entries of a directory durable. 0, or the system's error.</summary>
    /// <remarks>Windows has no such call; its file systems log directory changes in order. EINVAL means that a file system (some network
    /// ones) has no such call either, which is not a failure to write.</remarks>
    public static int SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return 0;
        }

        using var directory = open(path, OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux);
        if (directory.IsInvalid)
        {
            return Marshal.GetLastPInvokeError();
        }

        while (true)
        {
            var result = OperatingSystem.IsMacOS() ? SyncMac(directory) : fsync(directory);
            var error = result == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return error == InvalidArgument ? 0 : error;
            }
        }
    }

    /// <summary>Renames without the framework's fallback to copying, which would not be atomic. 0, or the system's error.</summary>
    public static int Rename(string from, string to) => rename(from, to) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>The path of an existing file or directory without symbolic links; null when it is not there or may not be looked up.</summary>
    public static string? RealPath(string path)
    {
        var resolved = realpath(path, null);
        try
        {
            return Marshal.PtrToStringUTF8((nint)resolved);
        }
        finally
        {
            NativeMemory.Free(resolved);
        }
    }

    /// <summary>Locks a whole file for this open file description; false when another has it. Released by closing it.</summary>
    /// <remarks>Open-file-description locks exclude two holders in one process too, unlike the older record locks, and closing some other
    /// descriptor of the file does not release them.</remarks>
    public static bool TryLockFile(SafeFileHandle file, out int error)
    {
        int result;
        if (OperatingSystem.IsLinux())
        {
            var request = new FileLock { Type = WriteLock };
            result = fcntl(file, OfdSetLock, &request);
        }
        else
        {
            result = flock(file, FlockExclusiveNonBlocking);
        }

        error = result == 0 ? 0 : Marshal.GetLastPInvokeError();
        return result == 0;
    }

    /// <summary>Whether another open file description holds the lock of <see cref="TryLockFile"/>.</summary>
    public static bool IsFileLocked(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            var request = new FileLock { Type = ReadLock };
            return fcntl(file, OfdGetLock, &request) == 0 && request.Type != Unlock;
        }

        // There is no way to ask; what was taken for the question goes with the handle. A writer that meets it asks again.
        return flock(file, FlockSharedNonBlocking) != 0;
    }

    /// <summary>Releases at once what <see cref="TryLockFile"/> took, even while a child process that is just being started shares the descriptor.</summary>
    public static void UnlockFile(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            var request = new FileLock { Type = Unlock };
            fcntl(file, OfdSetLock, &request);
        }
    }

    /// <summary>Maps a range for reading, shared. Null and an error when refused.</summary>
    public static void* Map(SafeFileHandle file, long offset, nuint length, out int error)
    {
        const int ProtectionRead = 1;
        const int MapShared = 1;
        var address = mmap(null, length, ProtectionRead, MapShared, file, (nint)offset);
        error = address == (void*)-1 ? Marshal.GetLastPInvokeError() : 0;
        return error == 0 ? address : null;
    }

    public static void Unmap(void* address, nuint length)
    {
        var result = munmap(address, length);
        System.Diagnostics.Debug.Assert(result == 0, "A mapping is unmapped once, with the address and length that it was made with.");
    }

    /// <summary>Brings the pages of a mapped range in. 0, or the system's error; EFAULT when a page could not be read.</summary>
    public static int Populate(void* address, nuint length)
    {
        while (true)
        {
            var error = madvise(address, length, AdvisePopulateRead) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                return error;
            }
        }
    }

    /// <summary>Asks for large pages. A kernel without them says so, and nothing is lost: the answer is not looked at.</summary>
    public static void PreferLargePages(void* address, nuint length)
    {
        if (OperatingSystem.IsLinux() && length >= LargePageSizeBytes)
        {
            _ = madvise(address, length, AdviseHugePage);
        }
    }

    /// <summary>F_FULLFSYNC where the file system has it: plain fsync on macOS leaves data in the drive's cache.</summary>
    private static int SyncMac(SafeFileHandle file)
    {
        var result = fcntl(file, FullSyncMac, null);
        return result != 0 && Marshal.GetLastPInvokeError() is NotSupportedMac or InvalidArgument ? fsync(file) : result == -1 ? -1 : 0;
    }

    private static bool ProbePopulate()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        const int ProtectionRead = 1;
        const int MapPrivateAnonymous = 0x22;
        var length = (nuint)Environment.SystemPageSize;
        using var none = new SafeFileHandle(-1, ownsHandle: false);
        var page = mmap(null, length, ProtectionRead, MapPrivateAnonymous, none, 0);
        if (page == (void*)-1)
        {
            return false;
        }

        var can = Populate(page, length) == 0;
        Unmap(page, length);
        return can;
    }

    /// <summary><c>struct flock</c> of 64-bit Linux. From = 0, Length = 0 is the whole file; ProcessId must be 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long From;
        public long Length;
        public int ProcessId;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    // Two arguments only: the third of open is variadic, which Apple's arm64 passes elsewhere.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    // Memory that the C library allocated, which NativeMemory.Free gives back to it.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* realpath(string path, byte* none);

    // The third argument is variadic; on Linux it is passed like any other, and the commands used on macOS read none.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, FileLock* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int FlushFileBuffers(SafeFileHandle file);
}
