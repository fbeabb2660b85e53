namespace Engram.Data.Columns;

/// <summary>Which rows of a batch count: their positions, ascending, without repeats.</summary>
/// <remarks>Owned and refilled by the operator that made it; valid until that operator's next call.</remarks>
internal sealed class Selection
{
    private readonly ushort[] rows = new ushort[Batch.RowCountMax];

    /// <summary>How many rows are selected, 0 to <see cref="Batch.RowCountMax"/>.</summary>
    public int Count { get; set; }

    /// <summary>The selected positions.</summary>
    public ReadOnlySpan<ushort> Rows => rows.AsSpan(0, Count);

    /// <summary>All 2,048 places, to be written before <see cref="Count"/> is set.</summary>
    public Span<ushort> Buffer => rows;

    public void Add(int row) => rows[Count++] = (ushort)row;

    public void CopyFrom(Selection other)
    {
        other.Rows.CopyTo(rows);
        Count = other.Count;
    }
}
