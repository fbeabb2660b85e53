using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A subquery as a value. One that depends on nothing outside runs once; a correlated one runs for each row, with that row's values in slots, unless the answer for
/// such values <see cref="AnswerCache">is known</see>.</summary>
internal sealed class SubqueryEvaluator : ResultEvaluator
{
    private readonly BoundSubquery subquery;
    private readonly Evaluator? left;
    private readonly (Evaluator Value, ColumnBuffer Slot)[] outer;
    private readonly Column[] outerColumns;
    private readonly StatementContext context;
    private readonly bool isConstant;
    private readonly ColumnBuffer answer;
    private readonly ValueSet? set;
    private readonly AnswerCache? cache;
    private readonly MemoryReservation elementsMemory;
    private ColumnBuffer? elements;
    private ColumnBuffer? operand;
    private Operator? plan;
    private bool isAnswered;

    public SubqueryEvaluator(BoundSubquery subquery, Evaluator? left, (Evaluator Value, ColumnBuffer Slot)[] outer, StatementContext context)
        : base(subquery.Type)
    {
        (this.subquery, this.left, this.outer, this.context) = (subquery, left, outer, context);
        outerColumns = new Column[outer.Length];
        var free = PlanWalker.FreeSlots(subquery.Plan);
        isConstant = outer.Length == 0 && free.IsEmpty;
        cache = outer.Length > 0 && free.IsSubsetOf(subquery.Outer.Select(o => o.Slot)) && AnswerCache.IsPossible(subquery.Plan) ? new AnswerCache(subquery.Type, context.Memory) : null;
        answer = new ColumnBuffer(subquery.Type, 1);
        set = subquery.Kind == SubqueryKind.In ? new ValueSet(left!.Type, context.Memory) : null;
        elementsMemory = new MemoryReservation(context.Memory, "the elements of an array");
    }

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var leftColumn = left?.Evaluate(batch, rows);
        if (outer.Length > 0)
        {
            return EvaluateEach(batch, rows, leftColumn);
        }

        // Slots of an outer query may have changed since the last batch.
        if (!isAnswered || !isConstant)
        {
            Run();
            isAnswered = true;
        }

        if (set is null)
        {
            answer.Column.IsConstant = true;
            return answer.Column;
        }

        var result = Begin(batch.RowCount);
        set.Test(leftColumn!, batch.RowCount, rows, subquery.IsNegated, result);
        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        left?.Dispose();
        plan?.Dispose();
        answer.Dispose();
        cache?.Dispose();
        set?.Dispose();
        elements?.Dispose();
        elementsMemory.Dispose();
        operand?.Dispose();
        foreach (var (value, _) in outer)
        {
            value.Dispose();
        }
    }

    private Column EvaluateEach(Batch batch, Selection? rows, Column? leftColumn)
    {
        for (var i = 0; i < outer.Length; i++)
        {
            outerColumns[i] = outer[i].Value.Evaluate(batch, rows);
        }

        // Appended in order, so rows that nobody wants become NULL.
        var result = Begin(batch.RowCount);
        result.SetCount(0);
        var next = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (rows is not null && (next == rows.Count || rows.Rows[next] != row))
            {
                result.AppendNull();
                continue;
            }

            next++;
            for (var i = 0; i < outer.Length; i++)
            {
                StatementContext.SetSlot(outer[i].Slot, outerColumns[i], row);
            }

            if (cache is null)
            {
                Run();
                result.AppendFrom(set is null ? answer.Column : TestOne(leftColumn!, row), 0);
                continue;
            }

            cache.BeginKey();
            for (var i = 0; i < outer.Length; i++)
            {
                cache.AddToKey(outer[i].Slot.Column, 0);
            }

            if (leftColumn is not null)
            {
                cache.AddToKey(leftColumn, row);
            }

            if (cache.TryGet(out var known, out var place))
            {
                result.AppendFrom(known, place);
                continue;
            }

            Run();
            var found = set is null ? answer.Column : TestOne(leftColumn!, row);
            cache.Add(found, 0);
            result.AppendFrom(found, 0);
        }

        return result.Column;
    }

    /// <summary>IN for one row: the answer is of one row, the operand is picked from the batch.</summary>
    private Column TestOne(Column leftColumn, int row)
    {
        operand ??= new ColumnBuffer(left!.Type, 1);
        operand.Clear();
        operand.AppendFrom(leftColumn, row);
        answer.Clear();
        answer.Append((byte)0);
        set!.Test(operand.Column, 1, null, subquery.IsNegated, answer);
        return answer.Column;
    }

    /// <summary>Runs the plan from its start and keeps its answer.</summary>
    private void Run()
    {
        if (plan is null)
        {
            plan = OperatorFactory.Create(subquery.Plan, context);
        }
        else
        {
            plan.Reset();
        }

        answer.Clear();
        switch (subquery.Kind)
        {
            case SubqueryKind.Exists:
                answer.Append(plan.Next() is not null != subquery.IsNegated ? (byte)1 : (byte)0);
                break;
            case SubqueryKind.Scalar:
                RunScalar();
                break;
            case SubqueryKind.In:
                set!.Clear();
                while (plan.Next() is { } batch)
                {
                    set.Add(batch.Columns[0], batch.RowCount, batch.Selection);
                }

                break;
            default:
                elements ??= new ColumnBuffer(subquery.Plan.Output[0].Type);
                elements.Clear();
                while (plan.Next() is { } batch)
                {
                    RowCopy.Append(elements, batch.Columns[0], batch);
                    elementsMemory.Hold(elements.SizeBytes);
                }

                ArrayValue.AppendElements(answer, elements.Column, elements.Count);
                break;
        }
    }

    private void RunScalar()
    {
        if (plan!.Next() is not { } batch)
        {
            answer.AppendNull();
            return;
        }

        if (batch.SelectedCount == 1)
        {
            answer.AppendFrom(batch.Columns[0], batch.RowAt(0));
        }

        if (batch.SelectedCount > 1 || plan.Next() is not null)
        {
            throw Error.SubqueryHasManyRows();
        }
    }
}
