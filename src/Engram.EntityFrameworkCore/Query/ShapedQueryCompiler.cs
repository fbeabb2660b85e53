using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Compiles queries as EF Core does, but for what enumerates the results of one statement: <see cref="QueryingEnumerable{T}"/>.</summary>
/// <remarks>Queries that are compiled ahead of time are source code that names public types, and keep EF Core's enumerable.</remarks>
internal sealed class ShapedQueryCompiler(
    ShapedQueryCompilingExpressionVisitorDependencies dependencies, RelationalShapedQueryCompilingExpressionVisitorDependencies relationalDependencies, QueryCompilationContext compilation)
    : RelationalShapedQueryCompilingExpressionVisitor(dependencies, relationalDependencies, compilation)
{
    protected override Expression VisitShapedQuery(ShapedQueryExpression shapedQueryExpression)
    {
        var enumerable = base.VisitShapedQuery(shapedQueryExpression);
        return !QueryCompilationContext.IsPrecompiling && enumerable is MethodCallExpression { Method: { Name: nameof(SingleQueryingEnumerable.Create) } method } create
            && method.DeclaringType == typeof(SingleQueryingEnumerable)
            ? Expression.New(typeof(QueryingEnumerable<>).MakeGenericType(method.GetGenericArguments()).GetConstructors()[0], create.Arguments)
            : enumerable;
    }
}

/// <summary>Makes the <see cref="ShapedQueryCompiler"/> of each query.</summary>
internal sealed class ShapedQueryCompilerFactory(
    ShapedQueryCompilingExpressionVisitorDependencies dependencies, RelationalShapedQueryCompilingExpressionVisitorDependencies relationalDependencies)
    : IShapedQueryCompilingExpressionVisitorFactory
{
    public ShapedQueryCompilingExpressionVisitor Create(QueryCompilationContext queryCompilationContext) => new ShapedQueryCompiler(dependencies, relationalDependencies, queryCompilationContext);
}
