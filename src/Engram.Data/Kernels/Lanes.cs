using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Sixteen float64 lanes in registers: what every sum of floats in this engine is added up in.</summary>
/// <remarks>
/// Lane j of a loaded block is its element j. The order of additions, and with it every bit of a sum, is fixed: each lane adds up its own
/// elements in order; then, in the one fixed tree, each lane below 8 takes the lane 8 above it, then 4, 2 and 1 above. The three widths
/// differ in speed alone. <see cref="VectorScoreScalar"/> is the oracle.
/// </remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    static abstract TSelf Load(float* block);

    static abstract TSelf Load(double* block);

    static abstract TSelf operator +(TSelf x, TSelf y);

    static abstract TSelf operator -(TSelf x, TSelf y);

    static abstract TSelf operator *(TSelf x, TSelf y);

    static abstract TSelf Abs(TSelf x);

    /// <summary>x · y + sum, fused where that is faster: only for products that are exact, where fusing changes no bit.</summary>
    static abstract TSelf AddExactProduct(TSelf x, TSelf y, TSelf sum);

    /// <summary>The fixed tree.</summary>
    static abstract double Sum(TSelf x);
}

/// <summary>Two registers of 512 bits.</summary>
internal readonly unsafe struct Lanes512(Vector512<double> a, Vector512<double> b) : ILanes<Lanes512>
{
    private readonly Vector512<double> a = a;
    private readonly Vector512<double> b = b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* block)
        => new(Avx512F.ConvertToVector512Double(Vector256.Load(block)), Avx512F.ConvertToVector512Double(Vector256.Load(block + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(double* block) => new(Vector512.Load(block), Vector512.Load(block + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 x, Lanes512 y) => new(x.a + y.a, x.b + y.b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 x, Lanes512 y) => new(x.a - y.a, x.b - y.b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 x, Lanes512 y) => new(x.a * y.a, x.b * y.b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 x) => new(Vector512.Abs(x.a), Vector512.Abs(x.b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddExactProduct(Lanes512 x, Lanes512 y, Lanes512 sum)
        => new(Vector512.MultiplyAddEstimate(x.a, y.a, sum.a), Vector512.MultiplyAddEstimate(x.b, y.b, sum.b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Lanes512 x)
    {
        var eight = x.a + x.b;
        return Lanes256.SumOfFour(eight.GetLower() + eight.GetUpper());
    }
}

/// <summary>Four registers of 256 bits.</summary>
internal readonly unsafe struct Lanes256(Vector256<double> a, Vector256<double> b, Vector256<double> c, Vector256<double> d) : ILanes<Lanes256>
{
    private readonly Vector256<double> a = a;
    private readonly Vector256<double> b = b;
    private readonly Vector256<double> c = c;
    private readonly Vector256<double> d = d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* block)
        => new(
            Avx.ConvertToVector256Double(Vector128.Load(block)),
            Avx.ConvertToVector256Double(Vector128.Load(block + 4)),
            Avx.ConvertToVector256Double(Vector128.Load(block + 8)),
            Avx.ConvertToVector256Double(Vector128.Load(block + 12)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(double* block)
        => new(Vector256.Load(block), Vector256.Load(block + 4), Vector256.Load(block + 8), Vector256.Load(block + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 x, Lanes256 y) => new(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 x, Lanes256 y) => new(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 x, Lanes256 y) => new(x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 x) => new(Vector256.Abs(x.a), Vector256.Abs(x.b), Vector256.Abs(x.c), Vector256.Abs(x.d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddExactProduct(Lanes256 x, Lanes256 y, Lanes256 sum)
        => new(
            Vector256.MultiplyAddEstimate(x.a, y.a, sum.a),
            Vector256.MultiplyAddEstimate(x.b, y.b, sum.b),
            Vector256.MultiplyAddEstimate(x.c, y.c, sum.c),
            Vector256.MultiplyAddEstimate(x.d, y.d, sum.d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Lanes256 x) => SumOfFour((x.a + x.c) + (x.b + x.d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SumOfFour(Vector256<double> four)
    {
        var two = four.GetLower() + four.GetUpper();
        return two.ToScalar() + two.GetElement(1);
    }
}

/// <summary>Eight registers of 128 bits, held as two halves of four: lanes 0 to 7 and 8 to 15.</summary>
internal readonly unsafe struct Lanes128(Lanes128.Half low, Lanes128.Half high) : ILanes<Lanes128>
{
    private readonly Half low = low;
    private readonly Half high = high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* block) => new(Half.Load(block), Half.Load(block + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(double* block) => new(Half.Load(block), Half.Load(block + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 x, Lanes128 y) => new(x.low + y.low, x.high + y.high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 x, Lanes128 y) => new(x.low - y.low, x.high - y.high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 x, Lanes128 y) => new(x.low * y.low, x.high * y.high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 x) => new(Half.Abs(x.low), Half.Abs(x.high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddExactProduct(Lanes128 x, Lanes128 y, Lanes128 sum)
        => new(Half.AddExactProduct(x.low, y.low, sum.low), Half.AddExactProduct(x.high, y.high, sum.high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Lanes128 x) => Half.Sum(x.low + x.high);

    internal readonly struct Half(Vector128<double> a, Vector128<double> b, Vector128<double> c, Vector128<double> d)
    {
        private readonly Vector128<double> a = a;
        private readonly Vector128<double> b = b;
        private readonly Vector128<double> c = c;
        private readonly Vector128<double> d = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half Load(float* block)
        {
            var (first, second) = (Vector128.Load(block), Vector128.Load(block + 4));
            return new(Vector128.WidenLower(first), Vector128.WidenUpper(first), Vector128.WidenLower(second), Vector128.WidenUpper(second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half Load(double* block)
            => new(Vector128.Load(block), Vector128.Load(block + 2), Vector128.Load(block + 4), Vector128.Load(block + 6));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half operator +(Half x, Half y) => new(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half operator -(Half x, Half y) => new(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half operator *(Half x, Half y) => new(x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half Abs(Half x) => new(Vector128.Abs(x.a), Vector128.Abs(x.b), Vector128.Abs(x.c), Vector128.Abs(x.d));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Half AddExactProduct(Half x, Half y, Half sum)
            => new(
                Vector128.MultiplyAddEstimate(x.a, y.a, sum.a),
                Vector128.MultiplyAddEstimate(x.b, y.b, sum.b),
                Vector128.MultiplyAddEstimate(x.c, y.c, sum.c),
                Vector128.MultiplyAddEstimate(x.d, y.d, sum.d));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Sum(Half x)
        {
            var two = (x.a + x.c) + (x.b + x.d);
            return two.ToScalar() + two.GetElement(1);
        }
    }
}
