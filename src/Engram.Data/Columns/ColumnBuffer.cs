using System.Runtime.InteropServices;

namespace Engram.Data.Columns;

/// <summary>A column that owns its memory and grows at its end: parameters, literals, rows that an operator keeps, scratch for results.</summary>
/// <remarks>Not thread-safe. <see cref="Column"/> stays the same object; its pointers change when the buffer grows. Freed by
/// <see cref="Dispose"/>, or by the finalizer of its arenas.</remarks>
internal sealed unsafe class ColumnBuffer : IDisposable
{
    private readonly Arena fixedMemory = new();
    // Made at its first use: most columns are of fixed size.
    private Arena? variableMemory;
    // Asked for once: they are looked up by kind, which is slow for every value.
    private readonly int physicalSize;
    private readonly bool isByReference;
    private int capacity;
    private ulong* nullMask;
    private int nullMaskCapacity;

    public ColumnBuffer(DataType type, int capacity = 16)
    {
        Column = new Column(type) { Owner = this };
        physicalSize = type.PhysicalSize;
        isByReference = type.IsByReference;
        Grow(Math.Max(capacity, 1));
    }

    /// <summary>The view of the rows so far.</summary>
    public Column Column { get; }

    public DataType Type => Column.Type;

    public int Count { get; private set; }

    /// <summary>Native memory held, in bytes.</summary>
    public long SizeBytes => fixedMemory.SizeBytes + (variableMemory?.SizeBytes ?? 0);

    /// <summary>Bytes that computed values of one column of a batch may take together.</summary>
    public const long ComputedSizeBytesMax = 1L << 30;

    // What an arena holds beside one value of the greatest size.
    private const long SlackSizeBytes = 4L * 1024 * 1024;

    // Read and made since the statement was looked after.
    private long workedSizeBytes;

    // Handed out since the rows were forgotten.
    private long computedSizeBytes;

    private const long WorkSizeBytesPerLook = 256 * 1024;

    /// <summary>For whose statement the values are computed.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Bytes that the computed values may take together, where the memory that statements may take is less than <see cref="ComputedSizeBytesMax"/>.</summary>
    public long ComputedSizeBytesLimit { get; set; } = ComputedSizeBytesMax;

    private Arena VariableMemory => variableMemory ??= new Arena();

    public void Append<T>(T value)
        where T : unmanaged
    {
        System.Diagnostics.Debug.Assert(sizeof(T) == Type.PhysicalSize && !Type.IsByReference);
        Reserve(1);
        ((T*)Column.Data)[Count++] = value;
    }

    /// <summary>Appends UTC ticks with the offset that they were given in.</summary>
    public void AppendInstant(long utcTicks, short offsetMinutes)
    {
        Reserve(1);
        ((long*)Column.Data)[Count] = utcTicks;
        Column.Offsets[Count++] = offsetMinutes;
    }

    /// <summary>Copies the bytes of a text, bytea, json or vector value.</summary>
    public void AppendBytes(ReadOnlySpan<byte> value)
    {
        Reserve(1);
        ((Bytes*)Column.Data)[Count++] = VariableMemory.Copy(value);
    }

    public void AppendText(ReadOnlySpan<char> value)
    {
        Reserve(1);
        var size = System.Text.Encoding.UTF8.GetByteCount(value);
        var pointer = VariableMemory.Allocate(size);
        System.Text.Encoding.UTF8.GetBytes(value, new Span<byte>(pointer, size));
        ((Bytes*)Column.Data)[Count++] = new Bytes(pointer, size);
    }

    public void AppendNull()
    {
        Reserve(1);
        NativeMemory.Clear((byte*)Column.Data + ((long)Count * Type.PhysicalSize), (nuint)Type.PhysicalSize);
        if (Column.Nulls == null)
        {
            ClearNulls();
        }

        Column.Nulls[Count >> 6] |= 1UL << (Count & 63);
        if (Column.Offsets != null)
        {
            Column.Offsets[Count] = 0;
        }

        Count++;
    }

    /// <summary>Copies one value, with what it points to, from a column of the same physical type.</summary>
    public void AppendFrom(Column source, int row)
    {
        if (source.IsNull(row))
        {
            AppendNull();
            return;
        }

        Reserve(1);
        var at = source.At(row);
        switch (physicalSize)
        {
            case 1: ((byte*)Column.Data)[Count] = ((byte*)source.Data)[at]; break;
            case 2: ((short*)Column.Data)[Count] = ((short*)source.Data)[at]; break;
            case 4: ((int*)Column.Data)[Count] = ((int*)source.Data)[at]; break;
            case 8: ((long*)Column.Data)[Count] = ((long*)source.Data)[at]; break;
            default:
                ((Guid*)Column.Data)[Count] = ((Guid*)source.Data)[at];
                if (isByReference)
                {
                    ((Bytes*)Column.Data)[Count] = VariableMemory.Copy(((Bytes*)source.Data)[at]);
                }

                break;
        }

        if (Column.Offsets != null)
        {
            Column.Offsets[Count] = source.GetOffset(row);
        }

        Count++;
    }

