using System.Runtime.CompilerServices;

namespace Engram.Data.Kernels;

/// <summary>The codes of up to 2,048 vectors of n dimensions, as they lie in a file or in native memory: an address, and what lies where behind it.</summary>
/// <remarks>
/// <code>
///  codes            rows · stride bytes   element j of a row is (code − 128) · scale; 128, which stands for 0, from n to the stride
///  scales           f32 a row
///  residuals        f32 a row             at least ‖x − x̂‖; +∞ for a row that its code says nothing about
///  norms            f32 a row             ‖x‖ within 2^-24 of itself; 1 for a zero row
///  squares          i32 a row             Σ (code − 128)², so that ‖x̂‖² = scale² · squares exactly
///  nulls            u64 words             set = the row has no vector
///  coarse           rows · half stride    the upper four bits h of each code: element j is about (32h − 241) · scale / 2, the middle of what they leave open
///  coarse residuals f32 a row             as residuals, of what the upper four bits stand for
///  coarse squares   i32 a row             Σ (32h − 241)²
/// </code>
/// <para>Each part begins at a multiple of 64 bytes. x is the row, x̂ what its code stands for. Why rows may be passed over by their codes stands with
/// <see cref="CodeBounds"/>.</para>
/// <para><b>Two codes of one row.</b> A scan that reads half of the bytes is done in about half of the time, and four bits tell most rows that are far from those that are near: so they lie by
/// themselves, and codes of eight bits are read of the rows that these leave. A byte of the coarse part holds element i of a piece of 64 in its lower half and element i + 32 in
/// its upper one, so that no kernel needs to bring them into order.</para>
/// </remarks>
internal readonly unsafe struct CodeBlock(byte* start, int rows, int dimensions)
{
    /// <summary>The code of zero: codes are stored without sign, as the widest multiplications of bytes want one side.</summary>
    public const byte Zero = 128;

    /// <summary>The greatest code, above and below <see cref="Zero"/>.</summary>
    public const int Max = 127;

    /// <summary>What four bits h stand for, in halves of a scale, is <see cref="CoarseStep"/> · h − <see cref="CoarseZero"/>.</summary>
    public const int CoarseStep = 32;

    public const int CoarseZero = 241;

    private const int Alignment = 64;

    public int RowCount => rows;

    public int Dimensions => dimensions;

    /// <summary>From one row's codes to the next's.</summary>
    public int StrideBytes => StrideOf(dimensions);

    public byte* Codes => start;

    public float* Scales => (float*)(start + PartOf(0));

    public float* Residuals => (float*)(start + PartOf(1));

    public float* Norms => (float*)(start + PartOf(2));

    public int* Squares => (int*)(start + PartOf(3));

    public ulong* Nulls => (ulong*)(start + PartOf(4));

    /// <summary>From one row's coarse codes to the next's.</summary>
    public int CoarseStrideBytes => CoarseStrideOf(dimensions);

    public byte* Coarse => start + CoarseAt(rows, dimensions);

    public float* CoarseResiduals => (float*)(Coarse + Align((long)rows * CoarseStrideBytes));

    public int* CoarseSquares => (int*)((byte*)CoarseResiduals + Align((long)rows * sizeof(float)));

    /// <summary>What bounds read of a row beside the product with its code.</summary>
    public CodeFacts Facts => new(Scales, Residuals, Norms, Squares, 1);

    /// <summary>The same of its coarse code.</summary>
    public CodeFacts CoarseFacts => new(Scales, CoarseResiduals, Norms, CoarseSquares, 0.5);

    public byte* Start => start;

    /// <summary>Whole pieces of 32 bytes, so that no kernel needs a tail.</summary>
    public static int StrideOf(int dimensions) => (dimensions + Int8Dot.PieceLength - 1) & -Int8Dot.PieceLength;

    /// <summary>Two elements a byte, in whole pieces of 32 bytes.</summary>
    public static int CoarseStrideOf(int dimensions) => ((dimensions + (2 * Int8Dot.PieceLength) - 1) & -(2 * Int8Dot.PieceLength)) / 2;

    /// <summary>Bytes of a block, a multiple of 64.</summary>
    public static long SizeOf(int rows, int dimensions)
        => CoarseAt(rows, dimensions) + Align((long)rows * CoarseStrideOf(dimensions)) + (2 * Align((long)rows * sizeof(float)));

    /// <summary>Where the coarse codes of a block begin.</summary>
    public static long CoarseAt(int rows, int dimensions)
        => Align((long)rows * StrideOf(dimensions)) + (4 * Align((long)rows * sizeof(float))) + Align((rows + 63) / 64 * sizeof(ulong));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* CodesOf(int row) => start + ((long)row * StrideOf(dimensions));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) => (Nulls[row >> 6] >> (row & 63) & 1) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* CoarseOf(int row) => Coarse + ((long)row * CoarseStrideBytes);

    private long PartOf(int part) => Align((long)rows * StrideOf(dimensions)) + (part * Align((long)rows * sizeof(float)));

    private static long Align(long length) => (length + Alignment - 1) & -Alignment;
}

/// <summary>What is known of each row's code, of eight bits or of four: x̂ = unit · scale · code.</summary>
internal readonly unsafe struct CodeFacts(float* scales, float* residuals, float* norms, int* squares, double unit)
{
    public float* Scales => scales;

    public float* Residuals => residuals;

    public float* Norms => norms;

    public int* Squares => squares;

    /// <summary>1, or for coarse codes ½.</summary>
    public double Unit => unit;
}
