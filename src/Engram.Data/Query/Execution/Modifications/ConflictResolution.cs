using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>ON CONFLICT: takes the rows that INSERT proposes and inserts them, leaves them out, or changes the rows that are in their way.</summary>
/// <remarks>
/// <para>Rows are judged one after the other, as if each were inserted before the next is looked at. What stood there before the statement is found by
/// probing its snapshot; what the statement itself inserted, by the keys that it remembers. So neighbours can be written together, in runs:</para>
/// <code>
/// proposed rows ──► key in an index? ── no ───────────────────► run of inserts ──┐
///                     │ yes: a row of before, not changed yet ► run of updates ──┼─► RETURNING, in the order of the rows
///                     │      DO NOTHING ──────────────────────► left out         │
///                     └ a row that this statement wrote: 21000 with DO UPDATE, left out with DO NOTHING
/// </code>
/// <para>When SET may itself change keys (or text compares by a collation), every row is written before the next is judged, through a snapshot of its own.</para>
/// <para>The write lock is held, so nobody adds a key in between. A transaction with an earlier view judges by the latest state, and may not
/// pass over, or change, a row that it does not see: 40001. Keys of other unique indexes are checked at the end of the statement, as for any INSERT.</para>
/// </remarks>
internal sealed class ConflictResolution : IDisposable
{
    private readonly InsertPlan plan;
    private readonly StatementContext context;
    private readonly Func<Batch, RowIdRange> insert;
    private readonly Action<Batch> finished;
    private readonly bool isInOrder;
    private readonly bool isRowByRow;
    private readonly ConflictKeys[] keys;
    private readonly RowUpdate? update;
    private readonly Filter? condition;
    private readonly int[] neededOrdinals = [];
    private readonly int[] excludedOrdinals = [];
    private readonly CompactRows inserted;
    private readonly CompactRows excluded;
    private readonly Batch insertedRows;
    private readonly Batch updatedRows;
    private readonly Selection toInsert = new();
    private readonly Selection toUpdate = new();
    private readonly List<long> toUpdateIds = [];

    // Rows that this statement has changed or, when it works row by row, inserted.
    private readonly HashSet<long> touched;
    private RowFetch? fetch;
    private Snapshot? latest;

    /// <param name="plan">With a conflict.</param>
    /// <param name="context">Of the statement.</param>
    /// <param name="insert">Inserts rows.</param>
    /// <param name="finished">Receives rows that were changed, for RETURNING.</param>
    public ConflictResolution(InsertPlan plan, StatementContext context, Func<Batch, RowIdRange> insert, Action<Batch> finished)
    {
        (this.plan, this.context, this.insert, this.finished) = (plan, context, insert, finished);
        isInOrder = !plan.Returning.IsEmpty;
        touched = context.Changed?.Of(plan.Table.Id) ?? [];
        var conflict = plan.Conflict!;
        var table = plan.Table;
        var width = table.Columns.Length;
        keys = [.. conflict.Indexes.Select(i => new ConflictKeys(table, i, context))];
        var keyColumns = keys.SelectMany(k => k.Columns).ToHashSet();
        isRowByRow = conflict.Set.Concat(conflict.Computed).Any(s => keyColumns.Contains(s.Column)) || keyColumns.Any(c => table.FindColumn(c)!.Type.Collation == Collation.NoCase);
        inserted = new CompactRows(width);
        excluded = new CompactRows(width);
        insertedRows = new Batch(width);
        updatedRows = new Batch(1 + width + width);
        if (conflict.Set.IsEmpty)
        {
            return;
        }

        update = new RowUpdate(table, conflict.Set, conflict.Computed, plan.Checks, plan.CheckNames, plan.Returning, context);
        condition = conflict.Condition is null ? null : Filter.Create(conflict.Condition, context);
        var read = conflict.Set.Select(s => s.Value).Concat(conflict.Condition is null ? [] : [conflict.Condition])
            .SelectMany(e => PlanWalker.ColumnsOf(e)).Distinct().ToArray();
        neededOrdinals = [.. read.Where(o => o > 0 && o <= width).Select(o => o - 1).Union(update.KeptOrdinals)];
        excludedOrdinals = [.. read.Where(o => o > width).Select(o => o - 1 - width)];
    }

    /// <summary>Rows changed so far.</summary>
    public long UpdatedRows => update?.AffectedRows ?? 0;

    /// <summary>Takes a batch of whole rows that have passed their checks.</summary>
    public void Add(Batch rows)
    {
        foreach (var key in keys)
        {
            key.Begin(rows);
        }

        for (var row = 0; row < rows.RowCount; row++)
        {
            Judge(rows, row);
            if (isRowByRow)
            {
                Flush(rows);
                Forget();
            }
        }

        Flush(rows);
    }

    /// <summary>Checks what must hold at the end of the statement.</summary>
    public void Finish() => update?.Finish();

