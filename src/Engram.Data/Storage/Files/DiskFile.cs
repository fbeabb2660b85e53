using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Engram.Data.Storage.Files;

/// <summary>A file on the disk.</summary>
internal sealed class DiskFile : DataFile
{
    // The stream is only the owner of the handle: it alone lets a file be created with a mode. Nothing is read or written through it.
    private readonly FileStream _stream;
    private readonly SafeFileHandle _handle;
    private readonly string _fullPath;
    private readonly bool _isWritable;
    private readonly Lock _directGate = new();
    private SafeFileHandle? _directHandle;
    private volatile bool _isDirectRefused;
    private volatile bool _syncFailed;

    internal DiskFile(FileStream stream, string fullPath, string name, bool isWritable)
    {
        _stream = stream;
        _handle = stream.SafeFileHandle;
        _fullPath = fullPath;
        _isWritable = isWritable;
        Name = name;
    }

    public override string Name { get; }

    public override long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(_handle);
            }
            catch (Exception e) when (SystemError.IsSystemFailure(e))
            {
                throw SystemError.From("stat", _fullPath, e);
            }
        }
    }

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        try
        {
            // Loops over short writes and throws on errors; the sync, which it would get wrong, is ours.
            RandomAccess.Write(_handle, data, offset);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("write", _fullPath, e);
        }
    }

    public override int Read(long offset, Span<byte> target)
    {
        try
        {
            var total = 0;
            while (total < target.Length)
            {
                var count = RandomAccess.Read(_handle, target[total..], offset + total);
                if (count == 0)
                {
                    break;
                }

                total += count;
            }

            return total;
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("read", _fullPath, e);
        }
    }

    public override bool IsSlow => true;

    public override void Prefetch(long offset, long length) => SystemCalls.Prefetch(_handle, offset, length);

    public override void WriteDirect(long offset, ReadOnlySpan<byte> data)
    {
        if (!IsBlocks(offset, data) || FindDirectHandle() is not { } handle)
        {
            Write(offset, data);
            return;
        }

        try
        {
            RandomAccess.Write(handle, data, offset);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            // The file system refuses such writes, or this one for its alignment: all of it once more, as any other.
            _isDirectRefused = true;
            Write(offset, data);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("write", _fullPath, e);
        }
    }

    public override int ReadDirect(long offset, Span<byte> target)
    {
        if (!IsBlocks(offset, target) || FindDirectHandle() is not { } handle)
        {
            return Read(offset, target);
        }

        var total = 0;
        try
        {
            // Only the last block of the file may come short.
            while (total < target.Length && total % BlockSizeBytes == 0)
            {
                var count = RandomAccess.Read(handle, target[total..], offset + total);
                if (count == 0)
                {
                    return total;
                }

                total += count;
            }
        }
        catch (Exception e) when (IsRefusal(e))
        {
            _isDirectRefused = true;
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("read", _fullPath, e);
        }

        return total == target.Length ? total : total + Read(offset + total, target[total..]);
    }

    public override void Sync()
    {
        if (OperatingSystem.IsWindows() && !_isWritable)
        {
            // Windows refuses to flush a handle that cannot write; there is nothing of this handle's to flush.
            return;
        }

        if (_syncFailed)
        {
            throw Error.SyncAlreadyFailed(_fullPath);
        }

        var error = SystemCalls.SyncFile(_handle);
        if (error != 0)
        {
            _syncFailed = true;
            throw SystemError.From("fdatasync", _fullPath, error);
        }
    }

    public override void WriteBack(long offset, long length)
    {
        var error = SystemCalls.WriteBack(_handle, offset, length);
        if (error != 0)
        {
            // The system tells this error to nobody else: a later sync would succeed.
            _syncFailed = true;
            throw SystemError.From("sync_file_range", _fullPath, error);
        }
    }

    public override void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("ftruncate", _fullPath, e);
        }
    }

    public override MappedRange Map(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);

        // Touching a page beyond the end of the file kills the process, so the length is asked of the system each time.
        var lengthFound = Length;
        if (offset > lengthFound - length)
        {
            throw Error.FileTooShort(_fullPath, offset + length, lengthFound);
        }

        if (OperatingSystem.IsWindows() && length != 0)
        {
            try
            {
                return new WindowsMappedRange(_handle, _fullPath, offset, length);
            }
            catch (Exception e) when (SystemError.IsSystemFailure(e))
            {
                throw SystemError.From("MapViewOfFile", _fullPath, e);
            }
        }

        return new DiskMappedRange(_handle, _fullPath, offset, length);
    }

    public override void Dispose()
    {
        lock (_directGate)
        {
            _isDirectRefused = true;
            _directHandle?.Dispose();
        }

        _stream.Dispose();
    }

    private static unsafe bool IsBlocks(long offset, ReadOnlySpan<byte> data)
    {
        fixed (byte* pointer = data)
        {
            return ((offset | (long)data.Length | (nint)pointer) & (BlockSizeBytes - 1)) == 0 && data.Length > 0;
        }
    }

    private static bool IsRefusal(Exception e) => e is IOException && e.HResult == SystemCalls.InvalidArgument;

    /// <summary>A handle of its own for what passes the system's cache, so that what does not may go on beside it. Null where there can be none.</summary>
    private SafeFileHandle? FindDirectHandle()
    {
        if (_isDirectRefused || Volatile.Read(ref _directHandle) is { })
        {
            return _isDirectRefused ? null : _directHandle;
        }

        lock (_directGate)
        {
            if (_isDirectRefused || _directHandle is { })
            {
                return _isDirectRefused ? null : _directHandle;
            }

            SafeFileHandle? handle = null;
            try
            {
                if (OperatingSystem.IsLinux())
                {
                    // Not the path, which may be another's by now.
                    handle = File.OpenHandle(
                        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_handle.DangerousGetHandle()}"), FileMode.Open, _isWritable ? FileAccess.ReadWrite : FileAccess.Read,
                        FileShare.ReadWrite | FileShare.Delete);
                    if (SystemCalls.TrySetDirect(handle))
                    {
                        return _directHandle = handle;
                    }
                }
            }
            catch (Exception e) when (SystemError.IsSystemFailure(e))
            {
                // No /proc, or no handle left: it goes as ever.
                _isDirectRefused = true;
            }

            _isDirectRefused = true;
            handle?.Dispose();
            return null;
        }
    }
}
