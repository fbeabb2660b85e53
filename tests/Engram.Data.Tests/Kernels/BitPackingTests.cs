using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class BitPackingTests
{
    /// <summary>A guard after the values shows who writes too far; bytes of ones around the codes show who reads their neighbours.</summary>
    private const int Guard = 64;

    private static readonly int[] Lengths = [.. Enumerable.Range(0, 130), 511, 512, 513, 1025, 2047, 2048];

    [Fact]
    public void Codes_of_every_width_and_length_come_back_from_every_loop()
    {
        var random = new Random(1);
        for (var width = 0; width <= 64; width++)
        {
            foreach (var length in Lengths)
            {
                CheckOne(random, width, length, shift: length % 17);
            }
        }
    }

    [Fact]
    public void Codes_at_every_alignment_come_back()
    {
        var random = new Random(2);
        for (var width = 0; width <= 64; width++)
        {
            for (var shift = 0; shift < 64; shift++)
            {
                CheckOne(random, width, 77, shift);
            }
        }
    }

    [Fact]
    public void Bits_after_the_last_code_are_zero()
    {
        Span<byte> packed = [255, 255, 255];
        BitPacking.Pack([5, 7, 1], 3, packed);
        Assert.Equal([0b01_111_101, 0b0, 255], packed.ToArray());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(255, 8)]
    [InlineData(256, 9)]
    [InlineData(ulong.MaxValue, 64)]
    public void A_width_is_that_of_the_greatest_code(ulong greatest, int width) => Assert.Equal(width, BitPacking.WidthOf(greatest));

    private static void CheckOne(Random random, int width, int length, int shift)
    {
        var codes = new ulong[length];
        foreach (ref var code in codes.AsSpan())
        {
            code = (random.Next(4) == 0 ? ulong.MaxValue : (ulong)random.NextInt64(long.MinValue, long.MaxValue)) & BitPacking.MaskOf(width);
        }

        var size = BitPacking.SizeOf(length, width);
        var memory = new byte[size + shift + Guard];
        memory.AsSpan().Fill(255);
        var packed = memory.AsSpan(shift, size);
        BitPacking.Pack(codes, width, packed);
        Assert.Equal(-1, memory.AsSpan(shift + size).IndexOfAnyExcept((byte)255));

        fixed (byte* pointer = &memory[shift])
        {
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(codes[i], BitPacking.Get(pointer, size, width, i));
            }
        }

        var first = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        var factor = width > 32 ? 1 : random.Next(2) == 0 ? 1 : (uint)random.NextInt64(uint.MaxValue);
        var expected = Array.ConvertAll(codes, c => first + (c * factor));
        CheckWide(packed, width, first, factor, expected);
        CheckNarrow(packed, width, first, codes);
    }

    private static void CheckWide(ReadOnlySpan<byte> packed, int width, ulong first, uint factor, ulong[] expected)
    {
        var values = new ulong[expected.Length + Guard];
        BitPacking.Unpack(packed, width, first, factor, Clear(values));
        Expect(expected, values);
        UnpackScalar.Run(packed, width, first, factor, Clear(values));
        Expect(expected, values);
        if (width is 0 or > BitPacking.Width64Max)
        {
            return;
        }

        if (Unpack512Of64.IsSupported)
        {
            UnpackLoops<Unpack512Of64, ulong>.Run(packed, width, first, factor, Clear(values));
            Expect(expected, values);
        }

        if (Unpack256Of64.IsSupported)
        {
            UnpackLoops<Unpack256Of64, ulong>.Run(packed, width, first, factor, Clear(values));
            Expect(expected, values);
        }

        if (width <= BitPacking.Width32Max && factor == 1)
        {
            BitPacking.UnpackWidening(packed, width, first, Clear(values));
            Expect(expected, values);
        }
    }

    private static void CheckNarrow(ReadOnlySpan<byte> packed, int width, ulong first, ulong[] codes)
    {
        if (width > 32)
        {
            return;
        }

        var expected = Array.ConvertAll(codes, c => (uint)(first + c));
        var values = new uint[expected.Length + Guard];
        BitPacking.Unpack(packed, width, (uint)first, Clear(values));
        Expect(expected, values);
        UnpackScalar.Run(packed, width, (uint)first, Clear(values));
        Expect(expected, values);
        if (width is > 0 and <= BitPacking.Width32Max)
        {
            UnpackLoops<Unpack128Of32, uint>.Run(packed, width, (uint)first, 1, Clear(values));
            Expect(expected, values);
            if (Unpack256Of32.IsSupported)
            {
                UnpackLoops<Unpack256Of32, uint>.Run(packed, width, (uint)first, 1, Clear(values));
                Expect(expected, values);
            }

            if (Unpack512Of32.IsSupported)
            {
                UnpackLoops<Unpack512Of32, uint>.Run(packed, width, (uint)first, 1, Clear(values));
                Expect(expected, values);
            }
        }

        if (width <= 16)
        {
            var shorts = new ushort[expected.Length + Guard];
            BitPacking.Unpack(packed, width, (ushort)first, Clear(shorts));
            Expect(Array.ConvertAll(expected, v => (ushort)v), shorts);
        }

        if (width <= 8)
        {
            var bytes = new byte[expected.Length + Guard];
            BitPacking.Unpack(packed, width, (byte)first, Clear(bytes));
            Expect(Array.ConvertAll(expected, v => (byte)v), bytes);
        }
    }

    private static Span<T> Clear<T>(T[] values)
    {
        values.AsSpan().Clear();
        return values.AsSpan(0, values.Length - Guard);
    }

    private static void Expect<T>(T[] expected, T[] actual)
        where T : IEquatable<T>
    {
        Assert.True(actual.AsSpan(0, expected.Length).SequenceEqual(expected));
        Assert.Equal(-1, actual.AsSpan(expected.Length).IndexOfAnyExcept(default(T)!));
    }
}
