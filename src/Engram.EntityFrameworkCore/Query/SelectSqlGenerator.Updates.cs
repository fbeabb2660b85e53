using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary><c>UPDATE t … FROM a CROSS JOIN b WHERE …</c>: what is joined inside by a condition that names t stands in WHERE, since the joins of FROM do not see t.</summary>
internal sealed partial class SelectSqlGenerator
{
    protected override Expression VisitUpdate(UpdateExpression updateExpression)
    {
        var select = updateExpression.SelectExpression;
        var predicate = select.Predicate;
        var tables = new List<TableExpressionBase>(select.Tables.Count);
        var isFirst = true;
        foreach (var table in select.Tables)
        {
            var isTarget = ((table as JoinExpressionBase)?.Table ?? table).Alias == updateExpression.Table.Alias;

            // EF Core moves the conditions of the target and of the first of the others by itself.
            if (!isTarget && !isFirst && table is InnerJoinExpression join && QueryTranslator.Names(updateExpression.Table.Alias, join.JoinPredicate))
            {
                predicate = predicate is null ? join.JoinPredicate
                    : new SqlBinaryExpression(ExpressionType.AndAlso, predicate, join.JoinPredicate, predicate.Type, predicate.TypeMapping);
                tables.Add(new CrossJoinExpression(join.Table));
            }
            else
            {
                tables.Add(table);
            }

            isFirst &= isTarget;
        }

        return base.VisitUpdate(ReferenceEquals(predicate, select.Predicate) ? updateExpression : updateExpression.Update(
            select.Update(tables, predicate, select.GroupBy, select.Having, select.Projection, select.Orderings, select.Offset, select.Limit), updateExpression.ColumnValueSetters));
    }
}
