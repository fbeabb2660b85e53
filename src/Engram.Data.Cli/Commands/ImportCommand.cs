using System.CommandLine;
using System.Data;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engram.Data.Cli.Import;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram import</c>: rows of a CSV or NDJSON file into a table, as one transaction.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var table = new Argument<string>("table") { Description = "The table." };
        var file = new Argument<string>("file") { Description = "The file; '-' for the input." };
        var format = new Option<string?>("--format") { Description = "csv or ndjson. By default what the file's name says, else csv." };
        var create = new Option<bool>("--create") { Description = "Create the table, and the database, when they are not there: columns and types are taken from the first 1,000 rows." };
        var json = Commanding.JsonOption();
        var command = new Command("import", "Load a file into a table. The header, or the names of the first object, name the columns. All rows are loaded or none.") { database, table, file, format, create, json };
        command.Run(async (given, cancellationToken) =>
        {
            var path = given.GetValue(file)!;
            var mode = ExportCommand.FormatOf(given.GetValue(format), path);
            using var input = path == "-" ? Console.In : new StreamReader(path);
            using RecordSource source = mode switch
            {
                OutputMode.Csv => new CsvRecords(input),
                OutputMode.Ndjson => new NdjsonRecords(input),
                _ => throw new ArgumentException("A JSON array cannot be read piece by piece: use NDJSON, one object a line."),
            };

            await using var connection = Databases.OpenForWriting(given.GetValue(database)!, given.GetValue(create));
            var name = given.GetValue(table)!;
            var started = Stopwatch.StartNew();
            var rows = await LoadAsync(connection, name, source, given.GetValue(create), cancellationToken);
            var seconds = started.Elapsed.TotalSeconds;
            Console.WriteLine(given.GetValue(json)
                ? JsonSerializer.Serialize(new ImportDone(name, rows, seconds), CliJson.Default.ImportDone)
                : string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows imported into {name} in {seconds:0.0} s, {rows / Math.Max(seconds, 0.001):N0} a second."));
            return ExitCodes.Done;
        });
        return command;
    }

    public static async Task<long> LoadAsync(EngramConnection connection, string name, RecordSource source, bool mayCreate, CancellationToken cancellationToken)
    {
        var columns = TableColumns.Find(connection, name);
        if (columns.Count == 0)
        {
            if (!mayCreate)
            {
                throw new ArgumentException($"There is no table '{name}'. Create it, or say --create to have it made from the file.");
            }

            await using var create = new EngramCommand(ColumnGuess.CreateTable(name, source), connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
            columns = TableColumns.Find(connection, name);
        }

        var targets = source.Names.Select(given => columns.FirstOrDefault(c => c.Name == given)
            ?? columns.FirstOrDefault(c => c.Name.Equals(given, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"'{name}' has no column '{given}', which the file names. It has: {string.Join(", ", columns.Select(c => c.Name))}.")).ToArray();
        using var copy = new EngramBulkCopy(connection, name) { BulkCopyTimeout = 0 };
        for (var i = 0; i < targets.Length; i++)
        {
            copy.ColumnMappings.Add(new EngramBulkCopyColumnMapping(i, targets[i].Name));
        }

        await copy.WriteToServerAsync(Rows(source, targets), cancellationToken);
        return copy.RowsCopiedCount;
    }

    private static IEnumerable<object?[]> Rows(RecordSource source, TableColumn[] targets)
    {
        foreach (var record in source.Read())
        {
            var row = new object?[targets.Length];
            for (var i = 0; i < targets.Length; i++)
            {
                try
                {
                    row[i] = TextValue.Convert(record.Values[i], targets[i].Type);
                }
                catch (Exception e) when (e is FormatException or OverflowException)
                {
                    throw new FormatException($"Line {record.Line}: '{ValueText.Cut(record.Values[i]?.ToString() ?? "", 60)}' is no {targets[i].Type}, which column '{targets[i].Name}' takes. Nothing was imported.");
                }
            }

            yield return row;
        }
    }
}
