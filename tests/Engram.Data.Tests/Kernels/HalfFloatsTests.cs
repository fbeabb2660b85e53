using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class HalfFloatsTests
{
    [Fact]
    public void Every_finite_element_is_widened_exactly_at_every_place()
    {
        var finite = Enumerable.Range(0, 65536).Select(i => (ushort)i).Where(i => Half.IsFinite(BitConverter.UInt16BitsToHalf(i))).ToArray();
        Assert.Equal(65536 - 2048, finite.Length);
        var target = new float[finite.Length];
        fixed (ushort* source = finite)
        fixed (float* to = target)
        {
            for (var shift = 0; shift < 9; shift++)
            {
                HalfFloats.Widen(source + shift, to + shift, finite.Length - shift);
                Assert.Equal(
                    finite.Skip(shift).Select(h => BitConverter.SingleToInt32Bits((float)BitConverter.UInt16BitsToHalf(h))),
                    target.Skip(shift).Select(BitConverter.SingleToInt32Bits));
            }
        }

        Assert.False(HalfFloats.AreFinite([(Half)1, Half.NaN]));
        Assert.False(HalfFloats.AreFinite([Half.NegativeInfinity]));
        Assert.True(HalfFloats.AreFinite([Half.MaxValue, Half.Epsilon, (Half)0]));
    }
}
