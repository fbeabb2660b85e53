using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>The value of an expression for one row.</summary>
internal sealed class ReferenceExpressions
{
    /// <summary>Runs the plan of a subquery.</summary>
    public Func<LogicalPlan, ReferenceRow?, List<ReferenceRow>> Rows { get; set; } = (_, _) => [];

    public object? Value(BoundExpression expression, ReferenceRow? row) => expression switch
    {
        BoundConstant e => e.Value,
        BoundColumn e => row![e.Ordinal],
        BoundCall e => Call(e, row),
        BoundCast e => ReferenceCasts.Cast(Value(e.Operand, row), e.Operand.Type, e.Type, e.IsExplicit),
        BoundLogical e => Logical(e, row),
        BoundNot e => Value(e.Operand, row) is bool b ? !b : null,
        BoundIsNull e => Value(e.Operand, row) is null != e.IsNegated,
        BoundIsDistinct e => ReferenceValues.AreSame(Value(e.Left, row), Value(e.Right, row)) == e.IsNegated,
        BoundCase e => Value(e.Branches.Where(b => Value(b.Condition, row) is true).Select(b => b.Result).FirstOrDefault() ?? e.Otherwise, row),
        BoundCoalesce e => e.Operands.Select(o => Value(o, row)).FirstOrDefault(v => v is not null),
        BoundInList e => Negate(In(Value(e.Operand, row), e.Items.Select(i => Value(i, row))), e.IsNegated),
        LogicalSubquery e => Subquery(e, row),
        _ => throw new NotInReferenceException(expression.GetType().Name),
    };

    /// <summary>x = ANY (values): TRUE, else NULL when something is NULL, else FALSE.</summary>
    public static bool? In(object? value, IEnumerable<object?> items)
    {
        var hasNull = false;
        foreach (var item in items)
        {
            if (value is null || item is null)
            {
                hasNull = true;
            }
            else if (ReferenceValues.Compare(value, item) == 0)
            {
                return true;
            }
        }

        return hasNull ? null : false;
    }

    private static object? Negate(bool? value, bool isNegated) => value is { } b ? b != isNegated : null;

    private bool? Logical(BoundLogical logical, ReferenceRow? row)
    {
        bool? result = logical.IsAnd;
        foreach (var operand in logical.Operands)
        {
            var value = (bool?)Value(operand, row);
            if (value == !logical.IsAnd)
            {
                return value;
            }

            result = value is null ? null : result;
        }

        return result;
    }

    private object? Call(BoundCall call, ReferenceRow? row)
    {
        var arguments = call.Arguments.Select(a => Value(a, row)).ToArray();
        return call.Function.IsStrict && arguments.Contains(null) ? null : ReferenceFunctions.Call(call.Function.Name, arguments, call.Type);
    }

    private object? Subquery(LogicalSubquery subquery, ReferenceRow? row)
    {
        var rows = Rows(subquery.Plan, row);
        var column = subquery.Plan.Columns.Length > 0 ? subquery.Plan.Columns[0].Id : -1;
        return subquery.Kind switch
        {
            SubqueryKind.Exists => rows.Count > 0 != subquery.IsNegated,
            SubqueryKind.In => Negate(In(Value(subquery.Left!, row), rows.Select(r => r.Values[column])), subquery.IsNegated),
            SubqueryKind.Scalar when rows.Count > 1 => throw new ReferenceErrorException("more than one row"),
            SubqueryKind.Scalar => rows.Count == 0 ? null : rows[0].Values[column],
            _ => throw new NotInReferenceException("subquery " + subquery.Kind),
        };
    }
}
