using System.Numerics;
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

    // Most arenas never need more than one small block: a point read makes a dozen of them.
    private byte* first;
    private long firstSize;
    private List<(nint Pointer, long Size)>? more;
    private byte* next;
    private byte* end;
    private long blockSizeNext = BlockSizeBytesMin;
    private MemoryBudget? budget;
    private bool disposed;

    ~Arena() => Free(isFinalizing: true);

    /// <summary>Bytes held, used or not.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>What the memory is counted to; null when it is not.</summary>
    public MemoryBudget? Budget => budget;

    /// <summary>Counts what is held from now on, and what is held already, as memory of new rows.</summary>
    public void ChargeTo(MemoryBudget? payer)
    {
        if (budget is null && payer is not null)
        {
            budget = payer;
            payer.Charge(SizeBytes);
        }
    }

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
        if (more is { Count: > 0 })
        {
            KeepLargest(more);
        }

        next = first;
        end = first + firstSize;
    }

    public void Dispose()
    {
        Free(isFinalizing: false);
        GC.SuppressFinalize(this);
    }

    private void KeepLargest(List<(nint Pointer, long Size)> others)
    {
        for (var i = 0; i < others.Count; i++)
        {
            var (pointer, size) = others[i];
            if (size > firstSize)
            {
                others[i] = ((nint)first, firstSize);
                first = (byte*)pointer;
                firstSize = size;
            }
        }

        FreeAll(others, isFinalizing: false);
        budget?.Charge(firstSize - SizeBytes);
        SizeBytes = firstSize;
    }

    private void AddBlock(long sizeBytesNeeded)
    {
        var size = Math.Max(blockSizeNext, (sizeBytesNeeded + Alignment - 1) & -Alignment);
        if (first != null && next == first && more is not { Count: > 0 })
        {
            // Kept by Reset, and too small for the first that is asked for: two of them would be held for the use of one.
            budget?.Charge(-firstSize);
            SizeBytes -= firstSize;
            FreeBlock(first, firstSize, isFinalizing: false);
            // Nothing may point into it if there is no memory for the next.
            first = null;
            firstSize = 0;
            next = end = null;
        }

        var pointer = SmallBlocks.Rent(size);
        if (first == null)
        {
            first = pointer;
            firstSize = size;
        }
        else
        {
            (more ??= []).Add(((nint)pointer, size));
        }

        SizeBytes += size;
        budget?.Charge(size);
        next = pointer;
        end = next + size;
        blockSizeNext = Math.Min(blockSizeNext * 2, BlockSizeBytesMax);
    }

    private void Free(bool isFinalizing)
    {
        disposed = true;
        if (first != null)
        {
            FreeBlock(first, firstSize, isFinalizing);
        }

        if (more is not null)
        {
            FreeAll(more, isFinalizing);
        }

        first = null;
        firstSize = 0;
        next = null;
        end = null;
        budget?.Charge(-SizeBytes);
        SizeBytes = 0;
    }

    private static void FreeAll(List<(nint Pointer, long Size)> blocks, bool isFinalizing)
    {
        foreach (var (pointer, size) in blocks)
        {
            FreeBlock((byte*)pointer, size, isFinalizing);
        }

        blocks.Clear();
    }

    private static void FreeBlock(byte* pointer, long size, bool isFinalizing)
    {
        // Not those that a finalizer frees: its thread makes no arenas.
        if (isFinalizing || (!SmallBlocks.TryReturn(pointer, size) && !LargeBlocks.TryReturn(pointer, size)))
        {
            NativeMemory.AlignedFree(pointer);
        }
    }

    /// <summary>Blocks of the usual small sizes that this thread gave back lately: the system's allocator is slow at aligned ones.</summary>
    private sealed class SmallBlocks
    {
        // Four sizes: 4, 8, 16 and 32 KiB; the larger ones hold a batch of 2,048 values. Less than half a MiB for a thread.
        private const long SizeBytesMax = 8 * BlockSizeBytesMin;
        private const int CountMax = 32;
        private const int LargerCountMax = 6;

        [ThreadStatic]
        private static SmallBlocks? ofThread;

        private readonly nint[] kept = new nint[CountMax + (3 * LargerCountMax)];
        private readonly int[] counts = new int[4];

        // Of a thread that has ended.
        ~SmallBlocks()
        {
            for (var kind = 0; kind < counts.Length; kind++)
            {
                while (counts[kind] > 0)
                {
                    NativeMemory.AlignedFree((void*)kept[StartOf(kind) + --counts[kind]]);
                }
            }
        }

        public static byte* Rent(long size)
        {
            if (ofThread is { } blocks && TryKindOf(size, out var kind) && blocks.counts[kind] > 0)
            {
                return (byte*)blocks.kept[StartOf(kind) + --blocks.counts[kind]];
            }

            return LargeBlocks.TryRent(size) is var large && large != null ? large : (byte*)NativeMemory.AlignedAlloc((nuint)size, Alignment);
        }

        public static bool TryReturn(byte* block, long size)
        {
            if (!TryKindOf(size, out var kind))
            {
                return false;
            }

            var blocks = ofThread ??= new SmallBlocks();
            if (blocks.counts[kind] == (kind == 0 ? CountMax : LargerCountMax))
            {
                return false;
            }

            blocks.kept[StartOf(kind) + blocks.counts[kind]++] = (nint)block;
            return true;
        }

        private static int StartOf(int kind) => kind == 0 ? 0 : CountMax + ((kind - 1) * LargerCountMax);

        private static bool TryKindOf(long size, out int kind)
        {
            kind = BitOperations.Log2((ulong)size) - BitOperations.Log2((ulong)BlockSizeBytesMin);
            return size <= SizeBytesMax && BitOperations.IsPow2(size);
        }
    }

    /// <summary>Larger blocks that any thread gave back lately, of 64 KiB to 1 MiB. Thread-safe, without locks.</summary>
    /// <remarks>The C library gives blocks of this size back to the system, and the system hands memory out anew a page and a fault at a time: an INSERT of some hundred embeddings
    /// waited longer for that than for its log. Fifteen MiB at most, in the whole process.</remarks>
    private static class LargeBlocks
    {
        private const int KindCount = 5;
        private const int CountMax = 8;
        private const long SizeBytesMin = 64 * 1024;

        private static readonly nint[] kept = new nint[KindCount * CountMax];

        public static byte* TryRent(long size)
        {
            if (TryKindOf(size, out var kind))
            {
                for (var i = kind * CountMax; i < (kind + 1) * CountMax; i++)
                {
                    if (Volatile.Read(ref kept[i]) != 0 && Interlocked.Exchange(ref kept[i], 0) is var found and not 0)
                    {
                        return (byte*)found;
                    }
                }
            }

            return null;
        }

        public static bool TryReturn(byte* block, long size)
        {
            if (TryKindOf(size, out var kind))
            {
                for (var i = kind * CountMax; i < (kind + 1) * CountMax; i++)
                {
                    if (Volatile.Read(ref kept[i]) == 0 && Interlocked.CompareExchange(ref kept[i], (nint)block, 0) == 0)
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        private static bool TryKindOf(long size, out int kind)
        {
            kind = BitOperations.Log2((ulong)size) - BitOperations.Log2((ulong)SizeBytesMin);
            return size >= SizeBytesMin && kind < KindCount && BitOperations.IsPow2(size);
        }
    }
}
