using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engram.Benchmarks.Workloads;

/// <summary>Brute force as fast as it gets without codes: float32 rows in one array, a fused multiply-add kernel of the machine's widest registers, a bounded list of the best.</summary>
internal sealed unsafe class FlatScan : IDisposable
{
    private readonly float* rows;
    private readonly int dimensions;

    public FlatScan(int rowCount, int dimensions)
    {
        this.dimensions = dimensions;
        rows = (float*)NativeMemory.AlignedAlloc((nuint)((long)rowCount * dimensions * sizeof(float)), 64);
    }

    public Span<float> Row(long row) => new(rows + (row * dimensions), dimensions);

    /// <summary>Keys, counted from 1, of the k rows with the greatest products, among some of them.</summary>
    public long[] Nearest(int[] selected, float[] query, int k)
    {
        var best = new (float Score, long Key)[k];
        var count = 0;
        var worst = float.NegativeInfinity;
        fixed (float* q = query)
        {
            foreach (var row in selected)
            {
                var score = Dot(rows + ((long)row * dimensions), q, dimensions);
                if (score <= worst)
                {
                    continue;
                }

                var at = count < k ? count++ : k - 1;
                for (; at > 0 && best[at - 1].Score < score; at--)
                {
                    best[at] = best[at - 1];
                }

                best[at] = (score, row + 1);
                worst = count < k ? float.NegativeInfinity : best[k - 1].Score;
            }
        }

        return [.. best[..count].Select(b => b.Key)];
    }

    public void Dispose() => NativeMemory.AlignedFree(rows);

    /// <summary>A method of its own without a call: else the JIT keeps the sums in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Dot(float* x, float* y, int n)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (nint i = 0; i < n; i += 64)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(y + i), a);
            b = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + 16), Vector512.Load(y + i + 16), b);
            c = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + 32), Vector512.Load(y + i + 32), c);
            d = Vector512.FusedMultiplyAdd(Vector512.Load(x + i + 48), Vector512.Load(y + i + 48), d);
        }

        return Vector512.Sum((a + b) + (c + d));
    }
}
