using Engram.Data.Columns;
using Engram.Data.Query.Execution.Modifications;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>WITH that changes data: carries out each change to its end, then runs the statement itself.</summary>
/// <remarks>
/// All of them read the snapshot that the statement began with, and so none sees what another wrote but by its rows of RETURNING, which are kept here; a row is changed by one of them only (<see cref="ChangedRows"/>). Foreign keys
/// are looked at when all changes are made, unique keys at the end of the whole statement.
/// </remarks>
internal sealed class ChangesOperator : Operator
{
    private readonly (Operator Change, RowStore? Rows)[] changes;
    private readonly Operator main;

    // By the plan: EXPLAIN ANALYZE puts operators of its own around those that change data.
    private readonly bool isMainChange;
    private readonly StatementContext context;
    private bool isChanged;

    public ChangesOperator(ChangesPlan plan, StatementContext context)
    {
        this.context = context;
        context.Changed = new ChangedRows();
        changes = new (Operator, RowStore?)[plan.Changes.Length];
        for (var i = 0; i < changes.Length; i++)
        {
            var (change, number) = plan.Changes[i];
            var rows = number < 0 ? null : new RowStore(change.Output.Select(o => o.Type), context.Memory, "the rows of RETURNING in WITH");
            if (rows is not null)
            {
                context.WorkingTables[number] = rows;
            }

            changes[i] = (OperatorFactory.Create(change, context), rows);
        }

        main = OperatorFactory.Create(plan.Main, context);
        isMainChange = plan.Main is InsertPlan or UpdatePlan or DeletePlan or MergePlan;
    }

    /// <summary>Those of the statement itself; -1 for a query.</summary>
    public long AffectedRows => main is DmlOperator dml ? dml.AffectedRows : -1;

    public override Batch? Next()
    {
        if (!isChanged)
        {
            isChanged = true;
            for (var i = 0; i < changes.Length; i++)
            {
                // PostgreSQL runs parts that nothing reads after the statement itself, the last first; it shows where actions of foreign keys meet.
                var (change, rows) = changes[i];
                context.ReferentialActions.Rank = rows is null ? 1 + changes.Length - i : 0;
                while (change.Next() is { } batch)
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    rows?.Append(batch.Columns, batch);
                }
            }

            context.ReferentialActions.Rank = 1;

            // A query reads what the statement began with, and so nothing of what foreign keys do.
            var first = isMainChange ? main.Next() : null;
            context.CompleteReferences();
            return first ?? main.Next();
        }

        return main.Next();
    }

    public override void Reset() => throw Error.Internal("a statement that writes is run twice");

    public override void Dispose()
    {
        main.Dispose();
        foreach (var (change, rows) in changes)
        {
            change.Dispose();
            rows?.Dispose();
        }
    }
}
