using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Collects visible rows of one table, a block at a time, into segments of at most the greatest number of rows.</summary>
/// <remarks>Each file is synced, read back and checked when it is full. Disposed before <see cref="Finish"/>, it deletes the file that it began, not those that are
/// finished: nothing names them, and whoever cleans up knows what is named.</remarks>
/// <param name="generation">Of the manifest that will name the files; part of their names.</param>
/// <param name="barriers">Row ids, ascending, at which ranges begin that belong to other segments: no segment reaches across one.</param>
/// <param name="indexes">Where codes of vectors go; null for none.</param>
internal sealed class SegmentRows(DataDirectory directory, TableDefinition table, long generation, ImmutableArray<long> barriers, IndexFiles? indexes = null) : IDisposable
{
    private readonly List<SegmentInfo> finished = [];
    private readonly List<long> rowIds = [];
    private readonly Selection part = new();
    private SegmentWriter? writer;
    private int rowCount;
    private int barrier;

    /// <summary>Adds what the reader sees of the block that it is positioned on.</summary>
    /// <param name="reader">Of <see cref="Columns.ColumnId.RowId"/> and all columns of the table.</param>
    public void Add(BlockReader reader)
    {
        if (reader.VisibleCount == 0)
        {
            return;
        }

        var batch = new Batch(table.Columns.Length) { RowCount = reader.RowCount, Selection = reader.Visible };
        for (var c = 0; c < table.Columns.Length; c++)
        {
            batch.Columns[c] = reader.Load(c + 1, reader.Visible);
        }

        var ids = reader.Load(0, reader.Visible);
        rowIds.Clear();
        for (var i = 0; i < reader.VisibleCount; i++)
        {
            rowIds.Add(ids.Get<long>(batch.RowAt(i)));
        }

        var first = 0;
        for (var i = 0; i < rowIds.Count; i++)
        {
            if (barrier < barriers.Length && barriers[barrier] < rowIds[i])
            {
                while (barrier < barriers.Length && barriers[barrier] < rowIds[i])
                {
                    barrier++;
                }

                Append(batch, first, i);
                if (writer is not null)
                {
                    FinishOne();
                }

                first = i;
            }
        }

        Append(batch, first, rowIds.Count);
    }

    /// <summary>Appends the rows of the batch whose ids stand between two places of the list.</summary>
    private void Append(Batch batch, int first, int end)
    {
        if (first == end)
        {
            return;
        }

        if (writer is not null && rowCount + end - first > SegmentInfo.RowCountMax)
        {
            FinishOne();
        }

        writer ??= Start();
        var rows = batch;
        if (end - first < rowIds.Count)
        {
            part.Count = 0;
            for (var i = first; i < end; i++)
            {
                part.Add(batch.RowAt(i));
            }

            rows = new Batch(batch.Columns.Length) { RowCount = batch.RowCount, Selection = part };
            batch.Columns.CopyTo(rows.Columns, 0);
        }

        writer.Append(rows, CollectionsMarshal.AsSpan(rowIds)[first..end]);
        rowCount += end - first;
    }

    public List<SegmentInfo> Finish()
    {
        if (writer is not null)
        {
            FinishOne();
        }

        return finished;
    }

    public void Dispose() => writer?.Dispose();

    private SegmentWriter Start()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{SegmentFlush.Subdirectory}/{table.Id}-{generation:D8}-{finished.Count:D4}.seg");
        // A checkpoint or compaction of this generation that failed earlier may have left one.
        directory.Delete(name);
        rowCount = 0;
        return SegmentWriter.Create(directory, name, table.Id, [.. table.Columns.Select(c => (c.Id, c.Type))], tap: CodeTap.Create(indexes, name, table));
    }

    private void FinishOne()
    {
        finished.Add(writer!.Finish());
        writer.Dispose();
        writer = null;
    }
}
