using System.Runtime.InteropServices;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A handle of a file on the simulated disk.</summary>
internal sealed class SimulatedFile(SimulatedDirectory directory, SimulatedContent content, string name, bool isWritable) : DataFile
{
    private bool _isDisposed;

    public override string Name => name;

    public override long Length => Open().Locked(() => content.Length);

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        CheckWritable();
        Open().Write(content, name, offset, data);
    }

    public override int Read(long offset, Span<byte> target) => Open().Read(content, name, offset, target);

    public override void Sync() => Open().Sync(content, name);

    public override void SetLength(long length)
    {
        CheckWritable();
        Open().SetLength(content, name, length);
    }

    public override MappedRange Map(long offset, long length)
    {
        var lengthFound = Length;
        return offset <= lengthFound - length
            ? new SimulatedMappedRange(directory, content, name, offset, length)
            : throw Error.FileTooShort($"{directory.Path}/{name}", offset + length, lengthFound);
    }

    public override void Dispose() => _isDisposed = true;

    private SimulatedDirectory Open()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return directory;
    }

    private void CheckWritable()
    {
        if (!isWritable)
        {
            throw SystemError.From("write", $"{directory.Path}/{name}", 9);
        }
    }
}

/// <summary>A mapped range: native memory that holds noise until it is populated, so that reading first is noticed by the reader's checksums.</summary>
internal sealed unsafe class SimulatedMappedRange : MappedRange
{
    private const long PageSize = 4096;
    private const byte Noise = 0xDB;

    private readonly SimulatedDirectory _directory;
    private readonly SimulatedContent _content;
    private readonly string _name;
    private readonly long _offset;
    private readonly void* _memory;
    private int _isDisposed;

    public SimulatedMappedRange(SimulatedDirectory directory, SimulatedContent content, string name, long offset, long length)
    {
        _directory = directory;
        _content = content;
        _name = name;
        _offset = offset;
        Length = length;
        // As in a real mapping the first byte lies in its page as it does in the file.
        var within = offset % PageSize;
        _memory = NativeMemory.AlignedAlloc((nuint)(within + length + 1), (nuint)PageSize);
        NativeMemory.Fill(_memory, (nuint)(within + length), Noise);
        Pointer = (byte*)_memory + within;
    }

    ~SimulatedMappedRange() => Release();

    public override void Populate(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (length == 0)
        {
            return;
        }

        // Whole pages come in, as far as the range reaches.
        var start = Math.Max(0, ((_offset + offset) / PageSize * PageSize) - _offset);
        var end = Math.Min(Length, (((_offset + offset + length + PageSize - 1) / PageSize) * PageSize) - _offset);
        _directory.Read(_content, _name, _offset + start, new Span<byte>(Pointer + start, (int)(end - start)));
        GC.KeepAlive(this);
    }

    public override void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            NativeMemory.AlignedFree(_memory);
        }
    }
}
