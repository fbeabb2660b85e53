using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Segments;

public sealed class OfferedWorkTests
{
    [Fact]
    public void Whoever_waits_does_what_nobody_has_begun_and_nobody_does_it_again()
    {
        var threads = new List<int>();
        // Not offered to anybody: as when all threads of the pool wait for this one.
        var work = new OfferedWork(() => threads.Add(Environment.CurrentManagedThreadId));
        work.Wait();
        work.Execute();
        work.Wait();
        Assert.Equal([Environment.CurrentManagedThreadId], threads);
    }

    [Fact]
    public void What_goes_wrong_is_told_to_those_who_wait()
    {
        var work = new OfferedWork(() => throw new InvalidTimeZoneException());
        work.Execute();
        Assert.Throws<InvalidTimeZoneException>(work.Wait);
        work.WaitQuietly();
        Assert.Throws<InvalidTimeZoneException>(OfferedWork.Start(() => throw new InvalidTimeZoneException()).Wait);
    }

    [Fact]
    public void Work_is_done_once_whoever_does_it()
    {
        var done = 0;
        for (var i = 1; i <= 100; i++)
        {
            OfferedWork.Start(() => done++).Wait();
            Assert.Equal(i, done);
        }
    }
}
