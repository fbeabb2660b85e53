using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class CodePairsTests
{
    [Fact]
    public void Every_length_and_address_gives_what_the_scalar_loop_gives()
    {
        var random = new Random(5);
        var bytes = new byte[2 * 1024];
        foreach (var extreme in new[] { false, true })
        {
            for (var stride = 0; stride <= 512; stride += 32)
            {
                for (var offset = 0; offset < 3; offset++)
                {
                    for (var i = 0; i < bytes.Length; i++)
                    {
                        bytes[i] = (byte)(extreme ? (random.Next(2) == 0 ? 1 : 255) : random.Next(1, 256));
                    }

                    fixed (byte* a = bytes)
                    {
                        var b = a + 1024 + offset;
                        Assert.Equal(CodePairs.Scalar(a + offset, b, stride), CodePairs.Dot(a + offset, b, stride, CodePairs.Sum(b, stride)));
                    }
                }
            }
        }
    }

    [Fact]
    public void Codes_with_sign_become_those_that_are_stored()
    {
        var codes = new sbyte[256];
        var stored = new byte[256 + 1];
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)(i - 128);
        }

        fixed (sbyte* from = codes)
        fixed (byte* to = stored)
        {
            CodePairs.Store(from, to, codes.Length);
        }

        Assert.Equal(Enumerable.Range(0, 256).Select(i => (byte)i).Append((byte)0), stored);
    }
}
