using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary>An operator of the dialect that EF Core's tree has no node for, between two operands: <c>a &lt;&lt; b</c>. It gives NULL when either is.</summary>
internal sealed class OperatorExpression(string symbol, SqlExpression left, SqlExpression right, Type type, RelationalTypeMapping? typeMapping)
    : SqlExpression(type, typeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public string Symbol { get; } = symbol;

    public SqlExpression Left { get; } = left;

    public SqlExpression Right { get; } = right;

    public OperatorExpression Update(SqlExpression left, SqlExpression right)
        => left == Left && right == Right ? this : new OperatorExpression(Symbol, left, right, Type, TypeMapping);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(OperatorExpression).GetConstructors().Single(),
            Constant(Symbol), Left.Quote(), Right.Quote(), Constant(Type), RelationalExpressionQuotingUtilities.QuoteTypeMapping(TypeMapping));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj)
            || (obj is OperatorExpression other && base.Equals(other) && Symbol == other.Symbol && Left.Equals(other.Left) && Right.Equals(other.Right));

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Symbol, Left, Right);

    protected override Expression VisitChildren(ExpressionVisitor visitor)
        => Update((SqlExpression)visitor.Visit(Left), (SqlExpression)visitor.Visit(Right));

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Visit(Left);
        expressionPrinter.Append($" {Symbol} ");
        expressionPrinter.Visit(Right);
    }
}
