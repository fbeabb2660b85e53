using System.Globalization;
using Engram.Data.Tests.Scripts;

namespace Engram.Differential.Scripts;

/// <summary>Runs the scripts of the tests against PostgreSQL.</summary>
internal static class ScriptCommand
{
    public static int Run(string directory, string? filter, string server)
    {
        var (records, failures) = (0, 0);
        foreach (var path in Directory.GetFiles(directory, "*.test").Order(StringComparer.Ordinal).Where(p => filter is null || Path.GetFileName(p).Contains(filter, StringComparison.Ordinal)))
        {
            using var postgres = ScriptServer.Postgres(server);
            foreach (var record in ScriptFile.Parse(File.ReadAllLines(path)).Where(r => r.IsFor(ScriptFile.Postgres) && r.Action is ScriptAction.Statement or ScriptAction.Query))
            {
                records++;
                if (Check(record, postgres.Run(record.Connection, record.Sql)) is { } difference)
                {
                    failures++;
                    Console.WriteLine($"{Path.GetFileName(path)}, line {record.Line}: {record.Sql}\n{difference}\n");
                }
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{records} statements and queries, {failures} differences"));
        return failures == 0 ? 0 : 1;
    }

    /// <summary>Null when the answer is what the record says.</summary>
    public static string? Check(ScriptRecord record, Answer answer)
    {
        var state = record.PostgresState ?? record.State;
        if (answer.State != state)
        {
            return $"expected {state ?? "success"}, found {answer.State ?? "success"} {answer.Message}";
        }

        if (record.Action == ScriptAction.Statement)
        {
            return record.Count is { } count && count != answer.Affected ? $"{count} rows affected expected, {answer.Affected} found" : null;
        }

        if (answer.Types.Length != record.Types.Length)
        {
            return $"{record.Types.Length} columns expected, {answer.Types.Length} found";
        }

        var found = ScriptText.Rows(answer.Rows, record.Types, record.Sort);
        return found.SequenceEqual(record.Expected) ? null : "expected:\n" + string.Join('\n', record.Expected) + "\nfound:\n" + string.Join('\n', found);
    }
}
