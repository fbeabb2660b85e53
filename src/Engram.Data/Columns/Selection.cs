namespace Engram.Data.Columns;

/// <summary>Which rows of a batch count: their positions, ascending, without repeats.</summary>
/// <remarks>Owned and refilled by the operator that made it; valid until that operator's next call.</remarks>
internal sealed class Selection
{
    // Made at its first use: most statements are small, and of the selections that their operators hold few are ever filled.
    private ushort[]? rows;

    /// <summary>How many rows are selected, 0 to <see cref="Batch.RowCountMax"/>.</summary>
    public int Count { get; set; }

    /// <summary>The selected positions.</summary>
    public ReadOnlySpan<ushort> Rows => rows.AsSpan(0, Count);

    /// <summary>All 2,048 places, to be written before <see cref="Count"/> is set.</summary>
    public Span<ushort> Buffer => rows ??= new ushort[Batch.RowCountMax];

    public void Add(int row) => Buffer[Count++] = (ushort)row;

    public void CopyFrom(Selection other)
    {
        other.Rows.CopyTo(Buffer);
        Count = other.Count;
    }
}
