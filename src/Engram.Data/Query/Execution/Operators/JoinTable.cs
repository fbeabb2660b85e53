using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The right side of a join in memory: its rows, and for each distinct key the chain of its rows in their order.</summary>
/// <remarks>
/// Few rows are chained as they come. A side that reads a large table is kept first, and then several threads chain its rows (<see cref="RowHashJob"/>); when few of its rows have passed,
/// one thread does. The chains are the same either way.
/// </remarks>
internal sealed class JoinTable : IDisposable
{
    private const int NoRow = -1;

    // Null in one that shares another's rows.
    private readonly Operator? input;
    private readonly JoinPlan plan;
    private readonly StatementContext context;
    private readonly Evaluator[] leftKeys;
    private readonly Evaluator[] rightKeys;
    private readonly Column[] keyColumns;
    private readonly RowStore rows;
    private readonly KeyTable? keys;
    private readonly Selection keyed = new();
    private readonly int[] numbers = new int[Batch.RowCountMax];
    private readonly int[] firsts = new int[Batch.RowCountMax];

    // Chains: the first and last row of each key, and the row after each row.
    private readonly List<int> heads;
    private readonly List<int> tails;
    private readonly List<int> nexts;
    private bool[]? isMatched;

    // Instead of these, when several threads have filled it, with the keys that are no columns of the rows.
    private RowHashTable? shared;
    private RowHash? probe;
    private RowStore? computedKeys;

    public JoinTable(JoinPlan plan, Operator input, StatementContext context)
    {
        (this.plan, this.input, this.context) = (plan, input, context);
        (heads, tails, nexts) = ([], [], []);
        leftKeys = EvaluatorFactory.Create(plan.LeftKeys, context);
        rightKeys = EvaluatorFactory.Create(plan.RightKeys, context);
        keyColumns = new Column[rightKeys.Length];
        rows = new RowStore(plan.Right.Output.Select(o => o.Type), context.Memory, "the inner side of a join");
        keys = rightKeys.Length == 0 ? null : new KeyTable([.. rightKeys.Select(k => k.Type)], context.Memory, "the keys of a join");
    }

    private JoinTable(JoinTable other, JoinPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        (rows, heads, tails, nexts) = (other.rows, other.heads, other.tails, other.nexts);
        if (other.shared is not null)
        {
            (shared, probe) = (other.shared, new RowHash(other.shared));
        }

        leftKeys = EvaluatorFactory.Create(plan.LeftKeys, context);
        rightKeys = [];
        keyColumns = new Column[leftKeys.Length];
        keys = other.keys?.Share();
    }

    /// <summary>The same rows to probe on another thread. This one is built, is not changed any more, and lives longer.</summary>
    public JoinTable Share(JoinPlan plan, StatementContext workerContext) => new(this, plan, workerContext);

    public int Count => rows.Count;

    public Column Column(int ordinal) => rows.Column(ordinal);

    /// <param name="marks">Whether to remember which rows were matched.</param>
    public void Build(bool marks)
    {
        var isDeferred = input is not null && keys is not null && IsLarge(context);
        while (input?.Next() is { } batch)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            Add(batch, isDeferred);
        }

        if (isDeferred)
        {
            ChainKept();
        }

