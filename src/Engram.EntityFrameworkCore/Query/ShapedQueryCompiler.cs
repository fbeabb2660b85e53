using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Compiles queries as EF Core does, but for what enumerates the results of one statement: <see cref="QueryingEnumerable{T}"/>.</summary>
/// <remarks>
/// Queries that are compiled ahead of time are source code that names public types, and keep EF Core's enumerable. So do those that call functions of the application for each row, which may do
/// what they like with the context: have another thread use it, and wait for that, for example.
/// </remarks>
internal sealed class ShapedQueryCompiler(
    ShapedQueryCompilingExpressionVisitorDependencies dependencies, RelationalShapedQueryCompilingExpressionVisitorDependencies relationalDependencies, QueryCompilationContext compilation)
    : RelationalShapedQueryCompilingExpressionVisitor(dependencies, relationalDependencies, compilation)
{
    private bool hasArguments;

#pragma warning disable EF9100 // Queries compiled ahead are an experiment of EF Core's.
    /// <summary>
    /// SQL is written ahead for each way in which the parameters may be null. Those of SQL that the program itself gives are in one parameter, an array,
    /// which EF Core does not find among them: such a query gets its SQL when it runs.
    /// </summary>
    protected override int MaxNullableParametersForPregeneratedSql => hasArguments ? -1 : base.MaxNullableParametersForPregeneratedSql;
#pragma warning restore EF9100

    protected override Expression VisitShapedQuery(ShapedQueryExpression shapedQueryExpression)
    {
        hasArguments = QueryCompilationContext.IsPrecompiling && ArgumentFinder.IsIn(shapedQueryExpression.QueryExpression);
        var enumerable = base.VisitShapedQuery(shapedQueryExpression);
        return !QueryCompilationContext.IsPrecompiling && !ForeignCalls.AreIn(shapedQueryExpression.ShaperExpression) && enumerable is MethodCallExpression { Method: { Name: nameof(SingleQueryingEnumerable.Create) } method } create
            && method.DeclaringType == typeof(SingleQueryingEnumerable)
            ? Expression.New(typeof(QueryingEnumerable<>).MakeGenericType(method.GetGenericArguments()).GetConstructors()[0], create.Arguments)
            : enumerable;
    }

    private sealed class ArgumentFinder : ExpressionVisitor
    {
        private bool isFound;

        public static bool IsIn(Expression query)
        {
            var finder = new ArgumentFinder();
            finder.Visit(query);
            return finder.isFound;
        }

        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node)
        {
            isFound |= node is FromSqlExpression { Arguments: not ConstantExpression };
            return isFound ? node : base.Visit(node);
        }
    }

    /// <summary>Finds calls of what belongs neither to the framework nor to EF Core or this provider.</summary>
    private sealed class ForeignCalls : ExpressionVisitor
    {
        private bool isFound;

        public static bool AreIn(Expression shaper)
        {
            var finder = new ForeignCalls();
            finder.Visit(shaper);
            return finder.isFound;
        }

        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node) => isFound ? node : base.Visit(node);

        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            isFound |= node.Method.DeclaringType?.Assembly.GetName().Name is not { } assembly || !IsKnown(assembly);
            return base.VisitMethodCall(node);
        }

        protected override Expression VisitInvocation(InvocationExpression node)
        {
            isFound = true;
            return node;
        }

        private static bool IsKnown(string assembly)
            => assembly.StartsWith("System.", StringComparison.Ordinal) || assembly.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)
                || assembly is "Engram.Data" or "Engram.EntityFrameworkCore";
    }
}

/// <summary>Makes the <see cref="ShapedQueryCompiler"/> of each query.</summary>
internal sealed class ShapedQueryCompilerFactory(
    ShapedQueryCompilingExpressionVisitorDependencies dependencies, RelationalShapedQueryCompilingExpressionVisitorDependencies relationalDependencies)
    : IShapedQueryCompilingExpressionVisitorFactory
{
    public ShapedQueryCompilingExpressionVisitor Create(QueryCompilationContext queryCompilationContext) => new ShapedQueryCompiler(dependencies, relationalDependencies, queryCompilationContext);
}
