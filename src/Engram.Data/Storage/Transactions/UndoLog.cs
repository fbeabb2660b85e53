using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Everything that the running write transaction stamped, in order: what a commit gives its LSN to and a rollback takes back.</summary>
/// <remarks>Runs of inserted rows take one entry, deletes and patches one each. Used by the holder of the write lock only.</remarks>
internal sealed class UndoLog
{
    private readonly List<Entry> entries = [];

    /// <summary>A mark to roll back to.</summary>
    public int Count => entries.Count;

    public void Inserted(DeltaChunk chunk, int first, int rows)
    {
        if (entries.Count > 0 && entries[^1] is { Kind: EntryKind.Insert } last && ReferenceEquals(last.Target, chunk) && last.First + last.Rows == first
            && !last.IsMark)
        {
            entries[^1] = last with { Rows = last.Rows + rows };
            return;
        }

        entries.Add(new Entry(EntryKind.Insert, chunk, first, rows));
    }

    public void Ended(BlockVersions versions, int row) => entries.Add(new Entry(EntryKind.End, versions, row, 1));

    public void Attached(SegmentExtent segment) => entries.Add(new Entry(EntryKind.Attach, segment, 0, segment.Segment.RowCount));

    public void Patched(PatchList patches, int at) => entries.Add(new Entry(EntryKind.Patch, patches, at, 1));

    /// <summary>Keeps later inserts from being joined to earlier ones, so that a mark separates them.</summary>
    public int Mark()
    {
        if (entries.Count > 0)
        {
            entries[^1] = entries[^1] with { IsMark = true };
        }

        return entries.Count;
    }

    /// <summary>Replaces every stamp by the LSN of the commit.</summary>
    public void Commit(long lsn)
    {
        foreach (var entry in entries)
        {
            switch (entry.Kind)
            {
                case EntryKind.Insert: ((DeltaChunk)entry.Target).SetBegin(entry.First, entry.Rows, lsn); break;
                case EntryKind.Dead: ((DeltaChunk)entry.Target).Abort(entry.First, entry.Rows, lsn); break;
                case EntryKind.End: ((BlockVersions)entry.Target).SetEnd(entry.First, lsn); break;
                case EntryKind.Attach: ((SegmentExtent)entry.Target).Begin = lsn; break;
                default: ((PatchList)entry.Target).SetStamp(entry.First, lsn); break;
            }
        }
    }

    /// <summary>Takes back everything after the mark, newest first, while the transaction goes on.</summary>
    /// <remarks>
    /// Inserted rows keep their begin stamp, because begin stamps must ascend within a chunk and earlier rows of this transaction may stand before
    /// them; they end at the same stamp. As dead rows they stay in the log, and get the LSN of the commit for both.
    /// </remarks>
    public void RollbackTo(int mark)
    {
        var kept = mark;
        for (var i = entries.Count - 1; i >= mark; i--)
        {
            Undo(entries[i]);
        }

        for (var i = mark; i < entries.Count; i++)
        {
            if (entries[i].Kind is EntryKind.Insert or EntryKind.Dead)
            {
                entries[kept++] = entries[i] with { Kind = EntryKind.Dead, IsMark = true };
            }
        }

        entries.RemoveRange(kept, entries.Count - kept);
    }

    /// <summary>Takes back everything, at the end of the transaction.</summary>
    /// <param name="appended">The newest appended LSN; see <see cref="DeltaChunk.Abort"/>.</param>
    public void RollbackAll(long appended)
    {
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            if (entries[i].Kind is not (EntryKind.Insert or EntryKind.Dead))
            {
                Undo(entries[i]);
            }
        }

        // Rows oldest first: a reader looks for the end of the rows that it sees by halving, so begin stamps must ascend at every moment,
        // and the appended LSN is seen where the statement's number is not.
        foreach (var entry in entries)
        {
            if (entry.Kind is EntryKind.Insert or EntryKind.Dead)
            {
                ((DeltaChunk)entry.Target).Abort(entry.First, entry.Rows, Math.Max(appended, 1));
            }
        }

        entries.Clear();
    }

    public void Clear() => entries.Clear();

    private static void Undo(Entry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.Insert: ((DeltaChunk)entry.Target).Kill(entry.First, entry.Rows); break;
            case EntryKind.End: ((BlockVersions)entry.Target).SetEnd(entry.First, 0); break;
            case EntryKind.Attach: ((SegmentExtent)entry.Target).Begin = ReadHorizon.Aborted; break;
            case EntryKind.Patch: ((PatchList)entry.Target).SetStamp(entry.First, ReadHorizon.Aborted); break;
        }
    }

    private enum EntryKind : byte
    {
        Insert,
        /// <summary>Inserted and taken back while the transaction went on.</summary>
        Dead,
        End,
        /// <summary>A segment that a load had written.</summary>
        Attach,
        Patch,
    }

    private readonly record struct Entry(EntryKind Kind, object Target, int First, int Rows)
    {
        public bool IsMark { get; init; }
    }
}
