using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Makes int8 codes of float32 vectors: the nearest multiples of a 127th of the greatest element.</summary>
/// <remarks>
/// The code of an element and the norms need not be the same on every processor: whatever the code is, the residual is computed from it, upwards,
/// and that is all that <see cref="CodeBounds"/> relies on. Elements are finite.
/// </remarks>
internal static unsafe class Int8Codes
{
    /// <summary>Below it a scale would lose bits as a subnormal float32, so rows that small get no code.</summary>
    private const float ScaleMin = 1e-34f;

    /// <summary>Above it norms could overflow float32.</summary>
    private const double NormMax = 1e38;

    /// <summary>More than what the sums and roots below can be off, relatively: they are of at most 16,000 terms.</summary>
    private const double Upwards = 1 + 1e-9;

    /// <summary>Encodes one row of a block.</summary>
    public static void Encode(float* x, CodeBlock block, int row)
    {
        var n = block.Dimensions;
        var codes = block.CodesOf(row);
        new Span<byte>(codes + n, block.StrideBytes - n).Fill(CodeBlock.Zero);
        block.Nulls[row >> 6] &= ~(1UL << (row & 63));
        var greatest = Greatest(x, n);
        var norm = Math.Sqrt(VectorScore.SquaredNorm(x, n));
        var scale = (float)(greatest / (double)CodeBlock.Max);
        if (greatest == 0 || scale < ScaleMin || norm > NormMax)
        {
            // A zero row is said exactly by zero codes; its norm stands below a fraction bar.
            new Span<byte>(codes, n).Fill(CodeBlock.Zero);
            Set(block, row, 0, greatest == 0 ? 0 : float.PositiveInfinity, 1, 0);
            SetCoarse(block, row, block.Residuals[row], 0);
            return;
        }

        var squares = Round(x, n, 1f / scale, codes);
        Coarsen(codes, block.StrideBytes, block.CoarseOf(row), block.CoarseStrideBytes);
        var (residual, coarseResidual, coarseSquares) = SquaredResiduals(x, codes, scale, n);
        Set(block, row, scale, Up(Math.Sqrt(residual) * Upwards), (float)norm, squares);
        SetCoarse(block, row, Up(Math.Sqrt(coarseResidual) * Upwards), coarseSquares);
    }

    /// <summary>Says that a row has no vector.</summary>
    public static void EncodeNull(CodeBlock block, int row)
    {
        new Span<byte>(block.CodesOf(row), block.StrideBytes).Fill(CodeBlock.Zero);
        Set(block, row, 0, float.PositiveInfinity, 1, 0);
        SetCoarse(block, row, float.PositiveInfinity, 0);
        block.Nulls[row >> 6] |= 1UL << (row & 63);
    }

    private static void Set(CodeBlock block, int row, float scale, float residual, float norm, int squares)
    {
        block.Scales[row] = scale;
        block.Residuals[row] = residual;
        block.Norms[row] = norm;
        block.Squares[row] = squares;
    }

    private static void SetCoarse(CodeBlock block, int row, float residual, int squares)
    {
        block.CoarseResiduals[row] = residual;
        block.CoarseSquares[row] = squares;
    }

    /// <summary>The least float32 that is not less.</summary>
    private static float Up(double residual)
    {
        var rounded = (float)Math.Min(residual, float.MaxValue);
        return rounded < residual ? MathF.BitIncrement(rounded) : rounded;
    }

