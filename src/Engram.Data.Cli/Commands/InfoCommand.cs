using System.CommandLine;
using System.Data;
using System.Globalization;
using System.Text.Json;
using Engram.Data.Cli.Output;
using Spectre.Console;

namespace Engram.Data.Cli.Commands;

/// <summary>What <c>engram info</c> tells.</summary>
internal sealed record DatabaseInfo(
    string Path, string Version, long SizeBytes, IReadOnlyDictionary<string, FolderInfo> Folders, IReadOnlyList<TableInfo> Tables, EngramRecoveryReport Opening);

/// <param name="SizeBytes">Of all files in it.</param>
internal sealed record FolderInfo(int Files, long SizeBytes);

/// <param name="Columns">Names and types.</param>
/// <param name="SegmentSizeBytes">Of the files that hold its rows, without indexes.</param>
/// <param name="MemoryRows">Rows that are in the log and in no segment yet.</param>
internal sealed record TableInfo(
    string Name, long Rows, long Segments, long SegmentSizeBytes, long MemoryRows, IReadOnlyList<string> Columns, IReadOnlyList<string> Indexes, IReadOnlyList<ColumnStorage> Storage);

/// <param name="Column">Its name; in parentheses what the engine keeps for itself.</param>
/// <param name="SizeBytes">In all segments.</param>
/// <param name="Encodings">How many blocks have which encoding.</param>
internal sealed record ColumnStorage(string Column, long SizeBytes, IReadOnlyDictionary<string, long> Encodings);

/// <summary><c>engram info</c>: what is in a database and what room it takes.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var json = Commanding.JsonOption();
        var columns = new Option<bool>("--columns") { Description = "Also show what each column takes, and how its blocks are encoded." };
        var command = new Command("info", "Show tables, rows, segments, and the room that they take.") { database, columns, json };
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
                Print(info, given.GetValue(columns), Console.Out);
            }

            return ExitCodes.Done;
        });
        return command;
    }

    public static async Task<DatabaseInfo> ReadAsync(EngramConnection connection, string path, CancellationToken cancellationToken)
    {
        var columns = connection.GetSchema("Columns").Rows.Cast<DataRow>().ToLookup(r => ((string)r["table_schema"], (string)r["table_name"]));
        var indexes = connection.GetSchema("Indexes").Rows.Cast<DataRow>().ToLookup(r => ((string)r["table_schema"], (string)r["table_name"]));
        var storage = await ReadStorageAsync(connection, cancellationToken);
        var tables = new List<TableInfo>();
        await using var command = new EngramCommand("SELECT table_schema, table_name, rows, segments, segment_bytes, memory_rows FROM engram_tables ORDER BY table_schema, table_name", connection);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var key = (reader.GetString(0), reader.GetString(1));
                tables.Add(new TableInfo(
                    key.Item1 == "public" ? key.Item2 : $"{key.Item1}.{key.Item2}",
                    reader.GetInt64(2),
                    reader.GetInt64(3),
                    reader.GetInt64(4),
                    reader.GetInt64(5),
                    [.. columns[key].OrderBy(c => (int)c["ordinal_position"]).Select(c => $"{c["column_name"]} {c["data_type"]}{((bool)c["is_nullable"] ? "" : " NOT NULL")}")],
                    [.. indexes[key].Select(i => $"{i["index_name"]}{((bool)i["is_primary_key"] ? " (primary key)" : (bool)i["is_unique"] ? " (unique)" : "")}")],
                    [.. storage[key].GroupBy(c => c.Column).Select(g => new ColumnStorage(g.Key, g.Sum(c => c.SizeBytes), Merge(g.Select(c => c.Encodings))))]));
            }
        }

        var root = new DirectoryInfo(path);
        var folders = root.EnumerateDirectories().ToDictionary(d => d.Name, d =>
        {
            var sizes = Databases.FileSizes(d).ToArray();
            return new FolderInfo(sizes.Length, sizes.Sum());
        });
        return new DatabaseInfo(root.FullName, connection.ServerVersion, Databases.SizeOf(path), folders, tables, connection.LastRecovery!);
    }

    /// <summary>A line for each column of each segment.</summary>
    private static async Task<ILookup<(string, string), (string Column, long SizeBytes, string Encodings)>> ReadStorageAsync(EngramConnection connection, CancellationToken cancellationToken)
    {
        var lines = new List<((string, string) Table, (string Column, long SizeBytes, string Encodings) Storage)>();
        await using var command = new EngramCommand("SELECT table_schema, table_name, coalesce(column_name, '(dropped)'), bytes, encodings FROM engram_segments", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(((reader.GetString(0), reader.GetString(1)), (reader.GetString(2), reader.GetInt64(3), reader.GetString(4))));
        }

        return lines.ToLookup(l => l.Table, l => l.Storage);
    }

    /// <summary>Adds up texts like <c>packed 3, plain 1</c>.</summary>
    private static SortedDictionary<string, long> Merge(IEnumerable<string> texts)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var words = part.Split(' ');
            counts[words[0]] = counts.GetValueOrDefault(words[0]) + long.Parse(words[1], CultureInfo.InvariantCulture);
        }

        return counts;
    }

    private static void Print(DatabaseInfo info, bool withColumns, TextWriter output)
    {
        var folders = string.Join(", ", info.Folders.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} {Databases.Bytes(f.Value.SizeBytes)} in {f.Value.Files}"));
        output.WriteLine($"{info.Path}: {Databases.Bytes(info.SizeBytes)}{(folders.Length > 0 ? $" ({folders})" : "")}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Opened in {info.Opening.Duration.TotalMilliseconds:0.0} ms; {info.Opening.Transactions:N0} transactions were read back from the log."));
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            new TableColumn("table"), new TableColumn("rows").RightAligned(), new TableColumn("in memory").RightAligned(), new TableColumn("segments").RightAligned(), new TableColumn("size").RightAligned(),
            new TableColumn("columns"), new TableColumn("indexes"));
        foreach (var entry in info.Tables)
        {
            table.AddRow(
                Markup.Escape(entry.Name),
                entry.Rows.ToString("N0", CultureInfo.InvariantCulture),
                entry.MemoryRows.ToString("N0", CultureInfo.InvariantCulture),
                entry.Segments.ToString("N0", CultureInfo.InvariantCulture),
                Databases.Bytes(entry.SegmentSizeBytes),
                Markup.Escape(string.Join("\n", entry.Columns)),
                Markup.Escape(string.Join("\n", entry.Indexes)));
        }

        ResultWriter.Write(table, output);
        if (withColumns)
        {
            PrintColumns(info, output);
        }
    }

    private static void PrintColumns(DatabaseInfo info, TextWriter output)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns(new TableColumn("table"), new TableColumn("column"), new TableColumn("size").RightAligned(), new TableColumn("blocks by encoding"));
        foreach (var entry in info.Tables)
        {
            foreach (var column in entry.Storage)
            {
                table.AddRow(Markup.Escape(entry.Name), Markup.Escape(column.Column), Databases.Bytes(column.SizeBytes), Markup.Escape(string.Join(", ", column.Encodings.Select(e => $"{e.Key} {e.Value}"))));
            }
        }

        ResultWriter.Write(table, output);
    }
}
