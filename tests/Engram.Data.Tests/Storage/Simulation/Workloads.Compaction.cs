using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <content>Segments that are merged and rewritten while others write and read.</content>
internal static partial class Workloads
{
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
            run.Directory.BeforeSync = name =>
            {
                if (left > 0 && (name.StartsWith("segments/", StringComparison.Ordinal) || name.StartsWith("MANIFEST", StringComparison.Ordinal)) && run.Random.Next(3) == 0)
                {
                    // Others change what is being compacted.
                    left--;
                    run.CommitAsync(w => Change(run, w, 1)).GetAwaiter().GetResult();
                }
            };
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
}
