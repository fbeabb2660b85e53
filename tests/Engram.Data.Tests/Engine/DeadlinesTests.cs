using Engram.Data.Engine;

namespace Engram.Data.Tests.Engine;

/// <summary>Timeouts of commands end what takes longer and nothing else, whoever starts and stops meanwhile.</summary>
public sealed class DeadlinesTests
{
    [Fact]
    public void EndWhatTakesLongerThanItsTimeout()
    {
        using var interrupt = new Interrupt(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        using var patient = new Interrupt(TimeSpan.FromSeconds(600), TimeProvider.System, CancellationToken.None);
        patient.Enter();
        interrupt.Enter();
        Assert.True(interrupt.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(120)));
        Assert.False(patient.Token.IsCancellationRequested);
    }

    [Fact]
    public void CountOnlyTheTimeThatTheEngineWorks()
    {
        using var other = new Interrupt(TimeSpan.FromSeconds(3.2), TimeProvider.System, CancellationToken.None);
        using var interrupt = new Interrupt(TimeSpan.FromSeconds(3), TimeProvider.System, CancellationToken.None);
        interrupt.Enter();
        interrupt.Leave();
        other.Enter();
        Assert.True(other.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(120)));
        Assert.False(interrupt.Token.IsCancellationRequested);

        // By now it has left the chain, and comes back.
        interrupt.Enter();
        Assert.True(interrupt.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(120)));
    }

    [Fact]
    public void HoldBesideManyThreadsThatStartAndStop()
    {
        using var slow = new Interrupt(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        slow.Enter();
        var isOver = false;
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                using var quick = new Interrupt(TimeSpan.FromSeconds(60), TimeProvider.System, CancellationToken.None);
                for (var i = 0; i < 5; i++)
                {
                    quick.Enter();
                    quick.Leave();
                }

                if (quick.Token.IsCancellationRequested)
                {
                    throw new InvalidOperationException("ended before its time");
                }
            }
        })).ToArray();
        Array.ForEach(threads, t => t.Start());
        try
        {
            Assert.True(slow.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(120)));
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            Array.ForEach(threads, t => t.Join());
        }
    }
}
