using System.Diagnostics;
using System.Globalization;

namespace Engram.Simulation;

/// <summary>A small file system that this process mounted, unmounted when disposed. Needs root and Linux.</summary>
internal sealed class Mount : IDisposable
{
    private Mount(string path) => Path = path;

    public string Path { get; }

    /// <summary>Mounts a file system in a scratch directory; null with the reason when that is not possible here.</summary>
    /// <param name="kind"><c>tmpfs</c>, or <c>ext4</c> in a file by way of a loop device.</param>
    public static Mount? TryCreate(string kind, string scratch, int sizeMiB, out string reason)
    {
        if (!OperatingSystem.IsLinux())
        {
            reason = "only Linux mounts so simply";
            return null;
        }

        var path = System.IO.Path.Combine(scratch, "mounted");
        Directory.CreateDirectory(path);
        var size = string.Create(CultureInfo.InvariantCulture, $"{sizeMiB}m");
        var isMounted = kind == "tmpfs"
            ? TryRun(out reason, "mount", "-t", "tmpfs", "-o", $"size={size}", "engram", path)
            : TryMountFile(scratch, path, size, out reason);
        return isMounted ? new Mount(path) : null;
    }

    public void Dispose()
    {
        // A mapping that is let go of late keeps it busy for a moment; lazily it goes with the last.
        if (!TryRun(out var reason, "umount", Path) && !TryRun(out reason, "umount", "--lazy", Path))
        {
            throw new InvalidOperationException($"'{Path}' could not be unmounted: {reason}");
        }
    }

    private static bool TryMountFile(string scratch, string path, string size, out string reason)
    {
        var image = System.IO.Path.Combine(scratch, "image");
        return TryRun(out reason, "truncate", "-s", size, image) && TryRun(out reason, "mkfs.ext4", "-q", "-F", "-m", "0", image)
            && TryRun(out reason, "mount", "-o", "loop", image, path);
    }

    private static bool TryRun(out string reason, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            reason = process.StandardError.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            reason = $"{program}: {e.Message}";
            return false;
        }
    }
}
