using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class FiniteTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void One_number_that_is_not_finite_is_found_anywhere(float wrong)
    {
        foreach (var length in new[] { 1, 3, 8, 9, 31, 768 })
        {
            var values = Enumerable.Range(0, length).Select(i => i % 2 == 0 ? float.MaxValue : -float.Epsilon).ToArray();
            Assert.True(Finite.All(values));
            for (var i = 0; i < length; i++)
            {
                (var kept, values[i]) = (values[i], wrong);
                Assert.False(Finite.All(values));
                values[i] = kept;
            }
        }

        Assert.True(Finite.All([]));
    }
}
