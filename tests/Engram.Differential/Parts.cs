using Npgsql;

namespace Engram.Differential;

/// <summary>Tells errors that are in the query from errors that the engine makes.</summary>
/// <remarks>
/// A query in FROM may be computed or not when the other side of its join has no rows: each database's plan decides, and an error in its rows is seen or
/// not. So an error that only the engine gives is excused when a part of the query that can stand alone gives the same SQLSTATE in PostgreSQL.
/// </remarks>
internal static class Parts
{
    public static bool OneFails(NpgsqlConnection postgres, string sql, string state)
        => state.StartsWith("22", StringComparison.Ordinal) && Queries(sql).Any(q => Answer.Of(postgres, null, q).State == state);

    /// <summary>The queries in parentheses, outer ones first. Those that name columns around them are refused by the server, with another code.</summary>
    private static IEnumerable<string> Queries(string sql)
    {
        for (var start = sql.IndexOf("(SELECT", StringComparison.Ordinal); start >= 0; start = sql.IndexOf("(SELECT", start + 1, StringComparison.Ordinal))
        {
            var depth = 0;
            var isText = false;
            for (var i = start; i < sql.Length; i++)
            {
                isText ^= sql[i] == '\'';
                depth += isText ? 0 : sql[i] == '(' ? 1 : sql[i] == ')' ? -1 : 0;
                if (depth == 0)
                {
                    yield return sql[(start + 1)..i];
                    break;
                }
            }
        }
    }
}
