using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The parent's side of foreign keys: what becomes of the rows that refer to rows which were deleted, or whose key has changed.</summary>
/// <remarks>
/// <para>While the statement runs, the keys that disappear are collected, for each foreign key that refers to the table. At its end the actions are carried out:
/// CASCADE deletes work through a queue, a level of children at a time, so that long chains cost no stack; SET NULL, SET DEFAULT and
/// cascading changes are UPDATE statements within the statement, so that defaults, computed columns, checks and further foreign keys hold there too.</para>
/// <para>NO ACTION and RESTRICT are judged last, when all actions are done, and so is what changed rows refer to themselves: a row that keys reach on two ways is whole only then. Nothing may refer to a key that is no longer there. A key that another
/// row has by then is there.</para>
/// </remarks>
internal sealed class ReferencedKeys : IDisposable
{
    private readonly StatementContext context;
    private readonly CascadedRows? cascaded;
    private readonly Incoming[] incoming;

    /// <param name="changed">The columns that are written; null when rows are deleted.</param>
    /// <param name="cascaded">What the statement has changed for foreign keys so far; null when nothing was.</param>
    public ReferencedKeys(TableDefinition table, ColumnId[]? changed, StatementContext context, CascadedRows? cascaded = null)
    {
        (this.context, this.cascaded) = (context, cascaded);
        var found = from child in context.Transaction!.Catalog.Tables.Values
                    from foreignKey in child.ForeignKeys
                    where foreignKey.ReferencedTable == table.Id && (changed is null || foreignKey.ReferencedColumns.Any(c => changed.Contains(c)))
                    orderby child.Id.Value
                    select new Incoming(table, child, foreignKey);
        incoming = [.. found];
    }

    /// <summary>The table's columns that are read.</summary>
    public IEnumerable<int> Ordinals => incoming.SelectMany(i => i.Keys.Ordinals);

    /// <param name="rows">The table's columns, of rows that are being deleted.</param>
    public void AddDeleted(Batch rows)
    {
        foreach (var reference in incoming)
        {
            reference.Keys.Add(rows);
        }
    }

    public void AddUpdated(Batch oldRows, Batch newRows)
    {
        foreach (var reference in incoming)
        {
            reference.AddUpdated(oldRows, newRows);
        }
    }

    /// <summary>Carries the actions out and checks what is left.</summary>
    public void Finish(bool isDelete)
    {
        if (incoming.All(i => i.Keys.Keys.Count == 0))
        {
            return;
        }

        var levels = new List<ReferencedKeys> { this };
        var restricted = new List<Incoming>();
        var all = cascaded ?? new CascadedRows();
        try
        {
            // Grows while it is worked through: each cascade adds the keys of the rows that it deleted.
            for (var i = 0; i < levels.Count; i++)
            {
                levels[i].Act(isDelete, levels, restricted, all);
            }

            all.AtEnd(() => Verify(restricted, isDelete));
            if (cascaded is null)
            {
                all.Complete();
            }
        }
        finally
        {
            if (cascaded is null)
            {
                all.Dispose();
            }
        }
    }

    public void Dispose()
    {
        foreach (var reference in incoming)
        {
            reference.Dispose();
        }
    }

