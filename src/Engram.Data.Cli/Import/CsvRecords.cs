using CsvHelper;

namespace Engram.Data.Cli.Import;

/// <summary>Records of a CSV file with a header (RFC 4180). A field that is empty and not quoted is NULL; <c>""</c> is an empty text.</summary>
internal sealed class CsvRecords : RecordSource
{
    private readonly CsvReader reader;

    public CsvRecords(TextReader input)
    {
        reader = CsvReader.Create(
            input,
            new CsvReaderOptions
            {
                Separator = ',',
                HasHeader = true,
                TrackLineNumbers = true,
                SkipEmptyLines = true,
                MalformedData = CsvMalformedDataHandling.Throw,
                FieldCountMismatch = CsvFieldCountHandling.Throw,
            },
            leaveOpen: true);
        try
        {
            reader.ReadHeader();
        }
        catch (CsvFormatException e)
        {
            throw new FormatException($"The first line must name the columns: {e.Message}", e);
        }

        Names = [.. reader.Headers.Select(n => n.Trim())];
        if (Names.Count == 0)
        {
            throw new FormatException("The file is empty: its first line must name the columns.");
        }
    }

    public override IReadOnlyList<string> Names { get; }

    public override void Dispose() => reader.Dispose();

    protected override Record? Next()
    {
        try
        {
            if (!reader.Read())
            {
                return null;
            }
        }
        catch (CsvFormatException e)
        {
            throw new FormatException(e.Message, e);
        }

        var values = new object?[Names.Count];
        for (var i = 0; i < values.Length; i++)
        {
            // As it stands in the file, quotes included.
            values[i] = reader.GetRawSpan(i).IsEmpty ? null : reader.GetString(i);
        }

        return new Record(values, reader.LineNumber);
    }
}
