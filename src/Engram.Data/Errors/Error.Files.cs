using System.Globalization;

namespace Engram.Data;

/// <summary>What the operating system refused or failed to do.</summary>
internal static partial class Error
{
    /// <summary>A call that the system answered with an error other than a lack of space.</summary>
    /// <param name="call">The call, as its manual page names it.</param>
    /// <param name="path">The full path of the file or directory.</param>
    /// <param name="systemError">The system's own words.</param>
    /// <param name="code">The system's number for it; 0 when unknown.</param>
    public static EngramException SystemCallFailed(string call, string path, string systemError, int code, string advice, Exception? cause = null)
        => new($"{call} of '{path}' failed: {systemError}{Number(code)}. {advice}", SqlStates.IoError, cause);

    public static EngramException DiskFull(string call, string path, string systemError, int code, Exception? cause = null)
        => new($"{call} of '{path}' failed: {systemError}{Number(code)}. Free space on that disk, or raise the quota, and try again.", SqlStates.DiskFull, cause);

    /// <summary>A second sync of a file whose first one failed. The system would report success and mean nothing by it.</summary>
    public static EngramException SyncAlreadyFailed(string path)
        => new($"An earlier sync of '{path}' failed, so it is unknown what of the file is on the disk, and syncing again would not tell. Reopen the database.", SqlStates.IoError);

    /// <summary>A range that is to be mapped does not lie within its file; touching it would end the process.</summary>
    public static EngramException FileTooShort(string path, long lengthExpected, long lengthFound)
        => new(string.Create(CultureInfo.InvariantCulture, $"'{path}' has {lengthFound} bytes; at least {lengthExpected} were expected. It was cut short after it was written. Nothing of it is used. {DamageAdvice}"),
            SqlStates.DataCorrupted);

    public static EngramException MemoryExhausted(long sizeBytes, Exception cause)
        => new(string.Create(CultureInfo.InvariantCulture, $"The system gave no memory for {sizeBytes} bytes. Close other databases in memory, or store this one in a directory."),
            SqlStates.OutOfMemory, cause);

    private static string Number(int code) => code == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (error {code})");
}
