using Engram.Data.Engine;

namespace Engram.Data.Tests.Engine;

public sealed class InterruptTests
{
    [Fact]
    public void Without_a_timeout_waits_are_infinite()
    {
        using var interrupt = new Interrupt(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
        interrupt.Enter();
        Assert.Equal(Timeout.InfiniteTimeSpan, interrupt.Remaining);
        interrupt.Leave();
        Assert.False(interrupt.Token.IsCancellationRequested);
    }

    [Fact]
    public void Cancel_is_an_error_of_the_database()
    {
        using var interrupt = new Interrupt(TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        interrupt.Cancel();
        Assert.True(interrupt.Token.IsCancellationRequested);
        Assert.Equal("57014", Assert.IsType<EngramException>(interrupt.ToException(new OperationCanceledException())).SqlState);
    }

    [Fact]
    public void A_token_gives_its_own_kind_of_exception_with_the_error_inside()
    {
        using var source = new CancellationTokenSource();
        using var interrupt = new Interrupt(TimeSpan.Zero, TimeProvider.System, source.Token);
        source.Cancel();
        Assert.True(interrupt.Token.IsCancellationRequested);
        var error = Assert.IsType<OperationCanceledException>(interrupt.ToException(new OperationCanceledException()));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal("57014", Assert.IsType<EngramException>(error.InnerException).SqlState);
    }

    [Fact]
    public void The_time_between_calls_does_not_count()
    {
        var clock = new ManualClock();
        using var interrupt = new Interrupt(TimeSpan.FromSeconds(10), clock, CancellationToken.None);
        interrupt.Enter();
        clock.Advance(TimeSpan.FromSeconds(4));
        interrupt.Leave();
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromSeconds(6), interrupt.Remaining);
        interrupt.Enter();
        clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.Zero, interrupt.Remaining);
        Assert.Contains("10 s", interrupt.ToException(new OperationCanceledException()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_what_has_ended_does_nothing()
    {
        var interrupt = new Interrupt(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
        interrupt.Dispose();
        interrupt.Cancel();
    }

    private sealed class ManualClock : TimeProvider
    {
        private long now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(TimeSpan time) => now += time.Ticks;
    }
}