        isMatched = marks ? new bool[rows.Count] : null;
    }

    private void Add(Batch batch, bool isDeferred)
    {
        try
        {
            Evaluate(rightKeys, batch);
        }
        catch (EngramException e) when (BatchHalves.Help(e, batch))
        {
            var (first, second) = BatchHalves.Of(batch);
            Add(first, isDeferred);
            Add(second, isDeferred);
            return;
        }

        var place = rows.Count;
        rows.Append(batch.Columns, batch);
        if (isDeferred)
        {
            KeepComputedKeys(batch);
        }
        else if (keys is not null)
        {
            Chain(batch, place);
        }
    }

    /// <summary>Looks the keys of a left batch up, for <see cref="First"/>.</summary>
    public void Probe(Batch left)
    {
        if (keys is null)
        {
            return;
        }

        Evaluate(leftKeys, left);
        FindKeyed(left);
        if (probe is not null)
        {
            probe.Find(keyColumns, keyed, numbers);
        }
        else
        {
            keys.Find(keyColumns, left.RowCount, keyed, numbers);
        }

        firsts.AsSpan().Fill(NoRow);
        var place = 0;
        for (var i = 0; i < keyed.Count; i++, place++)
        {
            while (left.RowAt(place) != keyed.Rows[i])
            {
                place++;
            }

            firsts[place] = numbers[i] < 0 ? NoRow : probe is not null ? numbers[i] : heads[numbers[i]];
        }
    }

    /// <summary>The first candidate of the left batch's row at a place among those selected; −1 when it has none.</summary>
    public int First(int place) => keys is not null ? firsts[place] : rows.Count > 0 ? 0 : NoRow;

    /// <summary>The candidate after another; −1 when that was the last.</summary>
    public int After(int row) => shared is not null ? shared.Nexts[row] : keys is not null ? nexts[row] : row + 1 < rows.Count ? row + 1 : NoRow;

    public void MarkMatched(int row)
    {
        if (isMatched is not null)
        {
            isMatched[row] = true;
        }
    }

    /// <summary>Writes the next rows that were never matched, as many as there is room for.</summary>
    public int Unmatched(ref int next, Span<int> target)
    {
        var count = 0;
        for (; next < rows.Count && count < target.Length; next++)
        {
            if (!isMatched![next])
            {
                target[count++] = next;
            }
        }

        return count;
    }

    public void Reset()
    {
        if (input is null)
        {
            return;
        }

        input.Reset();
        DropShared();
        rows.Clear();
        keys?.Clear();
        heads.Clear();
        tails.Clear();
        nexts.Clear();
    }

    public void Dispose()
    {
        if (input is not null)
        {
            input.Dispose();
            DropShared();
            computedKeys?.Dispose();
            rows.Dispose();
        }
        else
        {
            probe?.Dispose();
        }

        keys?.Dispose();
        foreach (var key in leftKeys.Concat(rightKeys))
        {
            key.Dispose();
        }
    }

    private void Chain(Batch batch, int first)
    {
        CollectionsMarshal.SetCount(nexts, first + batch.SelectedCount);
        var next = CollectionsMarshal.AsSpan(nexts);
        next[first..].Fill(NoRow);
        FindKeyed(batch);
        keys!.FindOrAdd(keyColumns, batch.RowCount, keyed, numbers);
        var place = 0;
        for (var i = 0; i < keyed.Count; i++, place++)
        {
            while (batch.RowAt(place) != keyed.Rows[i])
            {
                place++;
            }

            var row = first + place;
            while (heads.Count < keys.Count)
            {
                heads.Add(NoRow);
                tails.Add(NoRow);
            }

            var number = numbers[i];
            if (heads[number] == NoRow)
            {
                heads[number] = row;
            }
            else
            {
                next[tails[number]] = row;
            }

            tails[number] = row;
        }
    }

    /// <summary>Whether the right side reads a table that is worth several threads, and this is no copy that one of them runs.</summary>
    private bool IsLarge(StatementContext context)
    {
        var options = context.Parallelism;
        return options.MaxThreadCount > 1 && context.Transaction is null && context.Split is null && ReadsMany(plan.Right);

        bool ReadsMany(Plan part) => part is ScanPlan scan ? context.Snapshot.EstimateRowCount(scan.Table.Id) >= options.RowCountMin : PlanWalker.Inputs(part).Any(ReadsMany);
    }

    /// <summary>Keeps the keys of a batch that are no columns of its rows.</summary>
    private void KeepComputedKeys(Batch batch)
    {
        var count = 0;
        for (var k = 0; k < rightKeys.Length; k++)
        {
            if (plan.RightKeys[k] is not BoundColumn)
            {
                keyColumns[count++] = keyColumns[k];
            }
        }

        if (count > 0)
        {
            computedKeys ??= new RowStore(plan.RightKeys.Where(k => k is not BoundColumn).Select(k => k.Type), context.Memory, "the keys of a join");
            computedKeys.Append(keyColumns.AsSpan(0, count), batch);
        }
    }

    /// <summary>Chains all rows, which are kept: on several threads when they are many.</summary>
    private void ChainKept()
    {
        var columns = new Column[rightKeys.Length];
        var computed = 0;
        for (var k = 0; k < columns.Length; k++)
        {
            columns[k] = plan.RightKeys[k] is BoundColumn column ? rows.Column(column.Ordinal) : computedKeys?.Column(computed++)!;
        }

        if (rows.Count >= Math.Max(context.Parallelism.RowCountMin, 1))
        {
            shared = RowHashJob.Fill(columns, [.. plan.RightKeys.Select(k => k.Type)], rows.Count, context);
            probe = new RowHash(shared);
            return;
        }

        var batch = new Batch(0);
        Column[] views = [.. columns.Select((_, k) => new Column(plan.RightKeys[k].Type))];
        for (var first = 0; first < rows.Count; first += Batch.RowCountMax)
        {
            batch.RowCount = Math.Min(rows.Count - first, Batch.RowCountMax);
            for (var k = 0; k < columns.Length; k++)
            {
                ColumnSlice.Set(views[k], columns[k], first);
                keyColumns[k] = views[k];
            }

            Chain(batch, first);
        }
    }

    private void DropShared()
    {
        shared?.Dispose();
        probe?.Dispose();
        (shared, probe) = (null, null);
        computedKeys?.Clear();
    }

    private void Evaluate(Evaluator[] evaluators, Batch batch)
    {
        for (var k = 0; k < evaluators.Length; k++)
        {
            keyColumns[k] = evaluators[k].Evaluate(batch, batch.Selection);
        }
    }

    /// <summary>Selects the rows in whose keys none is NULL.</summary>
    private void FindKeyed(Batch batch)
    {
        keyed.Count = 0;
        for (var i = 0; i < batch.SelectedCount; i++)
        {
            var row = batch.RowAt(i);
            var isKeyed = true;
            foreach (var column in keyColumns)
            {
                isKeyed &= !column.IsNull(row);
            }

            if (isKeyed)
            {
                keyed.Add(row);
            }
        }
    }
}
