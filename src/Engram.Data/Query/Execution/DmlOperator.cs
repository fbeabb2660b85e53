using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution;

/// <summary>INSERT, UPDATE or DELETE: the first <see cref="Next"/> does all of it, then the rows of RETURNING come out.</summary>
/// <remarks>
/// <para>The source reads the snapshot that the statement began with, which never shows the statement's own writes, so rows are written while it is
/// still being read. What must hold at the end of the statement (foreign keys, their actions) is looked at through a snapshot taken
/// then. Unique keys are checked by <see cref="Transaction.EndStatement"/>.</para>
/// <para>An error leaves the statement half done: whoever began it in the transaction rolls it back.</para>
/// </remarks>
internal abstract class DmlOperator : Operator
{
    private readonly Evaluator[] returning;
    private readonly Column[] returningColumns;
    private readonly RowStore? returned;
    private readonly Column[] views;
    private readonly Batch output;
    private bool isRun;
    private int next;

    protected DmlOperator(Plan plan, ImmutableArray<BoundExpression> returning, StatementContext context)
    {
        Context = context;
        this.returning = EvaluatorFactory.Create(returning, context);
        returningColumns = new Column[returning.Length];
        returned = returning.IsEmpty ? null : new RowStore(plan.Output.Select(o => o.Type), context.Memory, "the rows of RETURNING");
        views = [.. plan.Output.Select(o => new Column(o.Type))];
        output = new Batch(plan.Output.Length);
    }

    /// <summary>Rows inserted, updated or deleted, without those that foreign keys changed; complete after the first <see cref="Next"/>.</summary>
    public long AffectedRows { get; protected set; }

    protected StatementContext Context { get; }

    protected Transaction Transaction => Context.Transaction ?? throw Error.Internal("a statement that writes runs without a write transaction");

    protected bool IsReturning => returned is not null;

    public sealed override Batch? Next()
    {
        if (!isRun)
        {
            isRun = true;
            Run();
            if (Context.Changed is null)
            {
                Context.CompleteReferences();
            }
        }

        var count = returned is null ? 0 : Math.Min(returned.Count - next, Batch.RowCountMax);
        if (count == 0)
        {
            return null;
        }

        for (var i = 0; i < views.Length; i++)
        {
            ColumnSlice.Set(views[i], returned!.Column(i), next);
            output.Columns[i] = views[i];
        }

        output.RowCount = count;
        next += count;
        return output;
    }

    public sealed override void Reset() => throw Error.Internal("a statement that writes is run twice");

    public override void Dispose()
    {
        returned?.Dispose();
        foreach (var evaluator in returning)
        {
            evaluator.Dispose();
        }
    }

    protected abstract void Run();

    /// <summary>Computes RETURNING for rows that have the table's columns in their order, and keeps it.</summary>
    protected void Return(Batch rows)
    {
        if (returned is null)
        {
            return;
        }

        try
        {
            for (var i = 0; i < returning.Length; i++)
            {
                returningColumns[i] = returning[i].Evaluate(rows, rows.Selection);
            }
        }
        catch (EngramException e) when (BatchHalves.Help(e, rows))
        {
            var (first, second) = BatchHalves.Of(rows);
            Return(first);
            Return(second);
            return;
        }

        returned.Append(returningColumns, rows);
    }
}