    /// <summary>Appends the last value once more; what it points to is shared.</summary>
    public void AppendLast()
    {
        var last = Count - 1;
        if (Column.IsNull(last))
        {
            AppendNull();
            return;
        }

        Reserve(1);
        new ReadOnlySpan<byte>((byte*)Column.Data + ((long)last * physicalSize), physicalSize).CopyTo(new Span<byte>((byte*)Column.Data + ((long)Count * physicalSize), physicalSize));
        if (Column.Offsets != null)
        {
            Column.Offsets[Count] = Column.Offsets[last];
        }

        Count++;
    }

    /// <summary>Makes room for <paramref name="rows"/> rows without appending, for kernels that fill <see cref="Column"/> themselves.</summary>
    public void Reserve(int rows)
    {
        if (Count + rows > capacity)
        {
            Grow(Math.Max(capacity * 2, Count + rows));
        }
    }

    /// <summary>Sets the number of rows after a kernel wrote them.</summary>
    public void SetCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, capacity);
        Count = count;
    }

    /// <summary>Memory for values of variable length that a kernel appends; valid until <see cref="Clear"/>.</summary>
    /// <exception cref="EngramException">53200, 54000: the values of one batch together are too large; a function can make a gigabyte of a word, for each of its rows.</exception>
    public byte* AllocateVariable(int sizeBytes)
    {
        computedSizeBytes += sizeBytes;
        return computedSizeBytes <= ComputedSizeBytesLimit + SlackSizeBytes ? VariableMemory.Allocate(sizeBytes) : throw TooLarge(computedSizeBytes, sizeBytes <= ComputedSizeBytesLimit);
    }

    /// <summary>Looks whether a value that is being made elsewhere is too large already.</summary>
    /// <exception cref="EngramException">53200, 54000: it is.</exception>
    public void CheckComputed(long sizeBytes)
    {
        if (sizeBytes > ComputedSizeBytesLimit)
        {
            throw TooLarge(sizeBytes, isOfSeveralValues: false);
        }
    }

    private EngramException TooLarge(long sizeBytes, bool isOfSeveralValues) => ComputedSizeBytesLimit < ComputedSizeBytesMax
        ? Error.ComputedValuesTooLarge(sizeBytes, ComputedSizeBytesLimit, isOfSeveralValues)
        : Error.BatchTooLarge(sizeBytes, ComputedSizeBytesMax, isOfSeveralValues);

    /// <summary>Adds to what a function has read and made of one value; after so much of it, looks whether the statement is cancelled.</summary>
    public void Work(long sizeBytes)
    {
        workedSizeBytes += sizeBytes;
        if (workedSizeBytes > WorkSizeBytesPerLook)
        {
            workedSizeBytes = 0;
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Makes sure that a cleared null mask of the whole capacity is there, and returns it.</summary>
    public ulong* ClearNulls()
    {
        if (nullMask == null || nullMaskCapacity < capacity)
        {
            nullMask = fixedMemory.AllocateZeroed<ulong>((capacity + 63) / 64);
            nullMaskCapacity = capacity;
        }
        else
        {
            NativeMemory.Clear(nullMask, (nuint)((capacity + 63) / 64 * sizeof(ulong)));
        }

        Column.Nulls = nullMask;
        return nullMask;
    }

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear()
    {
        Count = 0;
        Column.Nulls = null;
        computedSizeBytes = 0;
        variableMemory?.Reset();
    }

    public void Dispose()
    {
        fixedMemory.Dispose();
        variableMemory?.Dispose();
    }

    private void Grow(int capacityNew)
    {
        var data = fixedMemory.Allocate((long)capacityNew * Type.PhysicalSize, 64);
        Buffer.MemoryCopy(Column.Data, data, (long)capacityNew * Type.PhysicalSize, (long)Count * Type.PhysicalSize);
        Column.Data = data;
        if (Type.HasOffsets)
        {
            var offsets = (short*)fixedMemory.Allocate((long)capacityNew * sizeof(short), 64);
            Buffer.MemoryCopy(Column.Offsets, offsets, (long)capacityNew * sizeof(short), (long)Count * sizeof(short));
            Column.Offsets = offsets;
        }

        if (Column.Nulls != null)
        {
            var nulls = fixedMemory.AllocateZeroed<ulong>((capacityNew + 63) / 64);
            Buffer.MemoryCopy(Column.Nulls, nulls, (capacityNew + 63) / 64 * sizeof(ulong), (Count + 63) / 64 * sizeof(ulong));
            Column.Nulls = nulls;
            nullMask = nulls;
            nullMaskCapacity = capacityNew;
        }

        capacity = capacityNew;
    }
}