    /// <summary>Packs the upper halves of a row's codes.</summary>
    private static void Coarsen(byte* codes, int stride, byte* target, int targetStride)
    {
        var upper = Vector256.Create((byte)0xF0);
        for (var i = 0; i < targetStride; i += Int8Dot.PieceLength)
        {
            // A stride of codes may end within a piece of 64: what is beyond it is multiplied by zero.
            var first = Vector256.ShiftRightLogical((Vector256.Load(codes + (2 * i)) & upper).AsUInt16(), 4).AsByte();
            var second = (2 * i) + Int8Dot.PieceLength < stride ? Vector256.Load(codes + (2 * i) + Int8Dot.PieceLength) & upper : Vector256<byte>.Zero;
            (first | second).Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Greatest(float* x, int n)
    {
        var greatest = Vector256<float>.Zero;
        var i = 0;
        for (; i <= n - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            greatest = Vector256.Max(greatest, Vector256.Abs(Vector256.Load(x + i)));
        }

        var result = 0f;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            result = Math.Max(result, greatest.GetElement(lane));
        }

        for (; i < n; i++)
        {
            result = Math.Max(result, Math.Abs(x[i]));
        }

        return result;
    }

    /// <returns>Σ code².</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Round(float* x, int n, float factor, byte* codes)
    {
        var i = 0;
        var sum = Vector256<int>.Zero;
        var factors = Vector256.Create(factor);
        var (least, most) = (Vector256.Create(-CodeBlock.Max), Vector256.Create(CodeBlock.Max));
        for (; i <= n - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            var whole = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(x + i) * factors));
            whole = Vector256.Min(Vector256.Max(whole, least), most);
            sum += whole * whole;
            whole += Vector256.Create((int)CodeBlock.Zero);
            var narrow = Vector128.Narrow(whole.GetLower().AsUInt32(), whole.GetUpper().AsUInt32());
            *(ulong*)(codes + i) = Vector128.Narrow(narrow, narrow).AsUInt64().ToScalar();
        }

        var squares = Vector256.Sum(sum);
        for (; i < n; i++)
        {
            var whole = Math.Clamp((int)MathF.Round(x[i] * factor), -CodeBlock.Max, CodeBlock.Max);
            squares += whole * whole;
            codes[i] = (byte)(whole + CodeBlock.Zero);
        }

        return squares;
    }

    /// <summary>‖x − x̂‖² but for rounding, for codes and for coarse codes, and exactly the sum of the squares of the latter, in halves of a scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Fine, double Coarse, int CoarseSquares) SquaredResiduals(float* x, byte* codes, float scale, int n)
    {
        var (fine, coarse, squares) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var (scales, halves) = (Vector256.Create((double)scale), Vector256.Create(scale * 0.5));
        var i = 0;
        for (; i <= n - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            // A code is exact in float64, and so is its product with a scale of 24 bits.
            var whole = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(uint*)(codes + i)).AsByte())).AsInt32();
            var given = Vector128.Load(x + i);
            var element = Vector256.Create(Vector128.WidenLower(given), Vector128.WidenUpper(given));
            var difference = element - (ToDouble(whole - Vector128.Create((int)CodeBlock.Zero)) * scales);
            fine += difference * difference;
            var code = ToDouble(((whole & Vector128.Create(0xF0)) * 2) - Vector128.Create(CodeBlock.CoarseZero));
            squares += code * code;
            difference = element - (code * halves);
            coarse += difference * difference;
        }

        var (fineSum, coarseSum, squaresSum) = (Vector256.Sum(fine), Vector256.Sum(coarse), Vector256.Sum(squares));
        for (; i < n; i++)
        {
            var difference = x[i] - ((codes[i] - CodeBlock.Zero) * (double)scale);
            fineSum += difference * difference;
            var code = (CodeBlock.CoarseStep * (codes[i] >> 4)) - CodeBlock.CoarseZero;
            squaresSum += code * code;
            difference = x[i] - (code * (scale * 0.5));
            coarseSum += difference * difference;
        }

        return (fineSum, coarseSum, (int)squaresSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> ToDouble(Vector128<int> whole)
    {
        if (Avx.IsSupported)
        {
            return Avx.ConvertToVector256Double(whole);
        }

        var (low, high) = Vector128.Widen(whole);
        return Vector256.Create(Vector128.ConvertToDouble(low), Vector128.ConvertToDouble(high));
    }
}
