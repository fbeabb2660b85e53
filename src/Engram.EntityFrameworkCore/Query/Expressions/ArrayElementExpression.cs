using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary><c>array[place]</c>: places count from 1; NULL where there is no element.</summary>
internal sealed class ArrayElementExpression(SqlExpression array, SqlExpression place, Type type, RelationalTypeMapping? typeMapping)
    : SqlExpression(type, typeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public SqlExpression Array { get; } = array;

    public SqlExpression Place { get; } = place;

    public ArrayElementExpression Update(SqlExpression array, SqlExpression place)
        => array == Array && place == Place ? this : new ArrayElementExpression(array, place, Type, TypeMapping);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(ArrayElementExpression).GetConstructors().Single(),
            Array.Quote(), Place.Quote(), Constant(Type), RelationalExpressionQuotingUtilities.QuoteTypeMapping(TypeMapping));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj) || (obj is ArrayElementExpression other && base.Equals(other) && Array.Equals(other.Array) && Place.Equals(other.Place));

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Array, Place);

    protected override Expression VisitChildren(ExpressionVisitor visitor)
        => Update((SqlExpression)visitor.Visit(Array), (SqlExpression)visitor.Visit(Place));

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Visit(Array);
        expressionPrinter.Append("[");
        expressionPrinter.Visit(Place);
        expressionPrinter.Append("]");
    }
}
