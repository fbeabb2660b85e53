using Engram.Data.Columns;
using Engram.Data.Engine;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Changes that spread over foreign keys: the statement goes through the SQL engine, the model works out by itself what must follow.</summary>
internal sealed partial class WorkTransaction
{
    /// <summary>Deletes random rows by SQL, and with them the rows that refer to them.</summary>
    public void DeleteCascading(int number, int count)
    {
        var keys = Some(State.Tables[number], count);
        if (keys.Length > 0)
        {
            ExecuteSql($"DELETE FROM \"Episode{number}\" WHERE \"Id\" IN ({string.Join(", ", keys)})");
            State = Remove(State, number, keys);
        }
    }

    /// <summary>Gives one random row a new key by SQL, and the rows that refer to it too.</summary>
    public void RekeyCascading(int number)
    {
        var keys = Some(State.Tables[number], 1);
        if (keys.Length > 0)
        {
            var newKey = nextKey();
            ExecuteSql($"UPDATE \"Episode{number}\" SET \"Id\" = {newKey} WHERE \"Id\" = {keys[0]}");
            State = Rekey(State, number, keys[0], newKey);
        }
    }

    private static DatabaseState Remove(DatabaseState state, int number, IReadOnlyCollection<long> keys)
    {
        state = new DatabaseState(state.Tables.SetItem(number, keys.Aggregate(state.Tables[number], (t, key) => t.Remove(key))));
        var gone = keys.Select(k => Hashing.Hash((ulong)k)).ToHashSet();
        foreach (var child in ChildrenOf(state, number))
        {
            var table = state.Tables[child];
            var ordinal = table.Definition.IndexOf(SimulatedTable.Parent);
            var hit = table.Rows.Where(r => gone.Contains(r.Value.Hashes[ordinal])).ToList();
            if (hit.Count == 0)
            {
                continue;
            }

            state = table.Definition.ForeignKeys[0].OnDelete == ReferentialAction.Cascade
                ? Remove(state, child, hit.Select(r => r.Key).ToList())
                : new DatabaseState(state.Tables.SetItem(child, hit.Aggregate(table, (t, r) => t.Put(r.Key, WithParent(r.Value, ordinal, Hashing.NullHash)))));
        }

        return state;
    }

    private static DatabaseState Rekey(DatabaseState state, int number, long from, long to)
    {
        var parent = state.Tables[number];
        var row = parent.Rows[from];
        row = row with { Hashes = row.Hashes.SetItem(parent.Definition.IndexOf(SimulatedTable.Key), Hashing.Hash((ulong)to)) };
        state = new DatabaseState(state.Tables.SetItem(number, parent.Remove(from).Put(to, row)));
        foreach (var child in ChildrenOf(state, number))
        {
            var table = state.Tables[child];
            var ordinal = table.Definition.IndexOf(SimulatedTable.Parent);
            var hit = table.Rows.Where(r => r.Value.Hashes[ordinal] == Hashing.Hash((ulong)from)).ToList();
            state = new DatabaseState(state.Tables.SetItem(child, hit.Aggregate(table, (t, r) => t.Put(r.Key, WithParent(r.Value, ordinal, Hashing.Hash((ulong)to))))));
        }

        return state;
    }

    private static RowState WithParent(RowState row, int ordinal, ulong hash) => row with { Hashes = row.Hashes.SetItem(ordinal, hash) };

    private static List<int> ChildrenOf(DatabaseState state, int number)
        => state.Tables.Where(t => t.Value.Definition.ForeignKeys.Any(f => f.ReferencedTable.Value == number)).Select(t => t.Key).ToList();

    private long[] ParentKeysOf(TableDefinition table)
        => table.ForeignKeys.IsEmpty ? [] : [.. State.Tables[table.ForeignKeys[0].ReferencedTable.Value].Rows.Keys.Order()];

    /// <summary>Whether storage, which knows of no foreign key, would break one by changing this column.</summary>
    private bool IsReferential(int number, ColumnId column)
        => column == SimulatedTable.Parent || (column == SimulatedTable.Key && ChildrenOf(State, number).Count > 0);

    /// <summary>Runs a statement as a session does, inside this transaction.</summary>
    private void ExecuteSql(string text)
    {
        var bound = Script.Parse(text).Statements[0].Bind(transaction.Catalog, ParameterList.Empty);
        using var view = transaction.BeginStatement();
        var context = new StatementContext(view, transaction, ParameterBatch.Empty.Batch, TimeProvider.System, default);
        using (var root = OperatorFactory.Create(bound.Plan, context))
        {
            while (root.Next() is not null)
            {
            }
        }

        transaction.EndStatement();
    }
}
