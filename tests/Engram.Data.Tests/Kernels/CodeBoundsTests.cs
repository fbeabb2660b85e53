using System.Runtime.InteropServices;
using Engram.Data.Kernels;
using Engram.Data.Tests.Query.Vectors;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class CodeBoundsTests
{
    private const int Rows = 300;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_codes_pass_over_is_worse_than_the_given_score(int metric)
    {
        var dots = stackalloc int[Rows];
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random((metric * 1000) + seed);
            var n = random.Next(1, random.Next(8) == 0 ? 800 : 40);
            var data = new VectorData(random, n, seed % VectorData.KindCount);
            var rows = Enumerable.Range(0, Rows).Select(_ => data.Next()).ToArray();
            var vector = data.Query(rows);
            if (metric == 0 && vector.All(x => x == 0))
            {
                continue;
            }

            using var query = new Int8Query(vector, hasElements: true);
            using var block = new Block(rows);
            var scores = rows.Select(row => Score(metric, vector, row)).ToArray();
            Products(metric, block.Codes, query, dots);
            var found = new ushort[Rows];
            foreach (var worst in (double[])[.. scores.Order().Where((_, i) => i % 37 == 0), double.PositiveInfinity, 0, Math.BitDecrement(scores.Min())])
            {
                var bounds = BoundsOf(metric, query).Within(worst);
                var left = found.AsSpan(0, bounds.Find(block.Codes.Facts, Rows, dots, found)).ToArray();
                for (var row = 0; row < Rows; row++)
                {
                    Assert.True(left.Contains((ushort)row) || scores[row] > worst, $"metric {metric}, seed {seed}, row {row}: {scores[row]:R} was passed over for {worst:R}");
                    Assert.True(bounds.IsLeft(block.Codes.Facts, row, dots[row]) || scores[row] > worst, $"metric {metric}, seed {seed}, row {row}");
                }

                Assert.True(double.IsFinite(worst) || left.Length == Rows);
            }

            if (metric == 3)
            {
                continue;
            }

            CoarseDot.Rows(block.Codes, query, Rows, dots);
            foreach (var worst in (double[])[.. scores.Order().Where((_, i) => i % 37 == 0), Math.BitDecrement(scores.Min())])
            {
                var bounds = BoundsOf(metric, query).Within(worst);
                var left = found.AsSpan(0, bounds.Find(block.Codes.CoarseFacts, Rows, dots, found)).ToArray();
                for (var row = 0; row < Rows; row++)
                {
                    Assert.True(left.Contains((ushort)row) || scores[row] > worst, $"metric {metric}, seed {seed}, row {row}: {scores[row]:R} was passed over by its coarse code for {worst:R}");
                    Assert.True(bounds.IsLeft(block.Codes.CoarseFacts, row, dots[row]) || scores[row] > worst, $"metric {metric}, seed {seed}, row {row}, coarse");
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Most_rows_are_passed_over(int metric)
    {
        var random = new Random(metric);
        var data = new VectorData(random, 128, 0);
        var rows = Enumerable.Range(0, Rows).Select(_ => data.Next()).ToArray();
        using var query = new Int8Query(data.Next(), hasElements: true);
        using var block = new Block(rows);
        var dots = stackalloc int[Rows];
        Products(metric, block.Codes, query, dots);
        var vector = Enumerable.Range(0, 128).Select(i => (float)(query.Codes[i] * query.Scale)).ToArray();
        var tenth = rows.Select(row => Score(metric, vector, row)).Order().ElementAt(9);
        var count = BoundsOf(metric, query).Within(tenth).Find(block.Codes.Facts, Rows, dots, new ushort[Rows]);
        Assert.InRange(count, 10, 40);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Coarse_codes_pass_over_rows_of_other_clusters(int metric)
    {
        var random = new Random(metric);
        var centres = Enumerable.Range(0, 10).Select(_ => Gaussian(random, new float[128], 1)).ToArray();
        var rows = Enumerable.Range(0, Rows).Select(row => Gaussian(random, centres[row % 10], 0.5)).ToArray();
        using var query = new Int8Query(Gaussian(random, centres[3], 0.5));
        using var block = new Block(rows);
        var dots = stackalloc int[Rows];
        CoarseDot.Rows(block.Codes, query, Rows, dots);
        var vector = Enumerable.Range(0, 128).Select(i => (float)(query.Codes[i] * query.Scale)).ToArray();
        var tenth = rows.Select(row => Score(metric, vector, row)).Order().ElementAt(9);
        var count = BoundsOf(metric, query).Within(tenth).Find(block.Codes.CoarseFacts, Rows, dots, new ushort[Rows]);
        Assert.InRange(count, 10, 40);
    }

    [Fact]
    public void What_is_known_of_coarse_codes_is_true()
    {
        var random = new Random(4);
        foreach (var n in (int[])[1, 2, 3, 31, 32, 33, 64, 65, 127, 128, 129, 768, 16_000])
        {
            var row = Gaussian(random, new float[n], 1 + random.Next(100));
            using var block = new Block([row]);
            long squares = 0;
            var residual = 0.0;
            for (var i = 0; i < n; i++)
            {
                var pair = block.Codes.Coarse[(i / 64 * 32) + (i % 32)];
                var code = (32 * (i % 64 < 32 ? pair & 15 : pair >> 4)) - 241;
                squares += code * code;
                residual += Math.Pow(row[i] - (code * (double)block.Codes.Scales[0] / 2), 2);
            }

            Assert.Equal(squares, block.Codes.CoarseSquares[0]);
            Assert.InRange(block.Codes.CoarseResiduals[0], Math.Sqrt(residual), Math.Sqrt(residual) * 1.000001);
        }
    }

    [Fact]
    public void Rows_without_a_vector_or_with_one_too_small_or_too_large_are_never_passed_over()
    {
        float[][] rows = [[float.Epsilon, 0], [float.MaxValue, float.MaxValue], [0, 0], [1, 2]];
        using var query = new Int8Query([1, 1], hasElements: true);
        using var block = new Block(rows);
        Int8Codes.EncodeNull(block.Codes, 3);
        var dots = stackalloc int[4];
        Int8Dot.Rows(block.Codes, query, 4, dots);
        foreach (var metric in (int[])[0, 1, 2])
        {
            var left = new ushort[4];
            foreach (var facts in (CodeFacts[])[block.Codes.Facts, block.Codes.CoarseFacts])
            {
                var count = BoundsOf(metric, query).Within(-1e300).Find(facts, 4, dots, left);
                Assert.Equal(new ushort[] { 0, 1, 3 }, left[..count].Where(row => row != 2));
            }
        }

        Products(3, block.Codes, query, dots, 4);
        var kept = new ushort[4];
        Assert.Equal(new ushort[] { 0, 1, 3 }, kept[..BoundsOf(3, query).Within(1e-300).Find(block.Codes.Facts, 4, dots, kept)].Where(row => row != 2));
        Assert.True(block.Codes.IsNull(3));
        Assert.False(block.Codes.IsNull(2));
        Assert.Equal(0, block.Codes.Residuals[2]);
    }

    private static void Products(int metric, CodeBlock block, Int8Query query, int* dots, int count = Rows)
    {
        if (metric == 3)
        {
            Int8Distance.Rows(block, query, count, (float*)dots);
        }
        else
        {
            Int8Dot.Rows(block, query, count, dots);
        }
    }

    private static float[] Gaussian(Random random, float[] centre, double deviation)
        => [.. centre.Select(c => (float)(c + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))))];

    private static CodeBounds BoundsOf(int metric, Int8Query query)
        => metric switch { 0 => CodeBounds.Cosine(query), 1 => CodeBounds.L2(query), 3 => CodeBounds.L1(query), _ => CodeBounds.InnerProduct(query) };

    private static double Score(int metric, float[] q, float[] x) => metric switch
    {
        0 => VectorScore.CosineDistance(VectorScore.Dot(q, x), VectorScore.SquaredNorm(x), VectorScore.SquaredNorm(q)),
        1 => VectorScore.L2Distance(q, x),
        3 => VectorScore.L1Distance(q, x),
        _ => -VectorScore.Dot(q, x),
    };

    private sealed class Block : IDisposable
    {
        private readonly byte* memory;

        public Block(float[][] rows)
        {
            var size = (nuint)CodeBlock.SizeOf(rows.Length, rows[0].Length);
            memory = (byte*)NativeMemory.AlignedAlloc(size, 64);
            NativeMemory.Clear(memory, size);
            Codes = new CodeBlock(memory, rows.Length, rows[0].Length);
            for (var i = 0; i < rows.Length; i++)
            {
                fixed (float* row = rows[i])
                {
                    Int8Codes.Encode(row, Codes, i);
                }
            }
        }

        public CodeBlock Codes { get; }

        public void Dispose() => NativeMemory.AlignedFree(memory);
    }
}
