using System.Text;
using Engram.Data.Tests.Scripts;

namespace Engram.Differential.Scripts;

/// <summary>Makes a script of plain SQL: what PostgreSQL gives becomes what is expected, and what Engram.Data gives otherwise is reported, to be judged.</summary>
/// <remarks>
/// A statement ends where a line ends with a semicolon. Comments stay. "--! skipif postgresql why", "--! onlyif engram why", "--! connection two",
/// "--! checkpoint" and "--! reopen" become directives; "--! error 42P18" names the state of Engram.Data where it is another one. A semicolon inside a
/// line ends nothing, nor one between dollar quotes. "--! ours why" is for where the meaning differs on purpose: what Engram.Data gives is expected, and
/// PostgreSQL skips it. What Engram.Data does not know yet is left out and said
/// so, and what stands under "--! later".
/// </remarks>
internal static class ScriptMaker
{
    private static readonly (string Ours, string Theirs)[] KnownStates =
        [("22P02", "22007"), ("22P02", "22008"), ("22P02", "22023"), ("22023", "22011")];

    private static readonly string[] Unsupported = ["0A000", "42883", "42601", "42704"];

    public static int Run(string source, string target, string server)
    {
        using var postgres = ScriptServer.Postgres(server);
        using var engram = ScriptServer.Engram();
        var output = new StringBuilder();
        var (sql, directives, findings) = (new StringBuilder(), new List<string>(), 0);
        foreach (var line in File.ReadLines(source))
        {
            if (sql.Length == 0 && line.StartsWith("--!", StringComparison.Ordinal))
            {
                directives.Add(line[3..].Trim());
                if (directives[^1] is "checkpoint" or "reopen")
                {
                    output.Append(directives[^1]).Append("\n\n");
                    directives.Clear();
                }
            }
            else if (sql.Length == 0 && line.StartsWith("--", StringComparison.Ordinal))
            {
                output.Append('#').Append(line[2..]).Append('\n');
            }
            else if (line.Trim().Length > 0)
            {
                sql.Append(sql.Length > 0 ? "\n" : "").Append(line);
                if (line.EndsWith(';') && sql.ToString().Split("$$").Length % 2 == 1)
                {
                    var text = sql.ToString(0, sql.Length - 1);
                    findings += Add(output, text, directives, postgres, engram) ? 0 : 1;
                    sql.Clear();
                    directives.Clear();
                }
            }
        }

        File.WriteAllText(target, output.ToString().TrimEnd('\n') + "\n");
        Console.WriteLine($"{findings} findings");
        return findings == 0 ? 0 : 1;
    }

    private static bool Add(StringBuilder output, string sql, List<string> directives, ScriptServer postgres, ScriptServer engram)
    {
        var connection = directives.FirstOrDefault(d => d.StartsWith("connection ", StringComparison.Ordinal))?[11..] ?? "";
        var only = directives.FirstOrDefault(d => d.StartsWith("skipif ", StringComparison.Ordinal) || d.StartsWith("onlyif ", StringComparison.Ordinal));
        var error = directives.FirstOrDefault(d => d.StartsWith("error ", StringComparison.Ordinal))?[6..];
        if (directives.FindIndex(d => d.StartsWith("ours ", StringComparison.Ordinal)) is >= 0 and var ours)
        {
            directives[ours] = only = "skipif postgresql " + directives[ours][5..];
        }

        var isOurs = only is not null && only.StartsWith("skipif postgresql", StringComparison.Ordinal) | only.StartsWith("onlyif engram", StringComparison.Ordinal);
        var isTheirs = only is not null && !isOurs;
        var expected = isOurs ? engram.Run(connection, sql) : postgres.Run(connection, sql);
        var found = isTheirs ? expected : isOurs ? expected : engram.Run(connection, sql);
        if (directives.Contains("later"))
        {
            var agrees = ScriptCommand.Check(Record(sql, expected, found, error) with { PostgresState = null }, found) is null;
            Console.WriteLine(agrees ? $"{sql}\n  NOW AGREES\n" : $"{sql}\n  LATER\n");
            return true;
        }

        if (!isOurs && expected.State != found.State && Unsupported.Contains(found.State))
        {
            Console.WriteLine($"{sql}\n  LEFT OUT: {found.State} {found.Message}\n");
            return true;
        }

        if (expected.IsError && found.IsError && KnownStates.Contains((found.State!, expected.State!)))
        {
            error ??= found.State;
        }

        foreach (var directive in directives.Where(d => !d.StartsWith("error ", StringComparison.Ordinal)))
        {
            output.Append(directive).Append('\n');
        }

        var record = Record(sql, expected, found, error);
        output.Append(Header(record)).Append('\n').Append(sql).Append('\n');
        if (record.Action == ScriptAction.Query)
        {
            output.Append("----\n").AppendJoin("", record.Expected.Select(r => r + "\n"));
        }

        output.Append('\n');
        var difference = ScriptCommand.Check(record with { PostgresState = null }, found);
        if (difference is not null)
        {
            Console.WriteLine($"{sql}\n{difference} {(expected.IsError ? expected.Message : "")}\n");
        }

        return difference is null;
    }

    private static ScriptRecord Record(string sql, Answer expected, Answer found, string? error)
    {
        if (expected.IsError || expected.Types.Length == 0)
        {
            var state = error ?? expected.State;
            var counts = !expected.IsError && expected.Affected >= 0;
            return new ScriptRecord(0, ScriptAction.Statement, sql) { State = state, PostgresState = state == expected.State ? null : expected.State, Count = counts ? expected.Affected : null };
        }

        var types = string.Concat(Enumerable.Range(0, expected.Types.Length).Select(i => Letter(expected, found, i)));
        var sort = expected.Rows.Count < 2 || sql.Contains("ORDER BY", StringComparison.OrdinalIgnoreCase) && IsOrdered(sql) ? ScriptSort.None : ScriptSort.Rows;
        return new ScriptRecord(0, ScriptAction.Query, sql) { Types = types, Sort = sort, Expected = ScriptText.Rows(expected.Rows, types, sort) };
    }

    /// <summary>Decimals that differ in nothing but digits after the tenth, or in their scale, are compared as numbers.</summary>
    private static char Letter(Answer expected, Answer found, int column)
    {
        var values = expected.Rows.Select(r => r[column]).Where(v => v is not null).ToList();
        var type = values.Count == 0 ? 'T' : ScriptText.TypeOf(values[0]);
        if (type == 'N' && found.Rows.Count == expected.Rows.Count)
        {
            var texts = found.Rows.Select(r => ScriptText.Value(r[column], 'N')).Order(StringComparer.Ordinal);
            return texts.SequenceEqual(expected.Rows.Select(r => ScriptText.Value(r[column], 'N')).Order(StringComparer.Ordinal)) ? 'N' : 'R';
        }

        return type;
    }

    /// <summary>Whether ORDER BY is the query's own: none of its text is inside parentheses that close before the end.</summary>
    private static bool IsOrdered(string sql)
    {
        var at = sql.LastIndexOf("ORDER BY", StringComparison.OrdinalIgnoreCase);
        var depth = 0;
        foreach (var c in sql[at..])
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static string Header(ScriptRecord record)
    {
        if (record.Action == ScriptAction.Query)
        {
            return $"query {record.Types}{(record.Sort == ScriptSort.Rows ? " rowsort" : "")}";
        }

        return record.State is null ? record.Count is { } count ? $"statement count {count}" : "statement ok"
            : $"statement error {record.State}{(record.PostgresState is { } other ? " postgresql " + other : "")}";
    }
}
