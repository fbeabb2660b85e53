using System.Globalization;

namespace Engram.Data.Tests.Scripts;

/// <summary>Reads a script: statements and queries with what they give, in the form of sqllogictest.</summary>
/// <remarks>
/// <code>
/// # a comment
/// statement ok                      the text follows, up to an empty line
/// INSERT INTO t VALUES (1, 'a')
///
/// statement count 3                 and affects three rows
/// statement error 23505             and fails; "error 42883 postgresql 42P18" when PostgreSQL calls it something else
///
/// query IT rowsort                  a type for each column, and nosort (default), rowsort or valuesort
/// SELECT id, name FROM t
/// ----
/// 1 | a
///
/// connection two                    the next record runs on a connection of that name
/// skipif postgresql &lt;why&gt;           the next record is for the other database only
/// checkpoint
/// reopen
/// </code>
/// A row is a line, its values separated by " | ", each written as <see cref="ScriptText"/> says. What is skipped must say why.
/// </remarks>
internal static class ScriptFile
{
    public const string Engram = "engram";
    public const string Postgres = "postgresql";

    public static List<ScriptRecord> Parse(IReadOnlyList<string> lines)
    {
        var records = new List<ScriptRecord>();
        var (connection, skippedBy, reason) = ("", (string?)null, "");
        for (var i = 0; i < lines.Count; i++)
        {
            var words = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
            {
                continue;
            }

            var record = new ScriptRecord(i + 1, ScriptAction.Statement, "") { Connection = connection, SkippedBy = skippedBy, Reason = reason };
            switch (words)
            {
                case ["connection", var name]:
                    connection = name;
                    continue;
                case ["skipif" or "onlyif", Engram or Postgres, _, ..]:
                    skippedBy = words[0] == "skipif" ? words[1] : words[1] == Engram ? Postgres : Engram;
                    reason = string.Join(' ', words[2..]);
                    continue;
                case ["checkpoint"]:
                    record = record with { Action = ScriptAction.Checkpoint };
                    break;
                case ["reopen"]:
                    record = record with { Action = ScriptAction.Reopen };
                    break;
                case ["statement", ..]:
                    record = ParseStatement(record, words) with { Sql = ReadText(lines, ref i) };
                    break;
                case ["query", var types, ..]:
                    record = record with { Action = ScriptAction.Query, Types = types, Sort = ParseSort(words, i + 1), Sql = ReadText(lines, ref i) };
                    record = record with { Expected = ReadRows(lines, ref i) };
                    break;
                default:
                    throw new FormatException($"line {i + 1}: {lines[i]}");
            }

            records.Add(record);
            (connection, skippedBy, reason) = ("", null, "");
        }

        return records;
    }

    private static ScriptRecord ParseStatement(ScriptRecord record, string[] words) => words switch
    {
        [_, "ok"] => record,
        [_, "count", var count] => record with { Count = int.Parse(count, CultureInfo.InvariantCulture) },
        [_, "error", var state] => record with { State = state },
        [_, "error", var state, Postgres, var other] => record with { State = state, PostgresState = other },
        _ => throw new FormatException($"line {record.Line}: {string.Join(' ', words)}"),
    };

    private static ScriptSort ParseSort(string[] words, int line) => words switch
    {
        [_, _] or [_, _, "nosort"] => ScriptSort.None,
        [_, _, "rowsort"] => ScriptSort.Rows,
        [_, _, "valuesort"] => ScriptSort.Values,
        _ => throw new FormatException($"line {line}: {string.Join(' ', words)}"),
    };

    /// <summary>The lines up to an empty one or the rows.</summary>
    private static string ReadText(IReadOnlyList<string> lines, ref int i)
    {
        var first = ++i;
        while (i < lines.Count && lines[i].Length > 0 && lines[i] != "----")
        {
            i++;
        }

        return i > first ? string.Join('\n', lines.Skip(first).Take(i - first)) : throw new FormatException($"line {first}: no text");
    }

    private static List<string> ReadRows(IReadOnlyList<string> lines, ref int i)
    {
        if (i >= lines.Count || lines[i] != "----")
        {
            throw new FormatException($"line {i}: a query without ---- and rows");
        }

        var rows = new List<string>();
        while (++i < lines.Count && lines[i].Length > 0)
        {
            rows.Add(lines[i]);
        }

        return rows;
    }
}
