using System.Globalization;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Many threads find what one finds: the same rows, the same end of the log, the same error, on logs of every kind, whole and damaged.</summary>
public sealed class ParallelReplayTests
{
    private static readonly ReplayOptions s_alone = new() { ThreadsMax = 1 };

    /// <summary>Pieces and runs so small that a short log has many, and limits so low that everybody waits for everybody.</summary>
    private static readonly ReplayOptions[] s_together =
    [
        new() { ThreadsMax = 4, ParallelSizeBytesMin = 0, PieceSizeBytes = 4096, RunSizeBytes = 4096, RunsAheadMax = 3, QueuedTasksMax = 1, ReadAheadSizeBytesMax = 16 * 1024 },
        new() { ThreadsMax = 3, ParallelSizeBytesMin = 0, PieceSizeBytes = 10_000, RunSizeBytes = 30_000, ReaderThreads = 1, ReadAheadSizeBytesMax = 1 },
        new() { ThreadsMax = 2, ParallelSizeBytesMin = 0, PieceSizeBytes = 1 << 20, RunSizeBytes = 1 << 20, ReaderThreads = 3 },
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_random_history_gives_the_same_database(int seed)
    {
        var disk = await MakeHistoryAsync(seed);
        var expected = await OpenAsync(disk, s_alone);
        Assert.StartsWith("table ", expected, StringComparison.Ordinal);
        foreach (var options in s_together)
        {
            Assert.Equal(expected, await OpenAsync(disk, options));
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Damage_anywhere_gives_the_same_error_or_the_same_cut(int seed)
    {
        var disk = await MakeHistoryAsync(seed);
        var random = new Random(seed);
        var files = disk.Files.Where(f => f.EndsWith(".wal", StringComparison.Ordinal)).ToArray();
        var outcomes = new HashSet<string>();
        for (var i = 0; i < 120; i++)
        {
            var damaged = disk.Copy();
            // The tail of the last file is where tears and rot are told apart.
            var name = i % 3 == 0 ? files[^1] : files[random.Next(files.Length)];
            var length = (int)damaged[name].Length;
            var offset = i % 2 == 0 ? random.Next(length / 4096) * 4096 + random.Next(80) : random.Next(length);
            var noise = new byte[random.Next(1, i % 5 == 0 ? 9000 : 30)];
            random.NextBytes(noise);
            damaged[name].Overwrite(bytes => bytes.Write(offset, noise.AsSpan(0, Math.Min(noise.Length, length - offset))));
            var expected = await OpenAsync(damaged, s_alone);
            outcomes.Add(expected[..Math.Min(5, expected.Length)]);
            Assert.True(expected == await OpenAsync(damaged, s_together[i % s_together.Length]), $"{name} at {offset}, {noise.Length} bytes: {expected}");
        }

        Assert.Contains("XX001", outcomes);
        Assert.Contains("table", outcomes);
    }

    [Fact]
    public async Task A_failing_read_is_an_error_wherever_it_strikes()
    {
        var disk = await MakeHistoryAsync(21);
        foreach (var file in disk.Files.Where(f => f.EndsWith(".wal", StringComparison.Ordinal)))
        {
            for (var nth = 1; nth < 5; nth++)
            {
                var expected = await OpenAsync(disk, s_alone, d => d.Fail(Faults.FaultPoint.Read, nth, DiskFaults.InputOutput, nameContains: file));
                var found = await OpenAsync(disk, s_together[0], d => d.Fail(Faults.FaultPoint.Read, nth, DiskFaults.InputOutput, nameContains: file));
                Assert.Contains(expected[..5], new[] { "58030", "table" });
                // Smaller pieces are more reads, so a later one may fail that one thread never made.
                Assert.True(found == expected || found[..5] == "58030", $"{file}, read {nth}: {found}");
            }
        }
    }

    /// <summary>A log of several files that ends without a seal now and then: rows of several tables, changed, taken back, redefined.</summary>
    private static async Task<SimulatedDisk> MakeHistoryAsync(int seed)
    {
        await using var run = new SimulatedRun(seed, SimulatedRun.SmallFiles with { WalFileSizeBytesMax = 256 * 1024 });
        var random = run.Random;
        await run.OpenAsync();
        for (var number = 1; number <= 3; number++)
        {
            var n = number;
            await run.CommitAsync(w => w.CreateTable(n));
            await run.CommitAsync(w => w.Insert(n, random.Next(1, 50)));
        }

        for (var i = 0; i < 70; i++)
        {
            var n = random.Next(1, 4);
            switch (random.Next(16))
            {
                case < 4: await run.CommitAsync(w => w.Insert(n, 1)); break;
                case 4: await run.CommitAsync(w => w.Insert(n, random.Next(2, 1500))); break;
                case 5 or 6: await run.CommitAsync(w => w.Update(n, random.Next(1, 20))); break;
                case 7: await run.CommitAsync(w => w.Delete(n, random.Next(1, 10))); break;
                case 8:
                    await run.CommitAsync(w =>
                    {
                        w.Insert(n, 20);
                        w.DoAndUndo(() => w.Insert(n, 30));
                        w.Update(n, 5);
                        w.DoAndUndo(() => w.Delete(n, 3));
                    });
                    break;
                case 9:
                    // In a new file: no commit of these may need the next one, which would have to be synced.
                    await run.CloseAsync();
                    await run.OpenAsync();
                    await run.CommitTogetherAsync(5, w => w.Insert(n, random.Next(1, 9)));
                    break;
                case 10: await run.RollBackAsync(w => w.Insert(n, 40)); break;
                case 11 when i % 2 == 0: await run.CommitAsync(w => w.AddColumn(n)); break;
                case 11: await run.CommitAsync(w => w.DropColumn(n)); break;
                case 12 when i % 3 == 0:
                    await run.CommitAsync(w =>
                    {
                        w.DropTable(n);
                        w.CreateTable(n);
                        w.Insert(n, 10);
                    });
                    break;
                case 13:
                    await run.CommitAsync(w => w.Insert(n, 1));
                    run.Idle();
                    break;
                case 14 when seed % 2 == 0 && i % 3 == 0: await run.CheckpointAsync(); break;
                case 15 when i % 2 == 0:
                    await run.CloseAsync();
                    await run.OpenAsync();
                    break;
                default: await run.CommitAsync(w => w.Insert(n, random.Next(1, 200))); break;
            }
        }

        return run.Directory.Freeze();
    }

    /// <summary>Everything that an opening finds, as text, or its error.</summary>
    private static async Task<string> OpenAsync(SimulatedDisk disk, ReplayOptions replay, Action<DiskFaults>? faults = null)
    {
        var directory = new SimulatedDirectory(disk.Copy(), seed: 1);
        faults?.Invoke(directory.Faults);
        Store store;
        try
        {
            store = Store.Open(directory, SimulatedRun.SmallFiles with { Replay = replay }, NullLogger.Instance);
        }
        catch (EngramException e)
        {
            return $"{e.SqlState} {e.Message}";
        }

        await using (store)
        {
            directory.Faults.Heal();
            var text = new StringBuilder();
            using var snapshot = store.OpenSnapshot();
            var found = store.Recovery;
            text.Append(CultureInfo.InvariantCulture, $"table states {SnapshotSummary.Read(snapshot)}\n{found.Groups} {found.Transactions} {found.Rows} {found.Bytes} {found.TornBytes}\n");
            var rowIds = new List<long>();
            foreach (var (id, table) in snapshot.Catalog.Tables)
            {
                var rows = new List<(long RowId, long Key)>();
                SimulatedTable.Read(snapshot, table, rows);
                text.AppendJoin(' ', rows).Append('\n');
                foreach (var (rowId, key) in rows.Where((_, i) => i % 37 == 0))
                {
                    using var value = ClrValue.Constant(DataType.Int64, key);
                    rowIds.Clear();
                    snapshot.Probe(id, SimulatedTable.KeyIndex(id.Value), [value.Column], 0, rowIds);
                    Assert.Equal([rowId], rowIds);
                }
            }

            return text.Append(await InsertOneAsync(store)).ToString();
        }
    }

    /// <summary>The ids that a new row of each table gets: recovery found the counters again.</summary>
    private static async Task<string> InsertOneAsync(Store store)
    {
        await using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        var ids = new StringBuilder();
        foreach (var table in transaction.Catalog.Tables.Values)
        {
            var key = transaction.NextIdentity(table.Id, SimulatedTable.Key, 1);
            var buffers = SimulatedTable.RandomRows(table, new Random(1), [key], []);
            ids.Append(CultureInfo.InvariantCulture, $"{key} {transaction.Insert(table.Id, SimulatedTable.BatchOf(buffers))};");
            Array.ForEach(buffers, b => b.Dispose());
        }

        transaction.EndStatement();
        return ids.Append(CultureInfo.InvariantCulture, $" commit {await transaction.CommitAsync()}").ToString();
    }
}
