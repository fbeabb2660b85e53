using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>The loops of <see cref="Int8Dot"/> over any width. Tests call them width by width.</summary>
/// <remarks>Four rows to a step, one after the other so that memory is read in order, each with four sums so that no multiplication waits for the one before; the
/// four sums of four rows are then added across in a few instructions together. No call in the loops.</remarks>
internal static unsafe class Int8DotLoops<TPieces>
    where TPieces : unmanaged, IInt8Pieces<TPieces>
{
    private const int StepRows = 4;
    private const int StepLength = 4 * Int8Dot.PieceLength;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* codes, int stride, sbyte* query, short* wide, int count, int bias, int* dots)
    {
        var biases = Vector128.Create(bias);
        var i = 0;
        for (; i <= count - StepRows; i += StepRows)
        {
            var row = codes + ((long)i * stride);
            var a = Row(row, stride, query, wide);
            var b = Row(row + stride, stride, query, wide);
            var c = Row(row + (2 * (long)stride), stride, query, wide);
            var d = Row(row + (3 * (long)stride), stride, query, wide);
            (TPieces.Sums(a, b, c, d) - biases).Store(dots + i);
        }

        for (; i < count; i++)
        {
            var a = Row(codes + ((long)i * stride), stride, query, wide);
            dots[i] = TPieces.Sums(a, a, a, a).ToScalar() - bias;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Selected(byte* codes, int stride, sbyte* query, short* wide, ReadOnlySpan<ushort> selected, int bias, int* dots)
    {
        var biases = Vector128.Create(bias);
        fixed (ushort* rows = selected)
        {
            var count = selected.Length;
            var i = 0;
            for (; i <= count - StepRows; i += StepRows)
            {
                Prefetch(codes + ((long)rows[Math.Min(i + StepRows, count - 1)] * stride), stride);
                Prefetch(codes + ((long)rows[Math.Min(i + StepRows + 1, count - 1)] * stride), stride);
                Prefetch(codes + ((long)rows[Math.Min(i + StepRows + 2, count - 1)] * stride), stride);
                Prefetch(codes + ((long)rows[Math.Min(i + StepRows + 3, count - 1)] * stride), stride);
                var a = Row(codes + ((long)rows[i] * stride), stride, query, wide);
                var b = Row(codes + ((long)rows[i + 1] * stride), stride, query, wide);
                var c = Row(codes + ((long)rows[i + 2] * stride), stride, query, wide);
                var d = Row(codes + ((long)rows[i + 3] * stride), stride, query, wide);
                (TPieces.Sums(a, b, c, d) - biases).Store(dots + i);
            }

            for (; i < count; i++)
            {
                var a = Row(codes + ((long)rows[i] * stride), stride, query, wide);
                dots[i] = TPieces.Sums(a, a, a, a).ToScalar() - bias;
            }
        }
    }

    /// <summary>Selected rows lie too far apart for the processor to guess which comes next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* row, int stride)
    {
        if (Sse.IsSupported)
        {
            for (var line = 0; line < stride; line += 64)
            {
                Sse.Prefetch0(row + line);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TPieces Row(byte* row, int stride, sbyte* query, short* wide)
    {
        var (a, b, c, d) = (TPieces.Zero, TPieces.Zero, TPieces.Zero, TPieces.Zero);
        nint i = 0;
        for (; i <= stride - StepLength; i += StepLength)
        {
            a = TPieces.AddProducts(a, row + i, query + i, wide + i);
            b = TPieces.AddProducts(b, row + i + 32, query + i + 32, wide + i + 32);
            c = TPieces.AddProducts(c, row + i + 64, query + i + 64, wide + i + 64);
            d = TPieces.AddProducts(d, row + i + 96, query + i + 96, wide + i + 96);
        }

        for (; i < stride; i += Int8Dot.PieceLength)
        {
            a = TPieces.AddProducts(a, row + i, query + i, wide + i);
        }

        return (a + b) + (c + d);
    }
}
