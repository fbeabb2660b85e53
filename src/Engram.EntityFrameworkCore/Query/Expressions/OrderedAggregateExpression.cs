using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary>An aggregate over rows in an order: <c>string_agg(x, ', ' ORDER BY y)</c>.</summary>
internal sealed class OrderedAggregateExpression(
    string function, IReadOnlyList<SqlExpression> arguments, IReadOnlyList<OrderingExpression> orderings, Type type, RelationalTypeMapping? typeMapping)
    : SqlExpression(type, typeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public string Function { get; } = function;

    public IReadOnlyList<SqlExpression> Arguments { get; } = arguments;

    public IReadOnlyList<OrderingExpression> Orderings { get; } = orderings;

    public OrderedAggregateExpression Update(IReadOnlyList<SqlExpression> arguments, IReadOnlyList<OrderingExpression> orderings)
        => arguments.SequenceEqual(Arguments, ReferenceEqualityComparer.Instance) && orderings.SequenceEqual(Orderings, ReferenceEqualityComparer.Instance)
            ? this
            : new OrderedAggregateExpression(Function, arguments, orderings, Type, TypeMapping);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(OrderedAggregateExpression).GetConstructors().Single(),
            Constant(Function),
            NewArrayInit(typeof(SqlExpression), Arguments.Select(a => a.Quote())),
            NewArrayInit(typeof(OrderingExpression), Orderings.Select(o => o.Quote())),
            Constant(Type),
            RelationalExpressionQuotingUtilities.QuoteTypeMapping(TypeMapping));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj)
            || (obj is OrderedAggregateExpression other && base.Equals(other) && Function == other.Function
                && Arguments.SequenceEqual(other.Arguments) && Orderings.SequenceEqual(other.Orderings));

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(base.GetHashCode());
        hash.Add(Function);
        foreach (var argument in Arguments)
        {
            hash.Add(argument);
        }

        return hash.ToHashCode();
    }

    protected override Expression VisitChildren(ExpressionVisitor visitor)
        => Update([.. Arguments.Select(a => (SqlExpression)visitor.Visit(a))], [.. Orderings.Select(o => (OrderingExpression)visitor.Visit(o))]);

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Append(Function).Append("(");
        expressionPrinter.VisitCollection(Arguments);
        expressionPrinter.Append(" ORDER BY ");
        expressionPrinter.VisitCollection(Orderings);
        expressionPrinter.Append(")");
    }
}
