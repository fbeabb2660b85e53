using System.Collections;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

internal static class QueryCases
{
    /// <summary>Each name twice: over rows in memory, and over rows in segments.</summary>
    public static TheoryData<RowState, string> InBothStates(IEnumerable<string> names)
    {
        var data = new TheoryData<RowState, string>();
        foreach (var name in names)
        {
            data.Add(RowState.Delta, name);
            data.Add(RowState.Segments, name);
        }

        return data;
    }
}

/// <summary>Named queries over one model, each to be answered by the database and by lists. A result is a query, a list or a value.</summary>
internal sealed class QueryCases<TModel> : IEnumerable<KeyValuePair<string, Func<TModel, object?>>>
{
    private readonly Dictionary<string, Func<TModel, object?>> cases = [];

    public IEnumerable<string> Names => cases.Keys;

    public Func<TModel, object?> this[string name] => cases[name];

    public void Add(string name, Func<TModel, object?> query) => cases.Add(name, query);

    public void Add(QueryCases<TModel> others)
    {
        foreach (var (name, query) in others)
        {
            cases.Add(name, query);
        }
    }

    public IEnumerator<KeyValuePair<string, Func<TModel, object?>>> GetEnumerator() => cases.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A query without an order may give its rows in any. A failure shows the statement.</summary>
    public static void AssertEqual(object? expected, object? actual)
    {
        try
        {
            Compare(expected, actual);
        }
        catch (Exception e) when (actual is IQueryable query)
        {
            throw new Xunit.Sdk.XunitException($"{e.Message}\n{Sql(query)}", e);
        }
    }

    private static string Sql(IQueryable query)
    {
        try
        {
            return query.ToQueryString();
        }
        catch (InvalidOperationException)
        {
            return query.Expression.ToString();
        }
    }

    private static void Compare(object? expected, object? actual)
    {
        if (actual is not IEnumerable or string or byte[])
        {
            Assert.Equal(Canonical.Text(expected), Canonical.Text(actual));
            return;
        }

        var isOrdered = actual is not IQueryable query || IsOrdered(query.Expression);
        var (expectedRows, actualRows) = (Canonical.Rows((IEnumerable)expected!), Canonical.Rows((IEnumerable)actual));
        if (!isOrdered)
        {
            expectedRows.Sort(StringComparer.Ordinal);
            actualRows.Sort(StringComparer.Ordinal);
        }

        Assert.Equal(expectedRows, actualRows);
    }

    private static bool IsOrdered(Expression expression)
    {
        while (expression is MethodCallExpression { Arguments.Count: > 0 } call)
        {
            if (call.Method.Name.StartsWith("OrderBy", StringComparison.Ordinal) || call.Method.Name.StartsWith("ThenBy", StringComparison.Ordinal) || call.Method.Name is "Order" or "OrderDescending")
            {
                return true;
            }

            if (call.Method.Name is not ("Select" or "Where" or "Skip" or "Take" or "Include" or "ThenInclude" or "AsNoTracking" or "AsTracking" or "TagWith" or "AsSplitQuery" or "OfType" or "Cast" or "Reverse"))
            {
                return false;
            }

            expression = call.Arguments[0];
        }

        return false;
    }
}
