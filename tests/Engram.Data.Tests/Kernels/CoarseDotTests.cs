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

    /// <summary>Four queries at a time, whatever their alignment, and any number of rows.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Several_queries_at_once_equal_the_oracle(int values)
    {
        var random = new Random(10 + values);
        var products = stackalloc int[4 * (Rows + 1)];
        var targets = stackalloc CoarseTarget[4];
        foreach (var n in (int[])[.. Enumerable.Range(0, 130), 255, 256, 257, 768, 1536, 16_000])
        {
            var stride = CodeBlock.CoarseStrideOf(n);
            var size = (Rows * stride) + 64 + (4 * ((2 * stride) + 64));
            var memory = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
            try
            {
                var codes = memory + random.Next(17);
                for (var i = 0; i < Rows * stride; i++)
                {
                    codes[i] = (byte)(values switch { 0 => random.Next(256), 1 => 255, _ => random.Next(2) == 0 ? 0 : 255 });
                }

                for (var q = 0; q < 4; q++)
                {
                    var query = (sbyte*)(memory + (Rows * stride) + 64 + (q * ((2 * stride) + 64)) + random.Next(17));
                    var sum = 0;
                    for (var i = 0; i < 2 * stride; i++)
                    {
                        query[i] = (sbyte)(i >= n ? 0 : values switch { 0 => random.Next(-127, 128), 1 => q < 2 ? 127 : -127, _ => random.Next(2) == 0 ? -127 : 127 });
                        sum += query[i];
                    }

                    targets[q] = new CoarseTarget(query, sum, products + (q * (Rows + 1)));
                }

                foreach (var (name, four) in FourPaths())
                {
                    for (var count = 0; count <= Rows; count += n < 130 ? 1 : 3)
                    {
                        new Span<int>(products, 4 * (Rows + 1)).Fill(-7);
                        four(codes, stride, targets, count);
                        for (var q = 0; q < 4; q++)
                        {
                            for (var row = 0; row <= Rows; row++)
                            {
                                var expected = row < count ? CoarseDot.Scalar(codes + (row * stride), targets[q].Codes, n) : -7;
                                Assert.True(expected == targets[q].Products[row], $"{name}, n = {n}, {count} rows, row {row} of query {q}");
                            }
                        }
                    }
                }
            }
            finally
            {
                NativeMemory.AlignedFree(memory);
            }
        }
    }

    /// <summary>Any number of queries, in groups of four.</summary>
    [Fact]
    public void Any_number_of_queries_may_be_given()
    {
        const int Dimensions = 100;
        var random = new Random(3);
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)CodeBlock.SizeOf(Rows, Dimensions), 64);
        var products = stackalloc int[9 * Rows];
        try
        {
            random.NextBytes(new Span<byte>(memory, (int)CodeBlock.SizeOf(Rows, Dimensions)));
            var block = new CodeBlock(memory, Rows, Dimensions);
            Int8Query[] queries = [.. Enumerable.Range(0, 9).Select(_ => new Int8Query(Enumerable.Range(0, Dimensions).Select(_ => (2 * random.NextSingle()) - 1).ToArray()))];
            for (var count = 0; count <= queries.Length; count++)
            {
                new Span<int>(products, 9 * Rows).Fill(-7);
                var targets = new CoarseTarget[count];
                for (var q = 0; q < count; q++)
                {
                    targets[q] = new CoarseTarget(queries[q].Codes, queries[q].Sum, products + (q * Rows));
                }

                CoarseFour.Rows(block, targets, Rows);
                for (var i = 0; i < 9 * Rows; i++)
                {
                    Assert.Equal(i / Rows < count ? CoarseDot.Scalar(block.CoarseOf(i % Rows), queries[i / Rows].Codes, Dimensions) : -7, products[i]);
                }
            }

            Array.ForEach(queries, q => q.Dispose());
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private delegate void FourQueries(byte* codes, int stride, CoarseTarget* four, int count);

    private static List<(string Name, FourQueries Four)> FourPaths()
    {
        var paths = new List<(string, FourQueries)>();
        if (Avx2.IsSupported)
        {
            paths.Add(("256", CoarseFour.Rows<CoarsePieces256>));
        }

        if (AvxVnni.IsSupported)
        {
            paths.Add(("vnni", CoarseFour.Rows<CoarseVnniPieces>));
        }

        return paths;
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
