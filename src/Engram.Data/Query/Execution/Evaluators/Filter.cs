using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A WHERE as a chain of conjuncts, each of which narrows the selection of rows that reach the next.</summary>
/// <remarks>
/// Comparisons of columns with constants cannot fail, so they go first, as bitmaps over the whole batch; the others follow in the order in which they
/// were written and see only the rows that are left. A row passes when every conjunct is TRUE: FALSE and NULL both drop it.
/// </remarks>
internal sealed class Filter : IDisposable
{
    private readonly Conjunct[] conjuncts;
    private readonly Selection selection = new();

    private Filter(Conjunct[] conjuncts) => this.conjuncts = conjuncts;

    /// <summary>Loads the columns that the next conjunct reads, for the rows that reached it (null: all).</summary>
    public delegate void Load(ImmutableArray<int> ordinals, Selection? rows);

    public static Filter Create(BoundExpression predicate, StatementContext context)
    {
        var found = new List<Conjunct>();
        AddConjuncts(predicate, context, found);
        // A stable sort: bitmaps first.
        return new Filter([.. found.OrderBy(c => c.Condition is null)]);
    }

    /// <summary>The rows of the batch that pass, of those that <paramref name="rows"/> has; null when all rows of the batch do.</summary>
    public Selection? Apply(Batch batch, Selection? rows, Load? load = null)
    {
        Span<ulong> bitmap = stackalloc ulong[Batch.NullWordCount];
        foreach (var conjunct in conjuncts)
        {
            if (rows is { Count: 0 })
            {
                return rows;
            }

            load?.Invoke(conjunct.Columns, rows);
            if (conjunct.Condition is { } condition)
            {
                condition.Test(batch, bitmap);
                rows = Keep(bitmap, batch.RowCount, rows);
            }
            else
            {
                rows = Keep(conjunct.Evaluator.Evaluate(batch, rows), batch.RowCount, rows);
            }
        }

        return rows;
    }

    public void Dispose()
    {
        foreach (var conjunct in conjuncts)
        {
            conjunct.Evaluator.Dispose();
        }
    }

    private static void AddConjuncts(BoundExpression predicate, StatementContext context, List<Conjunct> found)
    {
        if (predicate is BoundLogical { IsAnd: true } and)
        {
            foreach (var operand in and.Operands)
            {
                AddConjuncts(operand, context, found);
            }

            return;
        }

        var evaluator = EvaluatorFactory.Create(predicate, context);
        found.Add(new Conjunct(evaluator, evaluator is IBitmapCondition { HasBitmap: true } condition ? condition : null, PlanWalker.ColumnsOf(predicate)));
    }

    private Selection? Keep(Span<ulong> bitmap, int rowCount, Selection? rows)
    {
        if (rows is null)
        {
            if (Bits.PopCount(bitmap[..Bits.WordCount(rowCount)]) == rowCount)
            {
                return null;
            }

            selection.Count = Bits.ToIndices(bitmap, rowCount, selection.Buffer);
            return selection;
        }

        var kept = 0;
        foreach (var row in rows.Rows)
        {
            selection.Buffer[kept] = row;
            kept += (int)(bitmap[row >> 6] >> row & 1);
        }

        selection.Count = kept;
        return selection;
    }

    private Selection? Keep(Column condition, int rowCount, Selection? rows)
    {
        if (condition.IsConstant)
        {
            if (!condition.IsNull(0) && condition.Get<byte>(0) != 0)
            {
                return rows;
            }

            selection.Count = 0;
            return selection;
        }

        var kept = 0;
        var count = rows?.Count ?? rowCount;
        var source = rows is null ? default : rows.Rows;
        var target = selection.Buffer;
        for (var i = 0; i < count; i++)
        {
            // Never ahead of what is read, which may be the same memory.
            var row = rows is null ? (ushort)i : source[i];
            target[kept] = row;
            kept += condition.Get<byte>(row) != 0 && !condition.IsNull(row) ? 1 : 0;
        }

        selection.Count = kept;
        return rows is null && kept == rowCount ? null : selection;
    }

    /// <summary>One operand of the AND.</summary>
    private sealed record Conjunct(Evaluator Evaluator, IBitmapCondition? Condition, ImmutableArray<int> Columns);
}
