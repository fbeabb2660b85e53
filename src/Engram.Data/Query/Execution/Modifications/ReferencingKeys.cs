using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The child's side of foreign keys: every new value must be there in the table referred to when the statement ends.</summary>
/// <remarks>At its end, so that a row may refer to itself or to one that the same statement inserts after it. A key with a NULL refers to nothing.</remarks>
internal sealed class ReferencingKeys : IDisposable
{
    private readonly TableDefinition table;
    private readonly StatementContext context;
    private readonly (ForeignKeyDefinition ForeignKey, KeyCollection Values)[] references;

    /// <param name="changed">The columns that are written; null for all.</param>
    public ReferencingKeys(TableDefinition table, ColumnId[]? changed, StatementContext context)
    {
        (this.table, this.context) = (table, context);
        references = table.ForeignKeys.IsEmpty ? [] : [.. table.ForeignKeys
            .Where(f => changed is null || f.Columns.Any(c => changed.Contains(c)))
            .Select(f => (f, new KeyCollection(table, f.Columns)))];
    }

    /// <summary>The table's columns that are read.</summary>
    public IEnumerable<int> Ordinals => references.SelectMany(r => r.Values.Ordinals);

    public void Add(Batch rows)
    {
        foreach (var (_, values) in references)
        {
            values.Add(rows);
        }
    }

    /// <summary>Hands over what must hold at the end of the statement.</summary>
    public void Finish()
    {
        if (Array.Exists(references, r => r.Values.Keys.Count > 0))
        {
            context.ReferentialActions.AddCheck(() => Verify(context.Transaction!));
        }
    }

    public void Verify(Transaction transaction)
    {
        if (Array.TrueForAll(references, r => r.Values.Keys.Count == 0))
        {
            return;
        }

        using var snapshot = transaction.OpenLatestSnapshot();
        var found = new List<(int Key, long RowId)>();
        foreach (var (foreignKey, values) in references)
        {
            if (values.Keys.Count == 0)
            {
                continue;
            }

            var referenced = snapshot.Catalog.Get(foreignKey.ReferencedTable);
            found.Clear();
            KeyLookup.Find(snapshot, referenced, foreignKey.ReferencedColumns, values.Keys, found, context.Cancellation);
            var isThere = new bool[values.Keys.Count];
            foreach (var (key, _) in found)
            {
                isThere[key] = true;
            }

            if (Array.IndexOf(isThere, false) < 0)
            {
                continue;
            }

            // An action, or another part of the statement, may have deleted or changed the row that was written with the key.
            found.Clear();
            KeyLookup.Find(snapshot, table, foreignKey.Columns, values.Keys, found, context.Cancellation);
            foreach (var (key, _) in found)
            {
                if (!isThere[key])
                {
                    throw Error.ForeignKeyMissing(
                        table.Name, foreignKey.Name, KeyCollection.Describe(table, foreignKey.Columns, values.Keys, key), referenced.Name);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var (_, values) in references)
        {
            values.Dispose();
        }
    }
}
