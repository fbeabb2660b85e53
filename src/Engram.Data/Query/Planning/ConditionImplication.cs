using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Whether a query's conditions say that a part of a partial index's condition holds for every row that they let through.</summary>
/// <remarks>
/// Not a theorem prover: a part is implied by a condition that is the same expression; <c>x IS NOT NULL</c> by any comparison of x, which is NULL for NULL; and a comparison of x with a constant
/// by one with a constant that is as strict (x &gt; 5 says x &gt; 3). What a parameter says is not known: one plan fits every value.
/// </remarks>
internal static class ConditionImplication
{
    public static bool Holds(BoundExpression part, ImmutableArray<BoundExpression> conditions)
    {
        foreach (var condition in conditions)
        {
            if (ExpressionTree.AreSame(part, condition) || IsImplied(part, condition))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsImplied(BoundExpression part, BoundExpression condition) => part switch
    {
        BoundIsNull { IsNegated: true, Operand: BoundColumn column } => RejectsNull(condition, column.Ordinal),
        BoundCall call when TryCompare(call, out var expression, out var symbol, out var bound)
            && condition is BoundCall given && TryCompare(given, out var compared, out var by, out var with) && ExpressionTree.AreSame(expression, compared)
            => IsStricter(by, with, symbol, bound),
        _ => false,
    };

    /// <summary>Whether a condition is not TRUE when a column is NULL: comparisons compute nothing from NULL.</summary>
    private static bool RejectsNull(BoundExpression condition, int column) => condition switch
    {
        BoundCall { Function.Name: "=" or "<>" or "<" or "<=" or ">" or ">=", Arguments: [var a, var b] } => IsColumn(a, column) || IsColumn(b, column),
        BoundCall { Function.Name: "like" or "starts_with" or "any_equal", Arguments: [var operand, _] } => IsColumn(operand, column),
        BoundInList { IsNegated: false } list => IsColumn(list.Operand, column),
        _ => false,
    };

    /// <summary>The column itself, or what a conversion makes of it: NULL of NULL.</summary>
    private static bool IsColumn(BoundExpression expression, int column)
        => expression is BoundCast cast ? IsColumn(cast.Operand, column) : expression is BoundColumn found && found.Ordinal == column;

    private static bool TryCompare(BoundCall call, out BoundExpression expression, out string symbol, out IComparable bound)
    {
        (expression, symbol, bound) = (call, "", 0);
        if (call is not { Function.Name: "=" or "<" or "<=" or ">" or ">=", Arguments: [var a, var b] })
        {
            return false;
        }

        symbol = call.Function.Name;
        if (a is BoundConstant)
        {
            (a, b) = (b, a);
            symbol = symbol switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => symbol };
        }

        // Types whose CLR order is that of SQL.
        if (b is not BoundConstant { Type.Kind: TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64 or TypeKind.Decimal, Value: IComparable value })
        {
            return false;
        }

        (expression, bound) = (a, value);
        return true;
    }

    private static bool IsStricter(string given, IComparable with, string wanted, IComparable bound)
    {
        if (with.GetType() != bound.GetType())
        {
            return false;
        }

        var order = with.CompareTo(bound);
        return wanted switch
        {
            ">" => given == ">" ? order >= 0 : given is ">=" or "=" && order > 0,
            ">=" => given is ">" or ">=" or "=" && order >= 0,
            "<" => given == "<" ? order <= 0 : given is "<=" or "=" && order < 0,
            "<=" => given is "<" or "<=" or "=" && order <= 0,
            _ => false,
        };
    }
}
