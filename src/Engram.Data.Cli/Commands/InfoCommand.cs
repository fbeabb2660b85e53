using System.CommandLine;
using System.Data;
using System.Globalization;
using System.Text.Json;
using Engram.Data.Cli.Output;
using Spectre.Console;

namespace Engram.Data.Cli.Commands;

/// <summary>What <c>engram info</c> tells.</summary>
internal sealed record DatabaseInfo(string Path, string Version, long SizeBytes, IReadOnlyDictionary<string, long> Folders, IReadOnlyList<TableInfo> Tables, EngramRecoveryReport Opening);

/// <param name="Columns">Names and types.</param>
internal sealed record TableInfo(string Name, long Rows, IReadOnlyList<string> Columns, IReadOnlyList<string> Indexes);

/// <summary><c>engram info</c>: what is in a database and what room it takes.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var json = Commanding.JsonOption();
        var command = new Command("info", "Show tables, rows, and the room that they take.") { database, json };
        command.Run(async (given, cancellationToken) =>
        {
            var path = given.GetValue(database)!;
            await using var connection = Databases.OpenForReading(path);
            var info = await ReadAsync(connection, path, cancellationToken);
            if (given.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(info, CliJson.Default.DatabaseInfo));
            }
            else
            {
                Print(info, Console.Out);
            }

            return ExitCodes.Done;
        });
        return command;
    }

    public static async Task<DatabaseInfo> ReadAsync(EngramConnection connection, string path, CancellationToken cancellationToken)
    {
        var columns = connection.GetSchema("Columns").Rows.Cast<DataRow>().ToLookup(r => ((string)r["table_schema"], (string)r["table_name"]));
        var indexes = connection.GetSchema("Indexes").Rows.Cast<DataRow>().ToLookup(r => ((string)r["table_schema"], (string)r["table_name"]));
        var tables = new List<TableInfo>();
        foreach (var row in connection.GetSchema("Tables").Rows.Cast<DataRow>().Where(r => (string)r["table_type"] == "BASE TABLE"))
        {
            var key = ((string)row["table_schema"], (string)row["table_name"]);
            var name = key.Item1 == "public" ? key.Item2 : $"{key.Item1}.{key.Item2}";
            await using var count = new EngramCommand($"SELECT count(*) FROM {SqlName.Quote($"{key.Item1}.{key.Item2}")}", connection);
            tables.Add(new TableInfo(
                name,
                (long)(await count.ExecuteScalarAsync(cancellationToken))!,
                [.. columns[key].OrderBy(c => (int)c["ordinal_position"]).Select(c => $"{c["column_name"]} {c["data_type"]}{((bool)c["is_nullable"] ? "" : " NOT NULL")}")],
                [.. indexes[key].Select(i => $"{i["index_name"]}{((bool)i["is_primary_key"] ? " (primary key)" : (bool)i["is_unique"] ? " (unique)" : "")}")]));
        }

        var root = new DirectoryInfo(path);
        var folders = root.EnumerateDirectories().ToDictionary(d => d.Name, d => d.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length));
        return new DatabaseInfo(root.FullName, connection.ServerVersion, CompactCommand.SizeOf(path), folders, tables, connection.LastRecovery!);
    }

    private static void Print(DatabaseInfo info, TextWriter output)
    {
        output.WriteLine($"{info.Path}: {Databases.Bytes(info.SizeBytes)}{(info.Folders.Count > 0 ? $" ({string.Join(", ", info.Folders.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} {Databases.Bytes(f.Value)}"))})" : "")}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Opened in {info.Opening.Duration.TotalMilliseconds:0.0} ms; {info.Opening.Transactions:N0} transactions were read back from the log."));
        var table = new Table().Border(TableBorder.Rounded).AddColumns(new TableColumn("table"), new TableColumn("rows").RightAligned(), new TableColumn("columns"), new TableColumn("indexes"));
        foreach (var entry in info.Tables)
        {
            table.AddRow(
                Markup.Escape(entry.Name),
                entry.Rows.ToString("N0", CultureInfo.InvariantCulture),
                Markup.Escape(string.Join("\n", entry.Columns)),
                Markup.Escape(string.Join("\n", entry.Indexes)));
        }

        ResultWriter.Write(table, output);
    }
}
