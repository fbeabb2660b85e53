using Engram.Data.Columns;

namespace Engram.Data.Storage.Transactions;

/// <summary>What takes new rows of a table: a write transaction, or a load that becomes part of one later.</summary>
internal abstract class RowTarget
{
    /// <summary>Adds rows: one column for each column of the table, in its order, with the final values. Copies them.</summary>
    public abstract RowIdRange Insert(TableId table, Batch rows);

    /// <summary>Takes <paramref name="count"/> consecutive identity numbers of a column and returns the first. Never given twice; gaps after a rollback.</summary>
    public abstract long NextIdentity(TableId table, ColumnId column, int count);

    /// <summary>Moves the identity of a column beyond an explicitly inserted value.</summary>
    public abstract void AdvanceIdentity(TableId table, ColumnId column, long used);
}
