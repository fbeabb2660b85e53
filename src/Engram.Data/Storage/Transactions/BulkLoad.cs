using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Transactions;

/// <summary>Rows in any number on their way into a table: written straight to segment files, beside everybody else, and attached by one small record.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows that go through the log are written twice, wait in memory for the next checkpoint, and hold the write lock while they are
/// executed. For a million embeddings that is gigabytes of log and memory, and seconds in which nobody else writes.</para>
/// <para><b>Picture.</b></para>
/// <code>
///   Insert, Insert, ...     no lock   row ids are kept ahead; rows are encoded into segments/t1-load-....seg, a piece at a time
///   Complete                no lock   files synced and read back; keys sorted; keys within one file compared
///   Transaction.Attach      write lock  the root shows the segments, stamped as the statement's; a record of some hundred bytes goes to the commit's redo
///   EndStatement                        keys are compared with everything appended and with each other
///   Commit                              as ever: the stamps become the LSN, the record is logged and synced
///   next checkpoint                     the manifest names the files; the record is cut off with the log
/// </code>
/// <para><b>Invariants.</b> A file is whole and durable, its name too, before a record that names it can be queued. It is never written again. Its
/// row ids lie in a range of its own (<see cref="LoadRegistry"/>). Until a manifest names it, the registry protects it from the deletion of orphans.</para>
/// <para><b>Crash.</b> Before the record is durable: the files are orphans, and the next opening deletes them. After: recovery opens them as the record says, and refuses the
/// database when one is missing or damaged, as for a segment of the manifest. <b>Failure</b> (disk full, a broken rule, a cancelled
/// load): <see cref="Dispose"/> deletes the files; row ids and identity numbers that were taken are left out.</para>
/// <para><b>Memory</b> is that of one segment writer, whatever the number of rows. Used by one thread at a time.</para>
/// </remarks>
internal sealed class BulkLoad : RowTarget, IDisposable
{
    private readonly DirectoryStore store;
    private readonly TableCounters counters;
    private readonly string prefix;
    private readonly List<string> names = [];
    private readonly List<SegmentInfo> written = [];
    private readonly List<SegmentExtent> extents = [];
    private readonly long[] rowIds = new long[Batch.RowCountMax];
    private SegmentWriter? writer;
    private long rowIdNext;
    private bool isComplete;
    private bool isDisposed;

    public BulkLoad(DirectoryStore store, TableDefinition table, TableCounters counters)
    {
        this.store = store;
        this.counters = counters;
        Table = table;
        // Names are never given twice, so that no reader of another process takes one file for another.
        prefix = string.Create(CultureInfo.InvariantCulture, $"{SegmentFlush.Subdirectory}/{table.Id}-load-{store.Directory.NextRandom():x16}");
    }

    /// <summary>The table as the rows were made for it.</summary>
    public TableDefinition Table { get; }

    /// <summary>Rows taken so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Bytes of the files that are complete.</summary>
    public long SizeBytes => written.Sum(w => w.FileLength);

    /// <summary>What was written, after <see cref="Complete"/>.</summary>
    public IReadOnlyList<SegmentExtent> Segments => isComplete ? extents : throw Error.Internal("a load is used before it is complete");

    /// <summary>Adds rows. The batch may have a selection.</summary>
    /// <exception cref="EngramException">23502 for NULL in a column that may not have it; 53100, 58030: the load cannot go on.</exception>
    public override RowIdRange Insert(TableId table, Batch rows)
    {
        if (isComplete || isDisposed || table != Table.Id)
        {
            throw Error.Internal($"rows of table {table} are given to a load of {Table.Id} that has ended");
        }

        var count = rows.SelectedCount;
        if (count == 0)
        {
            return default;
        }

        for (var i = 0; i < Table.Columns.Length; i++)
        {
            WriteTransaction.CheckColumn(Table, Table.Columns[i], rows.Columns[i], rows);
        }

        if (writer is not null && writer.AppendedCount + count > SegmentInfo.RowCountMax)
        {
            FinishOne();
        }

        writer ??= Start();
        for (var i = 0; i < count; i++)
        {
            rowIds[i] = rowIdNext + i;
        }

        writer.Append(rows, rowIds.AsSpan(0, count));
        var range = new RowIdRange(rowIdNext, count);
        rowIdNext += count;
        RowCount += count;
        return range;
    }

    public override long NextIdentity(TableId table, ColumnId column, int count)
    {
        var definition = Table.Columns[Table.IndexOf(column)];
        return counters.TryTakeIdentity(definition, count, out var first)
            ? first
            : throw Error.IdentityExhausted(Table.ToString(), definition.Name, definition.Type.ToString());
    }

    public override void AdvanceIdentity(TableId table, ColumnId column, long used) => counters.AdvanceIdentity(Table.Columns[Table.IndexOf(column)], used);

    /// <summary>Ends the files: afterwards they are durable, and <see cref="Transaction.Attach"/> may be called.</summary>
    /// <exception cref="EngramException">23505: two rows of one file have one key.</exception>
    public void Complete()
    {
        if (writer is not null)
        {
            FinishOne();
        }

        foreach (var info in written)
        {
            var extent = new SegmentExtent(Segment.Open(store.Directory, info), store.IndexFiles);
            extents.Add(extent);
            foreach (var index in Table.Indexes)
            {
                // Whoever looks for a key next would have to make it, perhaps under the write lock.
                var shape = KeyShape.Of(Table, index);
                var run = extent.GetRun(index.Id, shape);
                if (index is { IsUnique: true, FilterSql: null } && LoadedKeys.FindDuplicateWithin(extent.Segment, run, shape, Table) is { } key)
                {
                    throw Error.UniqueViolation(index.Name, Table.ToString(), key);
                }
            }
        }

        // Searches use them from the first one on. Their loss would cost time, so a file that cannot be written fails nothing.
        foreach (var extent in extents)
        {
            SegmentFlush.WriteCodes(extent, Table, isNew: true);
        }

        isComplete = true;
    }

    /// <summary>Deletes the files unless they are attached by now.</summary>
    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        DisposeWriter();
        // Stamped: committed, or of a transaction that has not ended. When that is rolled back the next checkpoint deletes the files.
        var isAttached = isComplete && extents.Exists(e => e.Begin is not 0 and not ReadHorizon.Aborted);
        extents.ForEach(e => e.Release());
        foreach (var name in isAttached ? [] : names)
        {
            Delete(name);
            store.Loads.Leave(name);
        }
    }

    private SegmentWriter Start()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{names.Count:D4}.seg");
        rowIdNext = store.Loads.Enter(name, Table.Id, counters, SegmentInfo.RowCountMax);
        names.Add(name);
        return SegmentWriter.Create(store.Directory, name, Table.Id, [.. Table.Columns.Select(c => (c.Id, c.Type))], tap: CodeTap.Create(store.IndexFiles, name, Table));
    }

    private void FinishOne()
    {
        written.Add(writer!.Finish());
        writer.Dispose();
        writer = null;
    }

    private void DisposeWriter()
    {
        try
        {
            writer?.Dispose();
        }
        catch (EngramException e)
        {
            Report(e);
        }

        writer = null;
    }

    private void Delete(string name)
    {
        try
        {
            store.Directory.Delete(name);
        }
        catch (EngramException e)
        {
            Report(e);
        }
    }

    /// <summary>What ended the load matters more; the next checkpoint or opening deletes the file.</summary>
    private void Report(EngramException e) => store.Logger.LogWarning(e, "Files of a load into {Path} that was given up could not be deleted", store.Directory.Path);
}
