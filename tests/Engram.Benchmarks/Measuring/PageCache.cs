using System.Runtime.InteropServices;

namespace Engram.Benchmarks.Measuring;

/// <summary>Takes files out of the system's page cache, so that the next reader goes to the disk.</summary>
/// <remarks>File by file, by <c>posix_fadvise</c>: that needs no special rights and leaves everybody else's pages where they are. A virtual disk may
/// still have them in a cache of its host.</remarks>
internal static partial class PageCache
{
    private const int DontNeed = 4;

    /// <returns>False when this system has no such call.</returns>
    public static bool TryEvict(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            using var file = File.OpenHandle(path);
            if (SyncData(file) != 0 || Advise(file, 0, 0, DontNeed) != 0)
            {
                return false;
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "fdatasync")]
    private static partial int SyncData(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "posix_fadvise64")]
    private static partial int Advise(SafeHandle file, long offset, long length, int advice);
}
