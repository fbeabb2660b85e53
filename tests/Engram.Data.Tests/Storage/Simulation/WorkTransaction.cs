using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A write transaction of the store and of the model at once.</summary>
/// <param name="nextKey">Gives keys for rows whose key changes, beyond those of any identity.</param>
internal sealed partial class WorkTransaction(Transaction transaction, DatabaseState state, Random random, Func<long> nextKey)
{
    public DatabaseState State { get; private set; } = state;

    public void CreateTable(int number) => Define(SimulatedTable.Define(number));

    /// <summary>Four tables: the second's rows belong to rows of the first, the third's to the second's; the fourth's outlive what they refer to.</summary>
    public void CreateFamily(int first)
    {
        Define(SimulatedTable.Define(first));
        Define(SimulatedTable.DefineChild(first + 1, first, ReferentialAction.Cascade));
        Define(SimulatedTable.DefineChild(first + 2, first + 1, ReferentialAction.Cascade));
        Define(SimulatedTable.DefineChild(first + 3, first, ReferentialAction.SetNull));
    }

    public void DropTable(int number)
    {
        Statement(() => transaction.DropTable(new TableId(number)));
        State = new DatabaseState(State.Tables.Remove(number));
    }

    public void AddColumn(int number) => Redefine(number, SimulatedTable.WithColumn(State.Tables[number].Definition));

    /// <summary>Adds a column that rows have a value in, sometimes with an index; widens it when it is there; then makes it a text, computed for each row; then drops it.</summary>
    public void AlterColumn(int number)
    {
        var table = State.Tables[number].Definition;
        var index = new IndexId(transaction.Catalog.IndexIdNext);
        table = table with { ColumnIdNext = transaction.BeginChange(table.Id).ColumnIdNext };
        switch (SimulatedTable.AddedColumn(table)?.Type.Kind)
        {
            case null:
                Redefine(number, SimulatedTable.WithColumn(table, random.Next(3) == 0 ? null : random.Next(100), random.Next(2) == 0 ? index : null));
                break;
            case TypeKind.Int32 when random.Next(3) > 0:
                Redefine(number, SimulatedTable.Widened(table, index));
                break;
            case not TypeKind.Text when random.Next(4) > 0:
                Recompute(number, SimulatedTable.Retyped(table, DataType.Text, index));
                break;
            default:
                Redefine(number, SimulatedTable.WithoutColumn(table));
                break;
        }
    }

    /// <summary>Puts a definition into effect whose new column gets a value for each row.</summary>
    private void Recompute(int number, TableDefinition definition)
    {
        var column = SimulatedTable.AddedColumn(definition)!;
        Redefine(number, definition with { Indexes = definition.Indexes.RemoveAll(i => i.Columns.Any(c => c.Column == column.Id)) });
        var table = State.Tables[number];
        var ordinal = definition.IndexOf(column.Id);
        Statement(() =>
        {
            using var fill = transaction.BeginFill(definition.Id, column.Id);
            foreach (var keys in KeysAsTheyLie(definition.Id).Chunk(random.Next(1, 100)))
            {
                using var values = new ColumnBuffer(column.Type);
                Array.ForEach(keys, _ => SimulatedTable.AppendRandom(values, column, random));
                fill.Write(keys.Select(k => table.Rows[k].RowId).ToArray(), values.Column);
                for (var i = 0; i < keys.Length; i++)
                {
                    var row = table.Rows[keys[i]];
                    table = table.Put(keys[i], row with { Hashes = row.Hashes.SetItem(ordinal, SimulatedTable.HashOf(values.Column, i)) });
                }
            }

            fill.Complete();
        });

        State = new DatabaseState(State.Tables.SetItem(number, table));
        // Its indexes are made of the values.
        Redefine(number, definition);
    }

    /// <summary>Asks for another order of the table's rows.</summary>
    public void Cluster(int number) => Redefine(number, SimulatedTable.Clustered(State.Tables[number].Definition, random));

    /// <summary>Adds or drops an index or a constraint that all rows meet.</summary>
    public void Constrain(int number)
    {
        var table = State.Tables[number];
        var name = table.Definition.IndexOf(new ColumnId(2));
        Redefine(number, SimulatedTable.Constrained(
            table.Definition, random, new IndexId(transaction.Catalog.IndexIdNext), table.Rows.Values.All(r => r.Hashes[name] != Hashing.NullHash)));
    }

    public void DropColumn(int number) => Redefine(number, SimulatedTable.WithoutColumn(State.Tables[number].Definition));

