using Engram.Data.Columns;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Runs a part of a plan that can be split, and gives its rows in the order of the table.</summary>
/// <remarks>
/// <para>Rows that come from another thread are copied; those that the caller makes itself pass as they lie. So it begins alone, morsel by morsel, and asks for help only
/// as long as few of the rows that are looked at pass: then the looking is the work, and the copying is not. A query with a limit that is soon
/// reached has read one morsel by then.</para>
/// <para>Between two calls nothing runs. What is made ahead is a window of morsels, which doubles.</para>
/// </remarks>
internal sealed class GatherOperator(Plan plan, StatementContext context) : Operator
{
    // Of the rows that are looked at, at most one in so many may pass for help to pay.
    private const int SelectivityMin = 8;
    private const int WindowPerThreadMin = 2;
    private const int WindowPerThreadMax = 16;

    private readonly Batch batch = new(plan.Output.Length);
    private readonly Queue<RowStore> ready = new();
    private Column[]? views;
    private Operator? whole;
    private SplitInput? input;
    private GatherJob? job;
    private SplitWorker? own;
    private RowStore? current;
    private int nextRow;
    private int nextMorsel;
    private int window;
    private int lastTurnMorsels;
    private bool isOwnOpen;
    private long passedCount;
    private bool isOpened;

    /// <summary>Whether a plan can be split and looks at more rows than it gives, most likely.</summary>
    public static bool IsWanted(Plan plan, StatementContext context)
        => context.Parallelism.MaxThreadCount > 1 && LooksAtMore(plan) && SplitInput.CanSplit(plan, context);

    public override Batch? Next()
    {
        if (!isOpened)
        {
            Open();
        }

        if (whole is not null)
        {
            return whole.Next();
        }

        while (true)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (isOwnOpen)
            {
                if (own!.Next() is { } made)
                {
                    passedCount += made.SelectedCount;
                    return made;
                }

                isOwnOpen = false;
            }

            if (TryShow())
            {
                return batch;
            }

            if (nextMorsel >= input!.MorselCount)
            {
                return null;
            }

            Advance();
        }
    }

    public override void Reset()
    {
        Close();
        isOpened = false;
    }

    public override void Dispose() => Close();

    private static bool LooksAtMore(Plan plan) => plan switch
    {
        ScanPlan scan => scan.Filter is not null,
        ProjectPlan project => LooksAtMore(project.Input),
        FilterPlan => true,
        JoinPlan join => join.Kind is JoinKind.Semi or JoinKind.Anti || join.Residual is not null || LooksAtMore(join.Left),
        _ => false,
    };

    private void Open()
    {
        isOpened = true;
        input = SplitInput.TryOpen(plan, context);
        if (input is null)
        {
            whole = OperatorFactory.CreateWhole(plan, context);
            return;
        }

        job = new GatherJob(input, plan, context, ready);
        nextMorsel = 0;
        window = WindowPerThreadMin * input.Options.MaxThreadCount;
        passedCount = 0;
    }

    private void Advance()
    {
        // At first nothing is known; then what the last turn let through decides.
        var turnRows = (long)(nextMorsel == 0 ? 0 : lastTurnMorsels) * input!.Options.MorselBlockCount * Batch.RowCountMax;
        if (nextMorsel == 0 || passedCount > turnRows / SelectivityMin)
        {
            own ??= job!.TakeOwn();
            own.Begin(nextMorsel++);
            (isOwnOpen, lastTurnMorsels, passedCount) = (true, 1, 0);
            return;
        }

        var count = Math.Min(window, input.MorselCount - nextMorsel);
        job!.Run(nextMorsel, nextMorsel + count);
        nextMorsel += count;
        lastTurnMorsels = count;
        passedCount = ready.Sum(r => (long)r.Count);
        window = Math.Min(window * 2, WindowPerThreadMax * input.Options.MaxThreadCount);
    }

    /// <summary>Shows the next rows that were made by the job.</summary>
    private bool TryShow()
    {
        while (true)
        {
            if (current is null)
            {
                if (!ready.TryDequeue(out current))
                {
                    return false;
                }

                nextRow = 0;
            }

            var count = Math.Min(current.Count - nextRow, Batch.RowCountMax);
            if (count > 0)
            {
                views ??= [.. plan.Output.Select(o => new Column(o.Type))];
                for (var i = 0; i < views.Length; i++)
                {
                    ColumnSlice.Set(views[i], current.Column(i), nextRow);
                    batch.Columns[i] = views[i];
                }

                batch.RowCount = count;
                nextRow += count;
                return true;
            }

            job!.Give(current);
            current = null;
        }
    }

    private void Close()
    {
        whole?.Dispose();
        job?.Dispose();
        input?.Dispose();
        ready.Clear();
        (whole, job, input, own, current, isOwnOpen) = (null, null, null, null, null, false);
    }
}
