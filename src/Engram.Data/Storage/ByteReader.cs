using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Engram.Data.Storage;

/// <summary>Reads what <see cref="ByteWriter"/> wrote, and trusts none of it.</summary>
/// <remarks>
/// Every read is checked against the end of the data, and every value that has a second spelling (an overlong integer, a boolean of 2) is
/// refused, so that bytes which no writer of ours made end in XX001 and never in a wrong value, an endless loop or a large allocation.
/// </remarks>
/// <param name="data">The whole record.</param>
/// <param name="source">What is read, as the subject of an error message: <c>File 'MANIFEST-00000003'</c>.</param>
/// <param name="commit">For a commit of the log its number: then the source is the database's path. The message is put together when it is needed,
/// for recovery reads a million commits and reports none.</param>
internal ref struct ByteReader(ReadOnlySpan<byte> data, string source, long commit = 0)
{
    private readonly ReadOnlySpan<byte> data = data;

    public readonly string Source => commit == 0 ? source : string.Create(CultureInfo.InvariantCulture, $"Commit {commit} in the log of '{source}'");

    /// <summary>The next byte to be read.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => data.Length - Position;

    public readonly bool IsAtEnd => Remaining == 0;

    /// <summary>The exception for something wrong at or just before <see cref="Position"/>, for the caller to throw.</summary>
    public readonly EngramException Damaged(string what) => Error.Damaged(Source, Position, what);

    /// <summary>The next <paramref name="count"/> bytes, as they are.</summary>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if ((uint)count > (uint)Remaining)
        {
            throw Damaged($"{count} bytes are expected and {Remaining} are left");
        }

        var span = data.Slice(Position, count);
        Position += count;
        return span;
    }

    /// <summary>The bytes from an earlier position to this one.</summary>
    public readonly ReadOnlySpan<byte> Since(int position) => data[position..Position];

    public byte ReadByte() => ReadRaw(1)[0];

    public bool ReadBoolean()
    {
        var value = ReadByte();
        return value <= 1 ? value == 1 : throw Damaged($"0 or 1 is expected, found {value}");
    }

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(ReadRaw(sizeof(ushort)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadRaw(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadRaw(sizeof(ulong)));

    public short ReadInt16() => BinaryPrimitives.ReadInt16LittleEndian(ReadRaw(sizeof(short)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadRaw(sizeof(int)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadRaw(sizeof(long)));

    public ulong ReadVarUInt()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = ReadByte();
            if (shift == 63 && next > 1)
            {
                throw Damaged("an integer does not fit 64 bits");
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return next == 0 && shift > 0 ? throw Damaged("an integer is longer than it need be") : value;
            }
        }
    }

    public long ReadVarInt()
    {
        var value = ReadVarUInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number that was written by <see cref="ByteWriter.WriteCount"/>.</summary>
    /// <param name="max">The greatest that makes sense here.</param>
    public int ReadCount(int max = int.MaxValue)
    {
        var value = ReadVarUInt();
        return value <= (ulong)max ? (int)value : throw Damaged($"a count of at most {max} is expected, found {value}");
    }

    /// <summary>The count of elements that follow, each of at least <paramref name="elementSizeMin"/> bytes: more than fit are not believed.</summary>
    public int ReadElementCount(int elementSizeMin)
    {
        var count = ReadCount();
        return count <= Remaining / elementSizeMin
            ? count
            : throw Damaged($"{count} elements of at least {elementSizeMin} bytes are announced and {Remaining} bytes are left");
    }

    public string ReadString()
    {
        var bytes = ReadRaw(ReadElementCount(1));
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Damaged("a text is not UTF-8");
    }

    public string? ReadOptionalString() => ReadBoolean() ? ReadString() : null;

    /// <summary>Bytes behind their length.</summary>
    public ReadOnlySpan<byte> ReadBlob() => ReadRaw(ReadElementCount(1));

    /// <summary>Skips zeros up to the next multiple of <paramref name="alignment"/>, a power of two.</summary>
    public void AlignTo(int alignment)
    {
        if (ReadRaw(-Position & (alignment - 1)).ContainsAnyExcept((byte)0))
        {
            throw Damaged("padding is not zero");
        }
    }

    /// <summary>Refuses anything that follows.</summary>
    public readonly void ExpectEnd()
    {
        if (!IsAtEnd)
        {
            throw Damaged($"the end is expected and {Remaining} bytes follow");
        }
    }
}
