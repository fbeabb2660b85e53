using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>Scores of pairs of float32 vectors, and of one query against selected rows, with equal bits on every instruction set.</summary>
/// <remarks>
/// <para>Float32 elements are widened to float64; element i is added to lane i mod 16 of sixteen float64 lanes, then the lanes are added by one
/// fixed tree (<see cref="ILanes{TSelf}"/>). Products of two elements are exact; where a step is not, nothing is fused. The widths and the
/// scalar oracle (<see cref="VectorScoreScalar"/>) give equal bits.</para>
/// <para>Elements must be finite. Rows are read through an array of entries whose first field is the address of the row's elements, such as
/// the 16-byte values of a column of vectors; addresses need no alignment beyond 4 bytes, and every selected row has n elements.</para>
/// </remarks>
internal static unsafe class VectorScore
{
    /// <summary>⟨x, y⟩.</summary>
    public static double Dot(float* x, float* y, int n) => Score<DotTerm>(x, y, n);

    /// <summary>‖x‖².</summary>
    public static double SquaredNorm(float* x, int n) => Dot(x, x, n);

    /// <summary>‖x − y‖².</summary>
    public static double L2Squared(float* x, float* y, int n) => Score<SquaredDifferenceTerm>(x, y, n);

    /// <summary>‖x − y‖.</summary>
    public static double L2Distance(float* x, float* y, int n) => Math.Sqrt(L2Squared(x, y, n));

    /// <summary>Σ|x − y|.</summary>
    public static double L1Distance(float* x, float* y, int n) => Score<AbsoluteDifferenceTerm>(x, y, n);

    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length, nameof(y));
        fixed (float* px = x, py = y)
        {
            return Dot(px, py, x.Length);
        }
    }

    public static double SquaredNorm(ReadOnlySpan<float> x) => Dot(x, x);

    public static double L2Squared(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length, nameof(y));
        fixed (float* px = x, py = y)
        {
            return L2Squared(px, py, x.Length);
        }
    }

    public static double L2Distance(ReadOnlySpan<float> x, ReadOnlySpan<float> y) => Math.Sqrt(L2Squared(x, y));

    public static double L1Distance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length, nameof(y));
        fixed (float* px = x, py = y)
        {
            return L1Distance(px, py, x.Length);
        }
    }

    /// <summary>1 − dot / √(‖x‖²‖y‖²), not clamped: rounding may leave it below 0 or above 2 by a few units in the last place of 1. It is 1 when either vector is zero.</summary>
    /// <remarks>The product of the norms can neither overflow nor vanish: each lies within 2^-298 and 2^256 · n, far from the ends of float64.</remarks>
    public static double CosineDistance(double dot, double squaredNormX, double squaredNormY)
        => squaredNormX == 0 || squaredNormY == 0 ? 1 : 1 - (dot / Math.Sqrt(squaredNormX * squaredNormY));

    /// <summary>−dot: the greatest inner product is the nearest, as pgvector's <c>&lt;#&gt;</c> has it.</summary>
    public static double InnerProductNegative(double dot) => -dot;

    /// <summary>scores[i] = ⟨query, row selected[i]⟩.</summary>
    /// <param name="query">n elements.</param>
    /// <param name="n">Dimensions.</param>
    /// <param name="firstRowPointer">Entry 0 of the array of entries; the first field of an entry is the address of its row's elements.</param>
    /// <param name="entryStrideBytes">Distance from one entry to the next; 0 when entry 0 stands for every row.</param>
    /// <param name="selected">Numbers of the entries to score; their rows are not NULL.</param>
    /// <param name="scores">Receives one score for each place in <paramref name="selected"/>.</param>
    public static void DotSelected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
        => ScoreSelected<DotTerm>(query, n, firstRowPointer, entryStrideBytes, selected, scores);

    /// <summary>scores[i] = ‖query − row selected[i]‖². Parameters as in <see cref="DotSelected"/>.</summary>
    public static void L2SquaredSelected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
        => ScoreSelected<SquaredDifferenceTerm>(query, n, firstRowPointer, entryStrideBytes, selected, scores);

    /// <summary>scores[i] = Σ|query − row selected[i]|. Parameters as in <see cref="DotSelected"/>.</summary>
    public static void L1Selected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
        => ScoreSelected<AbsoluteDifferenceTerm>(query, n, firstRowPointer, entryStrideBytes, selected, scores);

    /// <summary>dots[i] and squaredNorms[i] of row selected[i] in one pass over it, for cosine distance. Parameters as in <see cref="DotSelected"/>.</summary>
    public static void DotAndNormSelected(
        float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> dots, Span<double> squaredNorms)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            VectorScoreRows<Lanes512, DotTerm>.ScoreAndNormSelected(query, n, firstRowPointer, entryStrideBytes, selected, dots, squaredNorms);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            VectorScoreRows<Lanes256, DotTerm>.ScoreAndNormSelected(query, n, firstRowPointer, entryStrideBytes, selected, dots, squaredNorms);
        }
        else
        {
            VectorScoreRows<Lanes128, DotTerm>.ScoreAndNormSelected(query, n, firstRowPointer, entryStrideBytes, selected, dots, squaredNorms);
        }
    }

    private static double Score<TTerm>(float* x, float* y, int n)
        where TTerm : struct, IPairTerm
        => Vector512.IsHardwareAccelerated ? VectorScoreRows<Lanes512, TTerm>.Score(x, y, n)
            : Vector256.IsHardwareAccelerated ? VectorScoreRows<Lanes256, TTerm>.Score(x, y, n)
            : VectorScoreRows<Lanes128, TTerm>.Score(x, y, n);

    private static void ScoreSelected<TTerm>(
        float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
        where TTerm : struct, IPairTerm
    {
        if (Vector512.IsHardwareAccelerated)
        {
            VectorScoreRows<Lanes512, TTerm>.ScoreSelected(query, n, firstRowPointer, entryStrideBytes, selected, scores);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            VectorScoreRows<Lanes256, TTerm>.ScoreSelected(query, n, firstRowPointer, entryStrideBytes, selected, scores);
        }
        else
        {
            VectorScoreRows<Lanes128, TTerm>.ScoreSelected(query, n, firstRowPointer, entryStrideBytes, selected, scores);
        }
    }
}
