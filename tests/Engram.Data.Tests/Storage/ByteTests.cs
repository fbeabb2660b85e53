using Engram.Data.Storage;

namespace Engram.Data.Tests.Storage;

public class ByteTests
{
    [Fact]
    public void Every_kind_of_value_comes_back()
    {
        var writer = new ByteWriter(capacity: 1);
        writer.WriteByte(200);
        writer.WriteBoolean(true);
        writer.WriteUInt16(ushort.MaxValue);
        writer.WriteUInt32(uint.MaxValue - 1);
        writer.WriteUInt64(ulong.MaxValue - 2);
        writer.WriteInt16(short.MinValue);
        writer.WriteInt32(int.MinValue);
        writer.WriteInt64(long.MinValue);
        writer.WriteString("naïve 🙂");
        writer.WriteOptionalString(null);
        writer.WriteOptionalString("");
        writer.WriteBlob([1, 2, 3]);
        writer.WriteRaw([4, 5]);
        var at = writer.ReserveUInt32();
        writer.AlignTo(64);
        writer.PatchUInt32(at, 77);
        writer.WriteByte(9);

        var reader = new ByteReader(writer.Written, "A record");
        Assert.Equal(200, reader.ReadByte());
        Assert.True(reader.ReadBoolean());
        Assert.Equal(ushort.MaxValue, reader.ReadUInt16());
        Assert.Equal(uint.MaxValue - 1, reader.ReadUInt32());
        Assert.Equal(ulong.MaxValue - 2, reader.ReadUInt64());
        Assert.Equal(short.MinValue, reader.ReadInt16());
        Assert.Equal(int.MinValue, reader.ReadInt32());
        Assert.Equal(long.MinValue, reader.ReadInt64());
        Assert.Equal("naïve 🙂", reader.ReadString());
        Assert.Null(reader.ReadOptionalString());
        Assert.Equal("", reader.ReadOptionalString());
        Assert.Equal([1, 2, 3], reader.ReadBlob().ToArray());
        Assert.Equal([4, 5], reader.ReadRaw(2).ToArray());
        Assert.Equal(77u, reader.ReadUInt32());
        reader.AlignTo(64);
        Assert.Equal(9, reader.ReadByte());
        Assert.True(reader.IsAtEnd);
        reader.ExpectEnd();
    }

    [Fact]
    public void Variable_length_integers_come_back_around_every_power_of_two()
    {
        var writer = new ByteWriter();
        var values = new List<ulong> { 0, ulong.MaxValue };
        for (var bit = 0; bit < 64; bit++)
        {
            values.AddRange([(1UL << bit) - 1, 1UL << bit, (1UL << bit) + 1]);
        }

        foreach (var value in values)
        {
            writer.WriteVarUInt(value);
            writer.WriteVarInt((long)value);
            writer.WriteVarInt(-(long)value);
        }

        var reader = new ByteReader(writer.Written, "A record");
        foreach (var value in values)
        {
            Assert.Equal(value, reader.ReadVarUInt());
            Assert.Equal((long)value, reader.ReadVarInt());
            Assert.Equal(-(long)value, reader.ReadVarInt());
        }

        reader.ExpectEnd();
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x80 })]
    [InlineData(new byte[] { 0x80, 0x00 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00 })]
    public void A_bad_variable_length_integer_is_refused(byte[] bytes)
        => AssertDamaged(bytes, (ref ByteReader r) => r.ReadVarUInt());

    [Fact]
    public void Bad_values_are_refused()
    {
        AssertDamaged([2], (ref ByteReader r) => r.ReadBoolean());
        AssertDamaged([1, 2, 3], (ref ByteReader r) => r.ReadUInt32());
        AssertDamaged([5, 65, 66], (ref ByteReader r) => r.ReadString());
        AssertDamaged([1, 0xC0], (ref ByteReader r) => r.ReadString());
        AssertDamaged([9], (ref ByteReader r) => r.ReadCount(8));
        AssertDamaged([3, 0, 0, 0, 0, 0], (ref ByteReader r) => r.ReadElementCount(2));
        AssertDamaged([0xFF, 0xFF, 0xFF, 0xFF, 0x0F], (ref ByteReader r) => r.ReadBlob());
        AssertDamaged([1], (ref ByteReader r) => r.ExpectEnd());
        AssertDamaged([1, 1, 0, 0], (ref ByteReader r) => { r.ReadByte(); r.AlignTo(4); });
    }

    [Fact]
    public void A_broken_surrogate_is_no_text() => Assert.Equal(SqlStates.InternalError, Assert.Throws<EngramException>(() => new ByteWriter().WriteString("a\ud83d")).SqlState);

    private delegate void Read(ref ByteReader reader);

    private static void AssertDamaged(byte[] bytes, Read read)
    {
        var error = Assert.Throws<EngramException>(() =>
        {
            var reader = new ByteReader(bytes, "File 'X'");
            read(ref reader);
        });
        Assert.Equal(SqlStates.DataCorrupted, error.SqlState);
        Assert.StartsWith("File 'X' is damaged", error.Message, StringComparison.Ordinal);
    }
}
