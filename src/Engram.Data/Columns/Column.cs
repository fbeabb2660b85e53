using System.Runtime.CompilerServices;

namespace Engram.Data.Columns;

/// <summary>One column of a batch: a view of memory that somebody else owns.</summary>
/// <remarks>
/// <para><see cref="Data"/> points to an array of the type's physical type (<see cref="DataType.Physical"/>); it may be mapped memory, a
/// chunk of the delta, or an operator's scratch. <see cref="Nulls"/> is null when no row is NULL, else one bit a row, set = NULL; the value
/// under a set bit is unspecified but readable (zero for <see cref="Bytes"/>). A constant column has one value, at index 0, that holds for
/// every row: index through <see cref="At"/>.</para>
/// <para>A column of few distinct values may say so: <see cref="Codes"/> then number each row's value in <see cref="Distinct"/>, and what is true of
/// a value need be found out once only. Nobody must use them, since <see cref="Data"/> holds all values too; setting it forgets them.</para>
/// <para>Not thread-safe; refilled in place by its owner. Valid until the next call of the operator that returned it.</para>
/// </remarks>
internal sealed unsafe class Column(DataType type)
{
    private nint indexMask = -1;
    private void* data;

    public DataType Type { get; set; } = type;

    /// <summary>T[Count], or T[1] when <see cref="IsConstant"/>.</summary>
    public void* Data
    {
        get => data;
        set
        {
            data = value;
            Codes = null;
        }
    }

    /// <summary>For each row the number of its value in <see cref="Distinct"/>, of a NULL any number; null when nobody knows.</summary>
    public uint* Codes { get; private set; }

    /// <summary>With <see cref="Codes"/>: T[<see cref="DistinctCount"/>], no two of the same bytes; some may belong to no row.</summary>
    public void* Distinct { get; private set; }

    /// <summary>At most <see cref="Batch.RowCountMax"/>.</summary>
    public int DistinctCount { get; private set; }

    /// <summary>One bit a row, set = NULL, in 64-bit words; or null when nothing is NULL.</summary>
    public ulong* Nulls { get; set; }

    /// <summary>For timestamptz: the UTC offset of each value in minutes; <see cref="Data"/> holds the UTC ticks. Null for other types.</summary>
    public short* Offsets { get; set; }

    /// <summary>Whoever owns the memory, kept alive by this reference; null when a longer-lived owner is held elsewhere.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether one value stands for all rows.</summary>
    public bool IsConstant
    {
        get => indexMask == 0;
        set => indexMask = value ? 0 : -1;
    }

    /// <summary>Where the value of <paramref name="row"/> lies: the row itself, or 0 in a constant column. No branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint At(int row) => row & indexMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row)
    {
        var at = At(row);
        return Nulls != null && (Nulls[at >> 6] >> (int)(at & 63) & 1) != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Get<T>(int row)
        where T : unmanaged
        => ((T*)Data)[At(row)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public short GetOffset(int row) => Offsets == null ? (short)0 : Offsets[At(row)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T* Pointer<T>()
        where T : unmanaged
        => (T*)Data;

    /// <summary>The first <paramref name="count"/> values, of a column that is not constant.</summary>
    public Span<T> Values<T>(int count)
        where T : unmanaged
        => new(Data, count);

    /// <summary>Says what is distinct in <see cref="Data"/>, after that was set.</summary>
    public void SetDictionary(uint* codes, void* distinct, int distinctCount)
    {
        Codes = codes;
        Distinct = distinct;
        DistinctCount = distinctCount;
    }

    /// <summary>Makes this a view of what <paramref name="other"/> shows.</summary>
    public void SetView(Column other)
    {
        Type = other.Type;
        Data = other.Data;
        SetDictionary(other.Codes, other.Distinct, other.DistinctCount);
        Nulls = other.Nulls;
        Offsets = other.Offsets;
        Owner = other.Owner;
        IsConstant = other.IsConstant;
    }
}
