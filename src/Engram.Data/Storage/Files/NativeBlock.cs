using System.Runtime.InteropServices;

namespace Engram.Data.Storage.Files;

/// <summary>Zeroed native memory that is shared by counting: freed by the last release, or by the finalizer when everybody forgot it.</summary>
internal sealed unsafe class NativeBlock
{
    private const nuint AlignmentBytes = 4096;

    // Graphs and codes are read here and there, where with small pages nearly every row is a walk through the page tables first.
    private const long LargeLengthMin = 2 * SystemCalls.LargePageSizeBytes;

    private int _references = 1;

    public NativeBlock(long length)
    {
        Length = length;
        try
        {
            Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), length >= LargeLengthMin ? SystemCalls.LargePageSizeBytes : AlignmentBytes);
        }
        catch (OutOfMemoryException e)
        {
            throw Error.MemoryExhausted(length, e);
        }

        if (length >= LargeLengthMin)
        {
            SystemCalls.PreferLargePages(Pointer, (nuint)length);
        }

        NativeMemory.Clear(Pointer, (nuint)length);
        if (length > 0)
        {
            GC.AddMemoryPressure(length);
        }
    }

    ~NativeBlock() => Free();

    public byte* Pointer { get; private set; }

    public long Length { get; }

    /// <summary>Only for one who knows that the block is still held by another.</summary>
    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
        }
    }

    private void Free()
    {
        if (Pointer == null)
        {
            return;
        }

        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        if (Length > 0)
        {
            GC.RemoveMemoryPressure(Length);
        }
    }
}
