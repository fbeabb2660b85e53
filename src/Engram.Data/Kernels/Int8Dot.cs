using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Products of a query's codes with rows of codes: sums of integers, the same on every instruction set.</summary>
/// <remarks>
/// At most 16,000 dimensions: 255 · 127 · 16,000 fits 32 bits. Rows lie a stride apart and are padded to it with zeros of the query, so that no
/// loop has a tail. The widest form is not the best: AVX-VNNI multiplies and adds 32 pairs of bytes in one instruction of 256 bits, AVX-512
/// as .NET has it must widen bytes first.
/// </remarks>
internal static unsafe class Int8Dot
{
    /// <summary>Codes that a step of every loop takes.</summary>
    public const int PieceLength = 32;

    /// <summary>dots[i] = Σ code of row i · code of the query, for the first <paramref name="count"/> rows.</summary>
    public static void Rows(CodeBlock block, Int8Query query, int count, int* dots)
    {
        if (AvxVnni.IsSupported)
        {
            Int8DotLoops<VnniPieces>.Rows(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, count, query.Bias, dots);
        }
        else if (Avx512BW.IsSupported)
        {
            Int8DotLoops<Pieces512>.Rows(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, count, query.Bias, dots);
        }
        else if (Avx2.IsSupported)
        {
            Int8DotLoops<Pieces256>.Rows(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, count, query.Bias, dots);
        }
        else
        {
            Int8DotLoops<Pieces128>.Rows(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, count, query.Bias, dots);
        }
    }

    /// <summary>dots[i] = Σ code of row selected[i] · code of the query.</summary>
    public static void Selected(CodeBlock block, Int8Query query, ReadOnlySpan<ushort> selected, int* dots)
    {
        if (AvxVnni.IsSupported)
        {
            Int8DotLoops<VnniPieces>.Selected(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, selected, query.Bias, dots);
        }
        else if (Avx512BW.IsSupported)
        {
            Int8DotLoops<Pieces512>.Selected(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, selected, query.Bias, dots);
        }
        else if (Avx2.IsSupported)
        {
            Int8DotLoops<Pieces256>.Selected(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, selected, query.Bias, dots);
        }
        else
        {
            Int8DotLoops<Pieces128>.Selected(block.Codes, block.StrideBytes, query.Codes, query.WideCodes, selected, query.Bias, dots);
        }
    }

    /// <summary>The oracle: one element at a time.</summary>
    public static int Scalar(byte* codes, sbyte* query, int n)
    {
        var sum = 0;
        for (var i = 0; i < n; i++)
        {
            sum += (codes[i] - CodeBlock.Zero) * query[i];
        }

        return sum;
    }
}

/// <summary>Sums of products of 32 pairs of codes at a time, in registers.</summary>
internal unsafe interface IInt8Pieces<TSelf>
    where TSelf : unmanaged, IInt8Pieces<TSelf>
{
    static abstract TSelf Zero { get; }

    /// <param name="query">The query's codes as bytes, and the same as 16-bit integers in <paramref name="wide"/>: each form takes the one that suits it.</param>
    static abstract TSelf AddProducts(TSelf sum, byte* row, sbyte* query, short* wide);

    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>The sum of each, in one register.</summary>
    static abstract Vector128<int> Sums(TSelf a, TSelf b, TSelf c, TSelf d);
}

/// <summary>Bytes without sign by bytes with: one instruction.</summary>
internal readonly unsafe struct VnniPieces(Vector256<int> a) : IInt8Pieces<VnniPieces>
{
    private readonly Vector256<int> a = a;

    public static VnniPieces Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniPieces AddProducts(VnniPieces sum, byte* row, sbyte* query, short* wide)
        => new(AvxVnni.MultiplyWideningAndAdd(sum.a, Vector256.Load(row), Vector256.Load(query)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VnniPieces operator +(VnniPieces x, VnniPieces y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(VnniPieces a, VnniPieces b, VnniPieces c, VnniPieces d) => Pieces256.Sums(a.a, b.a, c.a, d.a);
}

/// <summary>Bytes widened to 16 bits, 32 at once.</summary>
internal readonly unsafe struct Pieces512(Vector512<int> a) : IInt8Pieces<Pieces512>
{
    private readonly Vector512<int> a = a;

    public static Pieces512 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces512 AddProducts(Pieces512 sum, byte* row, sbyte* query, short* wide)
        => new(sum.a + Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row)), Vector512.Load(wide)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces512 operator +(Pieces512 x, Pieces512 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Pieces512 a, Pieces512 b, Pieces512 c, Pieces512 d)
        => Pieces256.Sums(
            a.a.GetLower() + a.a.GetUpper(), b.a.GetLower() + b.a.GetUpper(), c.a.GetLower() + c.a.GetUpper(), d.a.GetLower() + d.a.GetUpper());
}

/// <summary>Bytes widened to 16 bits, 16 at once.</summary>
internal readonly unsafe struct Pieces256(Vector256<int> a) : IInt8Pieces<Pieces256>
{
    private readonly Vector256<int> a = a;

    public static Pieces256 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces256 AddProducts(Pieces256 sum, byte* row, sbyte* query, short* wide)
        => new(sum.a
            + (Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row)), Vector256.Load(wide))
            + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row + 16)), Vector256.Load(wide + 16))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces256 operator +(Pieces256 x, Pieces256 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Pieces256 a, Pieces256 b, Pieces256 c, Pieces256 d) => Sums(a.a, b.a, c.a, d.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        var four = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        return four.GetLower() + four.GetUpper();
    }
}

/// <summary>What every processor has.</summary>
internal readonly unsafe struct Pieces128(Vector128<int> a) : IInt8Pieces<Pieces128>
{
    private readonly Vector128<int> a = a;

    public static Pieces128 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces128 AddProducts(Pieces128 sum, byte* row, sbyte* query, short* wide)
    {
        var (first, second) = (Vector128.Load(row), Vector128.Load(row + 16));
        return new(sum.a
            + (Multiply(Vector128.WidenLower(first), wide) + Multiply(Vector128.WidenUpper(first), wide + 8))
            + (Multiply(Vector128.WidenLower(second), wide + 16) + Multiply(Vector128.WidenUpper(second), wide + 24)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pieces128 operator +(Pieces128 x, Pieces128 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Pieces128 a, Pieces128 b, Pieces128 c, Pieces128 d)
        => Vector128.Create(Vector128.Sum(a.a), Vector128.Sum(b.a), Vector128.Sum(c.a), Vector128.Sum(d.a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Multiply(Vector128<ushort> codes, short* wide)
    {
        var query = Vector128.Load(wide);
        if (Sse2.IsSupported)
        {
            return Sse2.MultiplyAddAdjacent(codes.AsInt16(), query);
        }

        var (low, high) = Vector128.Widen(codes.AsInt16());
        var (queryLow, queryHigh) = Vector128.Widen(query);
        return (low * queryLow) + (high * queryHigh);
    }
}
