using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Data.Kernels;

namespace Engram.Data.TestProcess;

/// <summary>The kernels of vectors as this process chooses them, against their scalar oracles: at every length from 0 to 129, at every address within a cache line.</summary>
internal static unsafe class VectorKernels
{
    private const int LengthMax = 129;
    private const int ShiftCount = 16;

    /// <returns>How many were compared, or the first that is wrong.</returns>
    public static string Check()
    {
        var memory = (float*)NativeMemory.AlignedAlloc(4 * (LengthMax + ShiftCount) * sizeof(float), 64);
        try
        {
            var random = new Random(1);
            var count = 0;
            for (var n = 0; n <= LengthMax; n++)
            {
                for (var shift = 0; shift < ShiftCount; shift++)
                {
                    var x = memory + shift;
                    var y = memory + LengthMax + ShiftCount + random.Next(ShiftCount);
                    Fill(x, n, random);
                    Fill(y, n, random);
                    if (Wrong(x, y, n) is { } wrong)
                    {
                        return string.Create(CultureInfo.InvariantCulture, $"{wrong} of {n} elements, {shift} beyond a line");
                    }

                    count++;
                }
            }

            return string.Create(CultureInfo.InvariantCulture, $"{count} pairs of vectors");
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>Sums that absorb and cancel: any other order of adding shows.</summary>
    private static void Fill(float* values, int n, Random random)
    {
        for (var i = 0; i < n; i++)
        {
            values[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-12, 12)));
        }
    }

    private static string? Wrong(float* x, float* y, int n)
    {
        ReadOnlySpan<float> left = new(x, n);
        ReadOnlySpan<float> right = new(y, n);
        return VectorScore.Dot(left, right) != VectorScoreScalar.Dot(x, y, n) ? "dot"
            : VectorScore.SquaredNorm(left) != VectorScoreScalar.SquaredNorm(x, n) ? "squared norm"
            : VectorScore.L2Squared(left, right) != VectorScoreScalar.L2Squared(x, y, n) ? "l2"
            : VectorScore.L1Distance(left, right) != VectorScoreScalar.L1Distance(x, y, n) ? "l1"
            : WrongCodes(left, right, y, n);
    }

    /// <summary>Codes of one vector with those of the other, as a query's and as a row's.</summary>
    private static string? WrongCodes(ReadOnlySpan<float> x, ReadOnlySpan<float> y, float* row, int n)
    {
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(2 * CodeBlock.SizeOf(1, n), 64), 64);
        try
        {
            NativeMemory.Clear(memory, (nuint)(2 * CodeBlock.SizeOf(1, n)));
            var (block, other) = (new CodeBlock(memory, 1, n), new CodeBlock(memory + CodeBlock.SizeOf(1, n), 1, n));
            Int8Codes.Encode(row, block, 0);
            fixed (float* first = x)
            {
                Int8Codes.Encode(first, other, 0);
            }

            using var query = new Int8Query(x, hasElements: true);
            int all, selected;
            Int8Dot.Rows(block, query, 1, &all);
            Int8Dot.Selected(block, query, [0], &selected);
            var expected = Int8Dot.Scalar(block.Codes, query.Codes, n);
            if (all != expected || selected != expected)
            {
                return "codes with a query";
            }

            CoarseDot.Rows(block, query, 1, &all);
            CoarseDot.Selected(block, query, [0], &selected);
            int one, same;
            CoarseFour.Rows(block, [new CoarseTarget(query.Codes, query.Sum, &one), new CoarseTarget(query.Codes, query.Sum, &same)], 1);
            expected = CoarseDot.Scalar(block.Coarse, query.Codes, n);
            if (all != expected || selected != expected || one != expected || same != expected)
            {
                return "coarse codes with a query";
            }

            float sum, sumOfSelected;
            Int8Distance.Rows(block, query, 1, &sum);
            Int8Distance.Selected(block, query, [0], &sumOfSelected);
            var exact = Int8Distance.Scalar(block.Codes, block.Scales[0], query.NegatedElements, n);
            if (sum != sumOfSelected || Math.Abs(sum - exact) > exact / 1000)
            {
                return "sums of differences from codes";
            }

            var stride = block.StrideBytes;
            return CodePairs.Dot(block.Codes, other.Codes, stride, CodePairs.Sum(other.Codes, stride)) != CodePairs.Scalar(block.Codes, other.Codes, stride) ? "codes with codes" : null;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
