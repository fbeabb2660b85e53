namespace Engram.Data.Cli.Import;

/// <summary>A file of records, read once from its beginning to its end.</summary>
internal interface IRecordSource : IDisposable
{
    /// <summary>The columns that each record has a value for.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Some of the first records, which <see cref="Read"/> returns too.</summary>
    IReadOnlyList<Record> Peek(int count);

    /// <summary>All records. May be called once.</summary>
    IEnumerable<Record> Read();
}

/// <param name="Values">In the order of the names: text, or what JSON had (long, decimal, double, bool, text of JSON); null for none.</param>
/// <param name="Line">Where it is in the file, from 1.</param>
internal readonly record struct Record(object?[] Values, long Line);
