using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Indexes;

/// <summary>The keys of a range of one index, found in every run that has some: how many there are, and the rows in the order of their keys.</summary>
/// <remarks>
/// <code>
///   segment's run  ─┐
///   segment's run  ─┼─► least (key, row id) ─► visible? key still the one entered? not the row before? ─► row id
///   delta's runs   ─┘
/// </code>
/// <para>Entries are hints: a row is given under the entry whose key is the key that the row has for this reader, and under no other. A row that had a key, lost
/// it and got it back may have several such entries; they come one after another, and the first one counts.</para>
/// <para>Used by one thread at a time; holds nothing that outlives the snapshot.</para>
/// </remarks>
internal sealed class IndexCursor : IndexRange
{
    private readonly KeyShape shape;
    private readonly TableVersion version;
    private readonly SegmentKeyReaders keys;
    private readonly BlockReader reader;
    private readonly Column[] current;
    private readonly KeyBuffer key = new();
    private readonly KeyBuffer lastKey = new();
    private readonly Selection one = new();
    private readonly List<IndexSource> sources = [];
    private readonly List<IndexSource> running = [];
    private bool isDescending;
    private bool isStarted;
    private bool hasLast;
    private long lastRowId;

    public IndexCursor(ReadHorizon horizon, TableVersion version, TableDefinition table, IndexDefinition index, KeyShape shape, KeyRange range)
    {
        this.version = version;
        this.shape = shape;
        keys = new SegmentKeyReaders(shape);
        reader = new BlockReader(horizon, table, shape.Columns);
        current = new Column[shape.Count];
        if (range.HasHigh && range.Low.Span.SequenceCompareTo(range.High.Span) >= 0)
        {
            return;
        }

        foreach (var extent in version.Segments)
        {
            AddSource(new IndexSource(extent, extent.GetRun(index.Id, shape), keys.Of(extent.Segment), range));
        }

        foreach (var delta in version.Deltas)
        {
            if (delta.FindIndex(index.Id)?.Log.Sort() is not { } log)
            {
                continue;
            }

            for (var i = 0; i < log.RunCount; i++)
            {
                AddSource(new IndexSource(log, i, range));
            }
        }
    }

    public override long EntryCount => sources.Sum(s => (long)s.Count);

    public override long EntriesRead { get; protected set; }

    public override void AddCandidates(List<long> rowIds)
    {
        var first = rowIds.Count;
        foreach (var source in sources)
        {
            for (var i = 0; i < source.Count; i++)
            {
                rowIds.Add(source.RowIdAt(i));
            }
        }

        EntriesRead += rowIds.Count - first;
    }

    public override void Start(bool descending)
    {
        isDescending = descending;
        isStarted = true;
        hasLast = false;
        running.Clear();
        foreach (var source in sources)
        {
            source.Start(descending);
            if (source.MoveNext(descending))
            {
                running.Add(source);
            }
        }
    }

    public override int Read(Span<long> rowIds)
        => isStarted ? Read(rowIds, []) : throw Error.Internal("an index range is read before it was started");

    public override int ReadTies(Span<long> rowIds, int parts)
        => hasLast ? Read(rowIds, lastKey.Span[..shape.LengthOf(lastKey.Span, parts)].ToArray()) : Read(rowIds);

    /// <param name="start">What keys begin with that are read; the first other one stays where it is.</param>
    private int Read(Span<long> rowIds, ReadOnlySpan<byte> start)
    {
        var count = 0;
        while (count < rowIds.Length && running.Count > 0)
        {
            var least = FindLeast();
            var source = running[least];
            if (!source.Key.Span.StartsWith(start))
            {
                break;
            }

            EntriesRead++;
            if (!IsLast(source) && IsTrue(source))
            {
                rowIds[count++] = source.RowId;
                lastRowId = source.RowId;
                lastKey.Set(source.Key.Span);
                hasLast = true;
            }

            if (!source.MoveNext(isDescending))
            {
                running.RemoveAt(least);
            }
        }

        return count;
    }

    public override void Dispose()
    {
        reader.Dispose();
        keys.Dispose();
    }

    private void AddSource(IndexSource source)
    {
        if (source.Count > 0)
        {
            sources.Add(source);
        }
    }

    private int FindLeast()
    {
        var least = 0;
        for (var i = 1; i < running.Count; i++)
        {
            var order = running[i].Key.Span.SequenceCompareTo(running[least].Key.Span);
            order = isDescending ? -order : order;
            if (order < 0 || (order == 0 && running[i].RowId < running[least].RowId))
            {
                least = i;
            }
        }

        return least;
    }

    private bool IsLast(IndexSource source) => hasLast && source.RowId == lastRowId && source.Key.Span.SequenceEqual(lastKey.Span);

    /// <summary>Whether the reader sees the row, with the key that the entry says.</summary>
    private bool IsTrue(IndexSource source)
    {
        int row;
        if (source.Extent is { } extent)
        {
            reader.Position(extent, source.Position / Batch.RowCountMax);
            row = source.Position % Batch.RowCountMax;
        }
        else if (!RowLocator.TryPosition(version, source.RowId, reader, out row))
        {
            return false;
        }

        if (!reader.IsVisible(row))
        {
            return false;
        }

        one.Count = 0;
        one.Add(row);
        for (var i = 0; i < current.Length; i++)
        {
            current[i] = reader.Load(i, one);
        }

        shape.Encode(current, row, key);
        return key.Span.SequenceEqual(source.Key.Span);
    }
}
