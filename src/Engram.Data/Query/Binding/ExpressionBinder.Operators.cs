using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Operators and predicates.</summary>
internal sealed partial class ExpressionBinder
{
    private BoundExpression BindUnary(UnarySyntax syntax)
    {
        // A sign before a number is part of it: the least bigint has no positive counterpart.
        if (syntax.Operator is "-" or "+" && syntax.Operand is IntegerLiteralSyntax or NumberLiteralSyntax)
        {
            if (syntax.Operator == "-" && syntax.Operand is NumberLiteralSyntax { Text: "9223372036854775808" })
            {
                return new BoundConstant(DataType.Int64, long.MinValue);
            }

            var number = (BoundConstant)Bind(syntax.Operand);
            return syntax.Operator == "+" ? number : number.Value switch
            {
                int v => Integer(-(long)v),
                long v => Integer(-v),
                decimal v => number with { Value = -v },
                double v => number with { Value = -v },
                _ => throw Error.Internal("a number literal of an unknown type"),
            };
        }

        var operand = Bind(syntax.Operand);
        return Resolve(syntax.Operator, FunctionKind.Scalar, [operand], syntax.Position, isOperator: true).Expression;
    }

    private BoundExpression BindBinary(BinarySyntax syntax)
    {
        if (syntax.Left is RowSyntax left && syntax.Right is RowSyntax right)
        {
            return CompareRows(syntax.Operator, left, right, syntax.ErrorPosition);
        }

        if (syntax is { Left: RowSyntax, Right: ScalarSubquerySyntax } or { Left: ScalarSubquerySyntax, Right: RowSyntax })
        {
            return CompareWithRowOf(syntax);
        }

        var (a, b) = (Bind(syntax.Left), Bind(syntax.Right));
        if (syntax.Operator == "||")
        {
            (a, b) = (AsTextBeside(a, b), AsTextBeside(b, a));
        }

        return Compare(syntax.Operator, a, b, syntax.ErrorPosition);
    }

    /// <summary>As in PostgreSQL, <c>||</c> takes anything beside a text.</summary>
    private static BoundExpression AsTextBeside(BoundExpression value, BoundExpression other)
        => !Coercion.IsUntyped(value) && value.Type.Kind is not (TypeKind.Text or TypeKind.Array or TypeKind.Json or TypeKind.Bytea)
            && (other.Type.Kind == TypeKind.Text || (Coercion.IsUntyped(other) && value.Type.Kind != TypeKind.Vector))
            ? new BoundCast(DataType.Text, value, true)
            : value;

    private static bool IsComparison(string symbol) => symbol is "=" or "<>" or "<" or "<=" or ">" or ">=";

    private static BoundExpression Compare(string symbol, BoundExpression a, BoundExpression b, int position)
        => Resolve(symbol, FunctionKind.Scalar, [a, b], position, isOperator: true).Expression;

    /// <summary>Rows compare element by element, the first difference deciding.</summary>
    private BoundExpression CompareRows(string symbol, RowSyntax left, RowSyntax right, int position)
    {
        if (left.Items.Count != right.Items.Count)
        {
            throw Error.ColumnCount("The right row", left.Items.Count, right.Items.Count, position);
        }

        return CompareRows(symbol, [.. left.Items.Select(Bind)], [.. right.Items.Select(Bind)], position);
    }

    private static BoundExpression CompareRows(string symbol, BoundExpression[] left, BoundExpression[] right, int position)
    {
        if (!IsComparison(symbol))
        {
            throw Error.UndefinedOperator($"record {symbol} record", position);
        }

        BoundExpression Pair(string op, int i) => Compare(op, left[i], right[i], position);
        var count = left.Length;
        if (symbol is "=" or "<>")
        {
            var pairs = Enumerable.Range(0, count).Select(i => Pair(symbol, i)).ToArray();
            return pairs.Length == 1 ? pairs[0] : new BoundLogical(symbol == "=", [.. pairs]);
        }

        // (a, b) < (c, d) is a < c OR (a = c AND b < d); the last pair alone may be equal, for <= and >=.
        var strict = symbol[..1];
        var result = Pair(symbol, count - 1);
        for (var i = count - 2; i >= 0; i--)
        {
            result = new BoundLogical(false, [Pair(strict, i), new BoundLogical(true, [Pair("=", i), result])]);
        }

        return result;
    }

    private BoundExpression BindIs(IsSyntax syntax)
    {
        if (syntax.Test == TruthTest.Null)
        {
            if (syntax.Operand is RowSyntax row)
            {
                // A row IS [NOT] NULL when all of its values are.
                return new BoundLogical(true, [.. row.Items.Select(i => new BoundIsNull(BindValue(i), syntax.IsNegated))]);
            }

            return new BoundIsNull(BindValue(syntax.Operand), syntax.IsNegated);
        }

        var operand = BindCondition(syntax.Operand, "the operand of IS");
        return syntax.Test == TruthTest.Unknown
            ? new BoundIsNull(operand, syntax.IsNegated)
            : new BoundIsDistinct(operand, new BoundConstant(DataType.Boolean, syntax.Test == TruthTest.True), !syntax.IsNegated);
    }

