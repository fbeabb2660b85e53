using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Engram.Data.Storage;

/// <summary>Builds a record in memory: fixed-width little-endian integers, variable-length integers, text, raw bytes.</summary>
/// <remarks>
/// The other half is <see cref="ByteReader"/>. Every value has one encoding, so that equal records are equal bytes. Not thread-safe; one
/// writer is kept and cleared between records. The two-gigabyte limit of an array is an error of the statement (54000), not a crash.
/// </remarks>
internal sealed class ByteWriter
{
    private readonly bool isPooled;
    private byte[] buffer;

    public ByteWriter(int capacity = 256) => buffer = GC.AllocateUninitializedArray<byte>(Math.Max(capacity, 16));

    private ByteWriter(byte[] buffer, int length)
    {
        isPooled = true;
        this.buffer = buffer;
        Length = length;
    }

    /// <summary>Writes into arrays of the shared pool; whoever takes the last one (<see cref="Segment"/>) gives it back there, once.</summary>
    public static ByteWriter OfPool(int capacity) => new(ArrayPool<byte>.Shared.Rent(capacity), 0);

    /// <summary>The same, behind what another such has written. The array belongs to this one from now on.</summary>
    public static ByteWriter OfPool(ArraySegment<byte> written) => new(written.Array!, written.Count);

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, Length);

    public ArraySegment<byte> Segment => new(buffer, 0, Length);

    public byte[] ToArray() => Written.ToArray();

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets everything from byte <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length);
        Length = length;
    }

    /// <summary>The next <paramref name="count"/> bytes, to be filled by the caller before anything else is written. Not cleared.</summary>
    public Span<byte> Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > buffer.Length - Length)
        {
            Grow(count);
        }

        var span = buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16LittleEndian(Take(sizeof(short)), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    /// <summary>Seven bits a byte, least significant first; 1 to 10 bytes.</summary>
    public void WriteVarUInt(ulong value)
    {
        var span = Take(VarUIntSize(value));
        for (var i = 0; i < span.Length - 1; i++)
        {
            span[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[^1] = (byte)value;
    }

    /// <summary>Zigzag: small magnitudes of either sign are short.</summary>
    public void WriteVarInt(long value) => WriteVarUInt(((ulong)value << 1) ^ (ulong)(value >> 63));

    /// <summary>A count or an index, never negative.</summary>
    public void WriteCount(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        WriteVarUInt((ulong)value);
    }

    /// <summary>UTF-8 behind its length in bytes. Text with half a surrogate pair is refused (22P05) before it gets here; here it is a defect.</summary>
    public void WriteString(string value)
    {
        int size;
        try
        {
            size = StrictUtf8.GetByteCount(value);
        }
        catch (EncoderFallbackException)
        {
            throw Error.Internal("a string with half a surrogate pair reached a record");
        }

        WriteCount(size);
        StrictUtf8.GetBytes(value, Take(size));
    }

    /// <summary>A byte that says whether the string is there, then the string.</summary>
    public void WriteOptionalString(string? value)
    {
        WriteBoolean(value is not null);
        if (value is not null)
        {
            WriteString(value);
        }
    }

    /// <summary>Bytes as they are; the reader must know their number.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>Bytes behind their length.</summary>
    public void WriteBlob(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        WriteRaw(value);
    }

    /// <summary>Leaves room for four bytes that are known later; see <see cref="PatchUInt32"/>.</summary>
    public int ReserveUInt32()
    {
        var at = Length;
        Take(sizeof(uint)).Clear();
        return at;
    }

    /// <summary>Fills a place that <see cref="ReserveUInt32"/> left.</summary>
    public void PatchUInt32(int at, uint value)
        => BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(0, Length).Slice(at, sizeof(uint)), value);

    /// <summary>Replaces a byte that was written.</summary>
    public void PatchByte(int at, byte value) => buffer.AsSpan(0, Length)[at] = value;

    /// <summary>Writes zeros up to the next multiple of <paramref name="alignment"/>, a power of two.</summary>
    public void AlignTo(int alignment) => Take(-Length & (alignment - 1)).Clear();

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static int VarUIntSize(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private void Grow(int count)
    {
        var needed = (long)Length + count;
        if (needed > Array.MaxLength)
        {
            throw Error.RecordTooLong(needed, Array.MaxLength);
        }

        var capacity = (int)Math.Min(Math.Max((long)buffer.Length * 2, needed), Array.MaxLength);
        var larger = isPooled ? ArrayPool<byte>.Shared.Rent(capacity) : GC.AllocateUninitializedArray<byte>(capacity);
        Written.CopyTo(larger);
        if (isPooled)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = larger;
    }
}
