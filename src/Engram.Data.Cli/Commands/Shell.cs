using System.Data;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary>What a shell does with the lines that it is given, wherever they come from.</summary>
internal sealed class Shell(EngramConnection connection, TextWriter output)
{
    private readonly StringBuilder statement = new();
    private OutputMode mode = OutputMode.Table;
    private bool isTiming = true;
    private bool hasFailed;

    public bool IsOver { get; private set; }

    /// <summary>Whether the statement goes on with the next line.</summary>
    public bool IsInStatement => statement.Length > 0;

    /// <summary>Takes all lines, and what is left of a statement at their end. What fails does not end the others, as in every shell of a database.</summary>
    /// <returns>What the process ends with: whether something failed.</returns>
    public async Task<int> RunAsync(IAsyncEnumerable<string> lines, CancellationToken cancellationToken)
    {
        isTiming = false;
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            await TakeAsync(line, cancellationToken);
            if (IsOver)
            {
                break;
            }
        }

        if (IsInStatement)
        {
            await ExecuteAsync(statement.ToString(), cancellationToken);
        }

        return hasFailed ? ExitCodes.Failed : ExitCodes.Done;
    }

    public async Task TakeAsync(string line, CancellationToken cancellationToken)
    {
        if (!IsInStatement && line.TrimStart().StartsWith('.'))
        {
            try
            {
                await DotAsync(line.Trim(), cancellationToken);
            }
            catch (Exception e) when (e is EngramException or ArgumentException or IOException)
            {
                await FailAsync(ErrorText.Of(e));
            }

            return;
        }

        if (!IsInStatement && string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        statement.Append(line).Append('\n');
        var text = statement.ToString();
        if (StatementEnd.IsComplete(text))
        {
            statement.Clear();
            await ExecuteAsync(text, cancellationToken);
        }
    }

    private async Task ExecuteAsync(string text, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await using var command = new EngramCommand(text, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = 0L;
            do
            {
                if (reader.FieldCount > 0)
                {
                    rows += await ResultWriter.WriteAsync(reader, mode, output, cancellationToken);
                }
            }
            while (await reader.NextResultAsync(cancellationToken));

            if (isTiming)
            {
                var what = reader.RecordsAffected >= 0 ? $"{reader.RecordsAffected:N0} rows changed, " : rows > 0 ? $"{rows:N0} rows, " : "";
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{what}{Stopwatch.GetElapsedTime(started).TotalMilliseconds:0.00} ms"));
            }
        }
        catch (EngramException e)
        {
            await FailAsync(ErrorText.Of(e, text));
        }
    }

    private async Task FailAsync(string text)
    {
        hasFailed = true;
        await Console.Error.WriteLineAsync(text);
    }

    private async Task DotAsync(string line, CancellationToken cancellationToken)
    {
        var words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var argument = words.Length > 1 ? words[1] : null;
        switch (words[0])
        {
            case ".quit" or ".exit":
                IsOver = true;
                break;
            case ".tables":
                foreach (var row in connection.GetSchema("Tables").Rows.Cast<DataRow>())
                {
                    await output.WriteLineAsync((string)row["table_schema"] == "public" ? (string)row["table_name"] : $"{row["table_schema"]}.{row["table_name"]}");
                }

                break;
            case ".schema":
                await WriteSchemaAsync(argument);
                break;
            case ".mode":
                mode = ResultWriter.Parse(argument ?? throw new ArgumentException($".mode takes one of: {string.Join(", ", Enum.GetNames<OutputMode>()).ToLowerInvariant()}."));
                break;
            case ".timing":
                isTiming = argument switch { "on" or null => true, "off" => false, _ => throw new ArgumentException(".timing takes on or off.") };
                break;
            case ".explain":
                await ExecuteAsync("EXPLAIN ANALYZE " + (argument ?? throw new ArgumentException(".explain takes a statement.")), cancellationToken);
                break;
            case ".read":
                await ExecuteAsync(await File.ReadAllTextAsync(argument ?? throw new ArgumentException(".read takes a file."), cancellationToken), cancellationToken);
                break;
            case ".help":
                await output.WriteLineAsync(Help);
                break;
            default:
                throw new ArgumentException($"'{words[0]}' is no command of the shell. {Help}");
        }
    }

    private async Task WriteSchemaAsync(string? table)
    {
        var columns = connection.GetSchema("Columns").Rows.Cast<DataRow>()
            .Where(r => table is null || ((string)r["table_name"]).Equals(table.Trim('"'), StringComparison.OrdinalIgnoreCase))
            .GroupBy(r => ((string)r["table_schema"], (string)r["table_name"]));
        var indexes = connection.GetSchema("IndexColumns").Rows.Cast<DataRow>().ToLookup(r => ((string)r["table_schema"], (string)r["table_name"]));
        foreach (var group in columns)
        {
            await output.WriteLineAsync($"{(group.Key.Item1 == "public" ? "" : group.Key.Item1 + ".")}{group.Key.Item2}");
            foreach (var column in group.OrderBy(c => (int)c["ordinal_position"]))
            {
                await output.WriteLineAsync($"  {column["column_name"]} {column["data_type"]}{((bool)column["is_nullable"] ? "" : " NOT NULL")}{(column["column_default"] is string given ? $" DEFAULT {given}" : "")}");
            }

            foreach (var index in indexes[group.Key].GroupBy(r => (string)r["index_name"]))
            {
                await output.WriteLineAsync($"  index {index.Key} ({string.Join(", ", index.OrderBy(r => (int)r["ordinal_position"]).Select(r => $"{(r["column_name"] is string name ? name : $"({r["expression"]})")}{((bool)r["is_descending"] ? " DESC" : "")}"))})");
            }
        }
    }

    private const string Help = """
        The shell's own commands:
          .tables             the tables
          .schema [table]     columns and indexes
          .mode MODE          how results are printed: table, lines, csv, json, ndjson
          .timing on|off      times after each statement
          .explain STATEMENT  run it and show its plan with rows and times
          .read FILE          run the statements of a file
          .quit               leave
        """;
}
