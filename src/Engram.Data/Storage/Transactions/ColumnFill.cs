using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Values of one column for all rows of a table, on their way in: what a change of the schema computes for the rows that are there.</summary>
/// <remarks>
/// <para><b>The problem.</b> As updates, a value for each of ten million rows would be a patch in memory and bytes in the log. As a rewrite of the table it would move every embedding.</para>
/// <para><b>Picture.</b> The column is one that no reader knows yet: it has an id of its own, in the definition of this transaction alone. So its values need no versions.</para>
/// <code>
///   rows of a segment      segments/….c9.column, a file with row ids and this column alone, for all rows of the segment, NULL for those that are gone; written and synced at once
///   other rows             updates
///   Complete               the root shows the segments with the column; a record of some hundred bytes names the files
///   Commit                 as ever. Readers with the schema from before ask the same segments for other columns
///   next checkpoint        the manifest names the files with their segments
/// </code>
/// <para><b>Invariants.</b> The write lock is held from the first value to the commit. Versions belong to the rows, so both showings of a segment share them
/// (<see cref="SegmentExtent.WithColumns"/>). While the log names a file and the manifest does not, the registry of loads protects it, and no compaction touches its segment.</para>
/// <para><b>Crash.</b> Before the commit is durable the files are orphans. After: recovery gives them to the segments that the record names, which the manifest has, or a record before.
/// <b>Failure</b> (disk full, a value that does not fit): the files are deleted. <b>Rollback</b>, of the statement too: the root shows the segments as before.</para>
/// <para><b>Memory</b> is that of one writer, whatever the number of rows.</para>
/// </remarks>
internal abstract class ColumnFill : IDisposable
{
    /// <summary>Gives values to some rows, in the order in which a scan of the table gives them, after all rows before.</summary>
    /// <param name="values">One value for each row id, in their order; no selection.</param>
    public abstract void Write(ReadOnlySpan<long> rowIds, Column values);

    /// <summary>Puts everything that was written into effect.</summary>
    public abstract void Complete();

    /// <summary>Takes back what was not completed.</summary>
    public abstract void Dispose();
}

/// <summary>Column files for segments, updates for all other rows.</summary>
internal sealed class SegmentColumnFill(WriteTransaction transaction, DirectoryStore store, TableDefinition table, ColumnDefinition column) : ColumnFill
{
    private readonly TableVersion version = store.VersionOf(table.Id);
    private readonly List<(SegmentExtent Extent, SegmentInfo File)> files = [];
    private readonly List<string> names = [];
    private readonly Batch batch = new(1);
    private readonly ColumnBuffer values = new(column.Type, Batch.RowCountMax);
    private readonly ColumnBuffer rest = new(column.Type, 16);
    private readonly ColumnBuffer scratch = new(DataType.Int64, Batch.RowCountMax);
    private readonly Column ids = new(DataType.Int64);
    private readonly long[] rowIds = new long[Batch.RowCountMax];
    private SegmentExtent? extent;
    private SegmentWriter? writer;
    private int block;
    private bool isComplete;

    public override void Write(ReadOnlySpan<long> given, Column source)
    {
        for (var first = 0; first < given.Length;)
        {
            if (RowLocator.FindSegment(version, given[first], out _) is not { } segment || !TakesFile(segment))
            {
                first = Update(given, source, first);
                continue;
            }

            if (!ReferenceEquals(segment, extent))
            {
                FinishOne();
                Start(segment);
            }

            var taken = Take(given, source, first);
            if (taken == first)
            {
                throw Error.Internal($"the value of row {given[first]} of {table} comes after those of rows that stand behind it");
            }

            first = taken;
        }
    }

    public override void Complete()
    {
        FinishOne();
        isComplete = true;
        if (files.Count > 0)
        {
            transaction.AttachColumns(table.Id, files);
        }
    }

    public override void Dispose()
    {
        writer?.Dispose();
        values.Dispose();
        rest.Dispose();
        scratch.Dispose();
        if (isComplete)
        {
            return;
        }

        isComplete = true;
        foreach (var name in names)
        {
            transaction.DeleteColumnFile(name);
        }
    }

    /// <summary>Not for a few rows, and not for a segment that is about to go, whatever it is about to become.</summary>
    private bool TakesFile(SegmentExtent segment)
        => segment.Segment.RowCount >= store.Options.FoldedPatchCountMin && segment is { Begin: >= 0, IsBeingReplaced: false };

    /// <summary>Up to the end, or up to the first row of a segment that takes a file: batches come from one block, but nothing depends on it.</summary>
    private int Update(ReadOnlySpan<long> given, Column source, int first)
    {
        var end = first;
        rest.Clear();
        while (end < given.Length && (RowLocator.FindSegment(version, given[end], out _) is not { } segment || !TakesFile(segment)))
        {
            rest.AppendFrom(source, end++);
        }

        batch.RowCount = end - first;
        batch.Columns[0] = rest.Column;
        transaction.Update(table.Id, given[first..end], [column.Id], batch);
        return end;
    }

    private void Start(SegmentExtent segment)
    {
        var info = segment.Segment.Info;
        // Of no checkpoint's name, and before that of the next one: its replacement of the column, should there be one, is newer.
        var name = string.Create(
            CultureInfo.InvariantCulture, $"{info.Name}.{store.Published.Manifest.Generation + 1:D8}-{store.Directory.NextRandom():x16}.{column.Id}.column");
        store.Loads.EnterColumn(name);
        names.Add(name);
        writer = SegmentWriter.Create(store.Directory, name, table.Id, [(column.Id, column.Type)], segment.Segment.OrderOfColumns);
        (extent, block) = (segment, 0);
        values.Clear();
    }

    /// <summary>Takes values for rows of the segment, block by block; rows that come in none of the calls are gone, and have NULL.</summary>
    /// <returns>Where the rows begin that are not of the segment.</returns>
    private int Take(ReadOnlySpan<long> given, Column source, int first)
    {
        var segment = extent!.Segment;
        while (first < given.Length && block < segment.BlockCount)
        {
            BeginBlock();
            var rows = segment.RowsInBlock(block);
            while (first < given.Length && values.Count < rows)
            {
                if (rowIds[values.Count] == given[first])
                {
                    values.AppendFrom(source, first++);
                }
                else
                {
                    values.AppendNull();
                }
            }

            EndBlockIf(values.Count == rows);
        }

        return first;
    }

    /// <summary>Reads the row ids of the block, unless some of its rows are there already.</summary>
    private void BeginBlock()
    {
        if (values.Count > 0)
        {
            return;
        }

        extent!.Segment.Load(0, block, null, ids, scratch);
        for (var row = 0; row < extent.Segment.RowsInBlock(block); row++)
        {
            rowIds[row] = ids.Get<long>(row);
        }
    }

    private void EndBlockIf(bool isFull)
    {
        if (!isFull)
        {
            return;
        }

        batch.RowCount = values.Count;
        batch.Columns[0] = values.Column;
        writer!.Append(batch, rowIds.AsSpan(0, values.Count));
        values.Clear();
        block++;
    }

    private void FinishOne()
    {
        if (writer is null)
        {
            return;
        }

        while (block < extent!.Segment.BlockCount)
        {
            BeginBlock();
            while (values.Count < extent.Segment.RowsInBlock(block))
            {
                values.AppendNull();
            }

            EndBlockIf(true);
        }

        files.Add((extent, writer.Finish()));
        writer.Dispose();
        writer = null;
        extent = null;
    }
}
