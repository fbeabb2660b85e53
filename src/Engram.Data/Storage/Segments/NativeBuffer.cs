using System.Runtime.InteropServices;

namespace Engram.Data.Storage.Segments;

/// <summary>Native memory that grows at its end and may pass 2 GiB.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private long capacity;

    ~NativeBuffer() => Free();

    public byte* Pointer { get; private set; }

    public long Length { get; private set; }

    /// <summary>The next <paramref name="size"/> bytes, cleared, from a multiple of 64 on. Moves what was taken before.</summary>
    public byte* Take(long size)
    {
        var start = SegmentFormat.Align(Length);
        if (start + size > capacity)
        {
            capacity = Math.Max(capacity * 2, SegmentFormat.Align(start + size));
            Pointer = (byte*)NativeMemory.AlignedRealloc(Pointer, (nuint)capacity, SegmentFormat.Alignment);
        }

        NativeMemory.Clear(Pointer + Length, (nuint)(start + size - Length));
        Length = start + size;
        return Pointer + start;
    }

    /// <summary>Forgets the content and keeps the memory.</summary>
    public void Clear() => Length = 0;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        capacity = 0;
        Length = 0;
    }
}
