namespace Engram.Data.Columns;

/// <summary>Up to 2,048 rows: the only carrier of rows between storage, operators, parameters and readers, in both directions.</summary>
/// <remarks>
/// <see cref="Selection"/> null means that all <see cref="RowCount"/> rows count; else only its rows do, and columns need hold meaningful
/// values in those alone. A batch, its columns and what they point to are valid until the next call of the operator that returned it: who
/// keeps rows copies them. Operators reuse one instance.
/// </remarks>
internal sealed class Batch(int columnCount)
{
    /// <summary>The greatest number of rows in a batch, and the number of rows in a block of a segment.</summary>
    public const int RowCountMax = 2048;

    /// <summary>Words of a null mask that covers a whole batch.</summary>
    public const int NullWordCount = RowCountMax / 64;

    public Column[] Columns { get; } = new Column[columnCount];

    /// <summary>Rows in each column, selected or not; 0 to <see cref="RowCountMax"/>.</summary>
    public int RowCount { get; set; }

    public Selection? Selection { get; set; }

    /// <summary>Rows that count.</summary>
    public int SelectedCount => Selection?.Count ?? RowCount;

    /// <summary>The position of the <paramref name="i"/>-th row that counts.</summary>
    public int RowAt(int i) => Selection is { } s ? s.Rows[i] : i;
}
