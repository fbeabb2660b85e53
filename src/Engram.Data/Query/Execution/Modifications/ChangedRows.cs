using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The rows that the parts of a WITH that changes data have changed so far, so that no part changes a row of another.</summary>
/// <remarks>
/// <para>Each part computes from the rows as they were when the statement began. Of two changes of one row the second would be computed, and checked, from values that
/// the row no longer has: checks, foreign keys and computed columns could all be wrong afterwards. So the first change of a row is the only one: UPDATE and DELETE pass over
/// the row later on, as in PostgreSQL; ON CONFLICT DO UPDATE and MERGE, which answer for each of their rows, report it.</para>
/// <para>What foreign keys ask for reads the rows as they are by then, so it may follow any change. But a part that comes to a row after that is refused: in
/// PostgreSQL, where these actions come last of all, both would take place.</para>
/// </remarks>
internal sealed class ChangedRows
{
    private readonly Dictionary<TableId, HashSet<long>> changed = [];
    private readonly Dictionary<TableId, HashSet<long>> byForeignKeys = [];

    /// <summary>The row ids of a table that parts of the statement have changed themselves. What is added is known to all parts.</summary>
    public HashSet<long> Of(TableId table) => Of(changed, table);

    /// <summary>Rows that an action of a foreign key is changing.</summary>
    public void AddByForeignKey(TableId table, ReadOnlySpan<long> rowIds)
    {
        var rows = Of(byForeignKeys, table);
        foreach (var rowId in rowIds)
        {
            rows.Add(rowId);
        }
    }

    /// <summary>Before a part changes a row that no part has changed.</summary>
    public void CheckNotByForeignKey(TableDefinition table, long rowId)
    {
        if (byForeignKeys.TryGetValue(table.Id, out var rows) && rows.Contains(rowId))
        {
            throw Error.ChangedByForeignKey(table.ToString());
        }
    }

    private static HashSet<long> Of(Dictionary<TableId, HashSet<long>> all, TableId table)
        => CollectionsMarshal.GetValueRefOrAddDefault(all, table, out _) ??= [];
}
