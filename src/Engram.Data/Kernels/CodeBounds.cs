using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Tells by codes alone which rows are certainly farther from a query than a given score.</summary>
/// <remarks>
/// <para><b>The problem.</b> The k nearest rows are wanted exactly, but reading every float32 costs four times what reading codes costs. A code says only roughly
/// where its row is; how roughly, it says exactly: the residual ‖x − x̂‖ was computed when the code was made, and rounded up. So a row may be passed over when even
/// the best place that its code allows is worse than the k-th score so far. Rows that are left are scored as defined (<see cref="VectorScore"/>), so that the
/// result is that of brute force.</para>
/// <para><b>The picture.</b> x is a row, x̂ = s·c what its code stands for, r ≥ ‖x − x̂‖, C = Σ c², so ‖x̂‖² = s²·C; likewise q, q̂, s', r' for the query; D = Σ c·c', an
/// integer without any rounding, so ⟨x̂, q̂⟩ = s·s'·D. w is the worst score that is still wanted.</para>
/// <code>
/// L2       ‖x − q‖ ≥ ‖x̂ − q̂‖ − r − r'           (triangle)      passed over when  s²C + ‖q̂‖² − 2ss'D        > (r + r' + w)²
/// cosine   the same of x/‖x‖ and q/‖q‖, whose     (law of cosines)
///          squared distance is 2·(1 − cos);
///          times ν = ‖x‖                                         passed over when  s²C + ν²‖q̂‖² − 2νss'D     > (r + ν(r' + √(2w)))²
/// product  ⟨x,q⟩ − ⟨x̂,q̂⟩ = ⟨x − x̂, q⟩ + ⟨x̂, q − q̂⟩,
///          ‖x̂‖ ≤ ν + r                            (Cauchy-Schwarz) passed over when  −ss'D − r(‖q‖ + r') − νr'  > w
/// L1       Σ|x − q| ≥ Σ|x̂ − q| − Σ|x − x̂|,       (triangle)
///          Σ|x − x̂| ≤ √n·r                        (Cauchy-Schwarz) passed over when  Σ|x̂ − q| − √n·r                  > w
/// </code>
/// <para>For coarse codes, of four bits, all of this holds with their own x̂, r, C and D, in halves of s; what they leave is judged again by the codes of eight.</para>
/// <para>In the second line q̂, s' and r' are those of the query divided by its norm. In the last q is the query itself, and in place of D stands that sum (<see cref="Int8Distance"/>), as the bits of a float32.</para>
/// <para><b>Rounding.</b> Everything is in float64 from float32 and integers that are exact. Each side is a sum of a few products, off by less than 2^-48 of its greatest
/// summand; since 2νss'D is at most the sum of the two others, 1e-12 of these is taken off the left side, more than 3,000 times what it can be off. The defined score is a
/// sum of up to 16,000 terms in 16 lanes, off by less than 2^-42 of ‖x‖‖q‖ (relatively, for L2, where all terms are positive); ν is stored as float32, off by 2^-24; both stand on the
/// right side with more than they can be: 1e-9, for the cosine 1e-10 within the root, and 2^-23. The sum of L1 is one of float32, of positive terms in four lanes or more and so off by less than 2^-12 of itself,
/// and where it was not computed by fused multiplications also by 2^-24 of Σ|x̂| ≤ √n·(ν + r): 2^-11 and 2^-22 are taken off, and 1e-38 for what is subnormal. One that overflowed says nothing.</para>
/// <para><b>Invariants.</b> A row is passed over only when its defined score is greater than w: equal scores are left for their row ids to decide. A comparison with NaN
/// or of infinity with infinity passes nothing over, so a row with r = +∞ (no vector, or one too small or too large for its norm to be a float32) is always left, and
/// so is every row while w is +∞. A zero row has s = 0, r = 0, and ν = 1, which bounds its cosine distance of 1 from below by less than 1.</para>
/// <para>What a wrong code would do: pass over a row that belongs in the result. So codes are checked against their checksum before they are read.</para>
/// </remarks>
internal readonly unsafe struct CodeBounds
{
    private const double NormError = 1.0 / (1 << 23);
    private readonly bool isProduct;
    private readonly bool isNormed;

    /// <summary>√n for L1, otherwise 0.</summary>
    private readonly double root;
    private readonly double queryNorm;
    private readonly double querySquares;
    private readonly double queryResidual;
    private readonly double factor;
    private readonly double spread;
    private readonly double worst;

    private CodeBounds(Int8Query query, bool isProduct, bool isNormed)
    {
        this.isProduct = isProduct;
        this.isNormed = isNormed;
        queryNorm = query.Norm;
        var unit = isNormed ? query.Norm : 1;
        querySquares = query.SquaredCodeNorm / (unit * unit);
        queryResidual = (query.Residual / unit) + (isNormed ? 1e-9 : 0);
        factor = (isProduct ? 1 : 2) * query.Scale / unit;
        worst = double.PositiveInfinity;
        spread = double.PositiveInfinity;
    }

    private CodeBounds(int dimensions)
    {
        root = Math.Sqrt(dimensions);
        worst = double.PositiveInfinity;
    }

    private CodeBounds(in CodeBounds bounds, double worst, double spread)
    {
        this = bounds;
        this.worst = worst;
        this.spread = spread;
    }

    /// <summary>For ‖x − q‖.</summary>
    public static CodeBounds L2(Int8Query query) => new(query, false, false);

    /// <summary>For 1 − ⟨x,q⟩/(‖x‖‖q‖); the query is not zero.</summary>
    public static CodeBounds Cosine(Int8Query query) => new(query, false, true);

    /// <summary>For −⟨x,q⟩.</summary>
    public static CodeBounds InnerProduct(Int8Query query) => new(query, true, false);

    /// <summary>For Σ|x − q|.</summary>
    public static CodeBounds L1(Int8Query query) => new(query.Dimensions);

    /// <summary>The same for another score that is still wanted; +∞ for all.</summary>
    public CodeBounds Within(double score)
        => root > 0 ? new CodeBounds(in this, score, 0)
            : isProduct ? new CodeBounds(in this, score, (queryResidual * (1 + 1e-6)) + (1e-9 * queryNorm))
            : isNormed ? new CodeBounds(in this, score, Math.Sqrt(2 * Math.Max(score + 1e-10, 0)) + queryResidual + NormError)
            : new CodeBounds(in this, score, (score * (1 + 1e-9)) + queryResidual);

    /// <summary>What the codes say the score is, up to a function that rises with it: to look at promising rows first.</summary>
    public double Estimate(CodeFacts facts, int row, int dot)
    {
        if (float.IsInfinity(facts.Residuals[row]))
        {
            return double.MaxValue;
        }

        if (root > 0)
        {
            return BitConverter.Int32BitsToSingle(dot);
        }

        var scale = facts.Unit * facts.Scales[row];
        if (isProduct)
        {
            return -scale * dot;
        }

        var norm = isNormed ? facts.Norms[row] : 1.0;
        return ((scale * scale * facts.Squares[row]) - (factor * scale * norm * dot)) / (norm * norm);
    }

    /// <summary>Whether a row may be as near as wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsLeft(CodeFacts facts, int row, int dot)
    {
        var scale = facts.Unit * facts.Scales[row];
        double residual = facts.Residuals[row];
        double norm = facts.Norms[row];
        if (root > 0)
        {
            var sum = BitConverter.Int32BitsToSingle(dot);
            var least = (sum * (1 - (1.0 / (1 << 11)))) - (root * ((residual * (1 + 1e-6)) + ((norm + residual) / (1 << 22)))) - 1e-38;
            return !(sum <= float.MaxValue && least * (1 - 1e-9) > worst);
        }

        if (isProduct)
        {
            return !(((-factor * scale * dot) - (residual * ((queryNorm + queryResidual) * (1 + 1e-9))) - (norm * spread)) > worst);
        }

        norm = isNormed ? norm : 1;
        var squares = (scale * scale * facts.Squares[row]) + (querySquares * norm * norm);
        var limit = residual + (spread * norm);
        return !(squares - (1e-12 * squares) - (factor * scale * norm * dot) > limit * limit);
    }

    /// <summary>Keeps those of some rows that may be as near as wanted, and their products, at the front.</summary>
    /// <param name="dots">One for each of <paramref name="rows"/>.</param>
    /// <returns>How many are left.</returns>
    public int Keep(CodeFacts facts, Span<ushort> rows, int* dots)
    {
        var count = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (IsLeft(facts, rows[i], dots[i]))
            {
                rows[count] = rows[i];
                dots[count++] = dots[i];
            }
        }

        return count;
    }

    /// <summary>The rows, of the first <paramref name="count"/>, that may be as near as wanted.</summary>
    /// <param name="dots">One for each row.</param>
    /// <param name="left">Receives the rows, ascending; as long as there are rows.</param>
    /// <returns>How many are left.</returns>
    public int Find(CodeFacts facts, int count, int* dots, Span<ushort> left)
    {
        fixed (ushort* rows = left[..count])
        {
            var found = 0;
            var i = 0;
            if (Avx.IsSupported && root == 0)
            {
                i = count & -Vector256<double>.Count;
                found = isProduct ? FindProducts(facts, i, dots, rows) : FindDistances(facts, i, dots, rows);
            }

            for (; i < count; i++)
            {
                rows[found] = (ushort)i;
                found += IsLeft(facts, i, dots[i]) ? 1 : 0;
            }

            return found;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindDistances(CodeFacts facts, int count, int* dots, ushort* left)
    {
        var scales = facts.Scales;
        var residuals = facts.Residuals;
        var norms = facts.Norms;
        var squaresOf = facts.Squares;
        var unit = Vector256.Create(facts.Unit);
        var (factors, spreads, querySquared) = (Vector256.Create(factor), Vector256.Create(spread), Vector256.Create(querySquares));
        var (one, kept) = (Vector256.Create(1.0), Vector256.Create(1 - 1e-12));
        var found = 0;
        for (var i = 0; i < count; i += Vector256<double>.Count)
        {
            var scale = unit * Avx.ConvertToVector256Double(Vector128.Load(scales + i));
            var norm = isNormed ? Avx.ConvertToVector256Double(Vector128.Load(norms + i)) : one;
            var squares = (scale * scale * Avx.ConvertToVector256Double(Vector128.Load(squaresOf + i))) + (querySquared * norm * norm);
            var limit = Avx.ConvertToVector256Double(Vector128.Load(residuals + i)) + (spreads * norm);
            var dot = Avx.ConvertToVector256Double(Vector128.Load(dots + i));
            var isOver = Vector256.GreaterThan((squares * kept) - (factors * scale * norm * dot), limit * limit);
            found = Append(left, found, i, ~isOver.ExtractMostSignificantBits() & 0xF);
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindProducts(CodeFacts facts, int count, int* dots, ushort* left)
    {
        var scales = facts.Scales;
        var residuals = facts.Residuals;
        var norms = facts.Norms;
        var unit = Vector256.Create(facts.Unit);
        var (factors, spreads, worsts) = (Vector256.Create(-factor), Vector256.Create(spread), Vector256.Create(worst));
        var reach = Vector256.Create((queryNorm + queryResidual) * (1 + 1e-9));
        var found = 0;
        for (var i = 0; i < count; i += Vector256<double>.Count)
        {
            var scale = unit * Avx.ConvertToVector256Double(Vector128.Load(scales + i));
            var norm = Avx.ConvertToVector256Double(Vector128.Load(norms + i));
            var residual = Avx.ConvertToVector256Double(Vector128.Load(residuals + i));
            var dot = Avx.ConvertToVector256Double(Vector128.Load(dots + i));
            var isOver = Vector256.GreaterThan((factors * scale * dot) - (residual * reach) - (norm * spreads), worsts);
            found = Append(left, found, i, ~isOver.ExtractMostSignificantBits() & 0xF);
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Append(ushort* left, int found, int first, uint bits)
    {
        for (; bits != 0; bits &= bits - 1)
        {
            left[found++] = (ushort)(first + BitOperations.TrailingZeroCount(bits));
        }

        return found;
    }
}
