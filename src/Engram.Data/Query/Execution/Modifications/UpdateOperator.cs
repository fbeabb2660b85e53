using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>UPDATE: computes the new values of the columns that are set, and gives storage these alone. A row that comes twice is changed once.</summary>
internal sealed class UpdateOperator : DmlOperator
{
    private readonly UpdatePlan plan;
    private readonly Operator source;
    private readonly Evaluator[] values;
    private readonly ColumnId[] columns;

    // Ordinals in the table: of the columns that are set, and of those whose old values something reads.
    private readonly int[] setOrdinals;
    private readonly int[] keptOrdinals;
    private readonly CompactRows compact;
    private readonly CompactRows compactOld;
    private readonly RowChecks checks;
    private readonly ReferencingKeys references;
    private readonly ReferencedKeys referenced;
    private readonly Batch newValues;
    private readonly Batch newRows;
    private readonly Batch oldRows;
    private readonly HashSet<long>? seen;
    private readonly Selection unseen = new();
    private long[] rowIds = [];

    public UpdateOperator(UpdatePlan plan, Operator source, StatementContext context)
        : base(plan, plan.Returning, context)
    {
        (this.plan, this.source) = (plan, source);
        var table = plan.Table;
        values = [.. plan.Set.Select(s => EvaluatorFactory.Create(s.Value, context))];
        columns = [.. plan.Set.Select(s => s.Column)];
        setOrdinals = [.. columns.Select(table.IndexOf)];
        compact = new CompactRows(table.Columns.Length);
        compactOld = new CompactRows(table.Columns.Length);
        checks = new RowChecks(table, plan.Checks, plan.CheckNames, context);
        references = new ReferencingKeys(table, columns, context);
        referenced = new ReferencedKeys(table, columns, context);
        var read = plan.Checks.Concat(plan.Returning).SelectMany(e => PlanWalker.ColumnsOf(e)).Concat(references.Ordinals).Concat(referenced.Ordinals);
        keptOrdinals = [.. read.Distinct()];
        newValues = new Batch(columns.Length);
        newRows = new Batch(table.Columns.Length);
        oldRows = new Batch(table.Columns.Length);
        seen = MayRepeat(plan.Source) ? [] : null;
    }

    public override void Dispose()
    {
        base.Dispose();
        source.Dispose();
        compact.Dispose();
        compactOld.Dispose();
        checks.Dispose();
        references.Dispose();
        referenced.Dispose();
        foreach (var value in values)
        {
            value.Dispose();
        }
    }

    /// <summary>Whether a plan may give a row of the table more than once: when something joins it to others.</summary>
    internal static bool MayRepeat(Plan plan)
        => plan is JoinPlan { Kind: not (JoinKind.Semi or JoinKind.Anti) } or ApplyPlan or UnionAllPlan || PlanWalker.Inputs(plan).Any(MayRepeat);

    protected override void Run()
    {
        while (source.Next() is { } batch)
        {
            Context.Cancellation.ThrowIfCancellationRequested();
            Update(batch);
        }

        referenced.Finish(isDelete: false);
        references.Verify(Transaction);
    }

    private void Update(Batch batch)
    {
        var rows = seen is null ? batch.Selection : FindUnseen(batch);
        var count = rows?.Count ?? batch.RowCount;
        if (count == 0)
        {
            return;
        }

        // As large as is needed: most updates are of one row.
        rowIds = rowIds.Length >= count ? rowIds : new long[count];
        for (var i = 0; i < count; i++)
        {
            rowIds[i] = batch.Columns[0].Get<long>(rows?.Rows[i] ?? i);
        }

        foreach (var ordinal in keptOrdinals)
        {
            oldRows.Columns[ordinal] = newRows.Columns[ordinal] = compactOld.Take(ordinal, batch.Columns[1 + ordinal], batch.RowCount, rows);
        }

        for (var i = 0; i < values.Length; i++)
        {
            var ordinal = setOrdinals[i];
            var value = compact.Take(ordinal, values[i].Evaluate(batch, rows), batch.RowCount, rows);
            checks.CheckColumn(plan.Table.Columns[ordinal], value, count);
            newValues.Columns[i] = newRows.Columns[ordinal] = value;
        }

        newValues.RowCount = newRows.RowCount = oldRows.RowCount = count;
        checks.CheckRows(newRows);
        AffectedRows += Transaction.Update(plan.Table.Id, rowIds.AsSpan(0, count), columns, newValues);
        references.Add(newRows);
        referenced.AddUpdated(oldRows, newRows);
        Return(newRows);
    }

    private Selection FindUnseen(Batch batch)
    {
        unseen.Count = 0;
        for (var i = 0; i < batch.SelectedCount; i++)
        {
            var row = batch.RowAt(i);
            if (seen!.Add(batch.Columns[0].Get<long>(row)))
            {
                unseen.Add(row);
            }
        }

        return unseen;
    }
}
