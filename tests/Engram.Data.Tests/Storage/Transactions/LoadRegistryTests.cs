using Engram.Data.Columns;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Transactions;

public sealed class LoadRegistryTests
{
    [Fact]
    public void A_segment_whose_commit_was_not_appended_is_forgotten_though_it_was_entered_for_the_log()
    {
        var registry = new LoadRegistry([]);
        registry.Enter("segments/a.seg", new TableId(1), new TableCounters(), 10);
        registry.EnterLogged(Info("segments/a.seg"), new Lsn(5));
        Assert.Contains("segments/a.seg", registry.Names);

        registry.Leave("segments/a.seg");

        Assert.Empty(registry.Logged);
        Assert.Empty(registry.Names);
    }

    private static SegmentInfo Info(string name) => new(name, new TableId(1), 5, 1, 5, 4096, 0, []);
}
