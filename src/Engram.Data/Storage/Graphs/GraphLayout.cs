using System.Globalization;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Graphs;

/// <summary>What a graph is ordered by. The numbers stand in files.</summary>
internal enum GraphMetric : byte
{
    Cosine = 1,
    L2 = 2,
    InnerProduct = 3,
}

/// <summary>What CREATE INDEX says of a graph.</summary>
/// <param name="Column">A column of vectors of one dimension count.</param>
/// <param name="M">Links of a row on each level; twice as many on the lowest. 2 to 100.</param>
/// <param name="Construction">Candidates that are looked at when a row is linked. 4 to 1,000.</param>
internal readonly record struct GraphShape(ColumnId Column, int Dimensions, GraphMetric Metric, int M, int Construction)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"column {Column.Value}, {Metric}, m = {M}, ef_construction = {Construction}");
}

/// <summary>The arrays of a graph, as they lie in a file or in native memory: an address, and what lies where behind it.</summary>
/// <remarks>
/// <code>
///  header      64 bytes              what it is of, how large it is, and where a walk begins
///  facts       2 × f32 a row         factor and offset: the distance of two rows is offset + offset − factor · factor · product of codes
///  lowest      (1 + 2M) × i32 a row  how many links, then the rows they lead to
///  upperAt     i32 a row             the row's first record among the upper ones, that of level 1; −1 when it is on the lowest level only
///  upper       (1 + M) × i32         a record for each row and level above the lowest
///  loose       i32 each              rows whose codes say nothing: they are in no list of links and always scored
/// </code>
/// Rows are numbered as in their segment. A row with no vector has no links, and nothing leads to it.
/// </remarks>
internal readonly unsafe struct GraphLayout(byte* start)
{
    public const int HeaderSize = 64;
    public const int LevelMax = 15;

    /// <summary>Of a row on the lowest level, where m is the greatest there is.</summary>
    public const int LinksCountMax = 200;

    public bool IsNone => start == null;

    public byte* Start => start;

    /// <summary>After the magic number and the format's version.</summary>
    private int* Header => (int*)(start + FormatVersion.MagicSize + sizeof(uint));

    public int RowCount => Header[0];

    public int M => Header[1];

    public int UpperCount => Header[2];

    public int LooseCount => Header[3];

    /// <summary>Where a walk begins; −1 when no row is linked.</summary>
    public int Entry
    {
        get => Header[4];
        set => Header[4] = value;
    }

    /// <summary>The level of <see cref="Entry"/>, on which walks begin.</summary>
    public int Top
    {
        get => Header[5];
        set => Header[5] = value;
    }

    public float* Facts => (float*)(start + HeaderSize);

    public int* Loose => (int*)(start + HeaderSize) + LooseAt(RowCount, M, UpperCount);

    private int* Lowest => (int*)(Facts + (2L * RowCount));

    private int* UpperAt => Lowest + ((long)RowCount * (1 + (2 * M)));

    public static long SizeOf(int rows, int m, int upper, int loose) => HeaderSize + ((LooseAt(rows, m, upper) + loose) * sizeof(int));

    public void Initialize(int rows, int m, int upper, int loose)
    {
        (Header[0], Header[1], Header[2], Header[3], Header[4], Header[5]) = (rows, m, upper, loose, -1, 0);
        new Span<int>(UpperAt, rows).Fill(-1);
    }

    public void SetUpper(int row, int first) => UpperAt[row] = first;

    /// <summary>How many links a row has on a level, then these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Links(int row, int level)
        => level == 0 ? Lowest + ((long)row * (1 + (2 * M))) : UpperAt + RowCount + ((long)(UpperAt[row] + level - 1) * (1 + M));

    public int LinksMax(int level) => level == 0 ? 2 * M : M;

    private static long LooseAt(int rows, int m, int upper) => ((long)rows * (2 + 1 + (2 * m) + 1)) + ((long)upper * (1 + m));
}

/// <summary>The codes of all rows of a segment, by number of the row.</summary>
internal readonly unsafe struct CodeRows(byte* blocks, long blockSizeBytes, int stride)
{
    public int Stride => stride;

    public byte* this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => blocks + ((row / Batch.RowCountMax) * blockSizeBytes) + ((long)(row % Batch.RowCountMax) * stride);
    }
}
