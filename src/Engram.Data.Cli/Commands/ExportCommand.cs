using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram export</c>: a table, or the result of a query, as CSV or NDJSON. What it writes, <c>engram import</c> reads.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var source = new Argument<string>("source") { Description = "A table's name, or a SELECT." };
        var file = new Argument<string>("file") { Description = "Where to; '-' for the output.", DefaultValueFactory = _ => "-" };
        var format = new Option<string?>("--format") { Description = "csv, ndjson or json. By default what the file's name says, else csv." };
        var json = new Option<bool>("--json") { Description = "Print how many rows were written as JSON." };
        var command = new Command("export", "Write a table or the result of a query to a file.") { database, source, file, format, json };
        command.Run(async (given, cancellationToken) =>
        {
            var target = given.GetValue(file)!;
            var mode = FormatOf(given.GetValue(format), target);
            var text = given.GetValue(source)!;
            var sql = text.AsSpan().ContainsAny(" \n\t") ? text : $"SELECT * FROM {SqlName.Quote(text)}";
            await using var connection = Databases.OpenForReading(given.GetValue(database)!);
            await using var query = new EngramCommand(sql, connection);
            await using var reader = await query.ExecuteReaderAsync(cancellationToken);
            long rows;
            if (target == "-")
            {
                rows = await ResultWriter.WriteAsync(reader, mode, Console.Out, cancellationToken);
            }
            else
            {
                // Beside its place until it is whole: a file that is there is a whole one.
                var partial = target + ".partial";
                await using (var output = new StreamWriter(partial, append: false, new UTF8Encoding(false), 1 << 16))
                {
                    rows = await ResultWriter.WriteAsync(reader, mode, output, cancellationToken);
                }

                File.Move(partial, target, overwrite: true);
            }

            // The output may be where the rows went.
            var report = given.GetValue(json) && target != "-" ? Console.Out : Console.Error;
            await report.WriteLineAsync(given.GetValue(json)
                ? JsonSerializer.Serialize(new ExportDone(target, rows), CliJson.Default.ExportDone)
                : string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows exported."));
            return ExitCodes.Done;
        });
        return command;
    }

    public static OutputMode FormatOf(string? format, string file) => (format ?? Path.GetExtension(file).TrimStart('.')).ToLowerInvariant() switch
    {
        "ndjson" or "jsonl" => OutputMode.Ndjson,
        "json" => OutputMode.Json,
        "csv" or "tsv" or "txt" or "" => OutputMode.Csv,
        var other when format is null => throw new ArgumentException($"Files named '.{other}' have no format that is known: say --format csv, ndjson or json."),
        var other => throw new ArgumentException($"'{other}' is no format. There are: csv, ndjson, json."),
    };
}
