using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary><c>item = ANY (array)</c>: one parameter for any number of values, so that the text of the statement and its plan stay the same.</summary>
internal sealed class ArrayAnyExpression(SqlExpression item, SqlExpression array, RelationalTypeMapping? typeMapping)
    : SqlExpression(typeof(bool), typeMapping)
{
    private static ConstructorInfo? quotingConstructor;

    public SqlExpression Item { get; } = item;

    public SqlExpression Array { get; } = array;

    public ArrayAnyExpression Update(SqlExpression item, SqlExpression array)
        => item == Item && array == Array ? this : new ArrayAnyExpression(item, array, TypeMapping);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(ArrayAnyExpression).GetConstructors().Single(),
            Item.Quote(), Array.Quote(), RelationalExpressionQuotingUtilities.QuoteTypeMapping(TypeMapping));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj)
            || (obj is ArrayAnyExpression other && base.Equals(other) && Item.Equals(other.Item) && Array.Equals(other.Array));

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Item, Array);

    protected override Expression VisitChildren(ExpressionVisitor visitor)
        => Update((SqlExpression)visitor.Visit(Item), (SqlExpression)visitor.Visit(Array));

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Visit(Item);
        expressionPrinter.Append(" = ANY (");
        expressionPrinter.Visit(Array);
        expressionPrinter.Append(")");
    }
}
