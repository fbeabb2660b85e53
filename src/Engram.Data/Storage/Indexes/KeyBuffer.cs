using System.Buffers.Binary;

namespace Engram.Data.Storage.Indexes;

/// <summary>Bytes of a key that is being put together. Grows and is reused.</summary>
internal sealed class KeyBuffer
{
    private byte[] bytes = new byte[32];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Add(byte value)
    {
        Reserve(1);
        bytes[Length++] = value;
    }

    public void AddRange(ReadOnlySpan<byte> values)
    {
        Reserve(values.Length);
        values.CopyTo(bytes.AsSpan(Length));
        Length += values.Length;
    }

    /// <summary>The next bytes, to be written by the caller.</summary>
    public Span<byte> Take(int count)
    {
        Reserve(count);
        Length += count;
        return bytes.AsSpan(Length - count, count);
    }

    public void Set(ReadOnlySpan<byte> values)
    {
        Length = 0;
        AddRange(values);
    }

    /// <summary>Inverts everything from a place on.</summary>
    public void Invert(int first)
    {
        for (var i = first; i < Length; i++)
        {
            bytes[i] = (byte)~bytes[i];
        }
    }

    /// <summary>Becomes the least bytes that are greater than everything that begins with what is here; false when there are none.</summary>
    public bool MoveBeyond()
    {
        while (Length > 0 && bytes[Length - 1] == 0xFF)
        {
            Length--;
        }

        if (Length == 0)
        {
            return false;
        }

        bytes[Length - 1]++;
        return true;
    }

    /// <summary>Eight bytes from a place on, as a number in the order of the bytes; zeros stand for those that are not there.</summary>
    public static ulong PrefixOf(ReadOnlySpan<byte> key, int skip)
    {
        if (key.Length >= skip + sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(key[skip..]);
        }

        var prefix = 0UL;
        for (var i = skip; i < key.Length; i++)
        {
            prefix |= (ulong)key[i] << (56 - (8 * (i - skip)));
        }

        return prefix;
    }

    private void Reserve(int count)
    {
        if (Length + count > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + count));
        }
    }
}
