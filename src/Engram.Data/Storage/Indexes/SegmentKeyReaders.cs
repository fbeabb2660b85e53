using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Indexes;

/// <summary>A reader of keys for each segment that somebody asks about, kept for the next question. Used by one thread at a time.</summary>
internal sealed class SegmentKeyReaders(KeyShape shape) : IDisposable
{
    private readonly Dictionary<Segment, SegmentKeyReader> readers = [];

    public SegmentKeyReader Of(Segment segment)
    {
        if (!readers.TryGetValue(segment, out var reader))
        {
            readers.Add(segment, reader = new SegmentKeyReader(segment, shape));
        }

        return reader;
    }

    /// <summary>Forgets them all.</summary>
    public void Clear()
    {
        Dispose();
        readers.Clear();
    }

    public void Dispose()
    {
        foreach (var reader in readers.Values)
        {
            reader.Dispose();
        }
    }
}
