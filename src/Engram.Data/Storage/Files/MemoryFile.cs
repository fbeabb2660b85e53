namespace Engram.Data.Storage.Files;

/// <summary>What a file in memory contains. Several names never share one; several handles do.</summary>
/// <remarks>
/// The bytes stand in one native block, which is replaced by a larger one when the file grows. A mapped range keeps the block that was
/// current when it was made: it sees no later writes, which is enough because only files that no longer change are mapped.
/// </remarks>
internal sealed unsafe class MemoryContent
{
    private readonly Lock _gate = new();
    private NativeBlock _block = new(0);
    private long _length;
    private int _handles;
    private bool _isUnlinked;
    private bool _isFreed;

    public long Length
    {
        get
        {
            lock (_gate)
            {
                return _length;
            }
        }
    }

    public void AddHandle()
    {
        lock (_gate)
        {
            _handles++;
        }
    }

    public void RemoveHandle()
    {
        lock (_gate)
        {
            _handles--;
            FreeIfUnused();
        }
    }

    /// <summary>The name is gone. The bytes stay while a handle is open.</summary>
    public void Unlink()
    {
        lock (_gate)
        {
            _isUnlinked = true;
            FreeIfUnused();
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            var end = offset + data.Length;
            Reserve(end);
            data.CopyTo(new Span<byte>(_block.Pointer + offset, data.Length));
            _length = Math.Max(_length, end);
        }
    }

    public int Read(long offset, Span<byte> target)
    {
        lock (_gate)
        {
            var count = (int)Math.Clamp(_length - offset, 0, target.Length);
            if (count > 0)
            {
                new ReadOnlySpan<byte>(_block.Pointer + offset, count).CopyTo(target);
            }

            return count;
        }
    }

    public void SetLength(long length)
    {
        lock (_gate)
        {
            Reserve(length);
            if (length < _length)
            {
                // What a file is later extended by reads as zeros.
                System.Runtime.InteropServices.NativeMemory.Clear(_block.Pointer + length, (nuint)(_length - length));
            }

            _length = length;
        }
    }

    /// <summary>A reference to the current block for the caller to release; null when the range does not lie in the file.</summary>
    public NativeBlock? Pin(long offset, long length, out long lengthFound)
    {
        lock (_gate)
        {
            lengthFound = _length;
            if (offset > _length - length)
            {
                return null;
            }

            _block.AddReference();
            return _block;
        }
    }

    private void Reserve(long length)
    {
        if (length <= _block.Length)
        {
            return;
        }

        var larger = new NativeBlock(Math.Max(length, _block.Length * 2));
        Buffer.MemoryCopy(_block.Pointer, larger.Pointer, larger.Length, _length);
        _block.Release();
        _block = larger;
    }

    private void FreeIfUnused()
    {
        if (_isUnlinked && _handles == 0 && !_isFreed)
        {
            _isFreed = true;
            _block.Release();
        }
    }
}

/// <summary>A handle of a file in memory.</summary>
internal sealed class MemoryFile : DataFile
{
    private readonly MemoryContent _content;
    private readonly string _directory;
    private readonly bool _isWritable;
    private int _isDisposed;

    internal MemoryFile(MemoryContent content, string directory, string name, bool isWritable)
    {
        content.AddHandle();
        _content = content;
        _directory = directory;
        _isWritable = isWritable;
        Name = name;
    }

    public override string Name { get; }

    public override long Length => Content.Length;

    private MemoryContent Content
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
            return _content;
        }
    }

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        CheckWritable("write");
        Content.Write(offset, data);
    }

    public override int Read(long offset, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return Content.Read(offset, target);
    }

    /// <summary>Nothing to do: what is here lives exactly as long as the process.</summary>
    public override void Sync() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    public override void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        CheckWritable("ftruncate");
        Content.SetLength(length);
    }

    public override MappedRange Map(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var block = Content.Pin(offset, length, out var lengthFound)
            ?? throw Error.FileTooShort($"{_directory}/{Name}", offset + length, lengthFound);
        return new MemoryRange(block, offset, length);
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _content.RemoveHandle();
        }
    }

    private void CheckWritable(string call)
    {
        if (!_isWritable)
        {
            throw SystemError.From(call, $"{_directory}/{Name}", 9);
        }
    }
}

/// <summary>A range of a file in memory: the very bytes, kept in place while the range lives.</summary>
internal sealed unsafe class MemoryRange : MappedRange
{
    // Referenced by this range: when a range is forgotten, the block's own finalizer frees it once nobody else has it.
    private NativeBlock? _block;

    internal MemoryRange(NativeBlock block, long offset, long length)
    {
        _block = block;
        Pointer = block.Pointer + offset;
        Length = length;
    }

    public override void Populate(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        ObjectDisposedException.ThrowIf(_block is null, this);
    }

    public override void Dispose() => Interlocked.Exchange(ref _block, null)?.Release();
}
