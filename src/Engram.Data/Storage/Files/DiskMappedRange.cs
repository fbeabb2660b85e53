using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Engram.Data.Storage.Files;

/// <summary>A read-only mapping by mmap. The mapping outlives the file's handle and its name.</summary>
/// <remarks>
/// An I/O error on a mapped page is a SIGBUS, which ends the process, and a page fault inside managed code holds up every garbage
/// collection. So pages come in through <see cref="Populate"/>, a system call with a result. Linux has had it since 5.14. Elsewhere the
/// range is read once through the file, which reports errors and leaves the pages in the system's cache; then the handle is kept.
/// </remarks>
internal sealed unsafe class DiskMappedRange : MappedRange
{
    private readonly string _path;
    private readonly long _offset;
    private readonly SafeFileHandle? _handleKept;
    private readonly byte* _base;
    private readonly nuint _mappedLength;
    private int _isDisposed;

    internal DiskMappedRange(SafeFileHandle handle, string path, long offset, long length)
    {
        _path = path;
        _offset = offset;
        Length = length;
        if (length == 0)
        {
            // The system maps no empty ranges, and there is nothing to read in one.
            GC.SuppressFinalize(this);
            _isDisposed = 1;
            return;
        }

        var before = offset % Environment.SystemPageSize;
        _mappedLength = (nuint)(before + length);
        _base = (byte*)SystemCalls.Map(handle, offset - before, _mappedLength, out var error);
        if (_base == null)
        {
            GC.SuppressFinalize(this);
            _isDisposed = 1;
            throw SystemError.From("mmap", path, error);
        }

        Pointer = _base + before;
        if (!SystemCalls.CanPopulate)
        {
            var isKept = false;
            handle.DangerousAddRef(ref isKept);
            _handleKept = isKept ? handle : null;
        }
    }

    ~DiskMappedRange() => Release();

    public override void Populate(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        if (length == 0)
        {
            return;
        }

        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_handleKept is { } handle)
        {
            CheckedRead.Pages(handle, _path, _offset + offset, length);
            return;
        }

        var start = (nuint)(Pointer + offset) & ~((nuint)Environment.SystemPageSize - 1);
        var error = SystemCalls.Populate((void*)start, (nuint)(Pointer + offset + length) - start);
        GC.KeepAlive(this);
        if (error != 0)
        {
            // EFAULT is what a failed read of the page is called here; the page is not touched, so nothing ends the process.
            throw SystemError.From("madvise(MADV_POPULATE_READ)", _path, error == BadAddress ? InputOutput : error);
        }
    }

    public override void PreferLargePages()
    {
        if (Volatile.Read(ref _isDisposed) == 0)
        {
            SystemCalls.PreferLargePages(_base, _mappedLength);
            GC.KeepAlive(this);
        }
    }

    public override void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private const int BadAddress = 14;
    private const int InputOutput = 5;

    private void Release()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            SystemCalls.Unmap(_base, _mappedLength);
            _handleKept?.DangerousRelease();
        }
    }
}

/// <summary>A read-only mapping by the framework, for Windows.</summary>
internal sealed unsafe class WindowsMappedRange : MappedRange
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly long _offset;
    private int _isDisposed;

    internal WindowsMappedRange(SafeFileHandle handle, string path, long offset, long length)
    {
        _handle = handle;
        _path = path;
        _offset = offset;
        Length = length;
        _map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Pointer = pointer + _view.PointerOffset;
        var isKept = false;
        handle.DangerousAddRef(ref isKept);
    }

    ~WindowsMappedRange() => Release();

    public override void Populate(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        CheckedRead.Pages(_handle, _path, _offset + offset, length);
    }

    public override void Dispose()
    {
        Release();
        _view.Dispose();
        _map.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _handle.DangerousRelease();
        }
    }
}

/// <summary>Reads a range and throws it away: what is left is that its pages are cached, or that their I/O error was reported.</summary>
internal static class CheckedRead
{
    private const int PieceSizeBytes = 1024 * 1024;

    public static void Pages(SafeFileHandle handle, string path, long offset, long length)
    {
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, PieceSizeBytes));
        try
        {
            for (var done = 0L; done < length;)
            {
                var count = RandomAccess.Read(handle, piece.AsSpan(0, (int)Math.Min(piece.Length, length - done)), offset + done);
                if (count == 0)
                {
                    throw Error.FileTooShort(path, offset + length, offset + done);
                }

                done += count;
            }
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("read", path, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