    public void Insert(int number, int count)
    {
        var table = State.Tables[number];
        var firstKey = transaction.NextIdentity(table.Definition.Id, SimulatedTable.Key, count);
        if (firstKey <= table.IdentityLast)
        {
            throw new InvalidOperationException($"The identity gave {firstKey}, but {table.IdentityLast} was given before.");
        }

        var keys = Enumerable.Range(0, count).Select(i => firstKey + i).ToArray();
        var buffers = SimulatedTable.RandomRows(table.Definition, random, keys, ParentKeysOf(table.Definition));
        try
        {
            RowIdRange range = default;
            Statement(() => range = transaction.Insert(table.Definition.Id, SimulatedTable.BatchOf(buffers)));
            if (range.First <= table.RowIdLast || range.Count != count)
            {
                throw new InvalidOperationException($"Rows {range.First} to {range.First + range.Count - 1} were given to {count} rows, but {table.RowIdLast} was given before.");
            }

            for (var i = 0; i < count; i++)
            {
                table = table.Put(keys[i], new RowState(range.First + i, [.. buffers.Select(b => SimulatedTable.HashOf(b.Column, i))]));
            }

            State = new DatabaseState(State.Tables.SetItem(number, table with { IdentityLast = firstKey + count - 1 }));
        }
        finally
        {
            Array.ForEach(buffers, b => b.Dispose());
        }
    }

    /// <summary>Rows by a load of several batches, which only this transaction attaches.</summary>
    public void Load(BulkLoad load, IReadOnlyList<(long Key, RowState Row)> rows)
    {
        var number = load.Table.Id.Value;
        Statement(() => transaction.Attach(load));
        var table = rows.Aggregate(State.Tables[number], (t, r) => t.Put(r.Key, r.Row));
        State = new DatabaseState(State.Tables.SetItem(number, table with { IdentityLast = Math.Max(table.IdentityLast, rows.Max(r => r.Key)) }));
    }

    /// <summary>Gives one random column of some random rows new values; the key, too.</summary>
    public void Update(int number, int count)
    {
        var table = State.Tables[number];
        var keys = Some(table, count);
        if (keys.Length == 0)
        {
            return;
        }

        var column = table.Definition.Columns[random.Next(table.Definition.Columns.Length)];
        if (IsReferential(number, column.Id))
        {
            column = table.Definition.Columns[2];
        }

        var ordinal = table.Definition.IndexOf(column.Id);
        using var values = new ColumnBuffer(column.Type);
        var newKeys = column.Id == SimulatedTable.Key ? keys.Select(_ => nextKey()).ToArray() : keys;
        foreach (var key in newKeys)
        {
            if (column.Id == SimulatedTable.Key)
            {
                values.Append(key);
            }
            else
            {
                SimulatedTable.AppendRandom(values, column, random);
            }
        }

        Statement(() => transaction.Update(table.Definition.Id, keys.Select(k => table.Rows[k].RowId).ToArray(), [column.Id], SimulatedTable.BatchOf([values])));
        for (var i = 0; i < keys.Length; i++)
        {
            var row = table.Rows[keys[i]];
            table = table.Remove(keys[i]).Put(newKeys[i], row with { Hashes = row.Hashes.SetItem(ordinal, SimulatedTable.HashOf(values.Column, i)) });
        }

        State = new DatabaseState(State.Tables.SetItem(number, table));
    }

    public void Delete(int number, int count)
    {
        var table = State.Tables[number];
        var keys = Some(table, count);
        Statement(() => transaction.Delete(table.Definition.Id, keys.Select(k => table.Rows[k].RowId).ToArray()));
        State = new DatabaseState(State.Tables.SetItem(number, keys.Aggregate(table, (t, key) => t.Remove(key))));
    }

    /// <summary>Does something and undoes it: nothing of it may ever be seen.</summary>
    public void DoAndUndo(Action work)
    {
        var before = State;
        transaction.CreateSavepoint("s");
        work();
        transaction.RollbackToSavepoint("s");
        State = before;
    }

    private void Define(TableDefinition definition)
    {
        Statement(() => transaction.PutTable(definition));
        State = new DatabaseState(State.Tables.Add(definition.Id.Value, new TableState(definition, ImmutableDictionary<long, RowState>.Empty, 0, 0, 0)));
    }

    private void Redefine(int number, TableDefinition definition)
    {
        Statement(() => transaction.PutTable(definition));
        State = new DatabaseState(State.Tables.SetItem(number, State.Tables[number].Redefine(definition)));
    }

    /// <summary>The keys of all rows in the order in which a scan gives them.</summary>
    private List<long> KeysAsTheyLie(TableId table)
    {
        using var view = transaction.OpenLatestSnapshot();
        var rows = new List<(long RowId, long Key)>();
        SimulatedTable.Read(view, view.Catalog.Get(table), rows);
        return [.. rows.Select(r => r.Key)];
    }

    private void Statement(Action work)
    {
        using var view = transaction.BeginStatement();
        work();
        transaction.EndStatement();
    }

    private long[] Some(TableState table, int count)
    {
        var keys = table.Rows.Keys.Order().ToArray();
        random.Shuffle(keys);
        return keys[..Math.Min(count, keys.Length)];
    }
}