    private BoundExpression BindIsDistinct(IsDistinctFromSyntax syntax)
    {
        if (syntax.Left is RowSyntax leftRow && syntax.Right is RowSyntax rightRow)
        {
            return AreRowsDistinct(leftRow, rightRow, syntax);
        }

        var (left, right) = (Bind(syntax.Left), Bind(syntax.Right));
        if (left is BoundConstant { Value: null } || right is BoundConstant { Value: null })
        {
            var other = left is BoundConstant { Value: null } ? right : left;
            return new BoundIsNull(Coercion.Settle(other), !syntax.IsNegated);
        }

        // The types that "=" would compare in.
        var equals = (BoundCall)Compare("=", left, right, syntax.ErrorPosition);
        return new BoundIsDistinct(equals.Arguments[0], equals.Arguments[1], syntax.IsNegated);
    }

    private BoundExpression BindLike(LikeSyntax syntax)
    {
        List<BoundExpression> arguments = [Bind(syntax.Operand), Bind(syntax.Pattern)];
        if (syntax.Escape != null)
        {
            arguments.Add(Bind(syntax.Escape));
        }

        var call = Call(syntax.Kind switch { LikeKind.Like => "like", LikeKind.ILike => "ilike", _ => "similar_to" }, arguments, syntax.ErrorPosition);
        return syntax.IsNegated ? new BoundNot(call) : call;
    }

    private BoundExpression BindBetween(BetweenSyntax syntax)
    {
        var (operand, low, high) = (Bind(syntax.Operand), Bind(syntax.Low), Bind(syntax.High));
        BoundExpression Inside(BoundExpression from, BoundExpression to)
            => new BoundLogical(true, [Compare(">=", operand, from, syntax.ErrorPosition), Compare("<=", operand, to, syntax.ErrorPosition)]);
        var result = syntax.IsSymmetric ? new BoundLogical(false, [Inside(low, high), Inside(high, low)]) : Inside(low, high);
        return syntax.IsNegated ? new BoundNot(result) : result;
    }

    private BoundExpression BindInList(InListSyntax syntax)
    {
        if (syntax.Operand is RowSyntax row)
        {
            return BindRowInList(row, syntax);
        }

        var operand = Bind(syntax.Operand);
        var items = syntax.Items.Select(Bind).ToList();

        // One "=" for each item decides its type; when all agree, as nearly always, the list is one node.
        var comparisons = items.ConvertAll(i => (BoundCall)Compare("=", operand, i, syntax.ErrorPosition));
        var first = comparisons[0];
        if (comparisons.TrueForAll(c => ReferenceEquals(c.Function, first.Function) && c.Arguments[0].Type.Collation == first.Arguments[0].Type.Collation))
        {
            return new BoundInList(first.Arguments[0], [.. comparisons.Select(c => c.Arguments[1])], syntax.IsNegated);
        }

        var any = new BoundLogical(false, [.. comparisons]);
        return syntax.IsNegated ? new BoundNot(any) : any;
    }

    private BoundExpression BindRowInList(RowSyntax row, InListSyntax syntax)
    {
        var matches = syntax.Items.Select(i => i is RowSyntax item
            ? CompareRows("=", row, item, syntax.ErrorPosition)
            : throw Error.SyntaxRule($"IN compares rows of {row.Items.Count} values; this is no row.", i.Position)).ToArray();
        BoundExpression any = matches.Length == 1 ? matches[0] : new BoundLogical(false, [.. matches]);
        return syntax.IsNegated ? new BoundNot(any) : any;
    }

    /// <summary><c>x op ANY | ALL (array or query)</c>.</summary>
    private BoundExpression BindQuantified(QuantifiedSyntax syntax)
    {
        var isIn = syntax is { Operator: "=", IsAll: false };
        var isNotIn = syntax is { Operator: "<>", IsAll: true };
        if (!isIn && !isNotIn)
        {
            return BindComparedWithEach(syntax);
        }

        if (syntax.Query != null)
        {
            return BindInSubquery(syntax.Left, syntax.Query, isNotIn, syntax.ErrorPosition);
        }

        if (syntax.Array is ArraySyntax { Items.Count: > 0 } list)
        {
            return BindInList(new InListSyntax(syntax.Span, syntax.Left, list.Items, isNotIn) { OperatorPosition = syntax.OperatorPosition });
        }

        var (left, array) = (Bind(syntax.Left), Bind(syntax.Array!));
        if (array.Type.Kind == TypeKind.Unknown && left.Type.Kind is not (TypeKind.Unknown or TypeKind.Array))
        {
            // A null parameter, or '{1,2}': an array of what it is compared with.
            array = Coercion.Convert(array, DataType.ArrayOf(left.Type.Kind), false);
        }

        var call = Call("any_equal", [left, array], syntax.ErrorPosition);
        return isNotIn ? new BoundNot(call) : call;
    }
}
