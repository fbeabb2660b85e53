namespace Engram.Data.Cli.Output;

/// <summary>An error as a person reads it: what it says, its code, and where in the statement.</summary>
internal static class ErrorText
{
    public static string Of(Exception e) => e is EngramException { SqlState: { } code } ? $"Error {code}: {e.Message}" : $"Error: {e.Message}";

    /// <summary>The same, with the line of the statement at which it happened and a mark below the place.</summary>
    public static string Of(Exception e, string sql)
    {
        if (e is not EngramException { Position: > 0 and var position } || position > sql.Length + 1)
        {
            return Of(e);
        }

        var at = position - 1;
        var start = at == 0 ? 0 : sql.LastIndexOf('\n', at - 1) + 1;
        var end = sql.IndexOf('\n', at);
        var line = sql[start..(end < 0 ? sql.Length : end)].TrimEnd('\r').Replace('\t', ' ');
        return $"{Of(e)}\n  {line}\n  {new string(' ', at - start)}^";
    }
}
