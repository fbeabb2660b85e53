using Engram.Data.Columns;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Segments of loads that become part of a table; <see cref="BulkLoad"/> tells how.</summary>
internal sealed partial class WriteTransaction
{
    private readonly List<(TableId Table, SegmentExtent Segment)> attached = [];
    private int attachedFrom;

    public override void Attach(BulkLoad load)
    {
        CheckActive();
        var segments = load.Segments;
        if (!catalog.Tables.TryGetValue(load.Table.Id, out var table) || !ReferenceEquals(table, load.Table))
        {
            throw Error.TableChangedSinceLoad(load.Table.ToString());
        }

        if (segments.Count == 0)
        {
            return;
        }

        foreach (var segment in segments)
        {
            if (segment.Begin != 0)
            {
                throw Error.Internal($"a load into {table} is attached twice");
            }

            segment.Begin = -statement;
            undo.Attached(segment);
            attached.Add((table.Id, segment));
        }

        store.AttachSegments(table.Id, segments);
        // What is known of the table refers to the segments that it had.
        ForgetChanges();
        written.Add(table.Id);
        RedoRecord.WriteAttach(Redo, table.Id, store.CountersOf(table.Id).Identities, [.. segments.Select(s => s.Segment.Info)]);
    }

    /// <summary>Takes segments away that were attached after the first <paramref name="kept"/>. Nobody sees them any more.</summary>
    private void Detach(int kept)
    {
        if (attached.Count == kept)
        {
            return;
        }

        store.DetachSegments([.. attached.Skip(kept).Select(a => a.Segment)]);
        attached.RemoveRange(kept, attached.Count - kept);
        attachedFrom = Math.Min(attachedFrom, kept);
        ForgetChanges();
    }

    /// <summary>The keys of the segments that the statement attached: against each other, against all other segments, and against the deltas.</summary>
    private void CheckAttachedKeys()
    {
        if (attachedFrom == attached.Count)
        {
            return;
        }

        foreach (var loaded in attached.Skip(attachedFrom).GroupBy(a => a.Table, a => a.Segment))
        {
            var table = catalog.Get(loaded.Key);
            var version = store.VersionOf(loaded.Key);
            foreach (var index in table.Indexes.Where(i => i.IsUnique))
            {
                var shape = KeyShape.Of(table, index);
                using var check = NewKeyCheck(table, index);
                // Which rows belong to a partial index is known of each row alone.
                var apart = new HashSet<SegmentExtent>(loaded.Where(s => index.FilterSql is null && version.Segments.All(o => ReferenceEquals(o, s) || LoadedKeys.AreApart(s, o, shape))));
                foreach (var segment in loaded.Where(s => !apart.Contains(s)))
                {
                    for (var position = 0; position < segment.Segment.RowCount; position++)
                    {
                        ThrowIfDuplicate(check, segment.Segment.RowIdAt(position), index, table);
                    }
                }

                if (apart.Count > 0)
                {
                    CheckDeltaKeys(version, check, index, table);
                }
            }
        }
    }

    /// <summary>From the side of the deltas, which are the smaller one.</summary>
    private static void CheckDeltaKeys(TableVersion version, KeyCheck check, Catalog.IndexDefinition index, Catalog.TableDefinition table)
    {
        foreach (var delta in version.Deltas)
        {
            for (var i = 0; i < delta.ChunkCount; i++)
            {
                var chunk = delta.Chunk(i);
                for (var row = 0; row < chunk.Count; row++)
                {
                    ThrowIfDuplicate(check, chunk.RowIdAt(row), index, table);
                }
            }
        }
    }

    private static void ThrowIfDuplicate(KeyCheck check, long rowId, Catalog.IndexDefinition index, Catalog.TableDefinition table)
    {
        if (check.FindDuplicate(rowId) is { } key)
        {
            throw Error.UniqueViolation(index.Name, table.ToString(), key);
        }
    }
}
