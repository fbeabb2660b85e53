using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>One unique index by which ON CONFLICT judges: finds the row that has a proposed row's key already.</summary>
internal sealed class ConflictKeys : IDisposable
{
    private readonly TableDefinition table;
    private readonly IndexDefinition index;
    private readonly int[] ordinals;
    private readonly Column[] key;
    private readonly KeyTable written;
    private readonly Selection one = new();
    private readonly List<long> found = [];

    // A partial index is about the rows alone for which its condition holds.
    private readonly IndexCondition? condition;
    private readonly Column[] conditionValues = [];

    public ConflictKeys(TableDefinition table, IndexDefinition index, StatementContext context)
    {
        (this.table, this.index) = (table, index);
        ordinals = [.. index.Columns.Select(c => table.IndexOf(c.Column))];
        key = new Column[ordinals.Length];
        written = new KeyTable([.. ordinals.Select(o => table.Columns[o].Type)], context.Memory, "the keys of ON CONFLICT");
        if (index.FilterSql is not null)
        {
            condition = StoredIndexCondition.Create(table, index);
            conditionValues = new Column[condition.Columns.Length];
        }
    }

    /// <summary>Columns whose change may make another row the one with a key.</summary>
    public IEnumerable<ColumnId> Columns => index.Columns.Select(c => c.Column).Concat(condition is null ? [] : condition.Columns);

    /// <summary>Looks a batch of proposed rows up next: the table's columns.</summary>
    public void Begin(Batch rows)
    {
        for (var i = 0; i < key.Length; i++)
        {
            key[i] = rows.Columns[ordinals[i]];
        }
    }

    /// <summary>Whether the index says anything about a proposed row: not when its key has a NULL, or its condition does not hold.</summary>
    public bool Concerns(Batch rows, int row)
    {
        foreach (var column in key)
        {
            if (column.IsNull(row))
            {
                return false;
            }
        }

        return condition is null || Holds(rows, row);
    }

    /// <summary>The row with the same key that a snapshot shows; 0 when there is none.</summary>
    public long FindRow(Snapshot snapshot, int row)
    {
        found.Clear();
        snapshot.Probe(table.Id, index.Id, key, row, found);
        if (condition is not null && found.Count > 0)
        {
            using var fetch = snapshot.OpenFetch(table.Id, condition.Columns.AsSpan());
            found.RemoveAll(id =>
            {
                var batch = fetch.Fetch([id]);
                return batch.RowCount == 0 || !condition.Holds(batch.Columns, 0);
            });
        }

        return found.Count == 0 ? 0 : found[0];
    }

    /// <summary>Whether this statement has inserted a row with the same key.</summary>
    public bool IsWritten(int row, int rowCount)
    {
        Span<int> number = stackalloc int[1];
        written.Find(key, rowCount, One(row), number);
        return number[0] >= 0;
    }

    /// <summary>Remembers the key of a row that is being inserted.</summary>
    public void AddWritten(int row, int rowCount)
    {
        Span<int> number = stackalloc int[1];
        written.FindOrAdd(key, rowCount, One(row), number);
    }

    public void Dispose()
    {
        written.Dispose();
        condition?.Dispose();
    }

    private Selection One(int row)
    {
        one.Count = 0;
        one.Add(row);
        return one;
    }

    private bool Holds(Batch rows, int row)
    {
        for (var i = 0; i < conditionValues.Length; i++)
        {
            conditionValues[i] = rows.Columns[table.IndexOf(condition!.Columns[i])];
        }

        return condition!.Holds(conditionValues, row);
    }
}
