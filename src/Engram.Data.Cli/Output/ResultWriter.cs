using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Spectre.Console;

namespace Engram.Data.Cli.Output;

/// <summary>How rows are printed.</summary>
internal enum OutputMode
{
    /// <summary>A table for people: long values short, at most some thousands of rows.</summary>
    Table,
    /// <summary>One line for each value.</summary>
    Lines,
    /// <summary>RFC 4180, with a header; NULL is an empty field.</summary>
    Csv,
    /// <summary>One array of objects.</summary>
    Json,
    /// <summary>One object a line.</summary>
    Ndjson,
}

/// <summary>Prints the rows of a reader. All modes but the table stream: memory does not grow with the rows.</summary>
internal static class ResultWriter
{
    private const int TableRowsMax = 10_000;
    private const int CellLengthMax = 60;

    /// <returns>How many rows were printed.</returns>
    public static async Task<long> WriteAsync(DbDataReader reader, OutputMode mode, TextWriter output, CancellationToken cancellationToken) => mode switch
    {
        OutputMode.Lines => await WriteLinesAsync(reader, output, cancellationToken),
        OutputMode.Csv => await WriteCsvAsync(reader, output, cancellationToken),
        OutputMode.Json or OutputMode.Ndjson => await WriteJsonAsync(reader, mode == OutputMode.Json, output, cancellationToken),
        _ => await WriteTableAsync(reader, output, cancellationToken),
    };

    public static OutputMode Parse(string name) => Enum.TryParse<OutputMode>(name, ignoreCase: true, out var mode) && Enum.IsDefined(mode) && !char.IsAsciiDigit(name[0])
        ? mode
        : throw new ArgumentException($"'{name}' is no output mode. There are: {string.Join(", ", Enum.GetNames<OutputMode>()).ToLowerInvariant()}.");

    private static async Task<long> WriteTableAsync(DbDataReader reader, TextWriter output, CancellationToken cancellationToken)
    {
        var table = new Table().Border(TableBorder.Rounded);
        for (var c = 0; c < reader.FieldCount; c++)
        {
            var column = new TableColumn(Markup.Escape(reader.GetName(c)));
            table.AddColumn(IsNumber(reader.GetFieldType(c)) ? column.RightAligned() : column);
        }

        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows++ < TableRowsMax)
            {
                table.AddRow(Enumerable.Range(0, reader.FieldCount).Select(c => Markup.Escape(ValueText.Short(reader.GetValue(c), CellLengthMax))).ToArray());
            }
        }

        Write(table, output);
        if (rows > TableRowsMax)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{rows - TableRowsMax:N0} more rows are not shown: use LIMIT, or another mode."));
        }

        return rows;
    }

    /// <summary>To the terminal with its width and colours, to a file or pipe as wide as it comes.</summary>
    public static void Write(Spectre.Console.Rendering.IRenderable renderable, TextWriter output)
    {
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            AnsiConsole.Write(renderable);
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 10_000;
        console.Write(renderable);
    }

    private static async Task<long> WriteLinesAsync(DbDataReader reader, TextWriter output, CancellationToken cancellationToken)
    {
        var width = Enumerable.Range(0, reader.FieldCount).Select(c => reader.GetName(c).Length).DefaultIfEmpty().Max();
        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows++ > 0)
            {
                await output.WriteLineAsync();
            }

            for (var c = 0; c < reader.FieldCount; c++)
            {
                await output.WriteLineAsync($"{reader.GetName(c).PadLeft(width)} = {ValueText.Short(reader.GetValue(c), int.MaxValue)}");
            }
        }

        return rows;
    }

    private static async Task<long> WriteCsvAsync(DbDataReader reader, TextWriter output, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(output, new CsvWriterOptions { NewLine = "\n", HasHeader = false }, leaveOpen: true);
        for (var c = 0; c < reader.FieldCount; c++)
        {
            csv.WriteField(reader.GetName(c));
        }

        csv.EndRecord();
        var rows = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            for (var c = 0; c < reader.FieldCount; c++)
            {
                var value = reader.GetValue(c);
                // An empty text is quoted, so that it is not taken for NULL.
                csv.WriteField(ValueText.Full(value), value is "" ? CsvQuoting.Always : CsvQuoting.WhenNeededOrWhitespace);
            }

            await csv.EndRecordAsync(cancellationToken);
            rows++;
        }

        await csv.FlushAsync(cancellationToken);
        return rows;
    }

    private static async Task<long> WriteJsonAsync(DbDataReader reader, bool isArray, TextWriter output, CancellationToken cancellationToken)
    {
        var names = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        var types = Enumerable.Range(0, reader.FieldCount).Select(reader.GetDataTypeName).ToArray();
        using var buffer = new MemoryStream();
        var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        await using var _ = writer.ConfigureAwait(false);
        var rows = 0L;
        await output.WriteAsync(isArray ? "[" : "");
        while (await reader.ReadAsync(cancellationToken))
        {
            buffer.SetLength(0);
            writer.Reset(buffer);
            writer.WriteStartObject();
            for (var c = 0; c < names.Length; c++)
            {
                writer.WritePropertyName(names[c]);
                ValueText.WriteJson(writer, reader.GetValue(c), types[c]);
            }

            writer.WriteEndObject();
            await writer.FlushAsync(cancellationToken);
            await output.WriteAsync(isArray ? rows == 0 ? "\n  " : ",\n  " : "");
            await output.WriteAsync(System.Text.Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
            await output.WriteAsync(isArray ? "" : "\n");
            rows++;
        }

        await output.WriteAsync(isArray ? rows == 0 ? "]\n" : "\n]\n" : "");
        return rows;
    }

    private static bool IsNumber(Type type) => type.IsPrimitive && type != typeof(bool) && type != typeof(char) || type == typeof(decimal);
}
