using System.Data;
using System.Data.Common;
using System.Linq.Expressions;
using System.Text;
using Microsoft.EntityFrameworkCore.Query;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What the database does with a query.</summary>
public static class EngramQueryableExtensions
{
    /// <summary>The plan of a query, as EXPLAIN gives it; of a split query, that of its first part.</summary>
    /// <param name="query">A query of a context that uses Engram.</param>
    /// <param name="analyze">Whether to run it, and say of every step how many rows it gave and how long it took.</param>
    public static string Explain(this IQueryable query, bool analyze = false)
    {
        using var command = CreateExplain(query, analyze);
        var connection = command.Connection!;
        var wasClosed = connection.State == ConnectionState.Closed;
        if (wasClosed)
        {
            connection.Open();
        }

        try
        {
            using var reader = command.ExecuteReader();
            var text = new StringBuilder();
            while (reader.Read())
            {
                text.AppendLine(reader.GetString(0));
            }

            return text.ToString();
        }
        finally
        {
            if (wasClosed)
            {
                connection.Close();
            }
        }
    }

    /// <inheritdoc cref="Explain(IQueryable, bool)"/>
    public static async Task<string> ExplainAsync(this IQueryable query, bool analyze = false, CancellationToken cancellationToken = default)
    {
        var command = CreateExplain(query, analyze);
        await using var disposal = command.ConfigureAwait(false);
        var connection = command.Connection!;
        var wasClosed = connection.State == ConnectionState.Closed;
        if (wasClosed)
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var readerDisposal = reader.ConfigureAwait(false);
            var text = new StringBuilder();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                text.AppendLine(reader.GetString(0));
            }

            return text.ToString();
        }
        finally
        {
            if (wasClosed)
            {
                await connection.CloseAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Lets a vector index (<c>HasVectorIndex</c>) find the nearest rows: not always the very nearest, but soon.</summary>
    /// <param name="source">A query that orders by a distance of the index's metric and takes the first rows.</param>
    /// <param name="efSearch">How many candidates the search keeps in view, 1 to 10,000: more of them find more of the nearest and take longer. A part of the query's SQL.</param>
    /// <remarks>
    /// Stands after <c>Take</c>, or anywhere between the order and <c>Take</c> or <c>First</c>. Each row is there, satisfies the filter and has its exact distance, and k come
    /// whenever k exist. Without a fitting index the search is exact.
    /// </remarks>
    public static IQueryable<TSource> WithApproximate<TSource>(this IQueryable<TSource> source, [NotParameterized] int efSearch)
    {
        if (efSearch is < 1 or > 10_000)
        {
            throw new ArgumentOutOfRangeException(nameof(efSearch), efSearch, "A search keeps from 1 to 10,000 candidates in view.");
        }

        return source.Provider is IAsyncQueryProvider
            ? source.Provider.CreateQuery<TSource>(Expression.Call(
                ((Func<IQueryable<TSource>, int, IQueryable<TSource>>)WithApproximate).Method, source.Expression, Expression.Constant(efSearch)))
            : source;
    }

    private static DbCommand CreateExplain(IQueryable query, bool analyze)
    {
        var command = query.CreateDbCommand();
        command.CommandText = (analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + command.CommandText;
        return command;
    }
}
