using Engram.Data.Storage;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A workload: what it is called, and what it does to a run that is not open yet.</summary>
internal sealed record Workload(string Name, Func<SimulatedRun, Task> Run)
{
    public StoreOptions Options { get; init; } = SimulatedRun.SmallFiles;

    /// <summary>Whether a seed gives the same I/O again; not so where several threads write.</summary>
    public bool IsRepeatable { get; init; } = true;

    public override string ToString() => Name;
}

/// <summary>What databases do, in short runs whose every I/O point can be crashed.</summary>
internal static partial class Workloads
{
    /// <summary>So large that the log makes files ahead of need.</summary>
    private static readonly StoreOptions s_largerFiles = SimulatedRun.SmallFiles with { WalFileSizeBytesMin = 256 * 1024, WalFileSizeBytesMax = 2 * 1024 * 1024 };

    public static readonly IReadOnlyList<Workload> All =
    [
        new("creation", CreateAsync),
        new("inserts", InsertAsync),
        new("updates and deletes", ChangeAsync),
        new("schema", DefineAsync),
        new("bulk load", LoadAsync),
        new("attached loads", AttachAsync),
        new("cascades", CascadeAsync),
        new("checkpoints", CheckpointAsync),
        new("reopening", ReopenAsync),
        new("backups", BackUpAsync),
        new("power cuts", CutPowerAsync),
        new("disk full", FillDiskAsync),
        new("failing syncs", FailSyncsAsync),
        new("failing writes", FailWritesAsync),
        new("failing checkpoints", FailCheckpointsAsync),
        new("failing openings", FailOpeningsAsync),
        new("everything", DoEverythingAsync),
        new("many writers", CrowdAsync) { Options = s_largerFiles, IsRepeatable = false },
        new("durability by interval", RelaxAsync) { Options = SimulatedRun.SmallFiles with { Durability = DurabilityMode.Interval } },
        new("no durability", RelaxAsync) { Options = SimulatedRun.SmallFiles with { Durability = DurabilityMode.None } },
        new("compactions", CompactAsync),
        new("failing compactions", FailCompactionsAsync),
        new("alterations", AlterAsync),
        new("clustering", ClusterAsync),
        new("constraints", ConstrainAsync),
    ];

    public static int NumberOf(string name) => All.TakeWhile(w => w.Name != name).Count();

    private static async Task CreateAsync(SimulatedRun run)
    {
        await run.OpenAsync();
        await run.CommitAsync(w => w.CreateTable(1));
        await run.CommitAsync(w => w.Insert(1, 1));
    }

