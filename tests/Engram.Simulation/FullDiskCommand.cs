using System.Diagnostics;
using System.Globalization;
using Engram.Data;

namespace Engram.Simulation;

/// <summary>Fills a small file system of the real kernel, and checks that the database says so, loses nothing, and goes on when there is room.</summary>
/// <remarks>
/// <code>
///   file system  [ballast][database ................]   writers commit until each has been told 53100
///                [ballast][database ................]   reads go on; what is there is exactly what was acknowledged; a checkpoint may say 53100
///                [database ................] free       the ballast is deleted: the same open database takes commits and a checkpoint
///                [ballast ][database ...............]   the room is filled again, and so on; at the end it is reopened, full and with room
/// </code>
/// </remarks>
internal static class FullDiskCommand
{
    private const int MiB = 1024 * 1024;
    private const int SizeMiB = 192;
    private const long PathSizeBytesMax = 512L * MiB;

    public static int Run(string[] arguments, TextWriter output)
    {
        var started = Stopwatch.StartNew();
        var seed = Arguments.Number(arguments, 1, 1);
        var failures = 0;
        var runs = 0;
        if (arguments.Length > 0)
        {
            if (!Directory.Exists(arguments[0]) || Directory.EnumerateFileSystemEntries(arguments[0]).Any(e => Path.GetFileName(e) != "lost+found"))
            {
                output.WriteLine($"'{arguments[0]}' is no empty directory.");
                return 2;
            }

            var free = new DriveInfo(arguments[0]).AvailableFreeSpace;
            if (free > PathSizeBytesMax)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"skipped: '{arguments[0]}' has {free / MiB} MiB free; only a file system with at most {PathSizeBytesMax / MiB} MiB is filled"));
                return 0;
            }

            failures += Fill("the given path", arguments[0], seed, output);
            runs++;
        }
        else
        {
            foreach (var kind in new[] { "tmpfs", "ext4" })
            {
                using var scratch = new ScratchDirectory("full");
                using var mount = Mount.TryCreate(kind, scratch.Path, SizeMiB, out var reason);
                if (mount is null)
                {
                    output.WriteLine($"{kind}: skipped: {reason}");
                    continue;
                }

                failures += Fill(kind, mount.Path, seed, output);
                runs++;
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(runs == 0 ? "skipped: no small file system could be mounted; " : "")}{runs} file systems filled, {failures} failures, {started.Elapsed.TotalSeconds:N1} s"));
        return failures == 0 ? 0 : 1;
    }

    private static int Fill(string kind, string path, int seed, TextWriter output)
    {
        var trial = new FullDiskTrial(path, seed);
        try
        {
            trial.Run();
            output.WriteLine($"{kind}: {trial}");
            trial.Release();
            trial.Delete();
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or EngramException)
        {
            output.WriteLine($"{kind}: seed {seed}: {trial}; {e}");
            return 1;
        }
        finally
        {
            trial.Release();
        }
    }
}
