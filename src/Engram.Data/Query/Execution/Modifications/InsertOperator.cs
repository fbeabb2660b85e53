using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>INSERT: each batch of the source becomes a batch of whole rows: given values, identity numbers, defaults, then computed columns.</summary>
internal sealed class InsertOperator : DmlOperator
{
    private readonly InsertPlan plan;
    private readonly Operator source;
    private readonly Evaluator?[] expressions;
    private readonly bool[] isComputed;
    private readonly CompactRows compact;
    private readonly ColumnBuffer?[] numbers;
    private readonly RowChecks checks;

    // The conditions of views, where ON CONFLICT leaves rows out that do not have to meet them.
    private readonly RowChecks? checkOptions;
    private readonly ReferencingKeys references;
    private readonly ConflictResolution? conflicts;
    private readonly Batch rows;

    public InsertOperator(InsertPlan plan, Operator source, StatementContext context)
        : base(plan, plan.Returning, context)
    {
        (this.plan, this.source) = (plan, source);
        expressions = new Evaluator?[plan.Columns.Length];
        isComputed = new bool[plan.Columns.Length];
        for (var i = 0; i < expressions.Length; i++)
        {
            if (plan.Columns[i].Expression is { } expression)
            {
                expressions[i] = EvaluatorFactory.Create(expression, context);
                isComputed[i] = PlanWalker.ColumnsOf(expression).Length > 0;
            }
        }

        compact = new CompactRows(plan.Columns.Length);
        numbers = new ColumnBuffer?[plan.Columns.Length];
        var options = plan.Conflict is null ? 0 : plan.CheckNames.Count(RowChecks.IsCheckOption);
        var own = plan.Checks.Length - options;
        checks = new RowChecks(plan.Table, plan.Checks[..own], options == 0 ? plan.CheckNames : plan.CheckNames[..own], context);
        checkOptions = options == 0 ? null : new RowChecks(plan.Table, plan.Checks[own..], plan.CheckNames[own..], context);
        references = new ReferencingKeys(plan.Table, null, context);
        rows = new Batch(plan.Columns.Length);
        conflicts = plan.Conflict is null ? null : new ConflictResolution(plan, context, Insert, Return);
    }

    /// <summary>Where the rows go.</summary>
    private RowTarget Target => Context.Target ?? Transaction;

    public override void Dispose()
    {
        base.Dispose();
        source.Dispose();
        compact.Dispose();
        checks.Dispose();
        checkOptions?.Dispose();
        references.Dispose();
        conflicts?.Dispose();
        foreach (var expression in expressions)
        {
            expression?.Dispose();
        }

        foreach (var column in numbers)
        {
            column?.Dispose();
        }
    }

    protected override void Run()
    {
        AddSources();
        if (conflicts is not null)
        {
            conflicts.Finish();
            AffectedRows += conflicts.UpdatedRows;
        }

        Complete();
    }

    /// <summary>Inserts the rows of a batch that has the source's columns.</summary>
    private void Add(Batch batch)
    {
        Context.Cancellation.ThrowIfCancellationRequested();
        rows.RowCount = batch.SelectedCount;
        try
        {
            FillGiven(batch);
            FillExpressions(computed: false);
            FillExpressions(computed: true);
            for (var i = 0; i < rows.Columns.Length; i++)
            {
                checks.CheckColumn(plan.Table.Columns[i], rows.Columns[i], rows.RowCount);
            }

            checks.CheckRows(rows);
        }
        catch (EngramException e) when (Context.Target is null && BatchHalves.Help(e, batch))
        {
            var (first, second) = BatchHalves.Of(batch);
            Add(first);
            Add(second);
            return;
        }

        if (conflicts is null)
        {
            Insert(rows);
        }
        else
        {
            conflicts.Add(rows);
        }
    }

    private RowIdRange Insert(Batch whole)
    {
        checkOptions?.CheckRows(whole);
        var range = Target.Insert(plan.Table.Id, whole);
        Context.Changed?.AddInserted(plan.Table.Id, range);
        references.Add(whole);
        Return(whole);
        Written?.Invoke(whole);
        AffectedRows += whole.RowCount;
        return range;
    }

