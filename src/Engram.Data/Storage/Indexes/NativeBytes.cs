using System.Runtime.InteropServices;

namespace Engram.Data.Storage.Indexes;

/// <summary>Bytes that grow at their end and may pass 2 GiB, for the time of a sort.</summary>
internal sealed unsafe class NativeBytes : IDisposable
{
    private byte* start;
    private long capacity;

    ~NativeBytes() => NativeMemory.Free(start);

    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > capacity)
        {
            capacity = Math.Max(Math.Max(capacity * 2, 4096), Length + bytes.Length);
            start = (byte*)NativeMemory.Realloc(start, (nuint)capacity);
        }

        bytes.CopyTo(new Span<byte>(start + Length, bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>Valid until the next append.</summary>
    public ReadOnlySpan<byte> Slice(long at, int length) => new(start + at, length);

    public void Dispose()
    {
        NativeMemory.Free(start);
        start = null;
        capacity = 0;
        Length = 0;
        GC.SuppressFinalize(this);
    }
}
