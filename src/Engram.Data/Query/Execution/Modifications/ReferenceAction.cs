using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>One foreign key that refers to a table, with the keys that disappear there and, for changes, what each of them becomes: what is done with the rows that refer to them.</summary>
internal sealed class ReferenceAction : IDisposable
{
    private readonly TableDefinition parent;
    private readonly ForeignKeyDefinition foreignKey;
    private readonly StatementContext context;
    private readonly KeyComparer[] comparers;

    // By number of the old key: the key that the same row has now.
    private readonly ColumnBuffer[] newValues;

    public ReferenceAction(TableDefinition parent, TableDefinition child, ForeignKeyDefinition foreignKey, StatementContext context)
    {
        (this.parent, Child, this.foreignKey, this.context) = (parent, child, foreignKey, context);
        Keys = new KeyCollection(parent, foreignKey.ReferencedColumns);
        var types = foreignKey.ReferencedColumns.Select(c => parent.FindColumn(c)!.Type).ToArray();
        comparers = [.. types.Select(KeyComparer.For)];
        newValues = [.. types.Select(t => new ColumnBuffer(t))];
    }

    /// <summary>The table that refers.</summary>
    public TableDefinition Child { get; }

    public KeyCollection Keys { get; }

    /// <summary>Whether the keys are of rows that were deleted; else of rows that have others now.</summary>
    public bool IsDelete { get; set; }

    /// <summary>Whether rows that refer to the keys are deleted or changed; else they must not be there.</summary>
    public bool ChangesRows => Kind is not (ReferentialAction.NoAction or ReferentialAction.Restrict);

    private ReferentialAction Kind => IsDelete ? foreignKey.OnDelete : foreignKey.OnUpdate;

    public void AddUpdated(Batch oldRows, Batch newRows)
    {
        Keys.Add(oldRows, row => !IsSame(oldRows, newRows, row));
        for (var i = 0; i < Keys.Added.Count; i++)
        {
            if (Keys.AddedKeys[i] < newValues[0].Count)
            {
                continue;
            }

            for (var c = 0; c < newValues.Length; c++)
            {
                newValues[c].AppendFrom(newRows.Columns[Keys.Ordinals[c]], Keys.Added.Rows[i]);
            }
        }
    }

    /// <summary>Finds the rows that refer to the keys.</summary>
    public void Find(Snapshot snapshot, List<(int Key, long RowId)> found)
        => KeyLookup.Find(snapshot, Child, foreignKey.Columns, Keys.Keys, found, context.Cancellation);

    /// <param name="rows">That <see cref="Find"/> gave.</param>
    /// <param name="statement">Takes what the change entails.</param>
    public void Run(List<(int Key, long RowId)> rows, ReferentialActions statement)
    {
        if (Kind == ReferentialAction.Restrict)
        {
            Verify();
            return;
        }

        // Actions change the rows that this transaction sees. When others may have added some, nothing may refer to the key afterwards either.
        if (!ChangesRows || context.Transaction!.ReadsEarlierMoment)
        {
            statement.AddRestriction(Verify);
        }

        if (rows.Count == 0)
        {
            return;
        }

        if (IsDelete && Kind == ReferentialAction.Cascade)
        {
            Delete([.. rows.Select(r => r.RowId)], statement);
            return;
        }

        var values = Kind == ReferentialAction.Cascade ? newValues : [];
        var update = statement.Keep(new ReferenceUpdate(Child, foreignKey, Kind, Array.ConvertAll(values, v => v.Type), context));
        statement.Follow(Child.Id, foreignKey.Name, rows);
        update.Run(rows, values);
    }

    public void Dispose()
    {
        Keys.Dispose();
        foreach (var column in newValues)
        {
            column.Dispose();
        }
    }

    private void Delete(long[] rowIds, ReferentialActions statement)
    {
        var keys = statement.Keep(new ReferencedKeys(Child, null, context));
        var ordinals = keys.Ordinals.Distinct().ToArray();
        if (ordinals.Length > 0)
        {
            using var snapshot = context.Transaction!.OpenSnapshot();
            using var fetch = snapshot.OpenFetch(Child.Id, [.. ordinals.Select(o => Child.Columns[o].Id)]);
            var rows = new Batch(Child.Columns.Length);
            for (var start = 0; start < rowIds.Length; start += Batch.RowCountMax)
            {
                var part = fetch.Fetch(rowIds.AsSpan(start, Math.Min(rowIds.Length - start, Batch.RowCountMax)));
                for (var i = 0; i < ordinals.Length; i++)
                {
                    rows.Columns[ordinals[i]] = part.Columns[i];
                }

                rows.RowCount = part.RowCount;
                keys.AddDeleted(rows);
            }
        }

        context.Transaction!.Delete(Child.Id, rowIds);
        keys.Finish(isDelete: true);
    }

    /// <summary>Nothing refers to a key that is no longer there. One that another row has by then is there, but for RESTRICT.</summary>
    private void Verify()
    {
        // What others committed counts too when this transaction reads an earlier moment.
        using var snapshot = context.Transaction!.OpenLatestSnapshot();
        var referring = new List<(int Key, long RowId)>();
        Find(snapshot, referring);
        if (referring.Count == 0)
        {
            return;
        }

        var remaining = new List<(int Key, long RowId)>();
        if (Kind != ReferentialAction.Restrict)
        {
            KeyLookup.Find(snapshot, parent, foreignKey.ReferencedColumns, Keys.Keys, remaining, context.Cancellation);
        }

        var isThere = remaining.Select(r => r.Key).ToHashSet();
        foreach (var (key, _) in referring)
        {
            if (!isThere.Contains(key))
            {
                var text = KeyCollection.Describe(parent, foreignKey.ReferencedColumns, Keys.Keys, key);
                throw ChangesRows ? Error.ReferenceAddedSinceSnapshot(parent.Name, text, Child.Name, foreignKey.Name)
                    : Error.ForeignKeyInUse(parent.Name, text, Child.Name, foreignKey.Name);
            }
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
