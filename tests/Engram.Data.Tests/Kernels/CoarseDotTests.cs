using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class CoarseDotTests
{
    private const int Rows = 7;

    private delegate void AllRows(byte* codes, int stride, sbyte* query, int count, int querySum, int* dots);

    private delegate void SelectedRows(byte* codes, int stride, sbyte* query, ReadOnlySpan<ushort> selected, int querySum, int* dots);

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
            var stride = CodeBlock.CoarseStrideOf(n);
            var memory = (byte*)NativeMemory.AlignedAlloc((nuint)(((Rows + 2) * stride) + 256), 64);
            var codes = memory + random.Next(17);
            var query = (sbyte*)(memory + (Rows * stride) + 32 + random.Next(17));
            try
            {
                // What lies beyond the last dimension may be anything: the query has zeros there.
                for (var i = 0; i < Rows * stride; i++)
                {
                    codes[i] = (byte)(values switch { 0 => random.Next(256), 1 => 255, _ => random.Next(2) == 0 ? 0 : 255 });
                }

                var sum = 0;
                for (var i = 0; i < 2 * stride; i++)
                {
                    query[i] = (sbyte)(i >= n ? 0 : values switch { 0 => random.Next(-127, 128), 1 => 127, _ => random.Next(2) == 0 ? -127 : 127 });
                    sum += query[i];
                }

                var expected = Enumerable.Range(0, Rows).Select(row => CoarseDot.Scalar(codes + (row * stride), query, n)).ToArray();
                foreach (var (name, all, selected) in Paths())
                {
                    for (var count = 0; count <= Rows; count++)
                    {
                        new Span<int>(dots, Rows + 1).Fill(-7);
                        all(codes, stride, query, count, sum, dots);
                        Assert.True(expected.AsSpan(0, count).SequenceEqual(new Span<int>(dots, count)) && dots[count] == -7, $"{name}, n = {n}, {count} rows");

                        var rows = Enumerable.Range(0, Rows).Where(_ => random.Next(2) == 0).Select(row => (ushort)row).ToArray();
                        new Span<int>(dots, Rows + 1).Fill(-7);
                        selected(codes, stride, query, rows, sum, dots);
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
        var paths = new List<(string, AllRows, SelectedRows)> { ("128", CoarseDotLoops<CoarsePieces128>.Rows, CoarseDotLoops<CoarsePieces128>.Selected) };
        if (Avx2.IsSupported)
        {
            paths.Add(("256", CoarseDotLoops<CoarsePieces256>.Rows, CoarseDotLoops<CoarsePieces256>.Selected));
        }

        if (Avx512BW.IsSupported)
        {
            paths.Add(("512", CoarseDotLoops<CoarsePieces512>.Rows, CoarseDotLoops<CoarsePieces512>.Selected));
        }

        if (AvxVnni.IsSupported)
        {
            paths.Add(("vnni", CoarseDotLoops<CoarseVnniPieces>.Rows, CoarseDotLoops<CoarseVnniPieces>.Selected));
        }

        return paths;
    }
}
