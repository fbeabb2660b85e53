using System.Numerics;
using System.Text;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class HashingTests
{
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    public void Byte_strings_hash_as_XXH64(string text, ulong expected)
        => Assert.Equal(expected, Hashing.Hash(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Numbers_hash_as_SplitMix64()
    {
        // The first three outputs of the generator with seed 0: its state advances by the golden gamma, which Hash adds itself.
        Assert.Equal(0xE220A8397B1DCDAFUL, Hashing.Hash(0));
        Assert.Equal(0x6E789E6AA1B965F4UL, Hashing.Hash(0x9E3779B97F4A7C15));
        Assert.Equal(0x06C45D188009454FUL, Hashing.Hash(unchecked(2 * 0x9E3779B97F4A7C15)));
    }

    [Fact]
    public void Equal_values_of_different_widths_hash_equally()
    {
        Assert.Equal(Hashing.HashValue(-5L), Hashing.HashValue((sbyte)-5));
        Assert.Equal(Hashing.HashValue(-5L), Hashing.HashValue(-5));
        Assert.Equal(Hashing.HashValue(250L), Hashing.HashValue((byte)250));
        Assert.Equal(Hashing.HashValue(4_000_000_000L), Hashing.HashValue(4_000_000_000U));
        Assert.Equal(Hashing.HashValue(0.1f), Hashing.HashValue((double)0.1f));
        Assert.Equal(Hashing.HashValue(0.0), Hashing.HashValue(-0.0));
        Assert.Equal(Hashing.HashValue(double.NaN), Hashing.HashValue(BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_1234)));
        Assert.Equal(Hashing.HashValue(double.NaN), Hashing.HashValue(-float.NaN));
        Assert.Equal(Hashing.HashValue(1.0m), Hashing.HashValue(1.000m));
        Assert.Equal(Hashing.HashValue(100m), Hashing.HashValue(100.00m));
        Assert.Equal(Hashing.HashValue(0m), Hashing.HashValue(-0.000m));
        Assert.Equal(Hashing.HashValue(decimal.MaxValue), Hashing.HashValue(decimal.MaxValue * 1.0m));
        Assert.Equal(Hashing.HashValue(7922816251426433759354395033.0m), Hashing.HashValue(7922816251426433759354395033m));
        Assert.Equal(Hashing.HashValue(1.5m), Hashing.HashValue<decimal>(1.50m));
        Assert.NotEqual(Hashing.HashValue(1m), Hashing.HashValue(-1m));
        Assert.NotEqual(Hashing.HashValue(0.1m), Hashing.HashValue(1m));
    }

    [Fact]
    public void Every_input_bit_changes_about_half_of_the_output_bits()
    {
        var random = new Random(1);
        var bytes = new byte[40];
        var (flips, flipsOfBytes, flipsOfCombined) = (new long[64], new long[bytes.Length * 8], new long[128]);
        const int Rounds = 2000;
        for (var round = 0; round < Rounds; round++)
        {
            var (value, other) = ((ulong)random.NextInt64(), (ulong)random.NextInt64());
            random.NextBytes(bytes);
            var hash = Hashing.Hash(bytes);
            for (var bit = 0; bit < 64; bit++)
            {
                var flipped = value ^ (1UL << bit);
                flips[bit] += BitOperations.PopCount(Hashing.Hash(value) ^ Hashing.Hash(flipped));
                flipsOfCombined[bit] += BitOperations.PopCount(Hashing.Combine(value, other) ^ Hashing.Combine(flipped, other));
                flipsOfCombined[64 + bit] += BitOperations.PopCount(Hashing.Combine(other, value) ^ Hashing.Combine(other, flipped));
            }

            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                flipsOfBytes[bit] += BitOperations.PopCount(hash ^ Hashing.Hash(bytes));
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        // 2,000 rounds of 64 fair coins: a mean of 32 with a standard error below 0.1.
        Assert.All(flips.Concat(flipsOfBytes).Concat(flipsOfCombined), sum => Assert.InRange(sum / (double)Rounds, 31.3, 32.7));
    }

    [Fact]
    public void Columns_hash_value_by_value_with_nulls_and_combined()
    {
        var values = Enumerable.Range(-70, 140).Select(i => (short)(i * 13)).ToArray();
        var hashes = new ulong[values.Length];
        var nulls = stackalloc ulong[3];
        nulls[1] = 1UL << 5;
        Hashing.HashInto<short>(values, hashes, combine: false, nulls);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(i == 69 ? Hashing.NullHash : Hashing.HashValue(values[i]), hashes[i]);
        }

        var first = hashes.ToArray();
        var doubles = values.Select(v => v / 8.0).ToArray();
        Hashing.HashInto<double>(doubles, hashes, combine: true);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(Hashing.Combine(first[i], Hashing.HashValue(doubles[i])), hashes[i]);
        }
    }

    [Fact]
    public void Hashes_that_index_files_hold_stay_as_they_are()
    {
        Assert.Equal(0xBFC846100BFC1E42UL, Hashing.Combine(1, 2));
        Assert.Equal(0xE4D971771B652C20UL, Hashing.HashValue(-1));
        Assert.Equal(0xD6DAB18E1392608AUL, Hashing.HashValue(1.5));
        Assert.Equal(0xFAA3E58077B95325UL, Hashing.HashValue(-12345.670m));
        Assert.Equal(0x4EE3AF2AFFB0E563UL, Hashing.HashValue(decimal.MaxValue));
        Assert.Equal(0x56F1187994ED6D41UL, Hashing.HashValue(new Guid("00112233-4455-6677-8899-aabbccddeeff")));
    }

    [Fact]
    public void Entries_hash_as_the_bytes_that_they_point_to()
    {
        var text = Encoding.UTF8.GetBytes("one two three");
        fixed (byte* p = text)
        {
            var entries = stackalloc long[] { (long)p, 3, (long)(p + 4), 3, 0, 0, (long)p, 13 };
            var nulls = 2UL;
            var hashes = new ulong[4];
            Hashing.HashEntriesInto(entries, hashes, combine: false, &nulls);
            Assert.Equal([Hashing.Hash("one"u8), Hashing.NullHash, Hashing.Hash(""u8), Hashing.Hash(text)], hashes);
        }
    }
}
