using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>What one pair of elements adds to its lane.</summary>
internal interface IPairTerm
{
    static abstract TLanes Add<TLanes>(TLanes sum, TLanes x, TLanes y)
        where TLanes : unmanaged, ILanes<TLanes>;
}

/// <summary>x · y: the product of two float32 is exact in float64.</summary>
internal readonly struct DotTerm : IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes x, TLanes y)
        where TLanes : unmanaged, ILanes<TLanes>
        => TLanes.AddExactProduct(x, y, sum);
}

/// <summary>(x − y)²: neither step is exact, so nothing is fused.</summary>
internal readonly struct SquaredDifferenceTerm : IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes x, TLanes y)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var difference = x - y;
        return sum + (difference * difference);
    }
}

/// <summary>|x − y|.</summary>
internal readonly struct AbsoluteDifferenceTerm : IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes x, TLanes y)
        where TLanes : unmanaged, ILanes<TLanes>
        => sum + TLanes.Abs(x - y);
}

/// <summary>The loops of <see cref="VectorScore"/>, over any width of lanes and any term. Tests call them width by width.</summary>
/// <remarks>
/// <para>Each loop stands in a method of its own without a call, or the JIT keeps the lanes in memory; it is compiled optimised at once, as
/// the first query is not to run unoptimised SIMD. One row at a time: four rows at once halve the bandwidth from memory.</para>
/// <para>While a row is read, the next selected row is prefetched line by line: twice the speed when the selection is sparse. Prefetching
/// an address that is not mapped, or not resident, does nothing; it never faults.</para>
/// <para>Elements beyond the last whole block of 16 are copied into a block padded with zeros: a padded pair adds +0 to its lane, and no
/// lane is ever −0, so that no bit changes.</para>
/// </remarks>
internal static unsafe class VectorScoreRows<TLanes, TTerm>
    where TLanes : unmanaged, ILanes<TLanes>
    where TTerm : struct, IPairTerm
{
    private const int BlockLength = VectorScoreScalar.LaneCount;

    /// <summary>The score of one pair.</summary>
    public static double Score(float* x, float* y, int n) => Score(x, y, n, y);

    /// <summary>scores[i] = the score of the query and row selected[i].</summary>
    public static void ScoreSelected(float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores)
    {
        if (selected.IsEmpty)
        {
            return;
        }

        scores = scores[..selected.Length];
        var next = RowAt(firstRowPointer, entryStrideBytes, selected[0]);
        for (var i = 0; i < scores.Length; i++)
        {
            var row = next;
            next = RowAt(firstRowPointer, entryStrideBytes, selected[Math.Min(i + 1, selected.Length - 1)]);
            scores[i] = Score(query, row, n, next);
        }
    }

    /// <summary>The same, and squaredNorms[i] = ‖row selected[i]‖², reading each row once.</summary>
    public static void ScoreAndNormSelected(
        float* query, int n, byte* firstRowPointer, int entryStrideBytes, ReadOnlySpan<ushort> selected, Span<double> scores, Span<double> squaredNorms)
    {
        if (selected.IsEmpty)
        {
            return;
        }

        scores = scores[..selected.Length];
        squaredNorms = squaredNorms[..selected.Length];
        var next = RowAt(firstRowPointer, entryStrideBytes, selected[0]);
        for (var i = 0; i < scores.Length; i++)
        {
            var row = next;
            next = RowAt(firstRowPointer, entryStrideBytes, selected[Math.Min(i + 1, selected.Length - 1)]);
            scores[i] = ScoreAndNorm(query, row, n, next, out squaredNorms[i]);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Score(float* query, float* row, int n, float* next)
    {
        var sum = default(TLanes);
        var whole = n & -BlockLength;
        for (nint i = 0; i < whole; i += BlockLength)
        {
            Prefetch(next + i);
            sum = TTerm.Add(sum, TLanes.Load(query + i), TLanes.Load(row + i));
        }

        if (whole < n)
        {
            var pad = stackalloc float[BlockLength];
            var lastOfQuery = LoadPadded(query + whole, n - whole, pad);
            sum = TTerm.Add(sum, lastOfQuery, LoadPadded(row + whole, n - whole, pad));
        }

        return TLanes.Sum(sum);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double ScoreAndNorm(float* query, float* row, int n, float* next, out double squaredNorm)
    {
        var sum = default(TLanes);
        var norm = default(TLanes);
        var whole = n & -BlockLength;
        for (nint i = 0; i < whole; i += BlockLength)
        {
            Prefetch(next + i);
            var block = TLanes.Load(row + i);
            sum = TTerm.Add(sum, TLanes.Load(query + i), block);
            norm = TLanes.AddExactProduct(block, block, norm);
        }

        if (whole < n)
        {
            var pad = stackalloc float[BlockLength];
            var block = LoadPadded(row + whole, n - whole, pad);
            sum = TTerm.Add(sum, LoadPadded(query + whole, n - whole, pad), block);
            norm = TLanes.AddExactProduct(block, block, norm);
        }

        squaredNorm = TLanes.Sum(norm);
        return TLanes.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* RowAt(byte* firstRowPointer, int entryStrideBytes, ushort row)
        => *(float**)(firstRowPointer + ((nint)row * entryStrideBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* address)
    {
        // A block of 16 floats is one cache line. The framework exposes no prefetch on other processors.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes LoadPadded(float* elements, int count, float* pad)
    {
        for (var i = 0; i < BlockLength; i++)
        {
            pad[i] = i < count ? elements[i] : 0;
        }

        return TLanes.Load(pad);
    }
}
