using System.Data;
using System.Data.Common;
using System.Text;

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

    private static DbCommand CreateExplain(IQueryable query, bool analyze)
    {
        var command = query.CreateDbCommand();
        command.CommandText = (analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ") + command.CommandText;
        return command;
    }
}
