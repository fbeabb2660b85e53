using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class Crc32CTests
{
    [Fact]
    public void Equals_the_published_check_values()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0u, Crc32C.Compute([]));

        // RFC 3720, B.4: 32 bytes of zeros, of ones, ascending, descending.
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        Assert.Equal(0x113FDB5Cu, Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)(31 - i)).ToArray()));
    }

    [Fact]
    public void Equals_the_bitwise_definition_at_every_length_and_alignment()
    {
        var data = new byte[70_000];
        new Random(1).NextBytes(data);
        int[] lengths = [.. Enumerable.Range(0, 130), 767, 768, 769, 1023, 1535, 1536, 1537, 4095, 4096, 8191, 24_575, 24_576, 24_577, 25_343, 25_344, 65_535, 65_536, 69_000];
        foreach (var length in lengths)
        {
            for (var offset = 0; offset < (length < 2000 ? 9 : 2); offset++)
            {
                var span = data.AsSpan(offset, length);
                Assert.Equal(Bitwise(span, 0), Crc32C.Compute(span));
                Assert.Equal(Bitwise(span, 0xDEADBEEF), Crc32C.Compute(span, 0xDEADBEEF));
            }
        }
    }

    [Fact]
    public void Chains_over_any_split()
    {
        var data = new byte[60_000];
        var random = new Random(2);
        random.NextBytes(data);
        var whole = Crc32C.Compute(data);
        for (var i = 0; i < 100; i++)
        {
            var split = random.Next(data.Length + 1);
            Assert.Equal(whole, Crc32C.Compute(data.AsSpan(split), Crc32C.Compute(data.AsSpan(0, split))));
        }
    }

    private static uint Bitwise(ReadOnlySpan<byte> data, uint seed)
    {
        var crc = ~seed;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }
}