    private static async Task InsertAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 8; i++)
        {
            await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 30)));
            if (i % 3 == 1)
            {
                await run.CommitTogetherAsync(run.Random.Next(2, 5), w => w.Insert(1, run.Random.Next(1, 4)));
            }

            if (i == 4)
            {
                run.Idle();
                await run.RollBackAsync(w => w.Insert(1, 3));
            }
        }
    }

    private static async Task ChangeAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.Insert(1, 60));
        if (run.Random.Next(2) == 0)
        {
            await run.CheckpointAsync();
        }

        for (var i = 0; i < 10; i++)
        {
            await run.CommitAsync(w => Change(run, w, 1));
            if (i == 5)
            {
                await run.CommitTogetherAsync(3, w => Change(run, w, 1));
                await run.CheckpointAsync();
            }
        }
    }

    private static async Task DefineAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.Insert(1, 10));
        await run.CommitAsync(w =>
        {
            w.CreateTable(2);
            w.Insert(2, 5);
            w.AddColumn(1);
            w.Insert(1, 5);
        });
        if (run.Random.Next(2) == 0)
        {
            await run.CheckpointAsync();
        }

        await run.CommitAsync(w =>
        {
            w.Update(1, 3);
            w.DropTable(2);
            w.CreateTable(3);
            w.Insert(3, 20);
        });
        await run.RollBackAsync(w =>
        {
            w.DropTable(3);
            w.CreateTable(4);
            w.Insert(4, 1);
        });
        await run.CheckpointAsync();
        await run.CommitAsync(w => w.DropColumn(1));
        await run.CommitAsync(w => w.AddColumn(3));
        await run.CommitAsync(w => w.Update(3, 10));
        await run.CommitAsync(w => w.DropTable(1));
        await run.CheckpointAsync();
        await run.CommitAsync(w => w.Insert(3, 2));
    }

    private static async Task LoadAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w =>
        {
            for (var i = 0; i < 2; i++)
            {
                w.Insert(1, 2048);
            }
        });
        if (run.Random.Next(2) == 0)
        {
            await run.CheckpointAsync();
        }

        await run.CommitAsync(w =>
        {
            w.Insert(1, 700);
            w.Delete(1, 40);
            w.Update(1, 100);
        });
        await run.CheckpointAsync();
        await run.CommitAsync(w => w.Insert(1, 1));
    }

    /// <summary>Loads that write segments of their own while others commit, with checkpoints before, during and after, full disks and failing calls.</summary>
    private static async Task AttachAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 6; i++)
        {
            if (run.Random.Next(3) == 0)
            {
                await run.CheckpointAsync();
            }

            if (i == 4)
            {
                run.Directory.Faults.CapacityBytes = run.Directory.Freeze().SizeBytes + (run.Random.Next(40) * 4096);
            }

            Expect(await run.LoadAsync(1, run.Random.Next(1, 3000), Meanwhile, w => Change(run, w, 1)), null, "53100");
            run.Directory.Faults.Heal();
            await run.CommitAsync(w => Change(run, w, 1));
            if (i == 2)
            {
                await run.KillAsync();
                await run.OpenAsync();
            }
        }

        await run.CheckpointAsync();
        await run.CommitAsync(w => Change(run, w, 1));

        async Task Meanwhile()
        {
            Expect(await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 20))), null, "53100");
            switch (run.Random.Next(5))
            {
                case 0: Expect(await run.CheckpointAsync(), null, "53100"); break;
                case 1: Expect(await run.CompactAsync(), null, "53100"); break;
            }
        }
    }

    /// <summary>Deletions and new keys that spread over foreign keys, each with all that follows in one transaction.</summary>
    private static async Task CascadeAsync(SimulatedRun run)
    {
        const int First = 21;
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateFamily(First);
            Populate(w, 12);
        });
        for (var i = 0; i < 8; i++)
        {
            await run.CommitAsync(w =>
            {
                switch (run.Random.Next(5))
                {
                    case 0: w.RekeyCascading(First + run.Random.Next(2)); break;
                    case 1: Populate(w, run.Random.Next(1, 6)); break;
                    case 2: w.DoAndUndo(() => w.DeleteCascading(First, 2)); w.Update(First + 1, 3); break;
                    default: w.DeleteCascading(First + (run.Random.Next(4) / 3), run.Random.Next(1, 4)); break;
                }
            });
            switch (run.Random.Next(6))
            {
                case 0: await run.CheckpointAsync(); break;
                case 1: await run.KillAsync(); await run.OpenAsync(); break;
                case 2: await run.RollBackAsync(w => w.DeleteCascading(First, 5)); break;
                case 3: await run.CommitTogetherAsync(2, w => w.DeleteCascading(First, 1)); break;
            }
        }

        void Populate(WorkTransaction w, int count)
        {
            for (var table = First; table < First + 4; table++)
            {
                w.Insert(table, count);
            }
        }
    }

    /// <summary>Copies of a closed database are as good as the database: sometimes the work goes on from the copy.</summary>
    private static async Task BackUpAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 6; i++)
        {
            await run.CommitAsync(w => Change(run, w, 1));
            if (run.Random.Next(2) == 0)
            {
                await run.CheckpointAsync();
                await run.CommitAsync(w => Change(run, w, 1));
            }

            await run.CloseAsync();
            await run.BackUpAsync(isRestored: run.Random.Next(2) == 0);
            await run.OpenAsync();
        }
    }

    private static async Task CheckpointAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.CreateTable(2));
        for (var i = 0; i < 5; i++)
        {
            await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 80)));
            await run.CommitAsync(w => Change(run, w, 1 + (i % 2)));
            await run.CheckpointAsync();
            if (i == 2)
            {
                await run.CheckpointAsync();
                await run.CloseAsync();
                await run.OpenAsync();
            }
        }
    }

    private static async Task ReopenAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 6; i++)
        {
            await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 10)));
            if (run.Random.Next(3) == 0)
            {
                await run.CheckpointAsync();
            }

            if (run.Random.Next(2) == 0)
            {
                await run.KillAsync();
            }
            else
            {
                await run.CloseAsync();
            }

            await run.OpenAsync();
            run.Observe();
        }
    }

    private static async Task CutPowerAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 5; i++)
        {
            await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 20)));
            await run.CommitAsync(w => Change(run, w, 1));
            if (run.Random.Next(3) == 0)
            {
                await run.CheckpointAsync();
            }

            await run.CutPowerAsync();
            await run.OpenAsync();
        }
    }

    private static async Task FillDiskAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 4; i++)
        {
            await run.CommitAsync(w => w.Insert(1, 10));
            run.Directory.Faults.CapacityBytes = run.Directory.Freeze().SizeBytes + (run.Random.Next(12) * 4096);
            for (var j = 0; j < 6; j++)
            {
                Expect(await run.CommitAsync(w => w.Insert(1, run.Random.Next(1, 200))), null, "53100");
            }

            Expect(await run.CheckpointAsync(), null, "53100");
            run.Directory.Faults.Heal();
            Expect(await run.CommitAsync(w => Change(run, w, 1)), [null]);
            if (i == 2)
            {
                Expect(await run.CheckpointAsync(), [null]);
            }
        }
    }

    private static async Task FailSyncsAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 4; i++)
        {
            run.Directory.Faults.Fail(run.Random.Next(4) == 0 ? FaultPoint.DirectorySync : FaultPoint.Sync, run.Random.Next(1, 9), DiskFaults.InputOutput);
            await DisturbAsync(run);
        }
    }

    private static async Task FailWritesAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 4; i++)
        {
            FailSomeCall(run, 12);
            await DisturbAsync(run);
        }
    }

    /// <summary>One call of a checkpoint fails; the next program, over the same cache, makes another.</summary>
    private static async Task FailCheckpointsAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 4; i++)
        {
            await run.CommitAsync(w => Change(run, w, 1));
            if (run.Random.Next(3) == 0)
            {
                FailSomeCall(run, 10);
            }
            else
            {
                run.Directory.Faults.Fail(FaultPoint.Sync, run.Random.Next(1, 10), DiskFaults.InputOutput);
            }

            Expect(await run.CheckpointAsync(), null, "58030", "53100", "08007", "EG003");
            run.Directory.Faults.Heal();
            var error = await run.CommitAsync(w => w.Insert(1, 1));
            Expect(error, null, "EG003");
            if (error is not null || run.Random.Next(2) == 0)
            {
                await run.KillAsync();
                await run.OpenAsync();
            }
        }
    }

    /// <summary>One call of an opening fails; the next opening, by the same program or another, must find everything.</summary>
    private static async Task FailOpeningsAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 5; i++)
        {
            await run.CommitAsync(w => Change(run, w, 1));
            if (run.Random.Next(3) == 0)
            {
                await run.CheckpointAsync();
                await run.CommitAsync(w => Change(run, w, 1));
            }

            switch (run.Random.Next(3))
            {
                case 0: await run.KillAsync(); break;
                case 1: await run.CutPowerAsync(); break;
                default: await run.CloseAsync(); break;
            }

            FailSomeCall(run, 8);
            var error = await run.TryOpenAsync();
            Expect(error, null, "58030", "53100");
            run.Directory.Faults.Heal();
            if (error is not null)
            {
                if (run.Random.Next(2) == 0)
                {
                    await run.KillAsync();
                }

                await run.OpenAsync();
            }
        }
    }

    private static void FailSomeCall(SimulatedRun run, int callCountMax)
    {
        FaultPoint[] points =
        [
            FaultPoint.Write, FaultPoint.Write, FaultPoint.Sync, FaultPoint.DirectorySync, FaultPoint.Create, FaultPoint.Rename, FaultPoint.Delete, FaultPoint.Read, FaultPoint.SetLength,
        ];
        var point = points[run.Random.Next(points.Length)];
        var error = point is not (FaultPoint.Read or FaultPoint.Sync) && run.Random.Next(2) == 0 ? DiskFaults.NoSpace : DiskFaults.InputOutput;
        run.Directory.Faults.Fail(point, run.Random.Next(1, callCountMax + 1), error);
    }

    private static async Task DoEverythingAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await run.CommitAsync(w => w.CreateTable(2));
        for (var i = 0; i < 14; i++)
        {
            var number = run.Random.Next(1, 3);
            switch (run.Random.Next(11))
            {
                case 0: await run.CheckpointAsync(); break;
                case 10: Expect(await run.CompactAsync(), [null]); break;
                case 1: await run.CommitTogetherAsync(3, w => Change(run, w, number)); break;
                case 2: await run.KillAsync(); await run.OpenAsync(); break;
                case 3: await run.CutPowerAsync(); await run.OpenAsync(); break;
                case 4: await run.CommitAsync(w => w.Insert(number, 300)); break;
                case 5: await run.CommitAsync(w => w.DoAndUndo(() => Change(run, w, number))); break;
                case 6: await run.CloseAsync(); await run.OpenAsync(); break;
                default: await run.CommitAsync(w => Change(run, w, number)); break;
            }
        }
    }

    /// <summary>Several threads commit at once, as fast as they can, and one checkpoints meanwhile.</summary>
    private static async Task CrowdAsync(SimulatedRun run)
    {
        await StartAsync(run);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                if (writer == 4 && i % 3 == 2)
                {
                    await run.CheckpointAsync();
                }

                await run.CommitAsync(w => w.Insert(1, writer == 0 ? 1500 : 2));
                run.Observe();
            }
        })));
        await run.CommitAsync(w => Change(run, w, 1));
    }

    /// <summary>For the modes that acknowledge before they sync.</summary>
    private static async Task RelaxAsync(SimulatedRun run)
    {
        await StartAsync(run);
        for (var i = 0; i < 14; i++)
        {
            var before = run.Directory.Points;
            await run.CommitAsync(w =>
            {
                if (w.State.Tables.Count == 0)
                {
                    // A power cut may take even the first commit.
                    w.CreateTable(1);
                }

                Change(run, w, 1);
            });
            run.Observe();
            switch (run.Random.Next(12))
            {
                case 0: await run.CheckpointAsync(); break;
                case 1: await run.KillAsync(); await run.OpenAsync(); break;
                case 2: await run.CutPowerAsync(); await run.OpenAsync(); break;
                case 3: await run.CloseAsync(); await run.OpenAsync(); break;
                case 4 when run.IsSyncedWhenIdle && run.Directory.Points > before:
                    // A commit that found no row to change wrote nothing, and leaves nothing to sync.
                    run.Idle();
                    break;
            }
        }
    }

    private static async Task StartAsync(SimulatedRun run)
    {
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateTable(1);
            w.Insert(1, 3);
        });
    }

    /// <summary>Works until something fails, then reopens; what failed may only be the disk's fault, and only an unknown outcome ends the work.</summary>
    private static async Task DisturbAsync(SimulatedRun run)
    {
        for (var j = 0; j < 5; j++)
        {
            var error = j == 3 ? await run.CheckpointAsync() : await run.CommitAsync(w => Change(run, w, 1));
            Expect(error, null, "58030", "53100", "08007", "EG003");
            if (error is "08007" or "EG003")
            {
                // What was shown before the failure still is, and nothing else.
                run.Observe();
                Expect(await run.CommitAsync(w => w.Insert(1, 1)), "EG003");
                break;
            }
        }

        run.Directory.Faults.Heal();
        if (run.Random.Next(2) == 0)
        {
            await run.KillAsync();
        }
        else
        {
            await run.CutPowerAsync();
        }

        await run.OpenAsync();
    }

    private static void Change(SimulatedRun run, WorkTransaction work, int number)
    {
        var statements = run.Random.Next(1, 4);
        for (var i = 0; i < statements; i++)
        {
            if (run.Random.Next(4) == 0)
            {
                // As a cascade does: one transaction changes several tables.
                number = work.State.Tables.Keys.ElementAt(run.Random.Next(work.State.Tables.Count));
            }

            switch (run.Random.Next(4))
            {
                case 0: work.Insert(number, run.Random.Next(1, 10)); break;
                case 1: work.Delete(number, run.Random.Next(1, 6)); break;
                default: work.Update(number, run.Random.Next(1, 8)); break;
            }
        }
    }

    private static void Expect(string? error, params ReadOnlySpan<string?> allowed)
    {
        if (!allowed.Contains(error))
        {
            throw new InvalidOperationException($"A call ended with SQLSTATE {error ?? "none"}, not {string.Join(", ", allowed.ToArray().Select(a => a ?? "none"))}.");
        }
    }
}
