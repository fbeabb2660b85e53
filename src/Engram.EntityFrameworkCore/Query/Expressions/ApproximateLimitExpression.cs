using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary>A limit whose rows may be found by a vector index: <c>LIMIT k WITH APPROXIMATE (breadth)</c>. Stands only where a limit does.</summary>
internal sealed class ApproximateLimitExpression(SqlExpression limit, int breadth) : SqlExpression(limit.Type, limit.TypeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public SqlExpression Limit { get; } = limit;

    /// <summary>How many candidates the search keeps in view.</summary>
    public int Breadth { get; } = breadth;

    public ApproximateLimitExpression Update(SqlExpression limit) => limit == Limit ? this : new ApproximateLimitExpression(limit, Breadth);

    public override Expression Quote()
        => New(quotingConstructor ??= typeof(ApproximateLimitExpression).GetConstructors().Single(), Limit.Quote(), Constant(Breadth));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj) || (obj is ApproximateLimitExpression other && base.Equals(other) && Breadth == other.Breadth && Limit.Equals(other.Limit));

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Limit, Breadth);

    protected override Expression VisitChildren(ExpressionVisitor visitor) => Update((SqlExpression)visitor.Visit(Limit));

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Visit(Limit);
        expressionPrinter.Append($" WITH APPROXIMATE ({Breadth})");
    }
}
