using System.Collections;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Columns;

public sealed class BitStringTests
{
    [Fact]
    public void Every_length_comes_back_bit_for_bit_and_orders_as_its_text()
    {
        var random = new Random(3);
        var values = new List<(string Text, byte[] Value)>();
        for (var length = 0; length <= 70; length++)
        {
            var bits = new BitArray([.. Enumerable.Range(0, length).Select(_ => random.Next(4) == 0)]);
            var value = BitString.Of(bits);

            Assert.Equal(length, BitString.LengthOf(value));
            Assert.Equal(BitString.SizeOf(length), value.Length);
            Assert.Equal(bits.Cast<bool>(), BitString.ToBitArray(value).Cast<bool>());
            Assert.Null(BitString.Fault(DataType.VaryingBits(), value));
            Assert.Equal(length != 5, BitString.Fault(new DataType(TypeKind.Bit, 5), value) is not null);
            Assert.Equal(length > 5, BitString.Fault(DataType.VaryingBits(5), value) is not null);
            values.Add((string.Concat(bits.Cast<bool>().Select(b => b ? '1' : '0')), value));
        }

        foreach (var (left, a) in values)
        {
            foreach (var (right, b) in values)
            {
                Assert.Equal(Math.Sign(string.CompareOrdinal(left, right)), Math.Sign(BitString.Compare(a, b)));
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 0x80, 0 })]
    [InlineData(new byte[] { 0x80, 9 })]
    [InlineData(new byte[] { 0xC0, 1 })]
    public void Damaged_values_are_found(byte[] value) => Assert.NotNull(BitString.Fault(DataType.VaryingBits(), value));

    [Theory]
    [InlineData("bit", "bit(1)")]
    [InlineData("bit(12)", "bit(12)")]
    [InlineData("bit varying", "bit varying")]
    [InlineData("varbit(7)", "bit varying(7)")]
    [InlineData("sparsevec", "sparsevec")]
    [InlineData("sparsevec(9)", "sparsevec(9)")]
    public void Names_of_types_come_back(string name, string expected)
    {
        var type = Engram.Data.Query.Syntax.TypeNames.Resolve(name);

        Assert.Equal(expected, type.ToString());
        Assert.Equal(type, Engram.Data.Query.Syntax.TypeNames.Resolve(type.ToString()));
    }
}
