using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;

namespace Engram.Data.Query.Planning;

/// <summary>Computes while planning what is the same for every row: calls of immutable functions on constants, and conditions that these decide.</summary>
/// <remarks>
/// What fails is left as it is, to fail when a row asks for it, if one does. Only values of fixed size are computed, of short texts at most: a plan is not the place for
/// <c>repeat('x', 100000000)</c>. Conversions of text into moments are left too, since 'now' is one.
/// </remarks>
internal static class ConstantFolding
{
    private const int TextSizeCharsMax = 1000;

    public static LogicalPlan Apply(LogicalPlan plan) => LogicalTree.RewriteExpressions(plan, Fold);

    public static BoundExpression Fold(BoundExpression expression)
        => ExpressionTree.IsLeaf(expression) ? expression
            : expression is BoundCast { Operand: var operand } && ExpressionTree.IsLeaf(operand) ? Compute(expression)
            : FoldTree(expression);

    private static BoundExpression FoldTree(BoundExpression expression)
    {
        // From the bottom: an operand that is folded may make its parent constant.
        var folded = ExpressionTree.Rewrite(expression, e => ReferenceEquals(e, expression) ? null : Fold(e));
        return folded switch
        {
            BoundLogical e => FoldLogical(e),
            BoundCase e => FoldCase(e),
            BoundCoalesce e => FoldCoalesce(e),
            BoundCall { Function.Volatility: Volatility.Immutable } or BoundCast or BoundNot or BoundIsNull or BoundIsDistinct or BoundInList => Compute(folded),
            _ => folded,
        };
    }

    private static BoundExpression FoldLogical(BoundLogical expression)
    {
        var decides = !expression.IsAnd;
        if (expression.Operands.Any(o => o is BoundConstant { Value: bool value } && value == decides))
        {
            return new BoundConstant(DataType.Boolean, decides);
        }

        var rest = expression.Operands.RemoveAll(o => o is BoundConstant { Value: bool });
        return rest.Length switch
        {
            0 => new BoundConstant(DataType.Boolean, !decides),
            1 when rest[0].Type == DataType.Boolean => rest[0],
            _ => expression with { Operands = rest },
        };
    }

    private static BoundExpression FoldCase(BoundCase expression)
    {
        var branches = ImmutableArray.CreateBuilder<(BoundExpression, BoundExpression)>();
        var otherwise = expression.Otherwise;
        foreach (var branch in expression.Branches)
        {
            if (branch.Condition is BoundConstant { Value: true })
            {
                otherwise = branch.Result;
                break;
            }

            if (branch.Condition is not BoundConstant { Value: null or false })
            {
                branches.Add(branch);
            }
        }

        return branches.Count == 0 && otherwise.Type == expression.Type ? otherwise
            : branches.Count == 0 ? expression
            : expression with { Branches = branches.ToImmutable(), Otherwise = otherwise };
    }

    private static BoundExpression FoldCoalesce(BoundCoalesce expression)
    {
        var operands = ImmutableArray.CreateBuilder<BoundExpression>();
        foreach (var operand in expression.Operands)
        {
            if (operand is not BoundConstant { Value: null })
            {
                operands.Add(operand);
            }

            if (operand is BoundConstant { Value: not null })
            {
                break;
            }
        }

        return operands.Count == 0 ? expression.Operands[0].Type == expression.Type ? expression.Operands[0] : expression
            : operands.Count == 1 && operands[0].Type == expression.Type ? operands[0]
            : expression with { Operands = operands.ToImmutable() };
    }

    private static BoundExpression Compute(BoundExpression expression)
    {
        if (!IsPlain(expression.Type) || (expression is BoundCast cast && !(IsNumber(cast.Type) || IsNumber(cast.Operand.Type)))
            || !ExpressionTree.Children(expression).All(c => c is BoundConstant constant && IsOperand(constant)))
        {
            return expression;
        }

        try
        {
            return new BoundConstant(expression.Type, Evaluate(expression));
        }
        catch (EngramException)
        {
            return expression;
        }
    }

    /// <summary>The value of an expression that reads neither rows nor the database.</summary>
    public static object? Evaluate(BoundExpression expression)
    {
        var unit = new Batch(0) { RowCount = 1 };
        var context = new StatementContext(null!, null, unit, TimeProvider.System, default);
        using var evaluator = EvaluatorFactory.Create(expression, context);
        return ClrValue.Read(evaluator.Evaluate(unit, null), 0);
    }

    private static bool IsOperand(BoundConstant constant)
        => constant.Type.Kind is >= TypeKind.Boolean and <= TypeKind.Interval && (constant.Value is not string text || text.Length <= TextSizeCharsMax);

    private static bool IsPlain(DataType type)
        => IsNumber(type) || type.Kind is TypeKind.Uuid or TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.Interval;

    private static bool IsNumber(DataType type) => type.IsNumeric || type.Kind == TypeKind.Boolean;
}
