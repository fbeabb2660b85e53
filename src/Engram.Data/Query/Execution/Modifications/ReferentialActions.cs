using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>What foreign keys make of a statement when all its parts (of WITH, all WHEN of MERGE) have changed what they change: first every action, then every check.</summary>
/// <remarks>
/// <code>
/// parts change rows ──► keys that are gone or others now ──► round of actions ──┐ rows deleted, set, changed along: their keys
///                                     ▲                                         │
///                                     └─────────────────────────────────────────┘ until none is left
///                                                                               ▼
///                       checks: does anything refer to what is gone? is there what was written refers to?
/// </code>
/// <para>The rows that the actions of a round are about are found before the first of them is carried out. Of two parts one may change the key 1 into 2, the other delete what
/// had the key 2: neither must meet the other's rows. A row is left alone by an action that has nothing to do there any more, since another has deleted it or taken its key away.</para>
/// <para>Rounds follow one another in a loop, a level of children at a time, so that long chains cost no stack. The exception is a row that two actions of a round change: what the
/// first change entails comes before the second, whose old key is the first's new one.</para>
/// <para>What a change entails does not change the same row for the same foreign key again, or tables that refer to each other would swap keys for ever. RESTRICT is judged in its place among the actions, NO ACTION when
/// all are done, and so is what changed rows refer to: a row that keys reach on two ways is whole only then. An error leaves the statement half done: it is rolled back as a whole.</para>
/// </remarks>
internal sealed class ReferentialActions(StatementContext context) : IDisposable
{
    // Beyond it, a row that is changed twice in a round may end in 23503: tables made for that alone get there.
    private const int DepthMax = 64;

    private readonly List<IDisposable> kept = [];
    private readonly List<Action> restrictions = [];
    private readonly List<Action> checks = [];
    private List<Pending> pending = [];
    private Cause? cause;

    /// <summary>When what the part of the statement that runs next entails comes among the parts; in the order of <see cref="Add"/> where that is the same.</summary>
    public int Rank { get; set; }

    /// <summary>Takes the keys of rows that were deleted or have other keys now. They must stay until <see cref="Complete"/> is done.</summary>
    public void Add(ReferencedKeys keys, bool isDelete) => pending.Add(new Pending(keys, isDelete, cause, Rank));

    /// <summary>Keeps the check of keys that are gone until no action is left.</summary>
    public void AddRestriction(Action check) => restrictions.Add(check);

    /// <summary>Keeps the check of rows that refer to others until no action is left.</summary>
    public void AddCheck(Action check) => checks.Add(check);

    /// <summary>Keeps what later rounds and checks read.</summary>
    public T Keep<T>(T value)
        where T : IDisposable
    {
        kept.Add(value);
        return value;
    }

    /// <summary>Notes which rows an action changes, and leaves out those that it was itself entailed by.</summary>
    public void Follow(TableId table, string foreignKey, List<(int Key, long RowId)> rows)
    {
        for (var before = cause; before is not null; before = before.Before)
        {
            if (before.Table == table && before.ForeignKey == foreignKey)
            {
                var changed = before.RowIds;
                rows.RemoveAll(r => changed.Contains(r.RowId));
            }
        }

        cause = new Cause(cause, table, foreignKey, [.. rows.Select(r => r.RowId)]);
    }

    public void Complete()
    {
        pending = [.. pending.OrderBy(p => p.Rank)];
        Drain(0);
        foreach (var check in restrictions.Concat(checks))
        {
            check();
        }
    }

    public void Dispose()
    {
        foreach (var value in kept)
        {
            value.Dispose();
        }
    }

    private void Drain(int depth)
    {
        while (pending.Count > 0)
        {
            var round = pending;
            pending = [];
            var actions = new Round(round, context);
            actions.Find();
            for (var i = 0; i < actions.Count; i++)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                if (pending.Count > 0 && depth < DepthMax && actions.ChangesAgain(i))
                {
                    Drain(depth + 1);
                    actions.IsStale = true;
                }

                cause = actions.CauseOf(i);
                actions.Run(i, this);
                cause = null;
            }
        }
    }

    /// <summary>The actions that some keys ask for, in the order of the keys and of the tables that refer to them.</summary>
    private sealed class Round(List<Pending> keys, StatementContext context)
    {
        private readonly List<(ReferenceAction Action, List<(int Key, long RowId)> Rows, Cause? Cause)> actions = [];
        private readonly Dictionary<TableId, HashSet<long>> changed = [];

        public int Count => actions.Count;

        /// <summary>Whether other rounds ran since the rows were found: any of them may be gone or have other keys now.</summary>
        public bool IsStale { get; set; }

        public void Find()
        {
            Snapshot? snapshot = null;
            try
            {
                foreach (var (action, cause) in keys.SelectMany(k => k.Keys.Actions(k.IsDelete).Select(a => (a, k.Cause))))
                {
                    var rows = new List<(int Key, long RowId)>();
                    if (action.ChangesRows)
                    {
                        action.Find(snapshot ??= context.Transaction!.OpenSnapshot(), rows);
                    }

                    actions.Add((action, rows, cause));
                }
            }
            finally
            {
                snapshot?.Dispose();
            }
        }

        public Cause? CauseOf(int index) => actions[index].Cause;

        /// <summary>Whether an action changes a row that another of the round has changed.</summary>
        public bool ChangesAgain(int index)
        {
            var (action, rows, _) = actions[index];
            return changed.TryGetValue(action.Child.Id, out var before) && rows.Exists(r => before.Contains(r.RowId));
        }

        public void Run(int index, ReferentialActions statement)
        {
            var (action, rows, _) = actions[index];
            if (rows.Count > 0 && actions.Count > 1)
            {
                var before = CollectionsMarshal.GetValueRefOrAddDefault(changed, action.Child.Id, out var isThere) ??= [];
                if (isThere || IsStale)
                {
                    var now = new List<(int Key, long RowId)>();
                    using var snapshot = context.Transaction!.OpenSnapshot();
                    action.Find(snapshot, now);
                    var still = now.ToHashSet();
                    rows.RemoveAll(r => !still.Contains(r));
                }

                before.UnionWith(rows.Select(r => r.RowId));
            }

            action.Run(rows, statement);
        }
    }

    private readonly record struct Pending(ReferencedKeys Keys, bool IsDelete, Cause? Cause, int Rank);

    /// <summary>The change of rows for a foreign key that others follow from, and what it followed from itself.</summary>
    private sealed record Cause(Cause? Before, TableId Table, string ForeignKey, HashSet<long> RowIds);
}
