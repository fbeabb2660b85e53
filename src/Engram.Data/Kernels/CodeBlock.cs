using System.Runtime.CompilerServices;

namespace Engram.Data.Kernels;

/// <summary>The int8 codes of up to 2,048 vectors of n dimensions, as they lie in a file or in native memory: an address, and what lies where behind it.</summary>
/// <remarks>
/// <code>
///  codes       rows · stride bytes   element j of a row is (code − 128) · scale; 128, which stands for 0, from n to the stride
///  scales      f32 a row
///  residuals   f32 a row             at least ‖x − x̂‖; +∞ for a row that its code says nothing about
///  norms       f32 a row             ‖x‖ within 2^-24 of itself; 1 for a zero row
///  squares     i32 a row             Σ code², so that ‖x̂‖² = scale² · squares exactly
///  nulls       u64 words             set = the row has no vector
/// </code>
/// <para>Each part begins at a multiple of 64 bytes. x is the row, x̂ what its code stands for. Why rows may be passed over by their codes stands with
/// <see cref="CodeBounds"/>.</para>
/// </remarks>
internal readonly unsafe struct CodeBlock(byte* start, int rows, int dimensions)
{
    /// <summary>The code of zero: codes are stored without sign, as the widest multiplications of bytes want one side.</summary>
    public const byte Zero = 128;

    /// <summary>The greatest code, above and below <see cref="Zero"/>.</summary>
    public const int Max = 127;

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

    public byte* Start => start;

    /// <summary>Whole pieces of 32 bytes, so that no kernel needs a tail.</summary>
    public static int StrideOf(int dimensions) => (dimensions + Int8Dot.PieceLength - 1) & -Int8Dot.PieceLength;

    /// <summary>Bytes of a block, a multiple of 64.</summary>
    public static long SizeOf(int rows, int dimensions)
        => Align((long)rows * StrideOf(dimensions)) + (4 * Align((long)rows * sizeof(float))) + Align((rows + 63) / 64 * sizeof(ulong));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* CodesOf(int row) => start + ((long)row * StrideOf(dimensions));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) => (Nulls[row >> 6] >> (row & 63) & 1) != 0;

    private long PartOf(int part) => Align((long)rows * StrideOf(dimensions)) + (part * Align((long)rows * sizeof(float)));

    private static long Align(long length) => (length + Alignment - 1) & -Alignment;
}
