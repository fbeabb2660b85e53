namespace Engram.Data.Kernels;

/// <summary>The defined score (see <see cref="VectorScoreScalar"/>) of vectors of which only the elements that are not zero are there.</summary>
/// <remarks>
/// An element goes to the lane that its place gives it, as if all were there: what is left out would add a zero, which changes no sum. So a score has the
/// bits that the vectors with all their elements score. Places ascend and are 0-based; elements are finite. Cost: one step for each element that is there.
/// </remarks>
internal static unsafe class SparseScore
{
    private const int LaneMask = VectorScoreScalar.LaneCount - 1;

    public static double Dot(ReadOnlySpan<int> placesX, ReadOnlySpan<float> x, ReadOnlySpan<int> placesY, ReadOnlySpan<float> y)
    {
        var lanes = stackalloc double[VectorScoreScalar.LaneCount];
        var (i, j) = (0, 0);
        while (i < placesX.Length && j < placesY.Length)
        {
            var (placeX, placeY) = (placesX[i], placesY[j]);
            if (placeX == placeY)
            {
                lanes[placeX & LaneMask] += (double)x[i] * y[j];
            }

            i += placeX <= placeY ? 1 : 0;
            j += placeY <= placeX ? 1 : 0;
        }

        return VectorScoreScalar.AddLanes(lanes);
    }

    public static double SquaredNorm(ReadOnlySpan<int> places, ReadOnlySpan<float> values) => Dot(places, values, places, values);

    public static double L2Distance(ReadOnlySpan<int> placesX, ReadOnlySpan<float> x, ReadOnlySpan<int> placesY, ReadOnlySpan<float> y)
        => Math.Sqrt(Differences(placesX, x, placesY, y, isSquared: true));

    public static double L1Distance(ReadOnlySpan<int> placesX, ReadOnlySpan<float> x, ReadOnlySpan<int> placesY, ReadOnlySpan<float> y)
        => Differences(placesX, x, placesY, y, isSquared: false);

    private static double Differences(ReadOnlySpan<int> placesX, ReadOnlySpan<float> x, ReadOnlySpan<int> placesY, ReadOnlySpan<float> y, bool isSquared)
    {
        var lanes = stackalloc double[VectorScoreScalar.LaneCount];
        var (i, j) = (0, 0);
        while (i < placesX.Length || j < placesY.Length)
        {
            var (placeX, placeY) = (i < placesX.Length ? placesX[i] : int.MaxValue, j < placesY.Length ? placesY[j] : int.MaxValue);
            var difference = (placeX <= placeY ? (double)x[i] : 0) - (placeY <= placeX ? y[j] : 0f);
            lanes[Math.Min(placeX, placeY) & LaneMask] += isSquared ? difference * difference : Math.Abs(difference);
            i += placeX <= placeY ? 1 : 0;
            j += placeY <= placeX ? 1 : 0;
        }

        return VectorScoreScalar.AddLanes(lanes);
    }
}
