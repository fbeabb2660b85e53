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

    public void Verify(Transaction transaction)
    {
        if (references.All(r => r.Values.Keys.Count == 0))
        {
            return;
        }

        using var snapshot = transaction.OpenLatestSnapshot();
        var found = new List<(int Key, long RowId)>();
        foreach (var (foreignKey, values) in references)
        {
            var referenced = snapshot.Catalog.Get(foreignKey.ReferencedTable);
            found.Clear();
            KeyLookup.Find(snapshot, referenced, foreignKey.ReferencedColumns, values.Keys, found, context.Cancellation);
            var isThere = new bool[values.Keys.Count];
            foreach (var (key, _) in found)
            {
                isThere[key] = true;
            }

            var missing = Array.IndexOf(isThere, false);
            if (missing >= 0)
            {
                throw Error.ForeignKeyMissing(
                    table.Name, foreignKey.Name, KeyCollection.Describe(table, foreignKey.Columns, values.Keys, missing), referenced.Name);
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