    private void Act(bool isDelete, List<ReferencedKeys> levels, List<Incoming> restricted, CascadedRows all)
    {
        foreach (var reference in incoming.Where(i => i.Keys.Keys.Count > 0))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var action = isDelete ? reference.ForeignKey.OnDelete : reference.ForeignKey.OnUpdate;
            switch (action)
            {
                case ReferentialAction.NoAction or ReferentialAction.Restrict:
                    restricted.Add(reference);
                    break;
                case ReferentialAction.Cascade when isDelete:
                    AddUnseen(reference, restricted);
                    CascadeDelete(reference, levels, all);
                    break;
                default:
                    AddUnseen(reference, restricted);
                    var newValues = action == ReferentialAction.Cascade ? reference.NewValues : [];
                    var types = Array.ConvertAll(newValues, v => v.Type);
                    all.Keep(new ReferenceUpdate(reference.Child, reference.ForeignKey, action, types, context, all)).Run(reference.Keys.Keys, newValues);
                    break;
            }
        }
    }

    private void CascadeDelete(Incoming reference, List<ReferencedKeys> levels, CascadedRows all)
    {
        using var snapshot = context.Transaction!.OpenSnapshot();
        var found = new List<(int Key, long RowId)>();
        KeyLookup.Find(snapshot, reference.Child, reference.ForeignKey.Columns, reference.Keys.Keys, found, context.Cancellation);
        if (found.Count == 0)
        {
            return;
        }

        var rowIds = found.Select(f => f.RowId).ToArray();
        var level = all.Keep(new ReferencedKeys(reference.Child, null, context));
        levels.Add(level);
        var ordinals = level.Ordinals.Distinct().ToArray();
        if (ordinals.Length > 0)
        {
            using var fetch = snapshot.OpenFetch(reference.Child.Id, [.. ordinals.Select(o => reference.Child.Columns[o].Id)]);
            var rows = new Batch(reference.Child.Columns.Length);
            for (var start = 0; start < rowIds.Length; start += Batch.RowCountMax)
            {
                var part = fetch.Fetch(rowIds.AsSpan(start, Math.Min(rowIds.Length - start, Batch.RowCountMax)));
                for (var i = 0; i < ordinals.Length; i++)
                {
                    rows.Columns[ordinals[i]] = part.Columns[i];
                }

                rows.RowCount = part.RowCount;
                level.AddDeleted(rows);
            }
        }

        context.Transaction.Delete(reference.Child.Id, rowIds);
    }

    /// <summary>Actions change the rows that this transaction sees. When others may have added some, nothing may refer to the key afterwards either.</summary>
    private void AddUnseen(Incoming reference, List<Incoming> restricted)
    {
        if (context.Transaction!.ReadsEarlierMoment)
        {
            restricted.Add(reference);
        }
    }

    private void Verify(List<Incoming> restricted, bool isDelete)
    {
        if (restricted.Count == 0)
        {
            return;
        }

        // What others committed counts too when this transaction reads an earlier moment.
        using var snapshot = context.Transaction!.OpenLatestSnapshot();
        var referring = new List<(int Key, long RowId)>();
        var remaining = new List<(int Key, long RowId)>();
        foreach (var reference in restricted)
        {
            var action = isDelete ? reference.ForeignKey.OnDelete : reference.ForeignKey.OnUpdate;
            referring.Clear();
            KeyLookup.Find(snapshot, reference.Child, reference.ForeignKey.Columns, reference.Keys.Keys, referring, context.Cancellation);
            if (referring.Count == 0)
            {
                continue;
            }

            remaining.Clear();
            KeyLookup.Find(snapshot, reference.Parent, reference.ForeignKey.ReferencedColumns, reference.Keys.Keys, remaining, context.Cancellation);
            var isThere = remaining.Select(r => r.Key).ToHashSet();
            foreach (var (key, _) in referring)
            {
                if (!isThere.Contains(key))
                {
                    var text = KeyCollection.Describe(reference.Parent, reference.ForeignKey.ReferencedColumns, reference.Keys.Keys, key);
                    var isRestricting = action is ReferentialAction.NoAction or ReferentialAction.Restrict;
                    throw !isRestricting ? Error.ReferenceAddedSinceSnapshot(reference.Parent.Name, text, reference.Child.Name, reference.ForeignKey.Name)
                        : Error.ForeignKeyInUse(reference.Parent.Name, text, reference.Child.Name, reference.ForeignKey.Name);
                }
            }
        }
    }

    /// <summary>One foreign key that refers to the table, with the keys that disappear and, for changes, what each of them becomes.</summary>
    private sealed class Incoming : IDisposable
    {
        private readonly KeyComparer[] comparers;

        public Incoming(TableDefinition parent, TableDefinition child, ForeignKeyDefinition foreignKey)
        {
            (Parent, Child, ForeignKey) = (parent, child, foreignKey);
            Keys = new KeyCollection(parent, foreignKey.ReferencedColumns);
            var types = foreignKey.ReferencedColumns.Select(c => parent.FindColumn(c)!.Type).ToArray();
            comparers = [.. types.Select(KeyComparer.For)];
            NewValues = [.. types.Select(t => new ColumnBuffer(t))];
        }

        public TableDefinition Parent { get; }

        public TableDefinition Child { get; }

        public ForeignKeyDefinition ForeignKey { get; }

        public KeyCollection Keys { get; }

        /// <summary>By number of the old key: the key that the same row has now.</summary>
        public ColumnBuffer[] NewValues { get; }

        public void AddUpdated(Batch oldRows, Batch newRows)
        {
            Keys.Add(oldRows, row => !IsSame(oldRows, newRows, row));
            for (var i = 0; i < Keys.Added.Count; i++)
            {
                if (Keys.AddedKeys[i] < NewValues[0].Count)
                {
                    continue;
                }

                for (var c = 0; c < NewValues.Length; c++)
                {
                    NewValues[c].AppendFrom(newRows.Columns[Keys.Ordinals[c]], Keys.Added.Rows[i]);
                }
            }
        }

        public void Dispose()
        {
            Keys.Dispose();
            foreach (var column in NewValues)
            {
                column.Dispose();
            }
        }

        private bool IsSame(Batch oldRows, Batch newRows, int row)
        {
            for (var c = 0; c < comparers.Length; c++)
            {
                var ordinal = Keys.Ordinals[c];
                if (comparers[c].Compare(oldRows.Columns[ordinal], row, newRows.Columns[ordinal], row) != 0)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
