using System.Numerics;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class BitsTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 131), 191, 192, 193, 511, 512, 513, 2047, 2048, 65_536];

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.01)]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.98)]
    [InlineData(1.0)]
    public void Positions_round_trip_at_every_length_and_density(double density)
    {
        var random = new Random(1);
        foreach (var count in Lengths)
        {
            // Bits beyond count are set in the input: they must not come out.
            var bitmap = Enumerable.Repeat(ulong.MaxValue, Bits.WordCount(count) + 1).ToArray();
            var expected = new List<ushort>();
            for (var i = 0; i < count; i++)
            {
                if (random.NextDouble() < density)
                {
                    expected.Add((ushort)i);
                }
                else
                {
                    bitmap[i / 64] &= ~(1UL << (i % 64));
                }
            }

            // Room for all rows, and room for what there is to the last place.
            foreach (var room in (int[])[count, expected.Count])
            {
                var indices = new ushort[room];
                Assert.Equal(expected.Count, Bits.ToIndices(bitmap, count, indices));
                Assert.Equal(expected, indices[..expected.Count]);
            }

            Assert.Equal(expected.Count, Bits.PopCount(bitmap, count));
            var again = Enumerable.Repeat(ulong.MaxValue, Bits.WordCount(count) + 1).ToArray();
            Bits.FromIndices(expected.ToArray(), again, count);
            Assert.Equal(expected.Count + 64, Bits.PopCount(again));
            Assert.Equal(ulong.MaxValue, again[^1]);
            Assert.All(expected, i => Assert.True((again[i / 64] >> (i % 64) & 1) != 0));
        }
    }

    [Fact]
    public void Algebra_is_that_of_single_bits()
    {
        var random = new Random(2);
        for (var words = 0; words < 40; words++)
        {
            var (x, y) = (new ulong[words], new ulong[words + 2]);
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(x.AsSpan()));
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(y.AsSpan()));
            Check(x, y, Bits.And, (a, b) => a & b);
            Check(x, y, Bits.Or, (a, b) => a | b);
            Check(x, y, Bits.AndNot, (a, b) => a & ~b);
            Assert.Equal(x.Sum(w => BitOperations.PopCount(w)), Bits.PopCount(x));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Bits.And(new ulong[3], new ulong[2]));
    }

    [Fact]
    public void Fill_and_Not_keep_the_tail_clear_and_what_follows_untouched()
    {
        foreach (var count in Lengths)
        {
            var bitmap = Enumerable.Repeat(0xAAAAUL, Bits.WordCount(count) + 1).ToArray();
            Bits.Fill(bitmap, count);
            Assert.Equal(count, Bits.PopCount(bitmap.AsSpan(..^1)));
            Assert.Equal(count, Bits.PopCount(bitmap, count));
            Bits.Not(bitmap, count);
            Assert.Equal(0, Bits.PopCount(bitmap.AsSpan(..^1)));
            Bits.Not(bitmap, count);
            Assert.Equal(count, Bits.PopCount(bitmap.AsSpan(..^1)));
            Assert.Equal(0xAAAAUL, bitmap[^1]);
        }
    }

    [Fact]
    public void First_rows_count_up()
    {
        Assert.Equal(0, Bits.FirstRows(0).Length);
        Assert.Equal(Enumerable.Range(0, 2048).Select(i => (ushort)i), Bits.FirstRows(2048).ToArray());
    }

    private delegate void Operation(Span<ulong> target, ReadOnlySpan<ulong> other);

    private static void Check(ulong[] x, ulong[] y, Operation operation, Func<ulong, ulong, ulong> expected)
    {
        var target = x.ToArray();
        operation(target, y);
        Assert.Equal(x.Zip(y, expected), target);
    }
}
