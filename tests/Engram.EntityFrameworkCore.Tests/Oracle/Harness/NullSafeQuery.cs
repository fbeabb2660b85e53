using System.Collections;
using System.Linq.Expressions;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

/// <summary>
/// LINQ-to-Objects with the meaning that EF Core gives to null: a member of null is null, not an exception. It is the oracle: the same query is
/// asked of it and of the database.
/// </summary>
internal interface INullSafeQuery : IQueryable
{
    /// <summary>The rows behind a source; null for a query that was composed over one.</summary>
    IEnumerable? Rows { get; }
}

internal sealed class NullSafeQuery<T> : IOrderedQueryable<T>, INullSafeQuery
{
    public NullSafeQuery(IEnumerable<T> rows)
    {
        Rows = rows;
        Expression = Expression.Constant(this);
    }

    internal NullSafeQuery(Expression expression) => Expression = expression;

    public IEnumerable? Rows { get; }

    public Type ElementType => typeof(T);

    public Expression Expression { get; }

    public IQueryProvider Provider => NullSafeProvider.Instance;

    public IEnumerator<T> GetEnumerator() => Provider.Execute<IEnumerable<T>>(Expression).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

internal sealed class NullSafeProvider : IQueryProvider
{
    public static NullSafeProvider Instance { get; } = new();

    public IQueryable CreateQuery(Expression expression)
    {
        var type = expression.Type.GetInterfaces().Prepend(expression.Type)
            .First(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];
        return (IQueryable)Activator.CreateInstance(
            typeof(NullSafeQuery<>).MakeGenericType(type), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance, null, [expression], null)!;
    }

    public IQueryable<TElement> CreateQuery<TElement>(Expression expression) => new NullSafeQuery<TElement>(expression);

    public object? Execute(Expression expression) => Run(expression);

    public TResult Execute<TResult>(Expression expression) => (TResult)Run(expression)!;

    private static object? Run(Expression expression)
    {
        var body = new NullSafeRewriter().Visit(expression);
        return Expression.Lambda<Func<object?>>(Expression.Convert(body, typeof(object))).Compile()();
    }
}
