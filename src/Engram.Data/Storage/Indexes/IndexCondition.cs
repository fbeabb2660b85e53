using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Indexes;

/// <summary>The WHERE of a partial index, made by Query: whether a row belongs to the index. Used by one thread at a time.</summary>
/// <remarks>It reads the row alone, so the same values give the same answer at any time: what was entered by it may be made anew from it.</remarks>
internal abstract class IndexCondition : IDisposable
{
    private readonly Selection found = new();

    /// <summary>The columns that it reads.</summary>
    public abstract ImmutableArray<ColumnId> Columns { get; }

    /// <summary>Whether the condition is TRUE for a row; not when it is FALSE or NULL.</summary>
    /// <param name="values">One column for each of <see cref="Columns"/>.</param>
    public abstract bool Holds(ReadOnlySpan<Column> values, int row);

    /// <summary>The rows that need an entry: those for which the condition is TRUE, and those for which it cannot be computed (a division by zero), of whom a query says so.</summary>
    /// <param name="values">One column for each of <see cref="Columns"/>.</param>
    /// <param name="rowCount">Of the columns, up to a batch.</param>
    /// <param name="rows">Which of them; null for all.</param>
    /// <returns>Ascending; valid until the next call.</returns>
    public Selection Select(ReadOnlySpan<Column> values, int rowCount, Selection? rows)
    {
        found.Count = 0;
        try
        {
            AddTrue(values, rowCount, rows, found);
            return found;
        }
        catch (EngramException)
        {
            // One of them: each is asked alone.
            found.Count = 0;
        }

        var count = rows?.Count ?? rowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            if (MayHold(values, row))
            {
                found.Add(row);
            }
        }

        return found;
    }

    /// <summary>Whether a row needs an entry: false only when the condition is FALSE or NULL.</summary>
    public bool MayHold(ReadOnlySpan<Column> values, int row)
    {
        try
        {
            return Holds(values, row);
        }
        catch (EngramException)
        {
            return true;
        }
    }

    public abstract void Dispose();

    /// <summary>Adds the rows for which the condition is TRUE, all at once.</summary>
    protected virtual void AddTrue(ReadOnlySpan<Column> values, int rowCount, Selection? rows, Selection target)
    {
        var count = rows?.Count ?? rowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            if (Holds(values, row))
            {
                target.Add(row);
            }
        }
    }
}

/// <summary>Makes the condition of an index that has one. Storage knows expressions as text only.</summary>
internal delegate IndexCondition IndexConditionFactory(TableDefinition table, IndexDefinition index);
