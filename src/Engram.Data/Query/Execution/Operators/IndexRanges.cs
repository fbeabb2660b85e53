using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The ranges of an index that a plan's values ask for: one, or one for each of a list of values.</summary>
internal sealed class IndexRanges : IDisposable
{
    /// <summary>More values than this are faster tested by a scan than looked up one by one.</summary>
    private const int ValuesMax = 1000;

    private static readonly Batch Unit = new(0) { RowCount = 1 };

    private readonly IndexScanPlan plan;
    private readonly StatementContext context;
    private readonly List<ColumnBuffer> buffers = [];
    private readonly List<IndexRange> ranges = [];

    private IndexRanges(IndexScanPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
    }

    /// <summary>None when no row can satisfy the conditions.</summary>
    public IReadOnlyList<IndexRange> Ranges => ranges;

    public long EntryCount => ranges.Sum(r => r.EntryCount);

    /// <summary>Computes the values and finds the ranges; null when there are too many values, or more entries than <paramref name="entriesMax"/>.</summary>
    public static IndexRanges? Open(IndexScanPlan plan, StatementContext context, long entriesMax)
    {
        var opened = new IndexRanges(plan, context);
        try
        {
            if (opened.Find(entriesMax))
            {
                return opened;
            }

            opened.Dispose();
            return null;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ranges.ForEach(r => r.Dispose());
        buffers.ForEach(b => b.Dispose());
    }

    private bool Find(long entriesMax)
    {
        var values = new ColumnBuffer[plan.Equal.Length];
        var many = -1;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = NewBuffer(TypeOf(i));
            AddValues(plan.Equal[i], values[i]);
            if (values[i].Count == 0)
            {
                return true;
            }

            many = values[i].Count > 1 ? i : many;
        }

        var bounds = new IndexBounds([.. values.Select(v => v.Column)]) { IsNotNull = plan.IsNotNull };
        if (!TryBound(plan.From, isFrom: true, ref bounds) || !TryBound(plan.To, isFrom: false, ref bounds) || !TryStart(ref bounds))
        {
            return true;
        }

        var count = many < 0 ? 1 : values[many].Count;
        if (count > ValuesMax)
        {
            return false;
        }

        long entries = 0;
        for (var i = 0; i < count; i++)
        {
            if (many >= 0)
            {
                var one = NewBuffer(values[many].Type);
                one.AppendFrom(values[many].Column, i);
                bounds.Equal[many] = one.Column;
            }

            ranges.Add(context.Snapshot.OpenRange(plan.Table.Id, plan.Index.Id, bounds));
            entries += ranges[^1].EntryCount;
            if (entries > entriesMax)
            {
                return false;
            }
        }

        return true;
    }

    private DataType TypeOf(int part) => plan.Table.FindColumn(plan.Index.Columns[part].Column)!.Type;

    private ColumnBuffer NewBuffer(DataType type)
    {
        var buffer = new ColumnBuffer(type);
        buffers.Add(buffer);
        return buffer;
    }

    private void AddValues(IndexKeyValues wanted, ColumnBuffer target)
    {
        if (wanted.Values.IsEmpty)
        {
            target.AppendNull();
            return;
        }

        foreach (var expression in wanted.Values)
        {
            using var evaluator = EvaluatorFactory.Create(expression, context);
            var value = evaluator.Evaluate(Unit, null);
            if (!wanted.IsArray)
            {
                AddExact(value, 0, target);
                continue;
            }

            if (value.IsNull(0))
            {
                continue;
            }

            using var elements = new ColumnBuffer(new DataType(value.Type.Element));
            ArrayValue.Unpack(value.Get<Bytes>(0), elements);
            for (var i = 0; i < elements.Count; i++)
            {
                AddExact(elements.Column, i, target);
            }
        }
    }

    /// <summary>A value that lies between those of the column, or is NULL, equals none of them.</summary>
    private static void AddExact(Column value, int row, ColumnBuffer target)
    {
        if (KeyNarrowing.Append(value, row, target) == KeyFit.Between)
        {
            target.SetCount(target.Count - 1);
        }
    }

    /// <summary>False when no value satisfies the bound.</summary>
    private bool TryBound(IndexBound? bound, bool isFrom, ref IndexBounds bounds)
    {
        if (bound is null)
        {
            return true;
        }

        using var evaluator = EvaluatorFactory.Create(bound.Value, context);
        var target = NewBuffer(TypeOf(plan.Equal.Length));
        var fit = KeyNarrowing.Append(evaluator.Evaluate(Unit, null), 0, target);
        switch (fit)
        {
            case KeyFit.Null: return false;
            case KeyFit.Below: return isFrom;
            case KeyFit.Above: return !isFrom;
        }

        // Above 1.5 is above 1; up to 1.5 is up to 1.
        bounds = isFrom
            ? bounds with { From = target.Column, IncludesFrom = bound.IsInclusive && fit == KeyFit.Exact }
            : bounds with { To = target.Column, IncludesTo = bound.IsInclusive || fit == KeyFit.Between };
        return true;
    }

    private bool TryStart(ref IndexBounds bounds)
    {
        if (plan.Start is not { } start)
        {
            return true;
        }

        using var evaluator = EvaluatorFactory.Create(start.Value, context);
        var value = evaluator.Evaluate(Unit, null);
        if (value.IsNull(0))
        {
            return false;
        }

        var text = value.Get<Bytes>(0).Span;
        bounds = bounds with { Start = start.IsPattern ? LikePattern.LiteralStart(text) : text.ToArray() };
        return true;
    }
}
