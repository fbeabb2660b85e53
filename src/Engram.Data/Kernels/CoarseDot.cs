using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Products of a query's codes with rows of coarse codes, of four bits: sums of integers, the same on every instruction set.</summary>
/// <remarks>
/// <para>With h the four bits of an element and c the query's code, 32·Σhc − 241·Σc is the product with what the four bits stand for, in halves of a scale: at most 241 · 127 · 16,000,
/// which fits 32 bits.</para>
/// <para>The instruction that multiplies bytes to sums of 16 bits, everywhere but here one to be avoided because it saturates, cannot do so with four bits: 2 · 15 · 127.</para>
/// </remarks>
internal static unsafe class CoarseDot
{
    /// <summary>dots[i] = Σ (32h − 241) · code of the query, for the first <paramref name="count"/> rows.</summary>
    public static void Rows(CodeBlock block, Int8Query query, int count, int* dots)
    {
        var codes = block.Coarse;
        var stride = block.CoarseStrideBytes;
        if (AvxVnni.IsSupported)
        {
            CoarseDotLoops<CoarseVnniPieces>.Rows(codes, stride, query.Codes, count, query.Sum, dots);
        }
        else if (Avx512BW.IsSupported)
        {
            CoarseDotLoops<CoarsePieces512>.Rows(codes, stride, query.Codes, count, query.Sum, dots);
        }
        else if (Avx2.IsSupported)
        {
            CoarseDotLoops<CoarsePieces256>.Rows(codes, stride, query.Codes, count, query.Sum, dots);
        }
        else
        {
            CoarseDotLoops<CoarsePieces128>.Rows(codes, stride, query.Codes, count, query.Sum, dots);
        }
    }

    /// <summary>dots[i] = Σ (32h − 241) · code of the query, for row selected[i].</summary>
    public static void Selected(CodeBlock block, Int8Query query, ReadOnlySpan<ushort> selected, int* dots)
    {
        var codes = block.Coarse;
        var stride = block.CoarseStrideBytes;
        if (AvxVnni.IsSupported)
        {
            CoarseDotLoops<CoarseVnniPieces>.Selected(codes, stride, query.Codes, selected, query.Sum, dots);
        }
        else if (Avx512BW.IsSupported)
        {
            CoarseDotLoops<CoarsePieces512>.Selected(codes, stride, query.Codes, selected, query.Sum, dots);
        }
        else if (Avx2.IsSupported)
        {
            CoarseDotLoops<CoarsePieces256>.Selected(codes, stride, query.Codes, selected, query.Sum, dots);
        }
        else
        {
            CoarseDotLoops<CoarsePieces128>.Selected(codes, stride, query.Codes, selected, query.Sum, dots);
        }
    }

    /// <summary>The oracle: one element at a time.</summary>
    public static int Scalar(byte* row, sbyte* query, int n)
    {
        var sum = 0;
        for (var i = 0; i < n; i++)
        {
            var pair = row[(i / 64 * 32) + (i % 32)];
            var h = i % 64 < 32 ? pair & 15 : pair >> 4;
            sum += ((CodeBlock.CoarseStep * h) - CodeBlock.CoarseZero) * query[i];
        }

        return sum;
    }
}

/// <summary>Sums of products of 64 coarse codes at a time, 32 bytes of a row with 64 of the query, in registers.</summary>
internal unsafe interface ICoarsePieces<TSelf>
    where TSelf : unmanaged, ICoarsePieces<TSelf>
{
    static abstract TSelf Zero { get; }

    static abstract TSelf AddProducts(TSelf sum, byte* row, sbyte* query);

    static abstract TSelf operator +(TSelf x, TSelf y);

    /// <summary>The sum of each, in one register.</summary>
    static abstract Vector128<int> Sums(TSelf a, TSelf b, TSelf c, TSelf d);
}

