using System.Globalization;
using System.Text;

namespace Engram.Data.Storage.Files;

/// <summary>The exclusive lock of a writer: a lock of the system on the file <c>LOCK</c>, and in the file who holds it.</summary>
/// <remarks>
/// <para>The system releases the lock when the process ends, however it ends. The handle is close-on-exec, so a child process that the
/// application starts does not keep it. The file is never deleted: its content is for messages, its lock alone counts.</para>
/// <para>Between opening the file and locking it somebody may have deleted the directory and made it anew; then the lock is on a file that
/// has no name any more and excludes nobody. So after locking, a number that was just written is read back by name.</para>
/// </remarks>
internal sealed class DiskLock : IDisposable
{
    private const int AttemptsMax = 8;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _stream;
    private readonly string _path;
    private readonly byte[] _content;

    private DiskLock(FileStream stream, string path, byte[] content)
    {
        _stream = stream;
        _path = path;
        _content = content;
    }

    public static DiskLock? TryTake(string path, UnixFileMode mode, ulong nonce, out int holder)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var stream = TryOpen(path, mode);
            if (stream is null)
            {
                holder = ReadHolder(path);
                return null;
            }

            var isKept = false;
            try
            {
                if (!OperatingSystem.IsWindows() && !SystemCalls.TryLockFile(stream.SafeFileHandle, out var error))
                {
                    if (!IsHeldByAnother(error))
                    {
                        throw SystemError.From("fcntl(F_OFD_SETLK)", path, error);
                    }

                    holder = ReadHolder(path);
                    return null;
                }

                var content = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{nonce:x16}\n"));
                RandomAccess.Write(stream.SafeFileHandle, content, 0);
                RandomAccess.SetLength(stream.SafeFileHandle, content.Length);
                if (ReadContent(path).AsSpan().SequenceEqual(content))
                {
                    isKept = true;
                    holder = Environment.ProcessId;
                    return new DiskLock(stream, path, content);
                }
            }
            finally
            {
                if (!isKept)
                {
                    stream.Dispose();
                }
            }
        }

        throw new IOException("The lock file is being replaced again and again.");
    }

    /// <summary>Whether somebody holds the lock.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            // On Windows the handle of the holder is the lock: it lets nobody else write.
            using var handle = File.OpenHandle(
                path, FileMode.Open, OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return !OperatingSystem.IsWindows() && SystemCalls.IsFileLocked(handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException e) when (OperatingSystem.IsWindows() && e.HResult == SharingViolation)
        {
            return true;
        }
    }

    /// <summary>Whether this lock is the one that the file of its name shows, and not on a file that was deleted.</summary>
    public bool IsInPlace() => ReadContent(_path).AsSpan().SequenceEqual(_content);

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && !_stream.SafeFileHandle.IsClosed)
        {
            SystemCalls.UnlockFile(_stream.SafeFileHandle);
        }

        _stream.Dispose();
    }

    /// <summary>Null when another process has it open, which on Windows is the lock.</summary>
    private static FileStream? TryOpen(string path, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, BufferSize = 0 };
        if (OperatingSystem.IsWindows())
        {
            options.Share = FileShare.Read;
        }
        else
        {
            options.Share = FileShare.ReadWrite | FileShare.Delete;
            options.UnixCreateMode = mode;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (IOException e) when (OperatingSystem.IsWindows() && e.HResult == SharingViolation)
        {
            return null;
        }
    }

    private static bool IsHeldByAnother(int error)
        => OperatingSystem.IsMacOS() ? error == 35 : error is 11 or 13;

    private static int ReadHolder(string path)
    {
        var content = Encoding.ASCII.GetString(ReadContent(path));
        var end = content.IndexOf('\n', StringComparison.Ordinal);
        return end > 0 && int.TryParse(content.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var holder) ? holder : 0;
    }

    private static byte[] ReadContent(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[64];
            return content[..RandomAccess.Read(handle, content, 0)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }
}
