using Engram.Data.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Groups of another life of the database stand where nobody wrote them, valid in everything but the salt of their file.</summary>
/// <remarks>
/// A closed database is copied. Life 1 goes on with it, and its next commit is group g of log file N. Then the copy is put back: life 2 begins a
/// file N of its own, whose next group is g too, continues the same checksum and begins with the same LSN. The file system gives file N the blocks that life 1's
/// file had, and the disk loses some of the zeros that were written over them.
/// <code>
///   life 1   file N  [header, salt 1] [group g ] [group g+1] zeros
///   life 2   file N  [header, salt 2] zeros …                             power cut, and zeros are lost:
///   found    file N  [header, salt 2] [group g ] [group g+1] zeros        of life 1, never committed in life 2
/// </code>
/// The chain cannot tell: both lives continue the same group. The salt does. Once life 2 has written a group, the chain excludes what follows
/// by itself, and a test shows that too.
/// </remarks>
public sealed class LeftoverTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Groups_of_another_life_are_not_taken_for_commits(int commitsInLife2)
    {
        var (served, tornBytes) = await OpenWithLeftoversAsync(isSaltChecked: true, commitsInLife2);
        Assert.Null(served);
        Assert.True(tornBytes > 0);
    }

    [Fact]
    public async Task Without_salts_they_are_and_that_is_caught()
        => Assert.Contains("the state is not that after any of commits", (await OpenWithLeftoversAsync(isSaltChecked: false, 0)).Served, StringComparison.Ordinal);

    [Fact]
    public async Task Behind_a_commit_the_chain_alone_excludes_them()
        => Assert.Null((await OpenWithLeftoversAsync(isSaltChecked: false, 1)).Served);

    /// <summary>What the database shows that was never committed, if anything, and how many bytes recovery took for a torn tail.</summary>
    private static async Task<(string? Served, long TornBytes)> OpenWithLeftoversAsync(bool isSaltChecked, int commitsInLife2)
    {
        // To the engine equal salts are no salts.
        await using var run = new SimulatedRun(1, lies: faults => faults.RandomIsConstant = !isSaltChecked);
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateTable(1);
            w.Insert(1, 3);
        });
        await run.CloseAsync();
        var (backup, mark) = (run.Directory.Freeze().Copy(), run.History.Mark);

        await run.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await run.CommitAsync(w => w.Insert(1, 2));
        }

        var life1 = run.Directory.Freeze().Copy();
        await using var life2 = await RestoreAsync(backup, mark, isSaltChecked, commitsInLife2);
        var image = life2.Directory.Freeze().Copy();
        Uncover(image, life1);

        mark = life2.History.Mark;
        await using var store = Store.Open(new SimulatedDirectory(image, 1), SimulatedRun.SmallFiles, NullLogger.Instance);
        using var snapshot = store.OpenSnapshot();
        var found = SnapshotSummary.Read(snapshot);
        return (mark.Find(found) == mark.States.Count - 1 ? null : mark.Explain(found), store.Recovery.TornBytes);
    }

    private static async Task<SimulatedRun> RestoreAsync(SimulatedDisk backup, HistoryMark mark, bool isSaltChecked, int commits)
    {
        var run = new SimulatedRun(2, lies: faults => faults.RandomIsConstant = !isSaltChecked);
        run.Restore(backup.Copy(), mark);
        await run.OpenAsync();
        for (var i = 0; i < commits; i++)
        {
            await run.CommitAsync(w => w.Insert(1, 1));
        }

        return run;
    }

    /// <summary>Wherever the newest log file holds zeros and an earlier file of that name did not, the zeros never reached the disk.</summary>
    private static void Uncover(SimulatedDisk image, SimulatedDisk earlier)
    {
        var name = image.Files.Last(f => f.EndsWith(".wal", StringComparison.Ordinal));
        var old = earlier[name].ToArray();
        var uncovered = 0;
        image[name].Overwrite(bytes =>
        {
            var now = bytes.ToArray();
            Assert.Equal(now.Length, old.Length);
            for (var offset = 0; offset < old.Length; offset += PagedBytes.PageSize)
            {
                var before = old.AsSpan(offset, PagedBytes.PageSize);
                var after = now.AsSpan(offset, PagedBytes.PageSize);
                if (after.IndexOfAnyExcept((byte)0) < 0 && before.IndexOfAnyExcept((byte)0) >= 0)
                {
                    bytes.Write(offset, before);
                    uncovered++;
                }
            }
        });
        Assert.True(uncovered > 0);
    }
}
