using System.Diagnostics;

namespace Engram.Data.Tests.Ado;

/// <summary>Mounts for tests that run as root.</summary>
internal static class Mounting
{
    /// <summary>Runs a command such as mount; false when it is not there or was refused.</summary>
    public static bool TryRun(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
