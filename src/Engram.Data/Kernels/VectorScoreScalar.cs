namespace Engram.Data.Kernels;

/// <summary>The defined score, written down one element at a time: the oracle that every SIMD path must equal bit for bit.</summary>
internal static unsafe class VectorScoreScalar
{
    /// <summary>float64 lanes that the elements are dealt to: element i goes to lane i mod 16.</summary>
    public const int LaneCount = 16;

    public static double Dot(float* x, float* y, int n)
    {
        var lanes = stackalloc double[LaneCount];
        for (var i = 0; i < n; i++)
        {
            lanes[i % LaneCount] += (double)x[i] * y[i];
        }

        return AddLanes(lanes);
    }

    public static double SquaredNorm(float* x, int n) => Dot(x, x, n);

    public static double L2Squared(float* x, float* y, int n)
    {
        var lanes = stackalloc double[LaneCount];
        for (var i = 0; i < n; i++)
        {
            var difference = (double)x[i] - y[i];
            lanes[i % LaneCount] += difference * difference;
        }

        return AddLanes(lanes);
    }

    public static double L1Distance(float* x, float* y, int n)
    {
        var lanes = stackalloc double[LaneCount];
        for (var i = 0; i < n; i++)
        {
            lanes[i % LaneCount] += Math.Abs((double)x[i] - y[i]);
        }

        return AddLanes(lanes);
    }

    /// <summary>The one fixed tree: each lane below 8 takes the lane 8 above it, then 4, 2 and 1 above. Overwrites the lanes.</summary>
    public static double AddLanes(double* lanes)
    {
        for (var half = LaneCount / 2; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
            {
                lanes[i] += lanes[i + half];
            }
        }

        return lanes[0];
    }
}
