using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>The loops of <see cref="CoarseDot"/> over any width. Tests call them width by width.</summary>
/// <remarks>As <see cref="Int8DotLoops{TPieces}"/>: four rows to a step, no call in the loops.</remarks>
internal static unsafe class CoarseDotLoops<TPieces>
    where TPieces : unmanaged, ICoarsePieces<TPieces>
{
    private const int StepRows = 4;
    private const int PieceBytes = Int8Dot.PieceLength;

    /// <param name="query">As many codes as twice the stride.</param>
    /// <param name="querySum">Of these.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* codes, int stride, sbyte* query, int count, int querySum, int* dots)
    {
        var biases = Vector128.Create(CodeBlock.CoarseZero * querySum);
        var i = 0;
        for (; i <= count - StepRows; i += StepRows)
        {
            var row = codes + ((long)i * stride);
            var a = Row(row, stride, query);
            var b = Row(row + stride, stride, query);
            var c = Row(row + (2 * (long)stride), stride, query);
            var d = Row(row + (3 * (long)stride), stride, query);
            ((TPieces.Sums(a, b, c, d) * CodeBlock.CoarseStep) - biases).Store(dots + i);
        }

        for (; i < count; i++)
        {
            var a = Row(codes + ((long)i * stride), stride, query);
            dots[i] = ((TPieces.Sums(a, a, a, a) * CodeBlock.CoarseStep) - biases).ToScalar();
        }
    }

    /// <param name="query">As many codes as twice the stride.</param>
    /// <param name="querySum">Of these.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Selected(byte* codes, int stride, sbyte* query, ReadOnlySpan<ushort> selected, int querySum, int* dots)
    {
        var biases = Vector128.Create(CodeBlock.CoarseZero * querySum);
        fixed (ushort* rows = selected)
        {
            var count = selected.Length;
            var i = 0;
            for (; i <= count - StepRows; i += StepRows)
            {
                for (var ahead = i + StepRows; ahead < Math.Min(i + (2 * StepRows), count); ahead++)
                {
                    Prefetch(codes + ((long)rows[ahead] * stride), stride);
                }

                var a = Row(codes + ((long)rows[i] * stride), stride, query);
                var b = Row(codes + ((long)rows[i + 1] * stride), stride, query);
                var c = Row(codes + ((long)rows[i + 2] * stride), stride, query);
                var d = Row(codes + ((long)rows[i + 3] * stride), stride, query);
                ((TPieces.Sums(a, b, c, d) * CodeBlock.CoarseStep) - biases).Store(dots + i);
            }

            for (; i < count; i++)
            {
                var a = Row(codes + ((long)rows[i] * stride), stride, query);
                dots[i] = ((TPieces.Sums(a, a, a, a) * CodeBlock.CoarseStep) - biases).ToScalar();
            }
        }
    }

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
    private static TPieces Row(byte* row, int stride, sbyte* query)
    {
        var (a, b, c, d) = (TPieces.Zero, TPieces.Zero, TPieces.Zero, TPieces.Zero);
        nint i = 0;
        for (; i <= stride - (4 * PieceBytes); i += 4 * PieceBytes)
        {
            a = TPieces.AddProducts(a, row + i, query + (2 * i));
            b = TPieces.AddProducts(b, row + i + PieceBytes, query + (2 * i) + (2 * PieceBytes));
            c = TPieces.AddProducts(c, row + i + (2 * PieceBytes), query + (2 * i) + (4 * PieceBytes));
            d = TPieces.AddProducts(d, row + i + (3 * PieceBytes), query + (2 * i) + (6 * PieceBytes));
        }

        for (; i < stride; i += PieceBytes)
        {
            a = TPieces.AddProducts(a, row + i, query + (2 * i));
        }

        return (a + b) + (c + d);
    }
}
