using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The right side of a join in memory: its rows, and for each distinct key the chain of its rows in their order.</summary>
internal sealed class JoinTable : IDisposable
{
    private const int NoRow = -1;

    // Null in one that shares another's rows.
    private readonly Operator? input;
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

    public JoinTable(JoinPlan plan, Operator input, StatementContext context)
    {
        (this.input, this.context) = (input, context);
        (heads, tails, nexts) = ([], [], []);
        leftKeys = EvaluatorFactory.Create(plan.LeftKeys, context);
        rightKeys = EvaluatorFactory.Create(plan.RightKeys, context);
        keyColumns = new Column[rightKeys.Length];
        rows = new RowStore(plan.Right.Output.Select(o => o.Type), context.Memory, "the inner side of a join");
        keys = rightKeys.Length == 0 ? null : new KeyTable([.. rightKeys.Select(k => k.Type)], context.Memory, "the keys of a join");
    }

    private JoinTable(JoinTable other, JoinPlan plan, StatementContext context)
    {
        this.context = context;
        (rows, heads, tails, nexts) = (other.rows, other.heads, other.tails, other.nexts);
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
        while (input?.Next() is { } batch)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var first = rows.Count;
            rows.Append(batch.Columns, batch);
            if (keys is not null)
            {
                Chain(batch, first);
            }
        }

        isMatched = marks ? new bool[rows.Count] : null;
    }

    /// <summary>Looks the keys of a left batch up, for <see cref="First"/>.</summary>
    public void Probe(Batch left)
    {
        if (keys is null)
        {
            return;
        }

        FindKeyed(leftKeys, left);
        keys.Find(keyColumns, left.RowCount, keyed, numbers);
        firsts.AsSpan().Fill(NoRow);
        var place = 0;
        for (var i = 0; i < keyed.Count; i++, place++)
        {
            while (left.RowAt(place) != keyed.Rows[i])
            {
                place++;
            }

            firsts[place] = numbers[i] < 0 ? NoRow : heads[numbers[i]];
        }
    }

    /// <summary>The first candidate of the left batch's row at a place among those selected; −1 when it has none.</summary>
    public int First(int place) => keys is not null ? firsts[place] : rows.Count > 0 ? 0 : NoRow;

    /// <summary>The candidate after another; −1 when that was the last.</summary>
    public int After(int row) => keys is not null ? nexts[row] : row + 1 < rows.Count ? row + 1 : NoRow;

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
            rows.Dispose();
        }

        keys?.Dispose();
        foreach (var key in leftKeys.Concat(rightKeys))
        {
            key.Dispose();
        }
    }

    private void Chain(Batch batch, int first)
    {
        CollectionsMarshal.SetCount(nexts, rows.Count);
        var next = CollectionsMarshal.AsSpan(nexts);
        next[first..].Fill(NoRow);
        FindKeyed(rightKeys, batch);
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

    /// <summary>Evaluates keys and selects the rows in which none is NULL.</summary>
    private void FindKeyed(Evaluator[] evaluators, Batch batch)
    {
        for (var k = 0; k < evaluators.Length; k++)
        {
            keyColumns[k] = evaluators[k].Evaluate(batch, batch.Selection);
        }

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
