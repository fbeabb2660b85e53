using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>One of several queries: its codes, as many as twice a row's stride, their sum, and where its products with the rows go.</summary>
internal readonly unsafe struct CoarseTarget(sbyte* codes, int sum, int* products)
{
    public sbyte* Codes => codes;

    public int Sum => sum;

    public int* Products => products;
}

/// <summary>Pieces of which each half is unpacked by itself.</summary>
internal unsafe interface ICoarseHalves<TSelf> : ICoarsePieces<TSelf>
    where TSelf : unmanaged, ICoarseHalves<TSelf>
{
    /// <summary>The first 32 of 64 codes, a byte each.</summary>
    static abstract TSelf Low(byte* row);

    /// <summary>The others.</summary>
    static abstract TSelf High(byte* row);

    /// <summary>32 codes of a query.</summary>
    static abstract TSelf Load(sbyte* query);

    /// <summary>Adds products of unpacked codes with those of a query.</summary>
    static abstract TSelf AddUnpacked(TSelf sum, TSelf codes, TSelf query);
}

/// <summary>Products of rows of coarse codes with several queries: those of <see cref="CoarseDot"/>, each row unpacked once for four of them.</summary>
/// <remarks>
/// Two rows at a time, so that codes of the queries are loaded once for both, and with eight sums, so that none waits for its last multiplication. What is left is the multiplications: as many as the processor can
/// make. Registers of 512 bits, with sums of 16 bits for AVX-512 as .NET has it, were no faster.
/// </remarks>
internal static unsafe class CoarseFour
{
    public const int GroupLength = 4;

    /// <summary>The products of the first <paramref name="count"/> rows.</summary>
    /// <param name="targets">Any number; three or more to gain by it.</param>
    public static void Rows(CodeBlock block, ReadOnlySpan<CoarseTarget> targets, int count)
    {
        var four = stackalloc CoarseTarget[GroupLength];
        for (var i = 0; i < targets.Length; i += GroupLength)
        {
            for (var j = 0; j < GroupLength; j++)
            {
                // What is missing to four is the last one, once more.
                four[j] = targets[Math.Min(i + j, targets.Length - 1)];
            }

            if (AvxVnni.IsSupported)
            {
                Rows<CoarseVnniPieces>(block.Coarse, block.CoarseStrideBytes, four, count);
            }
            else if (Avx2.IsSupported)
            {
                Rows<CoarsePieces256>(block.Coarse, block.CoarseStrideBytes, four, count);
            }
            else
            {
                for (var j = 0; j < Math.Min(GroupLength, targets.Length - i); j++)
                {
                    CoarseDotLoops<CoarsePieces128>.Rows(block.Coarse, block.CoarseStrideBytes, four[j].Codes, count, four[j].Sum, four[j].Products);
                }
            }
        }
    }

    /// <summary>The same by one width, with four queries. Tests call it width by width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TPieces>(byte* codes, int stride, CoarseTarget* four, int count)
        where TPieces : unmanaged, ICoarseHalves<TPieces>
    {
        var (q0, q1, q2, q3) = ((nint)four[0].Codes, (nint)four[1].Codes, (nint)four[2].Codes, (nint)four[3].Codes);
        var biases = Vector128.Create(four[0].Sum, four[1].Sum, four[2].Sum, four[3].Sum) * CodeBlock.CoarseZero;
        for (var row = 0; row < count; row += 2)
        {
            // An odd row at the end is taken twice.
            var next = Math.Min(row + 1, count - 1);
            var first = codes + ((long)row * stride);
            var second = codes + ((long)next * stride);
            var (a, b, c, d) = (TPieces.Zero, TPieces.Zero, TPieces.Zero, TPieces.Zero);
            var (e, f, g, h) = (TPieces.Zero, TPieces.Zero, TPieces.Zero, TPieces.Zero);
            for (nint i = 0; i < stride; i += Int8Dot.PieceLength)
            {
                var at = 2 * i;
                var (x, y) = (TPieces.Low(first + i), TPieces.Low(second + i));
                var query = TPieces.Load((sbyte*)q0 + at);
                (a, e) = (TPieces.AddUnpacked(a, x, query), TPieces.AddUnpacked(e, y, query));
                query = TPieces.Load((sbyte*)q1 + at);
                (b, f) = (TPieces.AddUnpacked(b, x, query), TPieces.AddUnpacked(f, y, query));
                query = TPieces.Load((sbyte*)q2 + at);
                (c, g) = (TPieces.AddUnpacked(c, x, query), TPieces.AddUnpacked(g, y, query));
                query = TPieces.Load((sbyte*)q3 + at);
                (d, h) = (TPieces.AddUnpacked(d, x, query), TPieces.AddUnpacked(h, y, query));

                at += Int8Dot.PieceLength;
                (x, y) = (TPieces.High(first + i), TPieces.High(second + i));
                query = TPieces.Load((sbyte*)q0 + at);
                (a, e) = (TPieces.AddUnpacked(a, x, query), TPieces.AddUnpacked(e, y, query));
                query = TPieces.Load((sbyte*)q1 + at);
                (b, f) = (TPieces.AddUnpacked(b, x, query), TPieces.AddUnpacked(f, y, query));
                query = TPieces.Load((sbyte*)q2 + at);
                (c, g) = (TPieces.AddUnpacked(c, x, query), TPieces.AddUnpacked(g, y, query));
                query = TPieces.Load((sbyte*)q3 + at);
                (d, h) = (TPieces.AddUnpacked(d, x, query), TPieces.AddUnpacked(h, y, query));
            }

            Store(four, row, (TPieces.Sums(a, b, c, d) * CodeBlock.CoarseStep) - biases);
            Store(four, next, (TPieces.Sums(e, f, g, h) * CodeBlock.CoarseStep) - biases);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(CoarseTarget* four, int row, Vector128<int> products)
    {
        four[0].Products[row] = products.ToScalar();
        four[1].Products[row] = products.GetElement(1);
        four[2].Products[row] = products.GetElement(2);
        four[3].Products[row] = products.GetElement(3);
    }
}
