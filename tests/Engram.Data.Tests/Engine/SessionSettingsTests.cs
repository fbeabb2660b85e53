using Engram.Data.Engine;

namespace Engram.Data.Tests.Engine;

public sealed class SessionSettingsTests
{
    private const string Name = "statement_timeout";

    [Theory]
    [InlineData(true, true, 1000)]
    [InlineData(true, false, 1000)]
    [InlineData(false, true, 2000)]
    [InlineData(false, false, 1000)]
    public void A_setting_of_a_transaction_lasts_as_long_as_it_should(bool isLocal, bool isCommitted, int expectedMilliseconds)
    {
        var settings = new SessionSettings();
        settings.Set(Name, ["1s"]);
        settings.SetInTransaction(Name, ["2s"], isLocal);
        Assert.Equal(2000, settings.StatementTimeout.TotalMilliseconds);
        settings.EndTransaction(isCommitted);
        Assert.Equal(expectedMilliseconds, settings.StatementTimeout.TotalMilliseconds);
    }

    [Fact]
    public void The_last_word_that_is_not_local_holds_after_the_commit()
    {
        var settings = new SessionSettings();
        settings.SetInTransaction(Name, ["2s"], isLocal: true);
        settings.SetInTransaction(Name, ["3s"], isLocal: false);
        settings.SetInTransaction(Name, ["4s"], isLocal: true);
        settings.EndTransaction(isCommitted: true);
        Assert.Equal(3000, settings.StatementTimeout.TotalMilliseconds);
        settings.EndTransaction(isCommitted: false);
        Assert.Equal(3000, settings.StatementTimeout.TotalMilliseconds);
    }
}
