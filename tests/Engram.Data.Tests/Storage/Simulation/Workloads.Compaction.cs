using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <content>Segments that are merged and rewritten while others write and read.</content>
internal static partial class Workloads
{
    [ThreadStatic]
    private static bool t_isInside;

    /// <summary>What is done at a sync syncs too: that would begin it once more, and wait for the lock that it holds itself.</summary>
    private static Action<string> NotInside(Action<string> act) => name =>
    {
        if (t_isInside)
        {
            return;
        }

        t_isInside = true;
        try
        {
            act(name);
        }
        finally
        {
            t_isInside = false;
        }
    };

    private static async Task CompactAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.CreateTable(2));
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 2; j++)
            {
                await run.CommitAsync(w => w.Insert(1 + j, run.Random.Next(1, 80)));
                await run.CommitAsync(w => Change(run, w, 1 + j));
                await run.CheckpointAsync();
            }

            if (i == 3)
            {
                // A segment without rows.
                await run.CommitAsync(w => w.Delete(2, 1000));
            }

            using var held = run.Store.OpenSnapshot();
            var before = SnapshotSummary.Read(held);
            var left = run.Random.Next(4);
            run.Directory.BeforeSync = NotInside(name =>
            {
                if (left > 0 && (name.StartsWith("segments/", StringComparison.Ordinal) || name.StartsWith("MANIFEST", StringComparison.Ordinal)) && run.Random.Next(3) == 0)
                {
                    // Others change what is being compacted.
                    left--;
                    run.CommitAsync(w => Change(run, w, 1)).GetAwaiter().GetResult();
                }
            });
            Expect(await run.CompactAsync(), [null]);
            run.Directory.BeforeSync = null;
            run.Observe();
            if (!before.Tables.SequenceEqual(SnapshotSummary.Read(held).Tables))
            {
                throw new InvalidOperationException("A snapshot from before a compaction shows something else after it.");
            }

            await run.CommitAsync(w => Change(run, w, 1));
            switch (run.Random.Next(4))
            {
                case 0: held.Dispose(); await run.KillAsync(); await run.OpenAsync(); break;
                case 1: held.Dispose(); await run.CloseAsync(); await run.OpenAsync(); break;
            }
        }
    }

    /// <summary>Rows change their places and orders while they are updated, deleted, loaded and given other columns.</summary>
    private static async Task ClusterAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 6; i++)
        {
            await run.CommitAsync(w => w.Cluster(1));
            await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 80)));
            if (run.Random.Next(3) == 0)
            {
                Expect(await run.LoadAsync(1, run.Random.Next(1, 40)), [null]);
            }

            await run.CheckpointAsync();
            await run.CommitAsync(w => Change(run, w, 1));
            if (run.Random.Next(2) == 0)
            {
                await run.CheckpointAsync();
                await run.CommitAsync(w => Change(run, w, 1));
            }

            using var held = run.Store.OpenSnapshot();
            var before = SnapshotSummary.Read(held);
            var left = run.Random.Next(4);
            run.Directory.BeforeSync = NotInside(name =>
            {
                if (left > 0 && (name.StartsWith("segments/", StringComparison.Ordinal) || name.StartsWith("MANIFEST", StringComparison.Ordinal)) && run.Random.Next(3) == 0)
                {
                    left--;
                    run.CommitAsync(w => { if (left == 1) { w.AlterColumn(1); } Change(run, w, 1); }).GetAwaiter().GetResult();
                }
            });
            Expect(await run.CompactAsync(), [null]);
            run.Directory.BeforeSync = null;
            run.Observe();
            if (!before.Tables.SequenceEqual(SnapshotSummary.Read(held).Tables))
            {
                throw new InvalidOperationException("A snapshot from before a clustering shows something else after it.");
            }

            held.Dispose();
            await run.CommitAsync(w => { Change(run, w, 1); w.AlterColumn(1); });
            switch (run.Random.Next(4))
            {
                case 0: await run.KillAsync(); await run.OpenAsync(); break;
                case 1: await run.CloseAsync(); await run.BackUpAsync(isRestored: true); await run.OpenAsync(); break;
                case 2: await run.CutPowerAsync(); await run.OpenAsync(); break;
            }

            await run.CommitAsync(w => w.Update(1, run.Random.Next(1, 20)));
        }

        await run.CheckpointAsync();
    }

    /// <summary>Indexes, unique keys, NOT NULL and checks come and go while rows lie in segments, overlays, deltas and loads, between and during checkpoints and compactions.</summary>
    private static async Task ConstrainAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.Insert(1, run.Random.Next(10, 40)));
        for (var i = 0; i < 8; i++)
        {
            var left = run.Random.Next(3);
            run.Directory.BeforeSync = NotInside(name =>
            {
                if (left > 0 && !name.StartsWith("wal/", StringComparison.Ordinal) && run.Random.Next(2) == 0)
                {
                    left--;
                    run.CommitAsync(w => { w.Constrain(1); Change(run, w, 1); }).GetAwaiter().GetResult();
                }
            });
            switch (run.Random.Next(3))
            {
                case 0: Expect(await run.CheckpointAsync(), [null]); break;
                case 1: Expect(await run.CompactAsync(), [null]); break;
            }

            run.Directory.BeforeSync = null;
            switch (run.Random.Next(6))
            {
                case 0: await run.KillAsync(); await run.OpenAsync(); break;
                case 1: await run.CutPowerAsync(); await run.OpenAsync(); break;
                case 2: await run.RollBackAsync(w => { w.Constrain(1); w.Update(1, 5); w.Insert(1, 2); }); break;
            }

            await run.CommitAsync(w =>
            {
                if (run.Random.Next(3) == 0)
                {
                    w.DoAndUndo(() => { w.Constrain(1); w.Update(1, 5); w.Insert(1, 2); });
                }

                w.Constrain(1);
                Change(run, w, 1);
            });
            run.Observe();
        }

        await run.CheckpointAsync();
    }

    /// <summary>One call of a compaction fails; nothing is lost, and another one succeeds.</summary>
    private static async Task FailCompactionsAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 2; j++)
            {
                await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 40)));
                await run.CommitAsync(w => Change(run, w, 1));
                await run.CheckpointAsync();
            }

            FailSomeCall(run, 30);
            Expect(await run.CompactAsync(), null, "58030", "53100", "08007", "EG003");
            run.Directory.Faults.Heal();
            run.Observe();
            var error = await run.CommitAsync(w => Change(run, w, 1));
            Expect(error, null, "EG003");
            if (error is not null || run.Random.Next(2) == 0)
            {
                await run.KillAsync();
                await run.OpenAsync();
            }

            Expect(await run.CompactAsync(), [null]);
        }
    }

    /// <summary>Columns come, grow, get other types and go while rows lie in segments, overlays, deltas and loads, between and during checkpoints and compactions.</summary>
    private static async Task AlterAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.Insert(1, run.Random.Next(20, 60)));
        for (var i = 0; i < 12; i++)
        {
            var left = run.Random.Next(3);
            run.Directory.BeforeSync = NotInside(name =>
            {
                if (left > 0 && (name.StartsWith("segments/", StringComparison.Ordinal) || name.StartsWith("MANIFEST", StringComparison.Ordinal)) && run.Random.Next(2) == 0)
                {
                    // While files are written as of a moment before.
                    left--;
                    run.CommitAsync(w => { w.AlterColumn(1); Change(run, w, 1); }).GetAwaiter().GetResult();
                }
            });
            switch (run.Random.Next(4))
            {
                case 0: Expect(await run.CheckpointAsync(), [null]); break;
                case 1: Expect(await run.CompactAsync(), [null]); break;
            }

            run.Directory.BeforeSync = null;
            switch (run.Random.Next(8))
            {
                case 0: await run.KillAsync(); await run.OpenAsync(); break;
                case 1: await run.CloseAsync(); await run.OpenAsync(); break;
                case 2: await run.RollBackAsync(w => { w.AlterColumn(1); w.Update(1, 5); w.Insert(1, 2); }); break;
                case 3: Expect(await run.LoadAsync(1, run.Random.Next(1, 40)), [null]); break;
            }

            await run.CommitAsync(w =>
            {
                if (run.Random.Next(3) == 0)
                {
                    w.DoAndUndo(() => { w.AlterColumn(1); w.Update(1, 5); });
                }

                w.AlterColumn(1);
                Change(run, w, 1);
            });
            await run.CommitAsync(w => w.Update(1, run.Random.Next(1, 10)));
            run.Observe();
        }

        await run.CheckpointAsync();
    }
}
