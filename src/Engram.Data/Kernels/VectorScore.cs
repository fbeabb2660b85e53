using System.Diagnostics;

namespace Engram.Data.Kernels;

/// <summary>Scores of pairs of float32 vectors, and of one query against selected rows, with equal bits on every instruction set.</summary>
/// <remarks>
/// Elements must be finite. Rows are read through an array of entries whose first field is the address of the row's elements, such as
/// the 16-byte values of a column of vectors; addresses need no alignment beyond 4 bytes, and every selected row has n elements.
/// </remarks>
internal static unsafe class VectorScore
{
    public static double Dot(float* x, float* y, int n) => VectorScoreScalar.Dot(x, y, n);

    /// <summary>‖x‖².</summary>
    public static double SquaredNorm(float* x, int n) => Dot(x, x, n);

    public static double L2Squared(float* x, float* y, int n) => VectorScoreScalar.L2Squared(x, y, n);

    public static double L2Distance(float* x, float* y, int n) => Math.Sqrt(L2Squared(x, y, n));

    public static double L1Distance(float* x, float* y, int n) => VectorScoreScalar.L1Distance(x, y, n);

    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Debug.Assert(x.Length == y.Length);
        fixed (float* px = x, py = y)
        {
            return Dot(px, py, x.Length);
        }
    }

    public static double SquaredNorm(ReadOnlySpan<float> x) => Dot(x, x);

    public static double L2Squared(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Debug.Assert(x.Length == y.Length);
        fixed (float* px = x, py = y)
        {
            return L2Squared(px, py, x.Length);
        }
    }

    public static double L2Distance(ReadOnlySpan<float> x, ReadOnlySpan<float> y) => Math.Sqrt(L2Squared(x, y));

    public static double L1Distance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Debug.Assert(x.Length == y.Length);
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
    /// <param name="entryStrideBytes">Distance from one entry to the next.</param>
    /// <param name="selected">Numbers of the entries to score; their rows are not NULL.</param>
    /// <param name="scores">Receives one score for each place in <paramref name="selected"/>.</param>
    public static void DotSelected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
    {
        for (var i = 0; i < selected.Length; i++)
        {
            scores[i] = Dot(query, *(float**)(firstRowPointer + ((nint)selected[i] * entryStrideBytes)), n);
        }
    }

    /// <summary>scores[i] = ‖query − row selected[i]‖². Parameters as in <see cref="DotSelected"/>.</summary>
    public static void L2SquaredSelected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
    {
        for (var i = 0; i < selected.Length; i++)
        {
            scores[i] = L2Squared(query, *(float**)(firstRowPointer + ((nint)selected[i] * entryStrideBytes)), n);
        }
    }

    /// <summary>scores[i] = Σ|query − row selected[i]|. Parameters as in <see cref="DotSelected"/>.</summary>
    public static void L1Selected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
    {
        for (var i = 0; i < selected.Length; i++)
        {
            scores[i] = L1Distance(query, *(float**)(firstRowPointer + ((nint)selected[i] * entryStrideBytes)), n);
        }
    }

    /// <summary>dots[i] and squaredNorms[i] of row selected[i] in one pass over it, for cosine distance. Parameters as in <see cref="DotSelected"/>.</summary>
    public static void DotAndNormSelected(
        float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> dots, Span<double> squaredNorms)
    {
        for (var i = 0; i < selected.Length; i++)
        {
            var row = *(float**)(firstRowPointer + ((nint)selected[i] * entryStrideBytes));
            dots[i] = Dot(query, row, n);
            squaredNorms[i] = SquaredNorm(row, n);
        }
    }
}
