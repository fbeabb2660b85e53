using System.CommandLine;
using System.Globalization;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram query</c>: runs SQL from the command line, a file or the input, and prints every result.</summary>
internal static class QueryCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var sql = new Argument<string?>("sql") { Description = "One statement or several. '-' or nothing: read them from the input.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<FileInfo?>("--file", "-f") { Description = "Read the statements from a file." };
        var mode = new Option<string>("--mode", "-m") { Description = "table, lines, csv, json or ndjson.", DefaultValueFactory = _ => "table" };
        var json = Commanding.JsonOption();
        var write = new Option<bool>("--write", "-w") { Description = "Open the database to write. Without it, statements that write fail, and the database may be open in another process." };
        var parameters = new Option<string[]>("--parameter", "-p") { Description = "A parameter, name=value, as text that is cast to what the statement expects; may be repeated.", AllowMultipleArgumentsPerToken = false };
        var command = new Command("query", "Run SQL and print the results.") { database, sql, file, mode, json, write, parameters };
        command.Run(async (given, cancellationToken) =>
        {
            var text = await ReadTextAsync(given.GetValue(sql), given.GetValue(file), cancellationToken);
            var output = given.GetValue(json) ? OutputMode.Json : ResultWriter.Parse(given.GetValue(mode)!);
            var path = given.GetValue(database)!;
            await using var connection = given.GetValue(write) ? Databases.OpenForWriting(path) : Databases.OpenForReading(path);
            return await RunAsync(connection, text, given.GetValue(parameters) ?? [], output, Console.Out, cancellationToken);
        });
        return command;
    }

    public static async Task<int> RunAsync(
        EngramConnection connection, string text, IEnumerable<string> parameters, OutputMode mode, TextWriter output, CancellationToken cancellationToken)
    {
        await using var command = new EngramCommand(text, connection);
        foreach (var parameter in parameters)
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new ArgumentException($"'{parameter}' is no parameter: it must be name=value.");
            }

            command.Parameters.Add(ToParameter(parameter[..equals], parameter[(equals + 1)..]));
        }

        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            do
            {
                if (reader.FieldCount > 0)
                {
                    await ResultWriter.WriteAsync(reader, mode, output, cancellationToken);
                }
            }
            while (await reader.NextResultAsync(cancellationToken));

            if (reader.RecordsAffected >= 0 && mode is OutputMode.Table or OutputMode.Lines)
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{reader.RecordsAffected:N0} rows changed."));
            }

            return ExitCodes.Done;
        }
        catch (EngramException e)
        {
            await Console.Error.WriteLineAsync(ErrorText.Of(e, text));
            return ExitCodes.Of(e);
        }
    }

    public static async Task<string> ReadTextAsync(string? sql, FileInfo? file, CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            return sql is null ? await File.ReadAllTextAsync(file.FullName, cancellationToken) : throw new ArgumentException("Give the SQL or a file, not both.");
        }

        return sql is null or "-" ? await Console.In.ReadToEndAsync(cancellationToken) : sql;
    }

    /// <summary>Numbers and truth values as such; everything else as text, which the engine casts where another type is expected.</summary>
    private static EngramParameter ToParameter(string name, string value) => value switch
    {
        "" or "NULL" or "null" => new EngramParameter(name, DBNull.Value),
        "true" or "false" => new EngramParameter(name, value == "true"),
        _ when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => new EngramParameter(name, (object)integer),
        _ when decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => new EngramParameter(name, (object)number),
        ['[', .., ']'] when ToVector(value) is { } vector => new EngramParameter(name, vector),
        _ => new EngramParameter(name, value),
    };

    private static float[]? ToVector(string text)
    {
        var elements = text[1..^1].Split(',');
        var vector = new float[elements.Length];
        for (var i = 0; i < elements.Length; i++)
        {
            if (!float.TryParse(elements[i], NumberStyles.Float, CultureInfo.InvariantCulture, out vector[i]))
            {
                return null;
            }
        }

        return vector;
    }
}
