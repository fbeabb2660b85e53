namespace Engram.Data.Columns;

/// <summary>Which rows of a batch count: their positions, ascending, without repeats.</summary>
/// <remarks>Owned and refilled by the operator that made it; valid until that operator's next call.</remarks>
internal sealed class Selection
{
    private const int CapacityMin = 8;

    // Made at its first use, and small at first: most statements are small, of the selections that their operators hold few are ever filled,
    // and those of point lookups with one row.
    private ushort[] rows = [];

    /// <summary>How many rows are selected, 0 to <see cref="Batch.RowCountMax"/>.</summary>
    public int Count { get; set; }

    /// <summary>The selected positions.</summary>
    public ReadOnlySpan<ushort> Rows => rows.AsSpan(0, Count);

    /// <summary>All 2,048 places, to be written before <see cref="Count"/> is set.</summary>
    public Span<ushort> Buffer
    {
        get
        {
            if (rows.Length < Batch.RowCountMax)
            {
                Array.Resize(ref rows, Batch.RowCountMax);
            }

            return rows;
        }
    }

    public void Add(int row)
    {
        if (Count == rows.Length)
        {
            Array.Resize(ref rows, Count == 0 ? CapacityMin : Batch.RowCountMax);
        }

        rows[Count++] = (ushort)row;
    }

    public void CopyFrom(Selection other)
    {
        other.Rows.CopyTo(Buffer);
        Count = other.Count;
    }
}
