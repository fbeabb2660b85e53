using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Salvages a database that was damaged at random, and says what is wrong with what came out.</summary>
/// <remarks>
/// <para>What must hold:</para>
/// <list type="number">
/// <item>it opens, or says that no manifest is whole, or that there is no database where there is none; nothing else is thrown;</item>
/// <item>there is a commit of the run, such that every row found is as it was after that commit, with its row id, and every row that was there then
/// and is not found lies in a range that the report names. Only where the report says that overlays were lost may rows be as they were after some other commit;</item>
/// <item>when that commit is not the last one, the report says that commits were lost, or that another manifest took the place;</item>
/// <item>unique keys lead to one row each;</item>
/// <item>it takes another commit, under a row id that was never given, and opens strictly with the same rows, before and after a checkpoint.</item>
/// </list>
/// </remarks>
internal sealed class SalvageCheck(HistoryMark mark, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>What is wrong, or null; and whether something was salvaged.</summary>
    public async Task<(string? Wrong, int Items)> RunAsync(SimulatedDisk disk)
    {
        var directory = new SimulatedDirectory(disk, seed);
        try
        {
            return await RunAsync(directory);
        }
        catch (EngramException e) when (e.SqlState == "XX001" && e.Message.Contains("Nothing can be salvaged", StringComparison.Ordinal))
        {
            return (disk.Files.Any(f => f.StartsWith("quarantine/2", StringComparison.Ordinal)) ? "a salvage that cannot be wrote something" : null, 1);
        }
        catch (EngramException e) when (e.SqlState == "EG001" && !disk.Files.Any(f => f.StartsWith("MANIFEST", StringComparison.Ordinal)))
        {
            return (null, 1);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (e.ToString(), 0);
        }
    }

    private async Task<(string? Wrong, int Items)> RunAsync(SimulatedDirectory directory)
    {
        SortedDictionary<int, Dictionary<long, ulong>> rows;
        IReadOnlyList<SalvagedItem> items;
        await using (var store = Open(directory, RecoveryMode.Salvage))
        {
            items = store.Recovery.Salvaged;
            using var snapshot = store.OpenSnapshot();
            rows = Read(snapshot);
            if (Explain(rows, snapshot.Catalog, items, store.Recovery.TornBytes > 0) is { } wrong)
            {
                return ($"{wrong}; the report: {string.Join(" | ", items.Select(i => $"{i.Kind} {i.File} {i.What}"))}", items.Count);
            }

            foreach (var id in rows.Keys)
            {
                var keys = new List<(long RowId, long Key)>();
                SimulatedTable.Read(snapshot, snapshot.Catalog.Get(new TableId(id)), keys);
                if (keys.DistinctBy(k => k.Key).Count() != keys.Count)
                {
                    return ($"a key of table {id} leads to several rows", items.Count);
                }
            }
        }

        foreach (var isStrict in new[] { true, false, true })
        {
            directory = directory.Reboot(SurvivalMode.Dropped, _random.Next());
            await using var store = Open(directory, isStrict ? RecoveryMode.Strict : RecoveryMode.Salvage);
            using (var snapshot = store.OpenSnapshot())
            {
                if (store.Recovery.Salvaged.Count > 0 || !Same(rows, Read(snapshot)))
                {
                    return ("the next opening shows something else, or salvages again", items.Count);
                }
            }

            await store.CheckpointAsync(default);
        }

        return (null, items.Count);
    }

    private static Store Open(SimulatedDirectory directory, RecoveryMode recovery)
        => Store.Open(directory, SimulatedRun.SmallFiles with { Recovery = recovery }, NullLogger.Instance);

    private string? Explain(
        SortedDictionary<int, Dictionary<long, ulong>> rows, DatabaseCatalog catalog, IReadOnlyList<SalvagedItem> items, bool isTorn)
    {
        string? nearest = null;
        for (var commit = mark.States.Count - 1; commit >= 0; commit--)
        {
            var isOlder = commit < mark.Acknowledged;
            if (isOlder && !isTorn && !items.Any(i => i.Kind is SalvageKind.LostCommits or SalvageKind.ReplacedManifest))
            {
                break;
            }

            if (Differs(rows, catalog, items, mark.States[commit]) is not { } difference)
            {
                return null;
            }

            nearest ??= $"after commit {commit} of {mark.Acknowledged}: {difference}";
        }

        return nearest;
    }

    private string? Differs(
        SortedDictionary<int, Dictionary<long, ulong>> rows, DatabaseCatalog catalog, IReadOnlyList<SalvagedItem> items, DatabaseState state)
    {
        if (!state.Tables.Keys.SequenceEqual(rows.Keys))
        {
            return $"tables {string.Join(' ', rows.Keys)} instead of {string.Join(' ', state.Tables.Keys)}";
        }

        foreach (var (id, table) in state.Tables)
        {
            var definition = catalog.Get(new TableId(id));
            if (SimulatedTable.Describe(definition) != SimulatedTable.Describe(table.Definition))
            {
                return $"table {id} has another schema";
            }

            bool IsCovered(long rowId, params SalvageKind[] kinds)
                => items.Any(i => kinds.Contains(i.Kind) && i.Table == definition.ToString() && rowId >= i.RowIdFirst && rowId <= i.RowIdLast);
            var expected = table.Rows.Values.ToDictionary(r => r.RowId, r => r.Hash);
            foreach (var (rowId, hash) in rows[id])
            {
                if ((!expected.TryGetValue(rowId, out var right) || right != hash) && !(IsCovered(rowId, SalvageKind.LostVersions) && EverWas(id, rowId)))
                {
                    return $"row {rowId} of table {id} is not as it was";
                }
            }

            foreach (var rowId in expected.Keys.Where(r => !rows[id].ContainsKey(r)))
            {
                if (!IsCovered(rowId, SalvageKind.LostRows, SalvageKind.LostSegment, SalvageKind.RemovedDuplicate))
                {
                    return $"row {rowId} of table {id} is missing, and the report does not say so";
                }
            }
        }

        return null;
    }

    /// <summary>Old values are mixed from several commits where patches are lost, so that only the row id can be compared.</summary>
    private bool EverWas(int table, long rowId) => mark.States.Any(s => s.Tables.TryGetValue(table, out var t) && t.Rows.Values.Any(r => r.RowId == rowId));

    private static bool Same(SortedDictionary<int, Dictionary<long, ulong>> a, SortedDictionary<int, Dictionary<long, ulong>> b)
        => a.Keys.SequenceEqual(b.Keys) && a.All(t => t.Value.Count == b[t.Key].Count && t.Value.All(r => b[t.Key].TryGetValue(r.Key, out var hash) && hash == r.Value));

    private static SortedDictionary<int, Dictionary<long, ulong>> Read(Snapshot snapshot)
    {
        var tables = new SortedDictionary<int, Dictionary<long, ulong>>();
        foreach (var (id, table) in snapshot.Catalog.Tables)
        {
            var rows = new Dictionary<long, ulong>();
            tables.Add(id.Value, rows);
            using var scan = snapshot.Scan(id, [ColumnId.RowId, .. table.Columns.Select(c => c.Id)], []);
            var hashes = new ulong[table.Columns.Length];
            while (scan.NextBlock())
            {
                var visible = scan.Visible;
                var columns = Enumerable.Range(0, 1 + hashes.Length).Select(i => scan.Load(i, visible)).ToArray();
                for (var i = 0; i < (visible?.Count ?? scan.RowCount); i++)
                {
                    var row = visible is null ? i : visible.Rows[i];
                    for (var c = 0; c < hashes.Length; c++)
                    {
                        hashes[c] = SimulatedTable.HashOf(columns[c + 1], row);
                    }

                    var rowId = columns[0].Get<long>(row);
                    rows.Add(rowId, SimulatedTable.HashOf(rowId, hashes));
                }
            }
        }

        return tables;
    }
}
