using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>The sums of absolute differences between a query and what rows of codes stand for: Σ |x̂ − q|, in float32.</summary>
/// <remarks>
/// The query is taken as it is, not as codes: a row's code becomes float32 by a conversion and one multiplication with the row's scale, which costs less than to read the row as float32 from memory.
/// The order of adding differs from one instruction set to another, so these sums differ in their last bits. They only ever discard rows, with a margin
/// for that (<see cref="CodeBounds"/>), so results do not.
/// </remarks>
internal static unsafe class Int8Distance
{
    /// <summary>sums[i] of row i, for the first <paramref name="count"/> rows.</summary>
    /// <param name="query">With its elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(CodeBlock block, Int8Query query, int count, float* sums)
    {
        var stride = block.StrideBytes;
        var scales = block.Scales;
        var row = block.Codes;
        for (var i = 0; i < count; i++)
        {
            sums[i] = Row(row, scales[i], query.NegatedElements, stride);
            row += stride;
        }
    }

    /// <summary>sums[i] of row selected[i].</summary>
    /// <param name="query">With its elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Selected(CodeBlock block, Int8Query query, ReadOnlySpan<ushort> selected, float* sums)
    {
        const int Ahead = 4;
        var stride = block.StrideBytes;
        for (var i = 0; i < selected.Length; i++)
        {
            if (i + Ahead < selected.Length)
            {
                CodePairs.Prefetch(block.CodesOf(selected[i + Ahead]), stride);
            }

            sums[i] = Row(block.CodesOf(selected[i]), block.Scales[selected[i]], query.NegatedElements, stride);
        }
    }

    /// <summary>The oracle, in float64: one element at a time.</summary>
    public static double Scalar(byte* codes, float scale, float* negated, int n)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
        {
            sum += Math.Abs(((codes[i] - CodeBlock.Zero) * (double)scale) + negated[i]);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Row(byte* codes, float scale, float* negated, int stride)
        => Avx512F.IsSupported ? Row512(codes, scale, negated, stride) : Avx2.IsSupported ? Row256(codes, scale, negated, stride) : Row128(codes, scale, negated, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Row512(byte* codes, float scale, float* negated, int stride)
    {
        var scales = Vector512.Create(scale);
        var flip = Vector128.Create(CodeBlock.Zero);
        var (first, second) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (nint i = 0; i < stride; i += Int8Dot.PieceLength)
        {
            var a = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32((Vector128.Load(codes + i) ^ flip).AsSByte()));
            var b = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32((Vector128.Load(codes + i + 16) ^ flip).AsSByte()));
            first += Vector512.Abs(Avx512F.FusedMultiplyAdd(a, scales, Vector512.Load(negated + i)));
            second += Vector512.Abs(Avx512F.FusedMultiplyAdd(b, scales, Vector512.Load(negated + i + 16)));
        }

        return Vector512.Sum(first + second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Row256(byte* codes, float scale, float* negated, int stride)
    {
        var scales = Vector256.Create(scale);
        var flip = Vector128.Create(CodeBlock.Zero);
        var (first, second) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (nint i = 0; i < stride; i += 16)
        {
            var whole = (Vector128.Load(codes + i) ^ flip).AsSByte();
            var a = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(whole));
            var b = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(whole, 8)));
            first += Vector256.Abs((a * scales) + Vector256.Load(negated + i));
            second += Vector256.Abs((b * scales) + Vector256.Load(negated + i + 8));
        }

        return Vector256.Sum(first + second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Row128(byte* codes, float scale, float* negated, int stride)
    {
        var scales = Vector128.Create(scale);
        var flip = Vector128.Create(CodeBlock.Zero);
        var (first, second) = (Vector128<float>.Zero, Vector128<float>.Zero);
        for (nint i = 0; i < stride; i += 16)
        {
            var (low, high) = Vector128.Widen((Vector128.Load(codes + i) ^ flip).AsSByte());
            var (a, b) = Vector128.Widen(low);
            var (c, d) = Vector128.Widen(high);
            first += Vector128.Abs((Vector128.ConvertToSingle(a) * scales) + Vector128.Load(negated + i));
            second += Vector128.Abs((Vector128.ConvertToSingle(b) * scales) + Vector128.Load(negated + i + 4));
            first += Vector128.Abs((Vector128.ConvertToSingle(c) * scales) + Vector128.Load(negated + i + 8));
            second += Vector128.Abs((Vector128.ConvertToSingle(d) * scales) + Vector128.Load(negated + i + 12));
        }

        return Vector128.Sum(first + second);
    }
}