    /// <summary>Told of whole rows when they are inserted, in the order of the source; not where conflicts leave rows out. What the source gives as one batch may be inserted in parts.</summary>
    public Action<Batch>? Written { get; set; }

    /// <summary>Inserts the next batch of the source, for one who pushes batches into a source that gives each as one.</summary>
    public void AddSource() => Add(source.Next() ?? throw Error.Internal("there is no batch to insert"));

    /// <summary>Inserts what the source gives until it has no more for now: one batch that is pushed may come out as several.</summary>
    public void AddSources()
    {
        while (source.Next() is { } batch)
        {
            Add(batch);
        }
    }

    /// <summary>Hands over what must hold at the end of the statement.</summary>
    public void Complete() => references.Finish();

    /// <summary>Checks it, for one who inserts without a statement.</summary>
    public void Verify(Transaction transaction) => references.Verify(transaction);

    private void FillGiven(Batch batch)
    {
        for (var i = 0; i < plan.Columns.Length; i++)
        {
            var column = plan.Table.Columns[i];
            switch (plan.Columns[i].Kind)
            {
                case InsertValue.Source:
                    var given = compact.Take(i, batch.Columns[plan.Columns[i].Ordinal], batch.RowCount, batch.Selection);
                    rows.Columns[i] = column.Identity == IdentityKind.None ? given : FillNumbers(i, column, given);
                    break;
                case InsertValue.Identity:
                    rows.Columns[i] = FillNumbers(i, column, null);
                    break;
            }
        }
    }

    /// <summary>Columns that read no others first (defaults), then those that are computed from them.</summary>
    private void FillExpressions(bool computed)
    {
        for (var i = 0; i < expressions.Length; i++)
        {
            if (expressions[i] is { } expression && isComputed[i] == computed)
            {
                rows.Columns[i] = expression.Evaluate(rows, null);
            }
        }
    }

    /// <summary>Gives a number to each row that has none. Numbers that are given move the counter on first, so that new ones come after them.</summary>
    private Column FillNumbers(int place, ColumnDefinition column, Column? given)
    {
        var missing = rows.RowCount;
        if (given is not null)
        {
            missing = 0;
            long? last = null;
            for (var row = 0; row < rows.RowCount; row++)
            {
                if (given.IsNull(row))
                {
                    missing++;
                    continue;
                }

                // A number beyond bigint leaves the identity where bigint ends.
                var value = given.Type.Kind == TypeKind.UInt64
                    ? (long)Math.Min(given.Get<ulong>(row), long.MaxValue)
                    : Convert.ToInt64(ClrValue.Read(given, row), CultureInfo.InvariantCulture);
                last = last is null ? value : column.IdentityIncrement < 0 ? Math.Min(last.Value, value) : Math.Max(last.Value, value);
            }

            if (last is { } used)
            {
                Target.AdvanceIdentity(plan.Table.Id, column.Id, used);
            }

            if (missing == 0)
            {
                return given;
            }
        }

        var next = Target.NextIdentity(plan.Table.Id, column.Id, missing);
        var target = numbers[place] ??= new ColumnBuffer(column.Type);
        target.Clear();
        for (var row = 0; row < rows.RowCount; row++)
        {
            if (given is not null && !given.IsNull(row))
            {
                target.AppendFrom(given, row);
                continue;
            }

            AppendNumber(target, next, column);
            next += column.IdentityIncrement;
        }

        return target.Column;
    }

    private void AppendNumber(ColumnBuffer target, long value, ColumnDefinition column)
    {
        try
        {
            checked
            {
                switch (column.Type.Kind)
                {
                    case TypeKind.Int16: target.Append((short)value); break;
                    case TypeKind.Int32: target.Append((int)value); break;
                    case TypeKind.Int64: target.Append(value); break;
                    default: ClrValue.Append(target, Convert.ChangeType(value, ClrValue.ClrType(column.Type), CultureInfo.InvariantCulture)); break;
                }
            }
        }
        catch (OverflowException)
        {
            throw Error.IdentityExhausted(plan.Table.Name, column.Name, column.Type.ToString());
        }
    }
}
