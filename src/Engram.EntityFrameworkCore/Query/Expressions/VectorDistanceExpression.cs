using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

internal enum VectorOperator
{
    /// <summary><c>&lt;=&gt;</c></summary>
    CosineDistance,

    /// <summary><c>&lt;-&gt;</c></summary>
    L2Distance,

    /// <summary><c>&lt;#&gt;</c>: the inner product with its sign turned, so that smaller is nearer.</summary>
    NegativeInnerProduct,

    /// <summary><c>&lt;+&gt;</c></summary>
    L1Distance,

    /// <summary><c>&lt;~&gt;</c>, of bit strings.</summary>
    HammingDistance,

    /// <summary><c>&lt;%&gt;</c>, of bit strings.</summary>
    JaccardDistance,
}

/// <summary>A distance operator between two vectors, or two bit strings: a double, smaller is nearer. Ordering by one and taking k rows is the database's fused top-k scan.</summary>
internal sealed class VectorDistanceExpression(VectorOperator @operator, SqlExpression left, SqlExpression right, RelationalTypeMapping? typeMapping)
    : SqlExpression(typeof(double), typeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public VectorOperator Operator { get; } = @operator;

    public SqlExpression Left { get; } = left;

    public SqlExpression Right { get; } = right;

    public string Symbol => Operator switch
    {
        VectorOperator.CosineDistance => "<=>",
        VectorOperator.L2Distance => "<->",
        VectorOperator.L1Distance => "<+>",
        VectorOperator.HammingDistance => "<~>",
        VectorOperator.JaccardDistance => "<%>",
        _ => "<#>",
    };

    public VectorDistanceExpression Update(SqlExpression left, SqlExpression right)
        => left == Left && right == Right ? this : new VectorDistanceExpression(Operator, left, right, TypeMapping);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(VectorDistanceExpression).GetConstructors().Single(),
            Constant(Operator), Left.Quote(), Right.Quote(), RelationalExpressionQuotingUtilities.QuoteTypeMapping(TypeMapping));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj)
            || (obj is VectorDistanceExpression other && base.Equals(other) && Operator == other.Operator && Left.Equals(other.Left) && Right.Equals(other.Right));

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Operator, Left, Right);

    protected override Expression VisitChildren(ExpressionVisitor visitor)
        => Update((SqlExpression)visitor.Visit(Left), (SqlExpression)visitor.Visit(Right));

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Append("(");
        expressionPrinter.Visit(Left);
        expressionPrinter.Append($" {Symbol} ");
        expressionPrinter.Visit(Right);
        expressionPrinter.Append(")");
    }
}
