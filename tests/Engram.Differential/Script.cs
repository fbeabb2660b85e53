using Engram.Data;
using Npgsql;

namespace Engram.Differential;

/// <summary>Statements of a file, one a line, in both databases.</summary>
internal static class Script
{
    public static int Run(string path, NpgsqlConnection postgres)
    {
        var findings = 0;
        using var engram = new EngramConnection("Data Source=script;Mode=Memory");
        engram.Open();
        foreach (var sql in File.ReadLines(path).Where(l => l.Length > 0))
        {
            var (a, b) = (Answer.Of(postgres, null, sql), Answer.Of(engram, null, sql));
            var difference = !a.IsError && !b.IsError ? Answer.Difference(a, b, sql.Contains("ORDER BY", StringComparison.Ordinal))
                : a.State == b.State ? null
                : $"PostgreSQL: {a.State ?? "succeeds"} {a.Message}; Engram: {b.State ?? "succeeds"} {b.Message}";
            if (difference != null)
            {
                findings++;
                Console.WriteLine($"{sql}\n    {difference}");
            }
        }

        return findings == 0 ? 0 : 1;
    }
}
