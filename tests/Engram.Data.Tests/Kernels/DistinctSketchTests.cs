using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class DistinctSketchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(700)]
    [InlineData(3000)]
    [InlineData(100_000)]
    public void An_estimate_is_near_however_often_values_come(int distinct)
    {
        var registers = new byte[DistinctSketch.RegisterCount];
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < distinct; i++)
            {
                DistinctSketch.Add(registers, Hashing.HashValue(i * 7));
            }
        }

        Assert.InRange(DistinctSketch.Estimate(registers), distinct * 0.88, distinct * 1.12);
    }

    [Fact]
    public void A_merged_sketch_is_that_of_the_values_of_both()
    {
        var (a, b, both) = (new byte[DistinctSketch.RegisterCount], new byte[DistinctSketch.RegisterCount], new byte[DistinctSketch.RegisterCount]);
        for (var i = 0; i < 5000; i++)
        {
            DistinctSketch.Add(i % 3 == 0 ? a : b, Hashing.HashValue(i % 4000));
            DistinctSketch.Add(both, Hashing.HashValue(i % 4000));
        }

        DistinctSketch.Merge(a, b);
        Assert.Equal(both, a);
    }
}
