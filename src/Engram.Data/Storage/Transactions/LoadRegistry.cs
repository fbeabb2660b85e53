using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Transactions;

/// <summary>The files of loads, and of columns computed for segments, that no manifest names yet, and the row ids that running loads keep for them. Thread-safe.</summary>
/// <remarks>
/// <para>Three others must know. Who deletes files that nothing names must leave these: those that are being written, those attached by a transaction that may still
/// commit, and those that a commit in the log names, for recovery reads that commit until a manifest is beyond it, whether the table is still there
/// or not. Who writes segments must not write one that reaches across a range that a load keeps: segments of a table hold disjoint ranges of row ids. And a
/// backup copies what the log names.</para>
/// <para>Taking row ids and entering them here is one step, so that whoever has seen a row id beyond the range finds the range here, or its segment in the root.</para>
/// </remarks>
internal sealed class LoadRegistry
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (TableId Table, long RowIdFirst)> running = new(StringComparer.Ordinal);
    private readonly HashSet<string> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LoggedSegment> logged = new(StringComparer.Ordinal);

    /// <param name="logged">What recovery found in the log.</param>
    public LoadRegistry(IEnumerable<LoggedSegment> logged)
    {
        foreach (var segment in logged)
        {
            this.logged.Add(segment.Info.Name, segment);
        }
    }

    /// <summary>Enters a file that is about to be written and takes row ids for it; returns the first.</summary>
    public long Enter(string name, TableId table, TableCounters counters, int rowIdCount)
    {
        lock (gate)
        {
            var first = counters.TakeRowIds(rowIdCount);
            running.Add(name, (table, first));
            return first;
        }
    }

    /// <summary>Enters a file that is about to be written with one column of a segment that is there.</summary>
    public void EnterColumn(string name)
    {
        lock (gate)
        {
            columns.Add(name);
        }
    }

    /// <summary>Forgets a file of a load that was given up or rolled back, be it that its commit found no room in the log.</summary>
    public void Leave(string name)
    {
        lock (gate)
        {
            running.Remove(name);
            columns.Remove(name);
            logged.Remove(name);
        }
    }

    /// <summary>A commit names the file that is about to be appended to the log, and no other can come before it.</summary>
    public void EnterLogged(SegmentInfo info, Lsn lsn)
    {
        lock (gate)
        {
            running.Remove(info.Name);
            columns.Remove(info.Name);
            logged.Add(info.Name, new LoggedSegment(info, lsn));
        }
    }

    /// <summary>A manifest as of this commit counts: it names what is needed of the files attached up to it.</summary>
    public void LeaveLogged(Lsn upTo)
    {
        lock (gate)
        {
            foreach (var name in logged.Values.Where(l => l.Lsn <= upTo).Select(l => l.Info.Name).ToList())
            {
                logged.Remove(name);
            }
        }
    }

    /// <summary>All files that are needed beside those of the manifest.</summary>
    public HashSet<string> Names
    {
        get
        {
            lock (gate)
            {
                return new HashSet<string>(running.Keys.Concat(columns).Concat(logged.Keys), StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Files that commits in the log name and the manifest does not.</summary>
    public ImmutableArray<LoggedSegment> Logged
    {
        get
        {
            lock (gate)
            {
                return [.. logged.Values];
            }
        }
    }

    /// <summary>Where the ranges of row ids begin that are kept for a table, ascending: no segment may reach from below one to beyond it.</summary>
    public ImmutableArray<long> RowIdsFirst(TableId table)
    {
        lock (gate)
        {
            return [.. running.Values.Where(f => f.Table == table).Select(f => f.RowIdFirst).Order()];
        }
    }
}

/// <summary>A segment that a commit in the log attached to its table.</summary>
internal sealed record LoggedSegment(SegmentInfo Info, Lsn Lsn);
