using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A WHERE as a chain of conjuncts, each of which narrows the selection of rows that reach the next.</summary>
/// <remarks>
/// Comparisons of columns with constants cannot fail, so they go first, as bitmaps over the whole batch that are joined before rows are picked out; the
/// others follow in the order in which they were written and see only the rows that are left. A row passes when every conjunct is TRUE: FALSE and NULL both drop it.
/// </remarks>
internal sealed class Filter : IDisposable
{
    /// <summary>From so many rows on, answers are gathered as bits, whatever number of rows the batch has.</summary>
    private const int ManyRows = 256;

    private readonly Conjunct[] conjuncts;
    private readonly Selection selection = new();

    private Filter(Conjunct[] conjuncts) => this.conjuncts = conjuncts;

    /// <summary>Loads the columns that the next conjunct reads, for the rows that reached it (null: all).</summary>
    public delegate void Load(ImmutableArray<int> ordinals, Selection? rows);

    public static Filter Create(BoundExpression predicate, StatementContext context)
    {
        var found = new List<Conjunct>();
        AddConjuncts(predicate, context, found);
        // A stable sort: those that cannot fail first.
        return new Filter([.. found.OrderBy(c => c.Condition is not { IsTotal: true })]);
    }

    /// <summary>The rows of the batch that pass, of those that <paramref name="rows"/> has; null when all rows of the batch do.</summary>
    public Selection? Apply(Batch batch, Selection? rows, Load? load = null)
    {
        Span<ulong> bitmap = stackalloc ulong[Batch.NullWordCount];
        var next = 0;
        if (conjuncts[0].Condition is { IsTotal: true } && rows is not { Count: 0 })
        {
            next = TestTotal(batch, rows, load, bitmap);
            rows = Keep(bitmap, batch.RowCount, rows);
        }

        for (; next < conjuncts.Length && rows is not { Count: 0 }; next++)
        {
            var conjunct = conjuncts[next];
            load?.Invoke(conjunct.Columns, rows);
            try
            {
                rows = Apply(conjunct, batch, rows, bitmap);
            }
            catch (EngramException e) when (e.IsOfSeveralValues && (rows?.Count ?? batch.RowCount) > 1)
            {
                rows = ApplyInParts(conjunct, batch, rows, bitmap);
            }
        }

        return rows;
    }

    private Selection? Apply(Conjunct conjunct, Batch batch, Selection? rows, Span<ulong> bitmap)
    {
        if (conjunct.Condition is not { } condition)
        {
            return Keep(conjunct.Evaluator.Evaluate(batch, rows), batch.RowCount, rows);
        }

        condition.Test(batch, rows, bitmap);
        return Keep(bitmap, batch.RowCount, rows);
    }

    /// <summary>The rows that pass, found in halves: see <see cref="BatchHalves"/>.</summary>
    private Selection ApplyInParts(Conjunct conjunct, Batch batch, Selection? rows, Span<ulong> bitmap)
    {
        // Both halves are copied first: the rows may be those that this filter kept last, which are written anew.
        var count = rows?.Count ?? batch.RowCount;
        Selection[] parts = [new(), new()];
        for (var i = 0; i < count; i++)
        {
            parts[i < count / 2 ? 0 : 1].Add(rows?.Rows[i] ?? i);
        }

        var kept = new Selection();
        foreach (var part in parts)
        {
            Selection? passed;
            try
            {
                passed = Apply(conjunct, batch, part, bitmap);
            }
            catch (EngramException e) when (e.IsOfSeveralValues && part.Count > 1)
            {
                passed = ApplyInParts(conjunct, batch, part, bitmap);
            }

            foreach (var row in (passed ?? part).Rows)
            {
                kept.Add(row);
            }
        }

        return kept;
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
        found.Add(new Conjunct(evaluator, evaluator as IBitmapCondition, PlanWalker.ColumnsOf(predicate)));
    }

    /// <summary>Runs the conditions that cannot fail, all on bitmaps, until no row is left.</summary>
    /// <returns>How many conjuncts are done with.</returns>
    private int TestTotal(Batch batch, Selection? rows, Load? load, Span<ulong> bitmap)
    {
        Span<ulong> other = stackalloc ulong[Batch.NullWordCount];
        var words = Bits.WordCount(batch.RowCount);
        var done = 0;
        for (; done < conjuncts.Length && conjuncts[done].Condition is { IsTotal: true } condition; done++)
        {
            load?.Invoke(conjuncts[done].Columns, rows);
            if (done == 0)
            {
                condition.Test(batch, rows, bitmap);
                continue;
            }

            condition.Test(batch, rows, other);
            Bits.And(bitmap[..words], other);
            if (!bitmap[..words].ContainsAnyExcept(0UL))
            {
                return conjuncts.Length;
            }
        }

        return done;
    }

    private Selection? Keep(Span<ulong> bitmap, int rowCount, Selection? rows)
    {
        var words = Bits.WordCount(rowCount);
        if (rows is not null)
        {
            Span<ulong> wanted = stackalloc ulong[Batch.NullWordCount];
            Bits.FromIndices(rows.Rows, wanted, rowCount);
            Bits.And(bitmap[..words], wanted);
        }
        else if (Bits.PopCount(bitmap[..words]) == rowCount)
        {
            return null;
        }

        selection.Count = Bits.ToIndices(bitmap, rowCount, selection.Buffer);
        return selection;
    }

    private unsafe Selection? Keep(Column condition, int rowCount, Selection? rows)
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

        var count = rows?.Count ?? rowCount;
        if (count >= ManyRows)
        {
            // What stands in rows that are not wanted is masked.
            Span<ulong> bitmap = stackalloc ulong[Batch.NullWordCount];
            Compare.WithConstant<byte>(condition.Values<byte>(rowCount), 0, ComparisonKind.NotEqual, bitmap);
            if (condition.Nulls != null)
            {
                Bits.AndNot(bitmap[..Bits.WordCount(rowCount)], new ReadOnlySpan<ulong>(condition.Nulls, Bits.WordCount(rowCount)));
            }

            return Keep(bitmap, rowCount, rows);
        }

        var kept = 0;
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
