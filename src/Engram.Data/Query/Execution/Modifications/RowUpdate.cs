using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>Gives rows of a table new values in some columns, with what that entails: checks and foreign keys. Shared by UPDATE and ON CONFLICT DO UPDATE.</summary>
internal sealed class RowUpdate : IDisposable
{
    private readonly TableDefinition table;
    private readonly StatementContext context;
    private readonly Evaluator[] values;

    // The first values are over the batches, the rest over the rows with what these made.
    private readonly int assignedCount;
    private readonly ColumnId[] columns;

    // Ordinals in the table of the columns that are set.
    private readonly int[] setOrdinals;
    private readonly CompactRows compact;
    private readonly CompactRows compactOld;
    private readonly RowChecks checks;
    private readonly ReferencingKeys references;
    private readonly ReferencedKeys referenced;
    private readonly Batch newValues;
    private readonly Batch newRows;
    private readonly CompactRows compactOthers;
    private readonly ImmutableArray<int> others;
    private readonly Batch oldRows;
    private long[] rowIds = [];

    /// <param name="table">Whose rows are changed.</param>
    /// <param name="set">Which columns, each with its expression over the batches that <see cref="Update"/> is given.</param>
    /// <param name="computed">Computed columns that change with them, in their order, each over the table's columns with the new values.</param>
    /// <param name="checks">Over the table's columns with the new values.</param>
    /// <param name="checkNames">The names of the checks.</param>
    /// <param name="returning">Over the table's columns: computed by the caller from the rows that <see cref="Update"/> gives.</param>
    /// <param name="context">Of the statement.</param>
    /// <param name="others">Ordinals of the batches whose columns stand behind the table's in what <see cref="Update"/> gives; none by default.</param>
    public RowUpdate(
        TableDefinition table, ImmutableArray<(ColumnId Column, BoundExpression Value)> set, ImmutableArray<(ColumnId Column, BoundExpression Value)> computed,
        ImmutableArray<BoundExpression> checks, ImmutableArray<string> checkNames, ImmutableArray<BoundExpression> returning, StatementContext context,
        ImmutableArray<int> others = default)
    {
        this.others = others.IsDefault ? [] : others;
        compactOthers = new CompactRows(this.others.Length);
        (this.table, this.context) = (table, context);
        values = [.. set.Concat(computed).Select(s => EvaluatorFactory.Create(s.Value, context))];
        assignedCount = set.Length;
        columns = [.. set.Concat(computed).Select(s => s.Column)];
        setOrdinals = [.. columns.Select(table.IndexOf)];
        compact = new CompactRows(table.Columns.Length);
        compactOld = new CompactRows(table.Columns.Length);
        this.checks = new RowChecks(table, checks, checkNames, context);
        references = new ReferencingKeys(table, columns, context);
        referenced = new ReferencedKeys(table, columns, context);
        var kept = computed.SelectMany(c => PlanWalker.ColumnsOf(c.Value)).Except(setOrdinals);
        var read = kept.Concat(checks.Concat(returning).SelectMany(e => PlanWalker.ColumnsOf(e))).Concat(references.Ordinals).Concat(referenced.Ordinals);
        KeptOrdinals = [.. read.Distinct().Where(o => o < table.Columns.Length)];
        newValues = new Batch(columns.Length);
        newRows = new Batch(table.Columns.Length + this.others.Length);
        oldRows = new Batch(table.Columns.Length);
    }

    /// <summary>Ordinals in the table of the columns whose old values something reads besides the expressions.</summary>
    public ImmutableArray<int> KeptOrdinals { get; }

    /// <summary>Changes the selected rows of a batch, as <see cref="Update"/> does: in parts, when the values of all are too large together.</summary>
    /// <param name="batch">That has the rows.</param>
    /// <param name="rows">Null for all.</param>
    /// <param name="changed">Receives, part by part in the order of the batch, the rows with their new values, and which rows of the batch they are.</param>
    public void UpdateInParts(Batch batch, Selection? rows, Action<Batch, Selection?> changed)
    {
        Batch written;
        try
        {
            written = Update(batch, rows);
        }
        catch (EngramException e) when (e.IsOfSeveralValues && (rows?.Count ?? batch.RowCount) > 1)
        {
            // Nothing was changed: the values are computed before.
            var kept = batch.Selection;
            batch.Selection = rows;
            var (first, second) = BatchHalves.Of(batch);
            batch.Selection = kept;
            UpdateInParts(first, first.Selection, changed);
            UpdateInParts(second, second.Selection, changed);
            return;
        }

        changed(written, rows);
    }

    /// <summary>Changes the selected rows of a batch: the row id first, then the table's columns, then anything that the expressions need.</summary>
    /// <returns>The rows with their new values, valid until the next call.</returns>
    public Batch Update(Batch batch, Selection? rows)
    {
        var count = rows?.Count ?? batch.RowCount;

        // As large as is needed: most updates are of one row.
        rowIds = rowIds.Length >= count ? rowIds : new long[count];
        for (var i = 0; i < count; i++)
        {
            rowIds[i] = batch.Columns[0].Get<long>(rows?.Rows[i] ?? i);
        }

        foreach (var ordinal in KeptOrdinals)
        {
            oldRows.Columns[ordinal] = newRows.Columns[ordinal] = compactOld.Take(ordinal, batch.Columns[1 + ordinal], batch.RowCount, rows);
        }

        for (var i = 0; i < others.Length; i++)
        {
            newRows.Columns[table.Columns.Length + i] = compactOthers.Take(i, batch.Columns[others[i]], batch.RowCount, rows);
        }

        newValues.RowCount = newRows.RowCount = oldRows.RowCount = count;
        for (var i = 0; i < values.Length; i++)
        {
            var ordinal = setOrdinals[i];
            var value = i < assignedCount ? compact.Take(ordinal, values[i].Evaluate(batch, rows), batch.RowCount, rows) : values[i].Evaluate(newRows, null);
            checks.CheckColumn(table.Columns[ordinal], value, count);
            newValues.Columns[i] = newRows.Columns[ordinal] = value;
        }

        checks.CheckRows(newRows);
        AffectedRows += context.Transaction!.Update(table.Id, rowIds.AsSpan(0, count), columns, newValues);
        references.Add(newRows);
        referenced.AddUpdated(oldRows, newRows);
        return newRows;
    }

    /// <summary>Rows changed so far.</summary>
    public long AffectedRows { get; private set; }

    /// <summary>Hands over what foreign keys ask for, and check, at the end of the statement.</summary>
    public void Finish()
    {
        referenced.Finish(isDelete: false);
        references.Finish();
    }

    public void Dispose()
    {
        compact.Dispose();
        compactOld.Dispose();
        compactOthers.Dispose();
        checks.Dispose();
        references.Dispose();
        referenced.Dispose();
        foreach (var value in values)
        {
            value.Dispose();
        }
    }
}
