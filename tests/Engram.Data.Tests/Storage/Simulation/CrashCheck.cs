using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Opens what a crash left, and says what is wrong with it.</summary>
/// <remarks>
/// <para>What must hold, after one crash or after another inside the recovery:</para>
/// <list type="number">
/// <item>the database opens;</item>
/// <item>it is as it was after one commit of the run, in commit order, not before the newest acknowledged one: an atomic prefix. Rows are
/// compared by content and row id, tables by their schema. Keys are unique because those of the model are;</item>
/// <item>no row refers to a row that is not there;</item>
/// <item>keys lead to their rows, and keys of rows that are gone lead nowhere;</item>
/// <item>what recovery showed is there again after the next opening, whether the database was closed, killed or lost its power in between;</item>
/// <item>it takes another commit, with a row id and an identity number that were never given before, and keeps it;</item>
/// <item>a copy of its files, made when it is closed, is as good as the database;</item>
/// <item>no file is left over that nothing names;</item>
/// <item>who opens it read-only before all that sees the same, and changes nothing.</item>
/// </list>
/// </remarks>
/// <param name="isErring">The disk lost writes that it had confirmed: errors that say so are right.</param>
internal sealed class CrashCheck(HistoryMark mark, int seed, StoreOptions options, bool isErring = false)
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(seed);

    /// <summary>What is wrong, or null.</summary>
    public async Task<string?> RunAsync(SimulatedDisk image, bool crashesInRecovery)
    {
        if (crashesInRecovery)
        {
            image = await CrashInRecoveryAsync(image);
        }

        try
        {
            return await RunAsync(image);
        }
        catch (EngramException e) when (isErring && e.SqlState is "XX001" or "EG001")
        {
            return null;
        }
        catch (EngramException e)
        {
            return $"SQLSTATE {e.SqlState}: {e}";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e.ToString();
        }
    }

    private async Task<string?> RunAsync(SimulatedDisk image)
    {
        var seenBefore = _random.Next(4) == 0 ? await ReadOnlyAsync(image.Fork()) : null;
        var directory = new SimulatedDirectory(image, _random.Next());
        DatabaseState state;
        await using (var store = Open(directory))
        {
            if (FindLeftover(directory, (DirectoryStore)store) is { } leftover)
            {
                return $"file '{leftover}' is left over";
            }

            using var snapshot = store.OpenSnapshot();
            var found = SnapshotSummary.Read(snapshot);
            var commit = mark.Find(found);
            if (commit < 0)
            {
                return mark.Explain(found);
            }

            if (SimulatedTable.FindOrphan(snapshot) is { } orphan)
            {
                return orphan;
            }

            if (seenBefore is { } seen && seen != commit)
            {
                return $"opened read-only the database showed the state after commit {seen}, opened for writing that after commit {commit}";
            }

            state = mark.EarliestLike(found, 0);
            if (FindWrongKey(snapshot, state) is { } wrong)
            {
                return wrong;
            }

            if (_random.Next(2) == 0)
            {
                directory = Interrupt(directory);
            }
        }

        return await ContinueAsync(directory, state);
    }

    /// <summary>From here on exactly this state must be there.</summary>
    private async Task<string?> ContinueAsync(SimulatedDirectory directory, DatabaseState before)
    {
        var state = before;
        var mayBeLost = false;
        bool isClosed;
        await using (var store = Open(directory))
        {
            if (Differs(store, state) is { } difference)
            {
                return $"the second opening shows {difference}";
            }

            await using var transaction = await store.BeginWriteAsync(s_wait, null, default);
            var work = new WorkTransaction(transaction, state, _random, () => long.MaxValue);
            if (state.Tables.Count == 0)
            {
                work.CreateTable(100);
            }

            work.Insert(work.State.Tables.Keys.First(), 1);
            await transaction.CommitAsync();
            state = work.State;
            isClosed = _random.Next(4) != 0;
            if (!isClosed)
            {
                directory = Interrupt(directory);
                mayBeLost = options.Durability != DurabilityMode.Full;
            }
        }

        if (isClosed && _random.Next(4) == 0 && await BackUpAsync(directory, state) is { } fault)
        {
            return fault;
        }

        await using var last = Open(directory);
        return Differs(last, state) is { } late && !(mayBeLost && Differs(last, before) is null) ? $"after one more commit and a third opening there are {late}" : null;
    }

    /// <summary>A copy of the durable bytes of the database, which is closed, opens cleanly and is equal.</summary>
    private async Task<string?> BackUpAsync(SimulatedDirectory directory, DatabaseState state)
    {
        var copy = new SimulatedDirectory(directory.Freeze().CopyDurable(), _random.Next());
        await using var store = Store.Open(copy, options with { IsReadOnly = _random.Next(2) == 0 }, NullLogger.Instance);
        return Differs(store, state) is { } difference ? $"a copy of the closed database shows {difference}"
            : store.Recovery.TornBytes > 0 ? $"a copy of the closed database has {store.Recovery.TornBytes} torn bytes"
            : null;
    }

    /// <summary>Begins to recover, and cuts the power at some I/O point of it.</summary>
    private async Task<SimulatedDisk> CrashInRecoveryAsync(SimulatedDisk image)
    {
        var directory = new SimulatedDirectory(image, _random.Next());
        var points = new List<SimulatedDisk> { directory.Freeze() };
        directory.AtPoint = (_, disk) => points.Add(disk.Freeze());
        try
        {
            await using var store = Open(directory);
            directory.AtPoint = null;
        }
        catch (EngramException)
        {
            // What is wrong shows again in the check itself, with the whole image.
            return points[0].Copy();
        }

        return points[_random.Next(points.Count)].Crash((SurvivalMode)_random.Next((int)SurvivalMode.Mixed + 1), _random.Next());
    }

    /// <summary>What the next program sees when this one was killed, or the power went, just now. The directory itself lives on.</summary>
    private SimulatedDirectory Interrupt(SimulatedDirectory directory) => _random.Next(3) == 0
        ? new SimulatedDirectory(directory.Freeze().Fork(), _random.Next())
        : new SimulatedDirectory(directory.Freeze().Crash((SurvivalMode)_random.Next((int)SurvivalMode.Mixed + 1), _random.Next()), _random.Next());

    private Store Open(SimulatedDirectory directory) => Store.Open(directory, options, NullLogger.Instance);

    /// <summary>The commit that a reader sees who may not write; null when there is no database yet.</summary>
    private async Task<int?> ReadOnlyAsync(SimulatedDisk image)
    {
        var directory = new SimulatedDirectory(image, _random.Next());
        try
        {
            await using var store = Store.Open(directory, options with { IsReadOnly = true }, NullLogger.Instance);
            using var snapshot = store.OpenSnapshot();
            var found = SnapshotSummary.Read(snapshot);
            return directory.Points > 0 ? throw new InvalidOperationException("Reading wrote.")
                : mark.Find(found) is var commit and >= 0 ? commit
                : throw new InvalidOperationException($"Opened read-only, {mark.Explain(found)}.");
        }
        catch (EngramException e) when (e.SqlState == "EG004" && mark.Acknowledged == 0)
        {
            return null;
        }
    }

    /// <summary>A file that the database has no use for, right after it was opened; null when there is none.</summary>
    private static string? FindLeftover(SimulatedDirectory directory, DirectoryStore store)
    {
        var current = CurrentFile.Read(directory);
        var manifest = ManifestFile.Read(directory, current.Generation, current.ManifestChecksum);
        string?[] named = [CurrentFile.Name, "LOCK", Manifest.NameOf(manifest.Generation), .. manifest.FileNames, .. store.Loads.Names];
        return directory.List("").Concat(directory.List("segments").Select(n => $"segments/{n}")).Except(named).FirstOrDefault()
            ?? directory.List("wal").FirstOrDefault(n => !n.EndsWith(".wal", StringComparison.Ordinal));
    }

    private static string? Differs(Store store, DatabaseState state)
    {
        using var snapshot = store.OpenSnapshot();
        return state.Differs(SnapshotSummary.Read(snapshot));
    }

    private string? FindWrongKey(Snapshot snapshot, DatabaseState state)
    {
        foreach (var (number, table) in state.Tables)
        {
            var keys = table.Rows.Keys.Take(50).ToArray();
            for (var i = 0; i < 4 && keys.Length > 0; i++)
            {
                var key = i == 3 ? long.MaxValue - 1 : keys[_random.Next(keys.Length)];
                var found = Probe(snapshot, number, key);
                long[] expected = i == 3 ? [] : [table.Rows[key].RowId];
                if (!found.SequenceEqual(expected))
                {
                    return $"key {key} of table {number} leads to rows [{string.Join(", ", found)}] instead of [{string.Join(", ", expected)}]";
                }
            }

            if (_random.Next(4) == 0 && FindWrongIndex(snapshot, number, table) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    /// <summary>Every index must lead to every row that belongs to it once, the one over the key in its order. A partial one may lead to more: who reads through it tests its condition.</summary>
    private static string? FindWrongIndex(Snapshot snapshot, int number, TableState table)
    {
        var rows = table.Rows.OrderBy(r => r.Key).Select(r => r.Value).ToArray();
        var expected = rows.Select(r => r.RowId).ToArray();
        foreach (var index in snapshot.Catalog.Get(new TableId(number)).Indexes)
        {
            using var range = snapshot.OpenRange(new TableId(number), index.Id, new IndexBounds([]));
            var found = new List<long>();
            var room = new long[100];
            range.Start(descending: false);
            for (var count = range.Read(room); count > 0; count = range.Read(room))
            {
                found.AddRange(room[..count]);
            }

            var isSame = index.Id == SimulatedTable.KeyIndex(number) ? found.SequenceEqual(expected)
                : index.FilterSql is not null ? found.Distinct().Count() == found.Count && !found.Except(expected).Any()
                    && !rows.Where(r => SimulatedTable.Belongs(index, table.Definition, r)).Select(r => r.RowId).Except(found).Any()
                : found.Order().SequenceEqual(expected.Order());
            if (!isSame)
            {
                return $"index {index.Name} leads to {found.Count} rows instead of {expected.Length}, or in another order: [{string.Join(", ", found.Take(20))}]";
            }
        }

        return null;
    }

    private static List<long> Probe(Snapshot snapshot, int number, long key)
    {
        using var value = ClrValue.Constant(DataType.Int64, key);
        var rowIds = new List<long>();
        snapshot.Probe(new TableId(number), SimulatedTable.KeyIndex(number), [value.Column], 0, rowIds);
        return rowIds;
    }
}
