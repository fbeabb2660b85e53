using Engram.Data.Columns;
using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>MERGE: gives each row of the source to the first action that is for it.</summary>
/// <remarks>
/// <para>The source is the join that it was when the statement began, so that no action sees what another has done. What foreign keys ask for is carried out at the end,
/// when all rows are as they will be.</para>
/// <para>A row of the target that several rows of the source match is changed once: the second time is an error, since their order means nothing.</para>
/// </remarks>
internal sealed class MergeOperator : DmlOperator
{
    private readonly MergePlan plan;
    private readonly Operator source;
    private readonly Evaluator choice;
    private readonly PushedOperator rows = new();
    private readonly RowUpdate?[] updates;
    private readonly DeleteOperator?[] deletes;
    private readonly InsertOperator?[] inserts;
    private readonly Selection[] chosen;
    private readonly Batch view;
    private readonly HashSet<long> changed;

    // For RETURNING: rows of the table, then columns of the source, then what was done.
    private readonly int width;
    private readonly int[] returnedOrdinals;
    private readonly CompactRows compact;
    private readonly Batch result;
    private readonly Dictionary<string, ColumnBuffer> names = [];

    public MergeOperator(MergePlan plan, Operator source, StatementContext context)
        : base(plan, plan.Returning, context)
    {
        (this.plan, this.source) = (plan, source);
        changed = context.Changed?.Of(plan.Table.Id) ?? [];
        choice = EvaluatorFactory.Create(plan.Choice, context);
        var count = plan.Actions.Length;
        (updates, deletes, inserts, chosen) = (new RowUpdate?[count], new DeleteOperator?[count], new InsertOperator?[count], new Selection[count]);
        view = new Batch(plan.Source.Output.Length);
        width = plan.Table.Columns.Length;
        var read = plan.Returning.SelectMany(e => PlanWalker.ColumnsOf(e)).ToHashSet();
        returnedOrdinals = [.. Enumerable.Range(0, width).Where(read.Contains)];
        compact = new CompactRows(width + plan.ReturnedOthers.Length);
        result = new Batch(width + plan.ReturnedOthers.Length + 1);
        for (var i = 0; i < count; i++)
        {
            chosen[i] = new Selection();
            switch (plan.Actions[i])
            {
                case UpdatePlan p: updates[i] = new RowUpdate(p.Table, p.Set, p.Computed, p.Checks, p.CheckNames, plan.Returning, context); break;
                case DeletePlan p: deletes[i] = new DeleteOperator(p, rows, context, isDistinct: true); break;
                case InsertPlan { Source: ProjectPlan project } p: inserts[i] = new InsertOperator(p, new ProjectOperator(project, rows, context), context); break;
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        source.Dispose();
        choice.Dispose();
        compact.Dispose();
        foreach (var name in names.Values)
        {
            name.Dispose();
        }

        for (var i = 0; i < updates.Length; i++)
        {
            updates[i]?.Dispose();
            deletes[i]?.Dispose();
            inserts[i]?.Dispose();
        }
    }

    protected override void Run()
    {
        while (source.Next() is { } batch)
        {
            Merge(batch);
        }

        for (var i = 0; i < chosen.Length; i++)
        {
            updates[i]?.Finish();
            deletes[i]?.Complete();
            inserts[i]?.Complete();
            AffectedRows += (updates[i]?.AffectedRows ?? 0) + (deletes[i]?.AffectedRows ?? 0) + (inserts[i]?.AffectedRows ?? 0);
        }
    }

    private void Merge(Batch batch)
    {
        Context.Cancellation.ThrowIfCancellationRequested();
        Column actions;
        try
        {
            actions = choice.Evaluate(batch, batch.Selection);
        }
        catch (EngramException e) when (BatchHalves.Help(e, batch))
        {
            var (first, second) = BatchHalves.Of(batch);
            Merge(first);
            Merge(second);
            return;
        }

        Choose(batch, actions);
        for (var i = 0; i < chosen.Length; i++)
        {
            if (chosen[i].Count > 0)
            {
                Act(i, batch);
            }
        }
    }

    private void Choose(Batch batch, Column actions)
    {
        Array.ForEach(chosen, c => c.Count = 0);
        for (var i = 0; i < batch.SelectedCount; i++)
        {
            var row = batch.RowAt(i);
            var action = actions.Get<int>(row);
            if (action < 0 || plan.Actions[action] is null)
            {
                continue;
            }

            if (inserts[action] is null)
            {
                var rowId = batch.Columns[0].Get<long>(row);
                if (!changed.Add(rowId))
                {
                    throw Error.MergedTwice(plan.Table.ToString());
                }
            }

            chosen[action].Add(row);
        }
    }

    private void Act(int action, Batch batch)
    {
        if (updates[action] is { } update)
        {
            update.UpdateInParts(batch, chosen[action], (written, part) => Give(written, batch, part!, "UPDATE"));
            return;
        }

        batch.Columns.AsSpan(0, view.Columns.Length).CopyTo(view.Columns);
        (view.RowCount, view.Selection) = (batch.RowCount, chosen[action]);
        if (deletes[action] is { } delete)
        {
            delete.Delete(view);
            Give(null, batch, chosen[action], "DELETE");
            return;
        }

        Insert(inserts[action]!, batch, chosen[action]);
    }

    /// <summary>Inserts a row for each of those that <see cref="view"/> selects: in parts, when the values of all are too large together.</summary>
    private void Insert(InsertOperator insert, Batch batch, Selection selection)
    {
        var done = 0;
        insert.Written = written =>
        {
            var part = new Selection();
            for (var i = 0; i < written.RowCount; i++)
            {
                part.Add(selection.Rows[done++]);
            }

            Give(written, batch, part, "INSERT");
        };
        rows.Push(view);
        insert.AddSources();
    }

    /// <summary>Keeps what RETURNING gives for rows that something was done to.</summary>
    /// <param name="written">The table's columns; null for the rows as they were in the source.</param>
    /// <param name="batch">Of the source.</param>
    /// <param name="selection">The rows of <paramref name="batch"/>.</param>
    /// <param name="name">What was done.</param>
    private void Give(Batch? written, Batch batch, Selection selection, string name)
    {
        if (!IsReturning)
        {
            return;
        }

        foreach (var ordinal in returnedOrdinals)
        {
            result.Columns[ordinal] = written?.Columns[ordinal] ?? compact.Take(ordinal, batch.Columns[1 + ordinal], batch.RowCount, selection);
        }

        for (var i = 0; i < plan.ReturnedOthers.Length; i++)
        {
            result.Columns[width + i] = compact.Take(width + i, batch.Columns[plan.ReturnedOthers[i]], batch.RowCount, selection);
        }

        if (!names.TryGetValue(name, out var constant))
        {
            names[name] = constant = ClrValue.Constant(DataType.Text, name);
        }

        result.Columns[^1] = constant.Column;
        result.RowCount = selection.Count;
        Return(result);
    }
}

/// <summary>Gives one batch at a time, as it is handed to it.</summary>
internal sealed class PushedOperator : Operator
{
    private Batch? batch;

    public void Push(Batch next) => batch = next;

    public override Batch? Next()
    {
        var given = batch;
        batch = null;
        return given;
    }

    public override void Reset() => batch = null;

    public override void Dispose() => batch = null;
}
