using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>How a block's zone map is compared with a value.</summary>
internal enum ZoneComparison : byte
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>A bound that every wanted row satisfies, <c>column op value</c>: a scan may leave out blocks in which no row can.</summary>
/// <param name="Column">One of the table's columns, not necessarily one that is read.</param>
/// <param name="Comparison">The row's value stands on the left.</param>
/// <param name="Value">One row, not NULL, of the column's type.</param>
internal sealed record ZoneBound(ColumnId Column, ZoneComparison Comparison, Column Value);

/// <summary>Door 2, reading: one immutable view of the whole database, leased until it is disposed.</summary>
/// <remarks>
/// A snapshot never blocks and is never blocked; opening one takes no lock. Everything read through it is as of its horizon, and
/// memory that it hands out is valid until it is disposed. Scans of one snapshot may run on several threads; each scan on one at a time.
/// </remarks>
internal abstract class Snapshot : IDisposable
{
    /// <summary>The schema as of the snapshot.</summary>
    public abstract DatabaseCatalog Catalog { get; }

    /// <summary>The newest commit that is seen.</summary>
    public abstract Lsn Lsn { get; }

    /// <summary>What statements that read the snapshot reserve memory from; null where nothing is counted.</summary>
    public MemoryBudget? Memory { get; init; }

    /// <summary>The counters of sequences; null where nothing may be counted: in a database that is open for reading alone.</summary>
    public SequenceCounters? Sequences { get; init; }

    /// <summary>Rows of a table, counted without looking at what is deleted: for the planner.</summary>
    public abstract long EstimateRowCount(TableId table);

    /// <summary>About how many different values a column has, NULL aside: from sketches of its segments, and from some of the other rows. Null when nobody knows.</summary>
    public virtual double? EstimateDistinct(TableId table, ColumnId column) => null;

    /// <summary>Which part of a column's rows have NULL, as zone maps tell; of rows in no segment it is not known.</summary>
    public virtual double EstimateNullFraction(TableId table, ColumnId column) => 0;

    /// <summary>Reads what sketches of a table's columns are missing: ANALYZE.</summary>
    public virtual void MakeSketches(TableId table, CancellationToken cancellationToken)
    {
    }

    /// <summary>Rows that have NULL in a column. Reads only blocks with rows that were deleted or changed since they were written, and rows that are in no segment.</summary>
    public abstract long CountNulls(TableId table, ColumnId column);

    /// <summary>What each table takes: for engram_tables.</summary>
    public virtual IEnumerable<TableDescription> DescribeTables() => [];

    /// <summary>The segments of all tables: for engram_segments.</summary>
    public virtual IEnumerable<SegmentDescription> DescribeSegments() => [];

    /// <summary>The graphs of all vector indexes: for engram_vector_indexes.</summary>
    public virtual IEnumerable<VectorIndexDescription> DescribeVectorIndexes() => [];

    /// <summary>Starts a scan in storage order. <paramref name="columns"/> may contain <see cref="ColumnId.RowId"/>.</summary>
    public abstract TableScan Scan(TableId table, ReadOnlySpan<ColumnId> columns, ReadOnlySpan<ZoneBound> bounds);

    /// <summary>Reads rows by row id, in the order asked for; those that are not visible are left out.</summary>
    public abstract RowFetch OpenFetch(TableId table, ReadOnlySpan<ColumnId> columns);

    /// <summary>Appends the row ids of all visible rows whose key equals row <paramref name="row"/> of <paramref name="key"/>, ascending.</summary>
    /// <param name="index">An index of the table that covers exactly the key's columns.</param>
    /// <param name="key">One column for each column of the index, in its order and of its types. NULL matches nothing.</param>
    public abstract void Probe(TableId table, IndexId index, ReadOnlySpan<Column> key, int row, List<long> rowIds);

    /// <summary>The same as <see cref="Probe"/> for one who will ask again, of this snapshot and of others.</summary>
    public virtual KeyLookup OpenLookup(TableId table, IndexId index) => new ProbingLookup(this, table, index);

    /// <summary>Finds the entries of an index in a range; reads none yet.</summary>
    public abstract IndexRange OpenRange(TableId table, IndexId index, IndexBounds bounds);

    public abstract void Dispose();
}

/// <summary>A running scan: block by block, columns loaded when they are asked for.</summary>
internal abstract class TableScan : IDisposable
{
    /// <summary>Moves to the next block with at least one visible row; false at the end. Invalidates everything handed out before.</summary>
    public abstract bool NextBlock();

