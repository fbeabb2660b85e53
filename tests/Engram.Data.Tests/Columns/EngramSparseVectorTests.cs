using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Columns;

public sealed class EngramSparseVectorTests
{
    [Fact]
    public void Zeros_are_left_out_and_places_sorted()
    {
        var vector = new EngramSparseVector([new(4, 2f), new(0, -1f), new(2, -0f)], 6);

        Assert.Equal([0, 4], vector.Places.ToArray());
        Assert.Equal([-1f, 2f], vector.Values.ToArray());
        Assert.Equal([-1f, 0, 0, 0, 2, 0], vector.ToArray());
        Assert.Equal("{1:-1,5:2}/6", vector.ToString());
        Assert.Equal(vector, new EngramSparseVector(vector.ToArray()));
        Assert.Equal(vector, EngramSparseVector.Parse(" { 5:2 , 1:-1 } / 6 "));
        Assert.Equal(vector.GetHashCode(), EngramSparseVector.Parse("{1:-1,5:2}/6").GetHashCode());
        Assert.NotEqual(vector, EngramSparseVector.Parse("{1:-1,5:2}/7"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{1:1}")]
    [InlineData("1:1/3")]
    [InlineData("{1:1,}/3")]
    [InlineData("{1}/3")]
    [InlineData("{0:1}/3")]
    [InlineData("{4:1}/3")]
    [InlineData("{1:1,1:1}/3")]
    [InlineData("{1:NaN}/3")]
    [InlineData("{1:1e40}/3")]
    [InlineData("{}/0")]
    [InlineData("{}/-1")]
    [InlineData("{}/1000000001")]
    [InlineData("{-2147483648:1}/3")]
    public void Texts_that_are_none_are_refused(string text) => Assert.Throws<FormatException>(() => EngramSparseVector.Parse(text));

    [Fact]
    public void Elements_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EngramSparseVector([]));
        Assert.Throws<ArgumentException>(() => new EngramSparseVector([new(3, 1f)], 3));
        Assert.Throws<ArgumentException>(() => new EngramSparseVector([new(-1, 1f)], 3));
        Assert.Throws<ArgumentException>(() => new EngramSparseVector([new(1, 1f), new(1, 2f)], 3));
        Assert.Throws<ArgumentException>(() => new EngramSparseVector([new(1, float.NaN)], 3));
        Assert.Throws<ArgumentException>(() => new EngramSparseVector(Enumerable.Range(0, 16_001).Select(i => new KeyValuePair<int, float>(i, 1f)), 20_000));
        Assert.Equal(16_000, new EngramSparseVector(Enumerable.Range(0, 16_000).Select(i => new KeyValuePair<int, float>(i, 1f)), 20_000).Values.Length);
    }

    /// <summary>The oracle is the score of the vectors with all their elements.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(130)]
    public void Scores_have_the_bits_that_whole_vectors_score(int dimensions)
    {
        var random = new Random(dimensions);
        for (var round = 0; round < 200; round++)
        {
            var (x, y) = (Some(random, dimensions), Some(random, dimensions));
            var (a, b) = (new EngramSparseVector(x), new EngramSparseVector(y));

            Assert.Equal(Bits(VectorScore.Dot(x, y)), Bits(SparseScore.Dot(a.Places.Span, a.Values.Span, b.Places.Span, b.Values.Span)));
            Assert.Equal(Bits(VectorScore.SquaredNorm(x)), Bits(SparseScore.SquaredNorm(a.Places.Span, a.Values.Span)));
            Assert.Equal(Bits(VectorScore.L2Distance(x, y)), Bits(SparseScore.L2Distance(a.Places.Span, a.Values.Span, b.Places.Span, b.Values.Span)));
            Assert.Equal(Bits(VectorScore.L1Distance(x, y)), Bits(SparseScore.L1Distance(a.Places.Span, a.Values.Span, b.Places.Span, b.Values.Span)));
        }
    }

    [Fact]
    public void Order_is_that_of_whole_vectors()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var (x, y) = (Some(random, random.Next(1, 6)), Some(random, random.Next(1, 6)));
            var order = SparseValue.Compare(new EngramSparseVector(x).ToStored(), new EngramSparseVector(y).ToStored());

            Assert.Equal(Math.Sign(x.AsSpan().SequenceCompareTo(y)), Math.Sign(order));
        }
    }

    [Fact]
    public void Damaged_values_are_found()
    {
        var type = new DataType(TypeKind.SparseVector, 6);
        var stored = EngramSparseVector.Parse("{1:-1,5:2}/6").ToStored();
        Assert.Null(SparseValue.Fault(type, stored));
        Assert.NotNull(SparseValue.Fault(type with { Size = 5 }, stored));
        Assert.NotNull(SparseValue.Fault(type, stored.AsSpan()[..^1]));
        Assert.NotNull(SparseValue.Fault(type, []));
        for (var i = 4; i < stored.Length; i += 4)
        {
            var damaged = stored.ToArray();
            MemoryMarshal.Write(damaged.AsSpan(i), i < 12 ? 6 : 0);
            Assert.NotNull(SparseValue.Fault(type, damaged));
        }
    }

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    /// <summary>Values of few kinds, so that places meet, and halves of them zero.</summary>
    private static float[] Some(Random random, int dimensions)
        => [.. Enumerable.Range(0, dimensions).Select(_ => random.Next(6) switch { < 3 => 0f, 3 => -1.5f, 4 => 1f, _ => (float)(random.NextDouble() * 1e10) })];
}
