namespace Engram.Data.Cli.Import;

/// <summary>A file of records, read once from its beginning to its end.</summary>
internal abstract class RecordSource : IDisposable
{
    /// <summary>Records that were read to look at them, and were not given yet.</summary>
    private readonly List<Record> peeked = [];

    /// <summary>The columns that each record has a value for.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Some of the first records, which <see cref="Read"/> returns too.</summary>
    public IReadOnlyList<Record> Peek(int count)
    {
        while (peeked.Count < count && Next() is { } record)
        {
            peeked.Add(record);
        }

        return peeked;
    }

    /// <summary>All records. May be called once.</summary>
    public IEnumerable<Record> Read()
    {
        foreach (var record in peeked)
        {
            yield return record;
        }

        while (Next() is { } record)
        {
            yield return record;
        }
    }

    public abstract void Dispose();

    /// <summary>Puts a record that was read while opening the file before those to come.</summary>
    protected void Unread(Record record) => peeked.Add(record);

    /// <summary>The next record of the file, or null at its end.</summary>
    protected abstract Record? Next();
}

/// <param name="Values">In the order of the names: text, or what JSON had (long, decimal, double, bool, text of JSON); null for none.</param>
/// <param name="Line">Where it is in the file, from 1.</param>
internal readonly record struct Record(object?[] Values, long Line);