    /// <summary>Rows of the block, visible or not: 1 to <see cref="Batch.RowCountMax"/>.</summary>
    public abstract int RowCount { get; }

    /// <summary>The visible rows; null when all are.</summary>
    public abstract Selection? Visible { get; }

    /// <summary>Loads one of the scan's columns for the current block. Costs nothing when it is mapped plain or in the delta.</summary>
    /// <param name="ordinal">The place in the columns that the scan was opened with.</param>
    /// <param name="needed">The rows that will be read; null for all. Only these hold meaningful values.</param>
    /// <returns>Valid until the next block. Loading the same column again is allowed, with any rows.</returns>
    public abstract Column Load(int ordinal, Selection? needed);

    /// <summary>The int8 codes of a column of vectors for all rows of the current block; false when there are none: then only <see cref="Load"/> tells.</summary>
    /// <param name="codes">By row of the block. Valid until the snapshot is disposed.</param>
    /// <param name="patched">Knows the rows whose vectors were changed since they were stored, so that their codes say nothing; null when there are none.</param>
    public virtual bool TryLoadCodes(int ordinal, out CodeBlock codes, out PatchList? patched)
    {
        (codes, patched) = (default, null);
        return false;
    }

    /// <summary>The parts of the table that an index has graphs over; none where this cannot be split. Has missing ones built.</summary>
    public virtual IReadOnlyList<GraphPart> FindGraphs(IndexId index, GraphShape shape) => [];

    /// <summary>Blocks seen so far, and of these the ones left out thanks to zone maps.</summary>
    public abstract long BlocksTotal { get; }

    public abstract long BlocksSkipped { get; }

    /// <summary>Bytes of columns handed out so far.</summary>
    public abstract long BytesRead { get; }

    /// <summary>All blocks of the table, visible or not, which are numbered in the order of the scan; −1 when the scan cannot be split.</summary>
    public virtual int BlockCount => -1;

    /// <summary>Another scan of the same blocks, columns and bounds, for another thread.</summary>
    public virtual TableScan Fork() => throw Error.Internal("this scan cannot be split");

    /// <summary>From now on <see cref="NextBlock"/> gives blocks of this range only, and then ends.</summary>
    public virtual void Restrict(int firstBlock, int count) => throw Error.Internal("this scan cannot be split");

    public abstract void Dispose();
}

/// <summary>Reads rows of one table by row id into memory of its own.</summary>
internal abstract class RowFetch : IDisposable
{
    /// <summary>Reads up to <see cref="Batch.RowCountMax"/> rows; the batch is valid until the next call.</summary>
    public abstract Batch Fetch(ReadOnlySpan<long> rowIds);

    /// <summary>Turns to another snapshot of the same schema, keeping its memory; false when it cannot.</summary>
    public virtual bool TryRebind(Snapshot snapshot) => false;

    /// <summary>Lets go of what it has seen, until <see cref="TryRebind"/>.</summary>
    /// <returns>False when it holds so much memory that it is better disposed.</returns>
    public virtual bool TryRest() => false;

    public abstract void Dispose();
}

/// <summary>Finds rows by their keys in one index. Used by one thread at a time.</summary>
internal abstract class KeyLookup : IDisposable
{
    /// <summary>Appends the row ids of all visible rows whose key equals row <paramref name="row"/> of <paramref name="key"/>, ascending. NULL matches nothing.</summary>
    public abstract void Find(ReadOnlySpan<Column> key, int row, List<long> rowIds);

    /// <summary>Turns to another snapshot of the same schema, keeping its memory; false when it cannot.</summary>
    public abstract bool TryRebind(Snapshot snapshot);

    /// <summary>Lets go of what it has seen, until <see cref="TryRebind"/>.</summary>
    public abstract void Rest();

    public abstract void Dispose();
}

/// <summary>For snapshots that have no lookup of their own.</summary>
internal sealed class ProbingLookup(Snapshot snapshot, TableId table, IndexId index) : KeyLookup
{
    private Snapshot? snapshot = snapshot;

    public override void Find(ReadOnlySpan<Column> key, int row, List<long> rowIds) => snapshot!.Probe(table, index, key, row, rowIds);

    public override bool TryRebind(Snapshot other)
    {
        snapshot = other;
        return true;
    }

    public override void Rest() => snapshot = null;

    public override void Dispose() => snapshot = null;
}
