using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The parent's side of foreign keys: collects, while rows of a table are changed, the keys that disappear, for each foreign key that refers to the table.</summary>
/// <remarks>What becomes of the rows that refer to them is settled at the end of the statement (<see cref="ReferentialActions"/>).</remarks>
internal sealed class ReferencedKeys : IDisposable
{
    private readonly StatementContext context;
    private readonly ReferenceAction[] incoming;

    /// <param name="table">Whose rows are changed.</param>
    /// <param name="changed">The columns that are written; null when rows are deleted.</param>
    /// <param name="context">Of the statement.</param>
    public ReferencedKeys(TableDefinition table, ColumnId[]? changed, StatementContext context)
    {
        this.context = context;
        var found = from child in context.Transaction!.Catalog.Tables.Values
                    from foreignKey in child.ForeignKeys
                    where foreignKey.ReferencedTable == table.Id && (changed is null || foreignKey.ReferencedColumns.Any(c => changed.Contains(c)))
                    orderby child.Id.Value
                    select new ReferenceAction(table, child, foreignKey, context);
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

    /// <summary>Hands over what is to be done at the end of the statement, if any key has disappeared.</summary>
    public void Finish(bool isDelete)
    {
        if (Array.Exists(incoming, i => i.Keys.Keys.Count > 0))
        {
            context.ReferentialActions.Add(this, isDelete);
        }
    }

    /// <summary>What is to be done for the keys.</summary>
    public IEnumerable<ReferenceAction> Actions(bool isDelete)
    {
        foreach (var reference in incoming)
        {
            if (reference.Keys.Keys.Count > 0)
            {
                reference.IsDelete = isDelete;
                yield return reference;
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
}
