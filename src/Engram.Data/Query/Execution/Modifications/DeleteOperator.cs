using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>DELETE by row id. The old values are read only where RETURNING or a foreign key asks for them.</summary>
internal sealed class DeleteOperator : DmlOperator
{
    private readonly DeletePlan plan;
    private readonly Operator source;
    private readonly int width;
    private readonly int[] keptOrdinals;
    private readonly CompactRows compact;
    private readonly ReferencedKeys referenced;
    private readonly Batch rows;
    private readonly HashSet<long>? seen;
    private readonly Selection unseen = new();
    private long[] rowIds = [];

    /// <param name="isDistinct">Whether the caller gives each row once, and none that another part of the statement has changed.</param>
    public DeleteOperator(DeletePlan plan, Operator source, StatementContext context, bool isDistinct = false)
        : base(plan, plan.Returning, context)
    {
        (this.plan, this.source) = (plan, source);
        width = plan.Table.Columns.Length;
        compact = new CompactRows(width + plan.ReturnedOthers.Length);
        referenced = new ReferencedKeys(plan.Table, null, context);
        keptOrdinals = [.. plan.Returning.SelectMany(e => PlanWalker.ColumnsOf(e)).Concat(referenced.Ordinals).Distinct().Where(o => o < width)];
        rows = new Batch(width + plan.ReturnedOthers.Length);
        seen = isDistinct ? null : context.Changed?.Of(plan.Table.Id) ?? (UpdateOperator.MayRepeat(plan.Source) ? [] : null);
    }

    public override void Dispose()
    {
        base.Dispose();
        source.Dispose();
        compact.Dispose();
        referenced.Dispose();
    }

    protected override void Run()
    {
        while (source.Next() is { } batch)
        {
            Context.Cancellation.ThrowIfCancellationRequested();
            Delete(batch);
        }

        Complete();
    }

    /// <summary>Hands over what foreign keys ask for.</summary>
    public void Complete() => referenced.Finish(isDelete: true);

    /// <summary>Deletes the rows of a batch that has the source's columns.</summary>
    public void Delete(Batch batch)
    {
        unseen.Count = 0;

        // As large as is needed: most deletes are of one row.
        rowIds = rowIds.Length >= batch.SelectedCount ? rowIds : new long[batch.SelectedCount];
        for (var i = 0; i < batch.SelectedCount; i++)
        {
            var row = batch.RowAt(i);
            var id = batch.Columns[0].Get<long>(row);
            if (seen is null || seen.Add(id))
            {
                rowIds[unseen.Count] = id;
                unseen.Add(row);
            }
        }

        var selection = unseen.Count == batch.RowCount ? null : unseen;
        foreach (var ordinal in keptOrdinals)
        {
            rows.Columns[ordinal] = compact.Take(ordinal, batch.Columns[1 + ordinal], batch.RowCount, selection);
        }

        for (var i = 0; i < plan.ReturnedOthers.Length; i++)
        {
            rows.Columns[width + i] = compact.Take(width + i, batch.Columns[plan.ReturnedOthers[i]], batch.RowCount, selection);
        }

        rows.RowCount = unseen.Count;
        if (rows.RowCount > 0)
        {
            AffectedRows += Transaction.Delete(plan.Table.Id, rowIds.AsSpan(0, rows.RowCount));
            referenced.AddDeleted(rows);
            Return(rows);
        }
    }
}
