using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engram.Data.Columns;

/// <summary>Native memory that is handed out by moving a pointer and given back all at once.</summary>
/// <remarks>
/// Not thread-safe: one owner. Everything allocated is valid until <see cref="Reset"/> or <see cref="Dispose"/>. Whoever keeps a pointer
/// into an arena also keeps a reference to it (<see cref="Column.Owner"/>): the finalizer frees what nobody disposed, such as a
/// reader that the application forgot.
/// </remarks>
internal sealed unsafe class Arena : IDisposable
{
    private const int Alignment = 64;
    private const long BlockSizeBytesMin = 4 * 1024;
    private const long BlockSizeBytesMax = 1024 * 1024;

    private readonly List<(nint Pointer, long Size)> blocks = [];
    private byte* next;
    private byte* end;
    private long blockSizeNext = BlockSizeBytesMin;
    private bool disposed;

    ~Arena() => Free();

    /// <summary>Bytes held, used or not.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Memory of at least <paramref name="sizeBytes"/>, aligned to <paramref name="alignment"/> (a power of two up to 64), not cleared.</summary>
    public byte* Allocate(long sizeBytes, int alignment = 8)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ObjectDisposedException.ThrowIf(disposed, this);
        var start = (byte*)(((nint)next + alignment - 1) & -alignment);
        if (next == null || start + sizeBytes > end)
        {
            AddBlock(sizeBytes);
            start = next;
        }

        next = start + sizeBytes;
        return start;
    }

    /// <summary>Cleared memory for <paramref name="count"/> values.</summary>
    public T* AllocateZeroed<T>(int count)
        where T : unmanaged
    {
        var size = (long)count * sizeof(T);
        var pointer = Allocate(size, Alignment);
        NativeMemory.Clear(pointer, (nuint)size);
        return (T*)pointer;
    }

    /// <summary>Copies bytes in and returns where they now are.</summary>
    public Bytes Copy(ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
        {
            return default;
        }

        var pointer = Allocate(source.Length);
        source.CopyTo(new Span<byte>(pointer, source.Length));
        return new Bytes(pointer, source.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Bytes Copy(Bytes source) => Copy(source.Span);

    /// <summary>Forgets everything allocated and keeps the largest block for reuse.</summary>
    public void Reset()
    {
        if (blocks.Count == 0)
        {
            return;
        }

        var largest = 0;
        for (var i = 1; i < blocks.Count; i++)
        {
            largest = blocks[i].Size > blocks[largest].Size ? i : largest;
        }

        var kept = blocks[largest];
        for (var i = 0; i < blocks.Count; i++)
        {
            if (i != largest)
            {
                NativeMemory.AlignedFree((void*)blocks[i].Pointer);
            }
        }

        blocks.Clear();
        blocks.Add(kept);
        SizeBytes = kept.Size;
        next = (byte*)kept.Pointer;
        end = next + kept.Size;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void AddBlock(long sizeBytesNeeded)
    {
        var size = Math.Max(blockSizeNext, (sizeBytesNeeded + Alignment - 1) & -Alignment);
        var pointer = NativeMemory.AlignedAlloc((nuint)size, Alignment);
        blocks.Add(((nint)pointer, size));
        SizeBytes += size;
        next = (byte*)pointer;
        end = next + size;
        blockSizeNext = Math.Min(blockSizeNext * 2, BlockSizeBytesMax);
    }

    private void Free()
    {
        disposed = true;
        foreach (var (pointer, _) in blocks)
        {
            NativeMemory.AlignedFree((void*)pointer);
        }

        blocks.Clear();
        next = null;
        end = null;
        SizeBytes = 0;
    }
}
