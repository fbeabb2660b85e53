using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution;

/// <summary>Makes the evaluator of a bound expression for one running statement.</summary>
internal static class EvaluatorFactory
{
    /// <summary>From how many constants on IN looks its operand up in a hash table instead of comparing it with each.</summary>
    private const int InSetCountMin = 8;

    public static Evaluator Create(BoundExpression expression, StatementContext context) => Within(CreateBare(expression, context), context);

    private static Evaluator CreateBare(BoundExpression expression, StatementContext context) => expression switch
    {
        BoundConstant e => new ConstantEvaluator(e.Type, e.Value),
        BoundParameter e => CreateParameter(e, context),
        BoundColumn e => new ColumnEvaluator(e.Type, e.Ordinal),
        BoundSlot e => new ValueEvaluator(e.Type, context.Slot(e.Slot, e.Type).Column, isStable: false),
        BoundCall e => CreateCall(e, context),
        BoundCast e => CastFactory.Create(e.Type, Create(e.Operand, context), e.Target, e.IsExplicit),
        BoundLogical e => new LogicalEvaluator(e.IsAnd, Create(e.Operands, context)),
        BoundNot e => new UnaryEvaluator<byte, byte, LogicalNot>(DataType.Boolean, Create(e.Operand, context)),
        BoundIsNull e => new IsNullEvaluator(Create(e.Operand, context), e.IsNegated),
        BoundIsDistinct e => new IsDistinctEvaluator(Create(e.Left, context), Create(e.Right, context), e.IsNegated),
        BoundCase e => CreateCase(e, context),
        BoundCoalesce e => new CoalesceEvaluator(e.Type, Create(e.Operands, context)),
        BoundInList e => CreateInList(e, context),
        BoundSubquery e => CreateSubquery(e, context),
        _ => throw Error.Internal($"no evaluator for {expression.GetType().Name}"),
    };

    /// <summary>Apart: a lambda that takes the context costs an object at each call of the method that it stands in.</summary>
    private static CaseEvaluator CreateCase(BoundCase e, StatementContext context)
        => new(e.Type, [.. e.Branches.Select(b => (Create(b.Condition, context), Create(b.Result, context)))], Create(e.Otherwise, context));

    public static Evaluator[] Create(ImmutableArray<BoundExpression> expressions, StatementContext context)
    {
        var evaluators = new Evaluator[expressions.Length];
        for (var i = 0; i < evaluators.Length; i++)
        {
            evaluators[i] = Create(expressions[i], context);
        }

        return evaluators;
    }

    private static ValueEvaluator CreateParameter(BoundParameter parameter, StatementContext context)
    {
        var view = new Column(parameter.Type);
        view.SetView(context.Parameters.Columns[parameter.Index]);
        view.IsConstant = true;
        context.ParameterViews?.Add((view, parameter.Index));
        return new ValueEvaluator(parameter.Type, view, isStable: true);
    }

    private static Evaluator CreateCall(BoundCall call, StatementContext context)
    {
        var create = call.Function.CreateEvaluator ?? throw Error.Internal($"{call.Function.Name} has no evaluator");
        return create(call.Type, [.. Create(call.Arguments, context)], context);
    }

    /// <summary>Tells an evaluator whose statement it works for, so that it looks whether that is cancelled, and how much it may make.</summary>
    private static Evaluator Within(Evaluator evaluator, StatementContext context)
    {
        if (evaluator is ResultEvaluator result)
        {
            result.Statement = context;
        }

        return evaluator;
    }

    private static Evaluator CreateInList(BoundInList list, StatementContext context)
    {
        var operand = Create(list.Operand, context);
        // Slots change while a statement runs: only true constants may be put into a set once.
        if (list.Items.Length >= InSetCountMin && list.Items.All(i => i is BoundConstant or BoundParameter))
        {
            var set = new ValueSet(list.Operand.Type);
            foreach (var item in list.Items)
            {
                using var value = Create(item, context);
                set.Add(value.Evaluate(context.Parameters, null), 1, null);
            }

            return new InSetEvaluator(operand, set, list.IsNegated);
        }

        var held = new HeldEvaluator(operand.Type);
        var equalities = list.Items.Select(i => Comparisons.Create(operand.Type, ComparisonKind.Equal, held, Create(i, context)));
        return new InListEvaluator(operand, held, new LogicalEvaluator(isAnd: false, [.. equalities]), list.IsNegated);
    }

    private static SubqueryEvaluator CreateSubquery(BoundSubquery subquery, StatementContext context)
    {
        var left = subquery.Left is null ? null : Create(subquery.Left, context);
        var outer = subquery.Outer.Select(o => (Create(o.Value, context), context.Slot(o.Slot, o.Value.Type))).ToArray();
        return new SubqueryEvaluator(subquery, left, outer, context);
    }
}
