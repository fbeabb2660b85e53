using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class Int8DotTests
{
    private const int Rows = 7;

    private delegate void AllRows(byte* codes, int stride, sbyte* query, short* wide, int count, int bias, int* dots);

    private delegate void SelectedRows(byte* codes, int stride, sbyte* query, short* wide, ReadOnlySpan<ushort> selected, int bias, int* dots);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_width_equals_the_oracle_at_every_length_and_alignment(int values)
    {
        var random = new Random(values);
        var dots = stackalloc int[Rows + 1];
        foreach (var n in (int[])[.. Enumerable.Range(0, 130), 255, 256, 257, 768, 1536, 4096, 16_000])
        {
            var stride = CodeBlock.StrideOf(n);
            var memory = (byte*)NativeMemory.AlignedAlloc((nuint)((Rows * stride) + (5 * stride) + 256), 64);
            var codes = memory + random.Next(17);
            var query = (sbyte*)(memory + (Rows * stride) + 32 + random.Next(17));
            var wide = (short*)(memory + ((Rows + 2) * stride) + 64 + random.Next(17));
            try
            {
                var bias = 0;
                for (var i = 0; i < stride; i++)
                {
                    query[i] = (sbyte)(i >= n ? 0 : values switch { 0 => random.Next(-127, 128), 1 => 127, _ => random.Next(2) == 0 ? -127 : 127 });
                    wide[i] = query[i];
                    bias += CodeBlock.Zero * query[i];
                    for (var row = 0; row < Rows; row++)
                    {
                        // What lies beyond the last dimension may be anything: the query has zeros there.
                        codes[(row * stride) + i] = (byte)(values switch { 0 => random.Next(256), 1 => 255, _ => random.Next(2) == 0 ? 1 : 255 });
                    }
                }

                var expected = Enumerable.Range(0, Rows).Select(row => Int8Dot.Scalar(codes + (row * stride), query, n)).ToArray();
                foreach (var (name, all, selected) in Paths())
                {
                    for (var count = 0; count <= Rows; count++)
                    {
                        new Span<int>(dots, Rows + 1).Fill(-7);
                        all(codes, stride, query, wide, count, bias, dots);
                        Assert.True(expected.AsSpan(0, count).SequenceEqual(new Span<int>(dots, count)) && dots[count] == -7, $"{name}, n = {n}, {count} rows");

                        var rows = Enumerable.Range(0, Rows).Where(_ => random.Next(2) == 0).Select(row => (ushort)row).ToArray();
                        new Span<int>(dots, Rows + 1).Fill(-7);
                        selected(codes, stride, query, wide, rows, bias, dots);
                        Assert.True(
                            rows.Select(r => expected[r]).SequenceEqual(new Span<int>(dots, rows.Length).ToArray()) && dots[rows.Length] == -7, $"{name}, n = {n}, selected");
                    }
                }
            }
            finally
            {
                NativeMemory.AlignedFree(memory);
            }
        }
    }

    private static List<(string Name, AllRows All, SelectedRows Selected)> Paths()
    {
        var paths = new List<(string, AllRows, SelectedRows)> { ("128", Int8DotLoops<Pieces128>.Rows, Int8DotLoops<Pieces128>.Selected) };
        if (Avx2.IsSupported)
        {
            paths.Add(("256", Int8DotLoops<Pieces256>.Rows, Int8DotLoops<Pieces256>.Selected));
        }

        if (Avx512BW.IsSupported)
        {
            paths.Add(("512", Int8DotLoops<Pieces512>.Rows, Int8DotLoops<Pieces512>.Selected));
        }

        if (AvxVnni.IsSupported)
        {
            paths.Add(("vnni", Int8DotLoops<VnniPieces>.Rows, Int8DotLoops<VnniPieces>.Selected));
        }

        return paths;
    }
}
