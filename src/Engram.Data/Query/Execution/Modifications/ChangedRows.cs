using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The rows that the parts of a WITH that changes data have changed so far, so that no part changes a row of another.</summary>
/// <remarks>
/// <para>Each part computes from the rows as they were when the statement began. Of two changes of one row the second would be computed, and checked, from values that
/// the row no longer has: checks, foreign keys and computed columns could all be wrong afterwards. So the first change of a row is the only one: UPDATE and DELETE pass over
/// the row later on, as in PostgreSQL; ON CONFLICT DO UPDATE and MERGE, which answer for each of their rows, report it.</para>
/// <para>What foreign keys ask for, and then what they check, comes when all parts are done (<see cref="ReferentialActions"/>); an action may follow any change of a row. A row that a part has inserted is not seen by the others, but its key is taken: ON CONFLICT leaves the proposed row out, and does not change that one.</para>
/// </remarks>
internal sealed class ChangedRows
{
    private readonly Dictionary<TableId, HashSet<long>> changed = [];
    private readonly Dictionary<TableId, List<RowIdRange>> inserted = [];

    /// <summary>The row ids of a table that parts of the statement have changed themselves. What is added is known to all parts.</summary>
    public HashSet<long> Of(TableId table) => CollectionsMarshal.GetValueRefOrAddDefault(changed, table, out _) ??= [];

    public void AddInserted(TableId table, RowIdRange rows) => (CollectionsMarshal.GetValueRefOrAddDefault(inserted, table, out _) ??= []).Add(rows);

    /// <summary>Whether a part has inserted a row.</summary>
    public bool IsInserted(TableId table, long rowId)
        => inserted.TryGetValue(table, out var ranges) && ranges.Exists(r => rowId >= r.First && rowId < r.First + r.Count);
}