/// <summary>Bytes without sign by bytes with: one instruction for each half.</summary>
internal readonly unsafe struct CoarseVnniPieces(Vector256<int> a) : ICoarseHalves<CoarseVnniPieces>
{
    private readonly Vector256<int> a = a;

    public static CoarseVnniPieces Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces AddProducts(CoarseVnniPieces sum, byte* row, sbyte* query)
    {
        var pairs = Vector256.Load(row);
        var mask = Vector256.Create((byte)15);
        var low = AvxVnni.MultiplyWideningAndAdd(sum.a, pairs & mask, Vector256.Load(query));
        return new(AvxVnni.MultiplyWideningAndAdd(low, Vector256.ShiftRightLogical(pairs.AsUInt16(), 4).AsByte() & mask, Vector256.Load(query + 32)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces Low(byte* row) => new((Vector256.Load(row) & Vector256.Create((byte)15)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces High(byte* row)
        => new((Vector256.ShiftRightLogical(Vector256.Load(row).AsUInt16(), 4).AsByte() & Vector256.Create((byte)15)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces Load(sbyte* query) => new(Vector256.Load(query).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces AddUnpacked(CoarseVnniPieces sum, CoarseVnniPieces codes, CoarseVnniPieces query)
        => new(AvxVnni.MultiplyWideningAndAdd(sum.a, codes.a.AsByte(), query.a.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarseVnniPieces operator +(CoarseVnniPieces x, CoarseVnniPieces y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(CoarseVnniPieces a, CoarseVnniPieces b, CoarseVnniPieces c, CoarseVnniPieces d) => Pieces256.Sums(a.a, b.a, c.a, d.a);
}

/// <summary>Both halves side by side in one register.</summary>
internal readonly unsafe struct CoarsePieces512(Vector512<int> a) : ICoarsePieces<CoarsePieces512>
{
    private readonly Vector512<int> a = a;

    public static CoarsePieces512 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces512 AddProducts(CoarsePieces512 sum, byte* row, sbyte* query)
    {
        var pairs = Vector256.Load(row);
        var codes = Vector512.Create(pairs, Vector256.ShiftRightLogical(pairs.AsUInt16(), 4).AsByte()) & Vector512.Create((byte)15);
        var products = Avx512BW.MultiplyAddAdjacent(codes, Vector512.Load(query));
        return new(sum.a + Avx512BW.MultiplyAddAdjacent(products, Vector512<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces512 operator +(CoarsePieces512 x, CoarsePieces512 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(CoarsePieces512 a, CoarsePieces512 b, CoarsePieces512 c, CoarsePieces512 d)
        => Pieces256.Sums(
            a.a.GetLower() + a.a.GetUpper(), b.a.GetLower() + b.a.GetUpper(), c.a.GetLower() + c.a.GetUpper(), d.a.GetLower() + d.a.GetUpper());
}

/// <summary>One half after the other, their products of 16 bits added before they are widened.</summary>
internal readonly unsafe struct CoarsePieces256(Vector256<int> a) : ICoarseHalves<CoarsePieces256>
{
    private readonly Vector256<int> a = a;

    public static CoarsePieces256 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 AddProducts(CoarsePieces256 sum, byte* row, sbyte* query)
    {
        var pairs = Vector256.Load(row);
        var mask = Vector256.Create((byte)15);
        var low = Avx2.MultiplyAddAdjacent(pairs & mask, Vector256.Load(query));
        var high = Avx2.MultiplyAddAdjacent(Vector256.ShiftRightLogical(pairs.AsUInt16(), 4).AsByte() & mask, Vector256.Load(query + 32));
        return new(sum.a + Avx2.MultiplyAddAdjacent(low + high, Vector256<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 Low(byte* row) => new((Vector256.Load(row) & Vector256.Create((byte)15)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 High(byte* row)
        => new((Vector256.ShiftRightLogical(Vector256.Load(row).AsUInt16(), 4).AsByte() & Vector256.Create((byte)15)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 Load(sbyte* query) => new(Vector256.Load(query).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 AddUnpacked(CoarsePieces256 sum, CoarsePieces256 codes, CoarsePieces256 query)
        => new(sum.a + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes.a.AsByte(), query.a.AsSByte()), Vector256<short>.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces256 operator +(CoarsePieces256 x, CoarsePieces256 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(CoarsePieces256 a, CoarsePieces256 b, CoarsePieces256 c, CoarsePieces256 d) => Pieces256.Sums(a.a, b.a, c.a, d.a);
}

/// <summary>What every processor has.</summary>
internal readonly unsafe struct CoarsePieces128(Vector128<int> a) : ICoarsePieces<CoarsePieces128>
{
    private readonly Vector128<int> a = a;

    public static CoarsePieces128 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces128 AddProducts(CoarsePieces128 sum, byte* row, sbyte* query)
    {
        var (first, second) = (Vector128.Load(row), Vector128.Load(row + 16));
        var mask = Vector128.Create((byte)15);
        return new(sum.a
            + (Multiply(first & mask, query) + Multiply(second & mask, query + 16))
            + (Multiply(Vector128.ShiftRightLogical(first.AsUInt16(), 4).AsByte() & mask, query + 32)
            + Multiply(Vector128.ShiftRightLogical(second.AsUInt16(), 4).AsByte() & mask, query + 48)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoarsePieces128 operator +(CoarsePieces128 x, CoarsePieces128 y) => new(x.a + y.a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(CoarsePieces128 a, CoarsePieces128 b, CoarsePieces128 c, CoarsePieces128 d)
        => Vector128.Create(Vector128.Sum(a.a), Vector128.Sum(b.a), Vector128.Sum(c.a), Vector128.Sum(d.a));

    /// <summary>Two products fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Multiply(Vector128<byte> codes, sbyte* query)
    {
        var (low, high) = Vector128.Widen(codes);
        var (queryLow, queryHigh) = Vector128.Widen(Vector128.Load(query));
        var (a, b) = Vector128.Widen((low.AsInt16() * queryLow) + (high.AsInt16() * queryHigh));
        return a + b;
    }
}
