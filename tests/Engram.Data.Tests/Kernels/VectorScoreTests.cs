using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed unsafe class VectorScoreTests
{
    private const int LengthMax = 2100;

    private delegate double PairScore(float* x, float* y, int n);

    private delegate void SelectedScores(float* query, int n, byte* entries, int stride, ReadOnlySpan<ushort> selected, Span<double> scores);

    private static readonly (string Name, PairScore Oracle, (string Width, PairScore Score, SelectedScores Selected)[] Paths)[] Metrics =
    [
        ("dot", VectorScoreScalar.Dot, Paths<DotTerm>(VectorScore.Dot, VectorScore.DotSelected)),
        ("l2 squared", VectorScoreScalar.L2Squared, Paths<SquaredDifferenceTerm>(VectorScore.L2Squared, VectorScore.L2SquaredSelected)),
        ("l1", VectorScoreScalar.L1Distance, Paths<AbsoluteDifferenceTerm>(VectorScore.L1Distance, VectorScore.L1Selected)),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Every_width_equals_the_oracle_bit_for_bit_at_every_length_and_alignment(int values)
    {
        using var memory = new Floats((LengthMax + 32) * 2);
        var random = new Random(values);
        Fill(memory.Span, values, random);
        int[] lengths = [.. Enumerable.Range(0, 130), 255, 256, 384, 768, 1000, 1536, 2048, 2049];
        foreach (var n in lengths)
        {
            var (shiftX, shiftY) = (random.Next(17), random.Next(17));
            var x = memory.Pointer + shiftX;
            var y = memory.Pointer + LengthMax + 32 + shiftY;
            foreach (var (name, oracle, paths) in Metrics)
            {
                var expected = BitConverter.DoubleToInt64Bits(oracle(x, y, n));
                foreach (var (width, score, _) in paths)
                {
                    Assert.True(expected == BitConverter.DoubleToInt64Bits(score(x, y, n)), $"{name}, {width}, n = {n}, values {values}");
                }

                var norm = BitConverter.DoubleToInt64Bits(VectorScoreScalar.SquaredNorm(x, n));
                Assert.Equal(norm, BitConverter.DoubleToInt64Bits(VectorScore.SquaredNorm(x, n)));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(100)]
    [InlineData(768)]
    public void Selected_rows_score_as_pairs_do(int n)
    {
        const int Rows = 70;
        using var memory = new Floats((Rows + 1) * (n + 3));
        var random = new Random(n);
        Fill(memory.Span, 0, random);
        var query = memory.Pointer;
        var rows = memory.Pointer + n;
        var entries = stackalloc nint[Rows * 2];
        for (var i = 0; i < Rows; i++)
        {
            // Rows in no order and at odd places, as a gathered column has them.
            entries[2 * i] = (nint)(rows + ((Rows - 1 - i) * (n + 3)) + (i % 3));
            entries[(2 * i) + 1] = n * sizeof(float);
        }

        ushort[][] selections = [[], [0], [69], [3, 9, 40], [.. Enumerable.Range(0, Rows).Select(i => (ushort)i)]];
        foreach (var selected in selections)
        {
            foreach (var (name, oracle, paths) in Metrics)
            {
                foreach (var (width, _, score) in paths)
                {
                    var scores = Enumerable.Repeat(-7.0, selected.Length + 1).ToArray();
                    score(query, n, (byte*)entries, 16, selected, scores);
                    Assert.All(selected.Select((row, i) => (row, i)), s => Assert.Equal(oracle(query, (float*)entries[2 * s.row], n), scores[s.i]));
                    Assert.True(scores[^1] == -7.0, $"{name}, {width} wrote beyond the selection");
                }
            }

            foreach (var dotAndNorm in DotAndNormPaths())
            {
                var (dots, norms) = (new double[selected.Length], new double[selected.Length]);
                dotAndNorm(query, n, (byte*)entries, 16, selected, dots, norms);
                for (var i = 0; i < selected.Length; i++)
                {
                    var row = (float*)entries[2 * selected[i]];
                    Assert.Equal(VectorScoreScalar.Dot(query, row, n), dots[i]);
                    Assert.Equal(VectorScoreScalar.SquaredNorm(row, n), norms[i]);
                }
            }
        }
    }

    [Fact]
    public void The_oracle_is_the_definition_on_a_case_worked_by_hand()
    {
        // Lane 0 receives 2^60 (element 0), then 1 (element 16), which it absorbs; lane 8 then takes 2^60 away; lane 1's 3 survives.
        var (x, y) = (new float[17], new float[17]);
        (x[0], y[0], x[16], y[16], x[8], y[8], x[1], y[1]) = (1 << 30, 1 << 30, 1, 1, 1 << 30, -(1 << 30), 3, 1);
        Assert.Equal(3, VectorScore.Dot(x, y));

        Assert.Equal(5, VectorScore.L2Distance([3, 0], [0, 4]));
        Assert.Equal(25, VectorScore.L2Squared([3, 0], [0, 4]));
        Assert.Equal(7, VectorScore.L1Distance([3, 0], [0, 4]));
        Assert.Equal(14, VectorScore.SquaredNorm([1, 2, 3]));
        Assert.Equal(0, VectorScore.Dot([], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorScore.Dot(new float[3], new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorScore.L2Squared(new float[4], new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorScore.L1Distance(new float[4], new float[3]));
    }

    [Fact]
    public void Cosine_distance_at_its_edges()
    {
        Assert.Equal(1, VectorScore.CosineDistance(0, 0, 5));
        Assert.Equal(1, VectorScore.CosineDistance(0, 5, 0));
        Assert.Equal(1, VectorScore.CosineDistance(0, 2, 3));
        Assert.Equal(0, VectorScore.CosineDistance(6, 4, 9));
        Assert.Equal(2, VectorScore.CosineDistance(-6, 4, 9));
        Assert.Equal(-3, VectorScore.InnerProductNegative(3));

        // The least and the greatest elements there are: neither end of float64 is near.
        var (least, greatest) = (Enumerable.Repeat(float.Epsilon, 40).ToArray(), Enumerable.Repeat(float.MaxValue, 40).ToArray());
        Assert.Equal(0, VectorScore.CosineDistance(VectorScore.Dot(least, least), VectorScore.SquaredNorm(least), VectorScore.SquaredNorm(least)));
        Assert.Equal(0, VectorScore.CosineDistance(VectorScore.Dot(greatest, greatest), VectorScore.SquaredNorm(greatest), VectorScore.SquaredNorm(greatest)));
        Assert.Equal(0, VectorScore.CosineDistance(VectorScore.Dot(least, greatest), VectorScore.SquaredNorm(least), VectorScore.SquaredNorm(greatest)), 1e-15);
    }

    private static void Fill(Span<float> values, int kind, Random random)
    {
        float[] edges = [0f, -0f, float.Epsilon, -float.Epsilon, float.MaxValue, -float.MaxValue, 1.17549435E-38f, 1e-42f, 1f, -1f, 3f, 0.1f, 16777216f, 1e38f];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = kind switch
            {
                0 => (random.NextSingle() * 2) - 1,
                // Every exponent: most sums absorb most terms, so that any other order shows.
                1 => RandomFinite(random),
                2 => edges[random.Next(edges.Length)],
                // Cancellation: great values of both signs beside small ones.
                3 => (i % 4 < 2 ? 1e30f : 1e-3f) * (i % 2 == 0 ? 1 : -1) * (1 + random.NextSingle()),
                4 => BitConverter.Int32BitsToSingle(random.Next(1 << 23)) * (random.Next(2) == 0 ? 1 : -1),
                _ => random.Next(2) == 0 ? 0f : -0f,
            };
        }
    }

    private static float RandomFinite(Random random)
    {
        while (true)
        {
            var value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsFinite(value))
            {
                return value;
            }
        }
    }

    private static (string, PairScore, SelectedScores)[] Paths<TTerm>(PairScore chosen, SelectedScores chosenSelected)
        where TTerm : struct, IPairTerm
    {
        var paths = new List<(string, PairScore, SelectedScores)>
        {
            ("chosen", chosen, chosenSelected),
            ("128", VectorScoreRows<Lanes128, TTerm>.Score, VectorScoreRows<Lanes128, TTerm>.ScoreSelected),
        };
        if (Avx2.IsSupported)
        {
            paths.Add(("256", VectorScoreRows<Lanes256, TTerm>.Score, VectorScoreRows<Lanes256, TTerm>.ScoreSelected));
        }

        if (Avx512F.IsSupported)
        {
            paths.Add(("512", VectorScoreRows<Lanes512, TTerm>.Score, VectorScoreRows<Lanes512, TTerm>.ScoreSelected));
        }

        return [.. paths];
    }

    private delegate void DotAndNorm(
        float* query, int n, byte* entries, int stride, ReadOnlySpan<ushort> selected, Span<double> dots, Span<double> norms);

    private static List<DotAndNorm> DotAndNormPaths()
    {
        var paths = new List<DotAndNorm> { VectorScore.DotAndNormSelected, VectorScoreRows<Lanes128, DotTerm>.ScoreAndNormSelected };
        if (Avx2.IsSupported)
        {
            paths.Add(VectorScoreRows<Lanes256, DotTerm>.ScoreAndNormSelected);
        }

        if (Avx512F.IsSupported)
        {
            paths.Add(VectorScoreRows<Lanes512, DotTerm>.ScoreAndNormSelected);
        }

        return paths;
    }

    private sealed class Floats(int count) : IDisposable
    {
        public readonly float* Pointer = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);

        public Span<float> Span => new(Pointer, count);

        public void Dispose() => NativeMemory.AlignedFree(Pointer);
    }
}
