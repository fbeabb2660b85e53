using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>UPDATE: computes the new values of the columns that are set, and gives storage these alone. A row that comes twice is changed once; so is one that another part of the statement has changed.</summary>
internal sealed class UpdateOperator : DmlOperator
{
    private readonly UpdatePlan plan;
    private readonly Operator source;
    private readonly RowUpdate update;
    private readonly HashSet<long>? seen;
    private readonly Selection unseen = new();

    public UpdateOperator(UpdatePlan plan, Operator source, StatementContext context)
        : base(plan, plan.Returning, context)
    {
        (this.plan, this.source) = (plan, source);
        update = new RowUpdate(plan.Table, plan.Set, plan.Computed, plan.Checks, plan.CheckNames, plan.Returning, context, plan.ReturnedOthers);
        seen = context.Changed?.Of(plan.Table.Id) ?? (MayRepeat(plan.Source) ? [] : null);
    }

    public override void Dispose()
    {
        base.Dispose();
        source.Dispose();
        update.Dispose();
    }

    /// <summary>Whether a plan may give a row of the table more than once: when something joins it to others.</summary>
    internal static bool MayRepeat(Plan plan)
        => plan is JoinPlan { Kind: not (JoinKind.Semi or JoinKind.Anti) } or ApplyPlan or UnionAllPlan || PlanWalker.Inputs(plan).Any(MayRepeat);

    protected override void Run()
    {
        while (source.Next() is { } batch)
        {
            Context.Cancellation.ThrowIfCancellationRequested();
            var rows = seen is null ? batch.Selection : FindUnseen(batch);
            if (rows is not { Count: 0 } && batch.RowCount > 0)
            {
                update.UpdateInParts(batch, rows, (changed, _) => Return(changed));
            }
        }

        update.Finish();
        AffectedRows = update.AffectedRows;
    }

    private Selection FindUnseen(Batch batch)
    {
        unseen.Count = 0;
        for (var i = 0; i < batch.SelectedCount; i++)
        {
            var row = batch.RowAt(i);
            var rowId = batch.Columns[0].Get<long>(row);
            if (seen!.Add(rowId))
            {
                unseen.Add(row);
            }
        }

        return unseen;
    }
}
