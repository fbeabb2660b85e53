using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>One row of the model: its row id and a hash of each column.</summary>
internal readonly record struct RowState(long RowId, ImmutableArray<ulong> Hashes)
{
    public ulong Hash => SimulatedTable.HashOf(RowId, Hashes.AsSpan());
}

/// <summary>One table as it must be after some commit.</summary>
/// <param name="RowIdLast">The greatest row id that was ever given; a later row must have a greater one.</param>
/// <param name="IdentityLast">The greatest key that the table's identity gave; likewise.</param>
/// <param name="Sum">The sum of all rows' hashes.</param>
internal sealed record TableState(TableDefinition Definition, ImmutableDictionary<long, RowState> Rows, long RowIdLast, long IdentityLast, ulong Sum)
{
    public TableState Put(long key, RowState row)
    {
        var before = Rows.TryGetValue(key, out var old) ? old.Hash : 0;
        return this with { Rows = Rows.SetItem(key, row), RowIdLast = Math.Max(RowIdLast, row.RowId), Sum = Sum - before + row.Hash };
    }

    public TableState Remove(long key) => this with { Rows = Rows.Remove(key), Sum = Sum - Rows[key].Hash };

    public TableState Redefine(TableDefinition definition)
    {
        // A column's values may lie under the id that it had before.
        var places = definition.Columns.Select(c => Definition.Columns.ToList().FindIndex(o => c.IsStoredAs(o.Id))).ToArray();
        var missing = definition.Columns.Select(c => c.Missing is { } value ? SimulatedTable.HashOf(value.Column, 0) : Hashing.NullHash).ToArray();
        var next = new TableState(definition, ImmutableDictionary<long, RowState>.Empty, RowIdLast, IdentityLast, 0);
        return Rows.Aggregate(next, (table, row) => table.Put(
            row.Key, row.Value with { Hashes = [.. places.Select((p, i) => p < 0 ? missing[i] : row.Value.Hashes[p])] }));
    }
}

/// <summary>The whole database as it must be after some commit.</summary>
internal sealed record DatabaseState(ImmutableSortedDictionary<int, TableState> Tables)
{
    public static readonly DatabaseState Empty = new(ImmutableSortedDictionary<int, TableState>.Empty);

    /// <summary>Whether a snapshot could not tell the two apart.</summary>
    public bool LooksLike(DatabaseState other)
        => Tables.Keys.SequenceEqual(other.Tables.Keys) && Tables.All(t => other.Tables[t.Key] is var o
            && (t.Value.Rows.Count, t.Value.Sum) == (o.Rows.Count, o.Sum) && SimulatedTable.Describe(t.Value.Definition) == SimulatedTable.Describe(o.Definition));

    /// <summary>Why a snapshot shows something else; null when it shows this state.</summary>
    public string? Differs(SnapshotSummary found)
    {
        if (!Tables.Keys.SequenceEqual(found.Tables.Keys))
        {
            return $"tables {string.Join(' ', found.Tables.Keys)} instead of {string.Join(' ', Tables.Keys)}";
        }

        foreach (var (id, table) in Tables)
        {
            var (schema, count, sum) = found.Tables[id];
            if (schema != SimulatedTable.Describe(table.Definition))
            {
                return $"'{schema}' instead of '{SimulatedTable.Describe(table.Definition)}'";
            }

            if (count != table.Rows.Count || sum != table.Sum)
            {
                return $"{count} rows (sum {sum:X16}) in table {id} instead of {table.Rows.Count} ({table.Sum:X16})";
            }
        }

        return null;
    }
}

/// <summary>What a snapshot shows, read whole.</summary>
internal sealed record SnapshotSummary(SortedDictionary<int, (string Schema, int Count, ulong Sum)> Tables)
{
    public static SnapshotSummary Read(Snapshot snapshot)
    {
        var tables = new SortedDictionary<int, (string, int, ulong)>();
        foreach (var (id, table) in snapshot.Catalog.Tables)
        {
            var (count, sum) = SimulatedTable.Read(snapshot, table);
            tables.Add(id.Value, (SimulatedTable.Describe(table), count, sum));
        }

        return new SnapshotSummary(tables);
    }

    public override string ToString() => string.Join("; ", Tables.Select(t => $"table {t.Key}: {t.Value.Count} rows (sum {t.Value.Sum:X16})"));
}