    public void Dispose()
    {
        fetch?.Dispose();
        latest?.Dispose();
        condition?.Dispose();
        update?.Dispose();
        inserted.Dispose();
        excluded.Dispose();
        foreach (var key in keys)
        {
            key.Dispose();
        }
    }

    /// <summary>What keys are looked up in: the statement's snapshot, unless that is of an earlier moment, other parts of the statement have written, or each row must see the one before.</summary>
    private Snapshot Latest
        => !isRowByRow && !context.Transaction!.ReadsEarlierMoment && context.Changed is null ? context.Snapshot : latest ??= context.Transaction!.OpenLatestSnapshot();

    private void Forget()
    {
        latest?.Dispose();
        latest = null;
    }

    private void Judge(Batch rows, int row)
    {
        foreach (var key in keys)
        {
            if (!key.Concerns(rows, row))
            {
                continue;
            }

            if (!isRowByRow && key.IsWritten(row, rows.RowCount))
            {
                RefuseSecondTime();
                return;
            }

            if (key.FindRow(Latest, row) is > 0 and var rowId)
            {
                JudgeConflict(rows, row, rowId);
                return;
            }
        }

        if (isInOrder && toUpdate.Count > 0)
        {
            FlushUpdates(rows);
        }

        toInsert.Add(row);
        if (isRowByRow)
        {
            return;
        }

        foreach (var key in keys)
        {
            if (key.Concerns(rows, row))
            {
                key.AddWritten(row, rows.RowCount);
            }
        }
    }

    private void JudgeConflict(Batch rows, int row, long rowId)
    {
        if (context.Changed?.IsInserted(plan.Table.Id, rowId) == true)
        {
            RefuseSecondTime();
            return;
        }

        if (update is null)
        {
            if (context.Transaction!.ReadsEarlierMoment && !touched.Contains(rowId))
            {
                Fetch([rowId]);
            }

            return;
        }

        if (toUpdateIds.Contains(rowId))
        {
            // Whether the row was changed is known only then: WHERE decides.
            FlushUpdates(rows);
        }

        if (touched.Contains(rowId))
        {
            RefuseSecondTime();
        }

        if (isInOrder && toInsert.Count > 0)
        {
            FlushInserts(rows);
        }

        toUpdate.Add(row);
        toUpdateIds.Add(rowId);
    }

    private void RefuseSecondTime()
    {
        if (update is not null)
        {
            throw Error.ConflictTwice(plan.Table.ToString());
        }
    }

    private void Flush(Batch rows)
    {
        FlushInserts(rows);
        FlushUpdates(rows);
    }

    private void FlushInserts(Batch rows)
    {
        if (toInsert.Count == 0)
        {
            return;
        }

        var selection = toInsert.Count == rows.RowCount ? null : toInsert;
        for (var i = 0; i < rows.Columns.Length; i++)
        {
            insertedRows.Columns[i] = inserted.Take(i, rows.Columns[i], rows.RowCount, selection);
        }

        insertedRows.RowCount = toInsert.Count;
        toInsert.Count = 0;
        var range = insert(insertedRows);
        for (var i = 0; isRowByRow && i < range.Count; i++)
        {
            touched.Add(range.First + i);
        }
    }

    private void FlushUpdates(Batch rows)
    {
        if (toUpdate.Count == 0)
        {
            return;
        }

        var width = plan.Table.Columns.Length;
        var current = Fetch(CollectionsMarshal.AsSpan(toUpdateIds));
        updatedRows.Columns[0] = current.Columns[0];
        for (var i = 0; i < neededOrdinals.Length; i++)
        {
            updatedRows.Columns[1 + neededOrdinals[i]] = current.Columns[1 + i];
        }

        var selection = toUpdate.Count == rows.RowCount ? null : toUpdate;
        foreach (var ordinal in excludedOrdinals)
        {
            updatedRows.Columns[1 + width + ordinal] = excluded.Take(ordinal, rows.Columns[ordinal], rows.RowCount, selection);
        }

        updatedRows.RowCount = toUpdate.Count;
        toUpdate.Count = 0;
        toUpdateIds.Clear();
        var changed = condition?.Apply(updatedRows, null);
        if (changed is { Count: 0 })
        {
            return;
        }

        for (var i = 0; i < (changed?.Count ?? updatedRows.RowCount); i++)
        {
            touched.Add(updatedRows.Columns[0].Get<long>(changed?.Rows[i] ?? i));
        }

        update!.UpdateInParts(updatedRows, changed, (written, _) => finished(written));
    }

    /// <summary>Rows as the statement sees them: the row id, then what is needed.</summary>
    private Batch Fetch(ReadOnlySpan<long> rowIds)
    {
        fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, [ColumnId.RowId, .. neededOrdinals.Select(o => plan.Table.Columns[o].Id)]);
        var found = fetch.Fetch(rowIds);
        return found.SelectedCount == rowIds.Length && found.Selection is null ? found : throw Error.RowChangedSinceSnapshot(plan.Table.ToString());
    }
}
