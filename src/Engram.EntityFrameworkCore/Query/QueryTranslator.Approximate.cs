using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <content>
/// <c>WithApproximate</c> belongs to the limit of a SELECT, and is carried by it: wherever EF Core moves the limit, as into a subquery, the word moves along.
/// It may stand after <c>Take</c>, or before it and before <c>First</c>; what stands between must leave the same SELECT.
/// </content>
internal sealed partial class QueryTranslator
{
    /// <summary>The SELECT that was told so before it had a limit, and the breadth of its search.</summary>
    private (SelectExpression Select, int Breadth)? approximate;

    public override Expression Translate(Expression expression)
    {
        var translation = base.Translate(expression);
        RequireLimit();
        return translation;
    }

    protected override Expression VisitMethodCall(MethodCallExpression methodCallExpression)
    {
        if (methodCallExpression.Method.DeclaringType == typeof(EngramQueryableExtensions)
            && methodCallExpression.Method.Name == nameof(EngramQueryableExtensions.WithApproximate))
        {
            var source = Visit(methodCallExpression.Arguments[0]);
            if (source is not ShapedQueryExpression { QueryExpression: SelectExpression select })
            {
                return QueryCompilationContext.NotTranslatedExpression;
            }

            RequireLimit();
            approximate = (select, (int)((ConstantExpression)methodCallExpression.Arguments[1]).Value!);
            ApplyBreadth(select);
            return source;
        }

        var result = base.VisitMethodCall(methodCallExpression);
        if (result is ShapedQueryExpression { QueryExpression: SelectExpression translated })
        {
            ApplyBreadth(translated);
            LiftBreadth(translated);
        }

        return result;
    }

    private void ApplyBreadth(SelectExpression select)
    {
        if (approximate is { } pending && pending.Select == select && select.Limit is { } limit)
        {
            select.SetLimit(new ApproximateLimitExpression(limit is ApproximateLimitExpression earlier ? earlier.Limit : limit, pending.Breadth));
            approximate = null;
        }
    }

    /// <summary>A second limit joins the first, <c>LEAST(first, second)</c>: the word belongs to both.</summary>
    private static void LiftBreadth(SelectExpression select)
    {
        if (select.Limit is SqlFunctionExpression { Arguments: { } limits } function && limits.OfType<ApproximateLimitExpression>().FirstOrDefault() is { } approximate)
        {
            var plain = limits.Select(l => l is ApproximateLimitExpression { Limit: var limit } ? limit : l).ToList();
            select.SetLimit(new ApproximateLimitExpression(function.Update(function.Instance, plain), approximate.Breadth));
        }
    }

    private void RequireLimit()
    {
        if (approximate is not null)
        {
            throw new InvalidOperationException(
                "WithApproximate says how the nearest rows are searched, so the query must say how many: order by a distance and call Take, as in "
                + "OrderBy(e => EF.Functions.CosineDistance(e.Embedding, query)).Take(10).WithApproximate(100).");
        }
    }
}
