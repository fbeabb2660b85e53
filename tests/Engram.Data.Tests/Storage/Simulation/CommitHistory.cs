using System.Collections.Immutable;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>What may be found after a crash at one moment: the state after one of the commits up to then, none of the acknowledged ones missing.</summary>
/// <param name="Acknowledged">The number of the newest acknowledged commit; 0 for none.</param>
/// <param name="States">The state after each commit on its way or done; the first is the empty database.</param>
internal sealed record HistoryMark(int Acknowledged, ImmutableList<DatabaseState> States)
{
    /// <summary>The commit after which the database looked as found; -1 when there is none that may be the last.</summary>
    public int Find(SnapshotSummary found) => States.FindLastIndex(state => state.Differs(found) is null) is var commit && commit >= Acknowledged ? commit : -1;

    /// <summary>The earliest state that may be the one found, not before a commit. A commit may leave the rows as they were, and then only the numbers that
    /// it gave tell whether it is there: those of the earliest are the ones that may certainly not be given again.</summary>
    public DatabaseState EarliestLike(SnapshotSummary found, int commit) => States[FindEarliest(found, commit)];

    /// <summary>The number of the earliest commit after which the database looked as found, not before the given one and the newest acknowledged one.</summary>
    public int FindEarliest(SnapshotSummary found, int commit) => States.FindIndex(Math.Max(commit, Acknowledged), state => state.Differs(found) is null);

    /// <summary>What is wrong with something found that is no possible state.</summary>
    public string Explain(SnapshotSummary found)
    {
        var earlier = States.FindLastIndex(state => state.Differs(found) is null);
        return earlier >= 0
            ? $"commit {Acknowledged} was acknowledged, but the state is that after commit {earlier}"
            : $"the state is not that after any of commits {Acknowledged} to {States.Count - 1}: found {found}; after the last there would be {States[^1].Differs(found)}";
    }
}

/// <summary>All commits of a run in order, and which of them were acknowledged.</summary>
/// <remarks>Commits run one at a time up to their place in the log; acknowledgements may come on other threads.</remarks>
internal sealed class CommitHistory
{
    private readonly Lock _gate = new();
    private HistoryMark _mark;

    public CommitHistory()
        : this(new HistoryMark(0, [DatabaseState.Empty]))
    {
    }

    public CommitHistory(HistoryMark mark) => _mark = mark;

    public HistoryMark Mark
    {
        get
        {
            lock (_gate)
            {
                return _mark;
            }
        }
    }

    /// <summary>The state that the next transaction begins with.</summary>
    public DatabaseState Latest => Mark.States[^1];

    /// <summary>A commit is on its way; returns its number.</summary>
    public int Queue(DatabaseState state)
    {
        lock (_gate)
        {
            _mark = _mark with { States = _mark.States.Add(state) };
            return _mark.States.Count - 1;
        }
    }

    /// <summary>This commit and all before it may not be lost any more.</summary>
    public void Acknowledge(int commit)
    {
        lock (_gate)
        {
            _mark = _mark with { Acknowledged = Math.Max(_mark.Acknowledged, commit) };
        }
    }

    /// <summary>Commits after this one were refused, or turned out lost: history goes on without them.</summary>
    /// <param name="state">The state after it, when its numbers turned out to be others.</param>
    public void CutAfter(int commit, DatabaseState? state = null)
    {
        lock (_gate)
        {
            if (commit < _mark.Acknowledged)
            {
                throw new InvalidOperationException($"Commit {_mark.Acknowledged} was acknowledged and cannot be taken back to {commit}.");
            }

            var states = _mark.States.GetRange(0, commit + 1);
            _mark = _mark with { States = state is null ? states : states.SetItem(commit, state) };
        }
    }
}
