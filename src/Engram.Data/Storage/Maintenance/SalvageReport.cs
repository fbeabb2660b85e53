using System.Globalization;
using System.Text;
using System.Text.Json;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>The report of a salvage: a text for people and the same as JSON, in quarantine/.</summary>
/// <remarks>Written and synced before the salvage takes effect, so that no loss is without a report. A salvage that a crash cut short leaves one that
/// describes what was about to be done; it names the generation with which it would have taken effect.</remarks>
internal static class SalvageReport
{
    /// <returns>The name of the text.</returns>
    public static string Write(
        DataDirectory directory, DateTimeOffset now, Manifest result, IReadOnlyList<SalvagedItem> items, IReadOnlyList<(string From, string To)> moves)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{WalFormat.Quarantine}/{SalvagePending.Stamp(now)}-{result.Generation:D8}-report");
        WriteFile(directory, name + ".txt", Encoding.UTF8.GetBytes(Text(directory, now, result, items, moves)));
        WriteFile(directory, name + ".json", Json(directory, now, result, items, moves));
        directory.Sync(WalFormat.Quarantine);
        return name + ".txt";
    }

    private static string Text(
        DataDirectory directory, DateTimeOffset now, Manifest result, IReadOnlyList<SalvagedItem> items, IReadOnlyList<(string From, string To)> moves)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Salvage of '{directory.Path}' at {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC\n\n");
        text.Append(CultureInfo.InvariantCulture, $"It takes effect with generation {result.Generation} of the database, which holds what is left of everything up to commit {result.Lsn}.\n\n");
        text.Append("Lost or changed:\n\n");
        foreach (var item in items)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {item.Kind}{(item.File.Length > 0 ? $" ({item.File})" : "")}: {item.What}\n");
            foreach (var (column, value) in item.Values)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {column} = {value ?? "NULL"}\n");
            }
        }

        text.Append("\nMoved to quarantine, byte for byte:\n\n");
        foreach (var (from, to) in moves)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {from} -> {to}\n");
        }

        return text.ToString();
    }

    private static ReadOnlySpan<byte> Json(
        DataDirectory directory, DateTimeOffset now, Manifest result, IReadOnlyList<SalvagedItem> items, IReadOnlyList<(string From, string To)> moves)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("database", directory.Path);
            json.WriteString("time", now.UtcDateTime);
            json.WriteNumber("generation", result.Generation);
            json.WriteNumber("lsn", result.Lsn.Value);
            json.WriteStartArray("items");
            foreach (var item in items)
            {
                WriteItem(json, item);
            }

            json.WriteEndArray();
            json.WriteStartObject("moved");
            foreach (var (from, to) in moves)
            {
                json.WriteString(from, to);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }

    private static void WriteItem(Utf8JsonWriter json, SalvagedItem item)
    {
        json.WriteStartObject();
        json.WriteString("kind", item.Kind.ToString());
        json.WriteString("file", item.File);
        json.WriteString("what", item.What);
        json.WriteString("table", item.Table);
        json.WriteStartArray("columns");
        foreach (var column in item.Columns)
        {
            json.WriteStringValue(column);
        }

        json.WriteEndArray();
        WriteNumber(json, "rowIdFirst", item.RowIdFirst);
        WriteNumber(json, "rowIdLast", item.RowIdLast);
        json.WriteNumber("rowCount", item.RowCount);
        WriteNumber(json, "firstLsn", item.FirstLsn?.Value);
        WriteNumber(json, "lastLsn", item.LastLsn?.Value);
        json.WriteStartObject("values");
        foreach (var (column, value) in item.Values)
        {
            json.WriteString(column, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteFile(DataDirectory directory, string name, ReadOnlySpan<byte> content)
    {
        directory.Delete(name);
        using var file = directory.Create(name);
        file.Write(0, content);
        file.Sync();
    }
}
