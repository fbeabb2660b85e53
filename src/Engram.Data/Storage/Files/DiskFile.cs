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

    public override void Dispose() => _stream.Dispose();
}
