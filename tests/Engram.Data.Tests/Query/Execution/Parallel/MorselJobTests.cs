using Engram.Data.Query.Execution.Parallel;

namespace Engram.Data.Tests.Query.Execution.Parallel;

public sealed class MorselJobTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Parts_are_merged_in_the_order_of_the_morsels(int threads)
    {
        using var job = new Job(Options(threads)) { Work = m => Thread.SpinWait((m * 7919 % 13) * 50) };
        for (var run = 0; run < 20; run++)
        {
            job.Merged.Clear();
            job.Run(3, 203);
            // Every fifth gives nothing.
            Assert.Equal(Enumerable.Range(3, 200).Where(m => m % 5 != 0), job.Merged);
            Assert.InRange(job.MadeCount, 1, threads);
        }
    }

    [Fact]
    public void The_failure_of_the_lowest_morsel_is_thrown_and_nobody_works_on()
    {
        for (var run = 0; run < 50; run++)
        {
            using var job = new Job(Options(4))
            {
                Work = m =>
                {
                    Thread.SpinWait(m == 31 ? 3000 : 10);
                    if (m is 31 or 32 or 33)
                    {
                        throw new InvalidOperationException($"{m}");
                    }
                },
            };
            Assert.Equal("31", Assert.Throws<InvalidOperationException>(() => job.Run(0, 1000)).Message);
            Assert.Equal(0, job.Working);
            Assert.True(job.HighestBegun < 31 + (4 * 4) + 1);
        }
    }

    [Fact]
    public void A_merge_that_fails_ends_it()
    {
        using var job = new Job(Options(4)) { MergeFails = 17 };
        Assert.Equal("merge", Assert.Throws<InvalidOperationException>(() => job.Run(0, 1000)).Message);
        Assert.Equal(0, job.Working);
        Assert.Equal(Enumerable.Range(0, 17).Where(m => m % 5 != 0), job.Merged);
    }

    [Fact]
    public async Task A_merge_that_fails_ends_assistants_that_wait_for_it()
    {
        using var ahead = new ManualResetEventSlim();
        using var job = new Job(Options(8))
        {
            // The end of the window, 32 morsels from the one that is merged: run by an assistant, which then waits for room.
            Work = m =>
            {
                if (m == 33)
                {
                    ahead.Set();
                }
            },
            BeforeMerge = m =>
            {
                if (m == 2)
                {
                    // Other tests may have all the assistants that there are: then it fails by itself.
                    ahead.Wait(TimeSpan.FromSeconds(5));
                    SpinWait.SpinUntil(() => false, 50);
                    throw new InvalidOperationException("merge");
                }
            },
        };
        var run = Task.Run(() => job.Run(0, 1000));
        Assert.Same(run, await Task.WhenAny(run, Task.Delay(TimeSpan.FromMinutes(2))));
        Assert.Equal("merge", (await Assert.ThrowsAsync<InvalidOperationException>(() => run)).Message);
    }

    [Fact]
    public async Task An_assistant_that_cannot_begin_ends_it_while_a_part_is_being_merged()
    {
        using var merging = new ManualResetEventSlim();
        using var failing = new ManualResetEventSlim();
        using var job = new Job(Options(8))
        {
            BeforeMerge = m =>
            {
                if (m == 1)
                {
                    merging.Set();
                    if (!failing.Wait(TimeSpan.FromSeconds(5)))
                    {
                        throw new InvalidOperationException("worker");
                    }

                    SpinWait.SpinUntil(() => false, 50);
                }
            },
            BeforeWorker = number =>
            {
                if (number > 1)
                {
                    merging.Wait();
                    failing.Set();
                    throw new InvalidOperationException("worker");
                }
            },
        };
        var run = Task.Run(() => job.Run(0, 1000));
        Assert.Same(run, await Task.WhenAny(run, Task.Delay(TimeSpan.FromMinutes(2))));
        Assert.Equal("worker", (await Assert.ThrowsAsync<InvalidOperationException>(() => run)).Message);
    }

    [Fact]
    public void The_caller_may_go_on_alone()
    {
        using var job = new Job(Options(4)) { AloneFrom = 50 };
        job.Run(0, 300);
        Assert.Equal(Enumerable.Range(0, 300).Where(m => m % 5 != 0), job.Merged);
        Assert.True(job.AloneCount > 200);
    }

    [Fact]
    public void It_ends_without_any_free_thread()
    {
        // The caller alone: nobody comes to help in so short a time when each morsel is done before the pool wakes.
        using var job = new Job(new Parallelism { MaxThreadCount = 4, HelpDelay = TimeSpan.FromDays(1) });
        job.Run(0, 100);
        Assert.Equal(1, job.MadeCount);
        Assert.Equal(Enumerable.Range(0, 100).Where(m => m % 5 != 0), job.Merged);
    }

    private static Parallelism Options(int threads) => new() { MaxThreadCount = threads, HelpDelay = TimeSpan.Zero };

    private sealed class Job(Parallelism options) : MorselJob<MemoryStream, string>(options)
    {
        private int working;
        private int highestBegun;
        private int asked;

        public Action<int> Work { get; init; } = _ => { };

        public Action<int> BeforeMerge { get; init; } = _ => { };

        public Action<int> BeforeWorker { get; init; } = _ => { };

        public int MergeFails { get; init; } = int.MaxValue;

        public int AloneFrom { get; init; } = int.MaxValue;

        public List<int> Merged { get; } = [];

        public int AloneCount { get; private set; }

        public int Working => Volatile.Read(ref working);

        public int HighestBegun => Volatile.Read(ref highestBegun);

        public int MadeCount => Workers.Count;

        protected override MemoryStream CreateWorker()
        {
            BeforeWorker(Interlocked.Increment(ref asked));
            return new MemoryStream();
        }

        protected override string? Process(MemoryStream worker, int morsel)
        {
            Interlocked.Increment(ref working);
            try
            {
                int seen;
                while ((seen = HighestBegun) < morsel && Interlocked.CompareExchange(ref highestBegun, morsel, seen) != seen)
                {
                }

                Work(morsel);
                return morsel % 5 == 0 ? null : $"{morsel}";
            }
            finally
            {
                Interlocked.Decrement(ref working);
            }
        }

        protected override void Merge(string part)
        {
            var morsel = int.Parse(part, System.Globalization.CultureInfo.InvariantCulture);
            BeforeMerge(morsel);
            if (morsel >= MergeFails)
            {
                throw new InvalidOperationException("merge");
            }

            Merged.Add(morsel);
            if (morsel >= AloneFrom)
            {
                GoOnAlone();
            }
        }

        protected override void ProcessAlone(MemoryStream worker, int morsel)
        {
            AloneCount++;
            base.ProcessAlone(worker, morsel);
        }
    }
}
