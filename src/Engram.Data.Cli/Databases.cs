using System.Globalization;

namespace Engram.Data.Cli;

/// <summary>Opens databases as the commands need them.</summary>
/// <remarks>
/// Commands that only look open with <c>Mode=ReadOnly</c>: that works beside a process which has the database open, and writes nothing, not even what recovery would. None creates
/// a database but <c>import --create</c> and <c>shell --create</c>: a mistyped path is an error.
/// </remarks>
internal static class Databases
{
    public static EngramConnection OpenForReading(string path) => Open(path, EngramOpenMode.ReadOnly, timeout: 5);

    public static EngramConnection OpenForWriting(string path, bool mayCreate = false)
        => Open(path, mayCreate ? EngramOpenMode.ReadWriteCreate : EngramOpenMode.ReadWrite, timeout: 5);

    public static EngramConnection Open(string path, EngramOpenMode mode, int timeout, EngramRecoveryMode recovery = EngramRecoveryMode.Strict)
    {
        var builder = new EngramConnectionStringBuilder { DataSource = path, Mode = mode, Recovery = recovery, KeepAlive = 0, DefaultTimeout = timeout };
        var connection = new EngramConnection(builder.ConnectionString);
        try
        {
            connection.Open();
            // The timeout was for the lock; statements may take as long as they take, and Ctrl+C ends them.
            connection.DefaultTimeout = 0;
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What all files of a directory take.</summary>
    public static long SizeOf(string path) => FileSizes(new DirectoryInfo(path)).Sum();

    /// <summary>The size of each file of a directory that is still there when it is asked: a process that has the database open may delete some meanwhile.</summary>
    public static IEnumerable<long> FileSizes(DirectoryInfo directory)
    {
        foreach (var file in directory.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            file.Refresh();
            if (file.Exists)
            {
                yield return file.Length;
            }
        }
    }

    public static string Bytes(long count) => count switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{count} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{count / 1024.0:0.0} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{count / (1024.0 * 1024):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / (1024.0 * 1024 * 1024):0.00} GiB"),
    };
}
