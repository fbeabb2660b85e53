using System.Runtime.InteropServices;

namespace Engram.Data.Storage.Files;

/// <summary>Turns what the system or the framework reports into the engine's errors: 53100 for a lack of space, 58030 for the rest.</summary>
internal static class SystemError
{
    private const int InputOutput = 5;
    private const int AccessDenied = 13;
    private const int TooManyOpenFiles = 24;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int OutOfQuotaLinux = 122;
    private const int OutOfQuotaMac = 69;
    private const int DiskFullWindows = 112;
    private const int HandleDiskFullWindows = 39;

    public static EngramException From(string call, string path, int code)
    {
        var text = Marshal.GetPInvokeErrorMessage(code);
        return IsDiskFull(code) ? Error.DiskFull(call, path, text, code) : Error.SystemCallFailed(call, path, text, code, AdviceFor(code));
    }

    /// <summary>The framework puts errno, or on Windows the low half of the HRESULT, into <see cref="Exception.HResult"/>.</summary>
    public static EngramException From(string call, string path, Exception cause)
    {
        var result = cause.HResult;
        var code = OperatingSystem.IsWindows()
            ? (result & 0xFFFF0000) == 0x80070000 ? result & 0xFFFF : 0
            : result is > 0 and < 4096 ? result : 0;
        if (code == 0 && cause is UnauthorizedAccessException)
        {
            code = OperatingSystem.IsWindows() ? 0 : AccessDenied;
        }

        var text = code == 0 ? cause.Message.TrimEnd('.') : Marshal.GetPInvokeErrorMessage(code);
        return IsDiskFull(code) ? Error.DiskFull(call, path, text, code, cause) : Error.SystemCallFailed(call, path, text, code, AdviceFor(code), cause);
    }

    /// <summary>The exceptions by which the framework reports a failed call; anything else is a defect and passes through.</summary>
    public static bool IsSystemFailure(Exception e) => e is IOException or UnauthorizedAccessException;

    private static bool IsDiskFull(int code)
        => OperatingSystem.IsWindows() ? code is DiskFullWindows or HandleDiskFullWindows
            : code == NoSpace || code == (OperatingSystem.IsMacOS() ? OutOfQuotaMac : OutOfQuotaLinux);

    private static string AdviceFor(int code)
    {
        if (OperatingSystem.IsWindows())
        {
            return "Check the disk, and the rights of this process to the directory.";
        }

        return code switch
        {
            InputOutput => "The disk, or the path to it, is failing: check the system's log, and take a backup before anything else.",
            AccessDenied or 1 => "Give this process the right to read and write the database's directory and all files in it.",
            TooManyOpenFiles or 23 => "Raise the limit of open files (ulimit -n).",
            ReadOnlyFileSystem => "The file system is mounted read-only: remount it for writing, or open the database with Mode=ReadOnly.",
            2 => "The file is missing: restore a backup of the whole directory, or check the path.",
            _ => "Check the disk, and the rights of this process to the directory.",
        };
    }
}
