using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Simulation;
using static Engram.Data.Tests.Storage.Wal.WalTesting;

namespace Engram.Data.Tests.Storage.Wal;

public sealed class WalWriterTests
{
    [Theory]
    [InlineData(DurabilityMode.Full)]
    [InlineData(DurabilityMode.Interval)]
    [InlineData(DurabilityMode.None)]
    internal async Task Commits_come_back_in_order(DurabilityMode durability)
    {
        using var directory = new MemoryDirectory();
        var options = SmallFiles with { Durability = durability };
        var written = new List<Commit>();
        await using (var writer = Create(directory, options: options))
        {
            for (var i = 0; i < 200; i++)
            {
                written.Add(Append(writer, i * 37 % 5000));
                await writer.WaitDurableAsync(writer.Appended);
                Assert.Equal(writer.Appended, writer.Durable);
            }
        }

        Assert.Equal(written, Read(directory, 0, out var result));
        Assert.Equal(0, result.TornBytes);
        Assert.Empty(result.QuarantineNames);
        Assert.True(result.Position.Files.Count > 3);
        Assert.Equal(written.Skip(150), Read(directory, after: 150));
        Assert.Empty(Read(directory, after: 200));
    }

    [Fact]
    public void Commits_come_back_from_the_disk()
    {
        using var temporary = new TemporaryDirectory();
        using var directory = new DiskDirectory(temporary.Path);
        var written = new List<Commit>();
        for (var opening = 0; opening < 3; opening++)
        {
            using var writer = Reopen(directory, out var read);
            Assert.Equal(written, read);
            for (var i = 0; i < 30; i++)
            {
                written.Add(Append(writer, 100 + (i * 300)));
                writer.WaitDurable(writer.Appended);
            }
        }

        Assert.Equal(written, Read(directory));
    }

    [Fact]
    public void An_empty_payload_and_one_of_several_pieces_are_commits()
    {
        using var directory = new MemoryDirectory();
        using (var writer = Create(directory))
        {
            Append(writer, 0);
            var payload = Payload(2, 5000);
            var first = new Segment(payload.AsMemory(0, 10), 0);
            var last = first.Then(payload.AsMemory(10, 0)).Then(payload.AsMemory(10));
            Assert.Equal(2, writer.Append(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length)).Value);
            Append(writer, 1);
        }

        Assert.Equal([new(1, 0), new(2, 5000), new(3, 1)], Read(directory));
    }

    [Fact]
    public void Large_commits_of_many_arrays_come_back_from_the_disk_among_small_ones()
    {
        using var temporary = new TemporaryDirectory();
        using var directory = new DiskDirectory(temporary.Path);
        var written = new List<Commit>();
        for (var opening = 0; opening < 2; opening++)
        {
            using var writer = Reopen(directory, out var read);
            Assert.Equal(written, read);
            // Whole pieces and blocks, with the 84 bytes before them, and a byte more and less.
            foreach (var length in new[] { 10, (2 << 20) - 84, 11, (1 << 20) - 83, (3 << 20) - 4096 - 84, 4096 - 85, 12, (1 << 20) + 77 })
            {
                var expected = writer.Appended.Value + 1;
                Assert.Equal(expected, writer.Append(InChunks(Payload(expected, length), 300_000)).Value);
                written.Add(new Commit(expected, length));
                if (length % 3 == 0)
                {
                    writer.WaitDurable(writer.Appended);
                }
            }
        }

        Assert.Equal(written, Read(directory));
    }

    [Fact]
    public void A_commit_larger_than_a_file_gets_one_of_its_own_size()
    {
        using var directory = new MemoryDirectory();
        var written = new List<Commit>();
        using (var writer = Create(directory))
        {
            written.Add(Append(writer, 100));
            written.Add(Append(writer, 3_000_000));
            written.Add(Append(writer, 100));
            written.Add(Append(writer, 6_000_000));
            writer.WaitDurable(writer.Appended);
        }

        Assert.Equal(written, Read(directory));
    }

    [Fact]
    public async Task One_sync_acknowledges_all_that_queued_during_the_one_before()
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { StopsClock = true };
        using var writer = Create(directory, options: new StoreOptions());
        using var isSyncing = new SemaphoreSlim(0);
        using var maySync = new SemaphoreSlim(0);
        directory.BeforeSync = _ =>
        {
            isSyncing.Release();
            maySync.Wait();
        };

        Append(writer, 10);
        var first = Task.Run(async () => await writer.WaitDurableAsync(new Lsn(1)));
        await isSyncing.WaitAsync();
        var syncs = directory.Count(FaultPoint.Sync);
        var others = new List<Task>();
        for (var i = 0; i < 50; i++)
        {
            Append(writer, 10);
            others.Add(writer.WaitDurableAsync(writer.Appended).AsTask());
        }

        Assert.Equal(Lsn.Zero, writer.Durable);
        Assert.All(others, t => Assert.False(t.IsCompleted));
        maySync.Release(10);
        await first;
        await Task.WhenAll(others);
        Assert.Equal(51, writer.Durable.Value);

        // The first sync had not been counted yet when it was held.
        Assert.Equal(1 + 1, directory.Count(FaultPoint.Sync) - syncs);
        directory.BeforeSync = null;
    }

    [Theory]
    [InlineData(DurabilityMode.Full, 64)]
    [InlineData(DurabilityMode.Interval, 16)]
    [InlineData(DurabilityMode.None, 16)]
    internal async Task Many_writers_each_see_their_commit_durable_when_they_are_told(DurabilityMode durability, int writerCount)
    {
        using var directory = new MemoryDirectory();
        using var writeLock = new SemaphoreSlim(1);
        var seen = 0L;
        var isOutOfOrder = false;
        await using (var writer = Create(directory, options: SmallFiles with { Durability = durability, SyncInterval = TimeSpan.FromMilliseconds(1) }))
        {
            writer.DurableAdvanced = lsn =>
            {
                isOutOfOrder |= lsn.Value <= Volatile.Read(ref seen);
                Volatile.Write(ref seen, lsn.Value);
            };
            await Task.WhenAll(Enumerable.Range(0, writerCount).Select(w => Task.Run(async () =>
            {
                for (var i = 0; i < 40; i++)
                {
                    await writeLock.WaitAsync();
                    Lsn lsn;
                    try
                    {
                        lsn = new Lsn(Append(writer, (w * 41) + i).Lsn);
                    }
                    finally
                    {
                        writeLock.Release();
                    }

                    if (w % 2 == 0)
                    {
                        await writer.WaitDurableAsync(lsn);
                    }
                    else
                    {
                        writer.WaitDurable(lsn);
                    }

                    Assert.True(Volatile.Read(ref seen) >= lsn.Value);
                    Assert.True(writer.Durable >= lsn);
                }
            })));
            Assert.False(isOutOfOrder);
            Assert.Equal(writerCount * 40, writer.Durable.Value);
        }

        Assert.Equal(writerCount * 40, Read(directory).Count);
    }

    [Fact]
    public async Task Waiting_for_what_is_durable_allocates_nothing_and_for_what_is_not_appended_is_a_defect()
    {
        using var directory = new MemoryDirectory();
        await using var writer = Create(directory);
        Append(writer, 10);
        await writer.WaitDurableAsync(new Lsn(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            await writer.WaitDurableAsync(new Lsn(1));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal("XX000", (await Assert.ThrowsAsync<EngramException>(async () => await writer.WaitDurableAsync(new Lsn(2)))).SqlState);
    }

    [Theory]
    [InlineData(FaultPoint.Sync, false)]
    [InlineData(FaultPoint.Write, false)]
    [InlineData(FaultPoint.Write, true)]
    internal async Task A_failing_sync_or_write_poisons_and_reopening_recovers(FaultPoint point, bool shortWrites)
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { ShortWrites = shortWrites, StopsClock = true };
        var writer = Create(directory);
        Append(writer, 3000);
        await writer.WaitDurableAsync(new Lsn(1));
        var advanced = new List<Lsn>();
        writer.DurableAdvanced = advanced.Add;

        directory.FailNext(point, "wal/", SqlStates.IoError);
        Append(writer, 9000);
        Append(writer, 10);
        var e = await Assert.ThrowsAsync<EngramException>(async () => await writer.WaitDurableAsync(new Lsn(2)));
        Assert.Equal("08007", e.SqlState);
        Assert.Contains("commit 2", e.Message, StringComparison.Ordinal);
        Assert.True(writer.IsPoisoned);
        Assert.Equal("08007", SqlStateOf(() => writer.WaitDurable(new Lsn(3))));
        Assert.Equal("EG003", SqlStateOf(() => writer.Append([1])));
        Assert.Equal("EG003", SqlStateOf(writer.Rotate));
        Assert.Equal("08007", SqlStateOf(writer.Seal));
        Assert.Equal("08007", SqlStateOf(writer.Sync));
        Assert.Equal(1, writer.Durable.Value);
        await writer.WaitDurableAsync(new Lsn(1));
        Assert.Empty(advanced);
        var syncs = directory.Count(FaultPoint.Sync);
        await writer.DisposeAsync();
        Assert.Equal(syncs, directory.Count(FaultPoint.Sync));

        directory.Heal();
        await using var again = Reopen(directory, out var commits);
        Assert.Equal(new Commit(1, 3000), commits[0]);
        Assert.True(commits.Count is 1 or 3);
        again.DurableAdvanced = advanced.Add;
        Append(again, 20);
        await again.WaitDurableAsync(again.Appended);
        Assert.Equal([again.Appended], advanced);
    }

    [Fact]
    public async Task A_failing_sync_tells_everyone_who_waits()
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { StopsClock = true };
        using var writer = Create(directory);
        using var isSyncing = new SemaphoreSlim(0);
        using var maySync = new SemaphoreSlim(0);
        directory.BeforeSync = _ =>
        {
            isSyncing.Release();
            maySync.Wait();
        };
        directory.FailNext(FaultPoint.Sync, "wal/", SqlStates.IoError);
        Append(writer, 10);
        var waits = new List<Task> { Task.Run(async () => await writer.WaitDurableAsync(new Lsn(1))) };
        await isSyncing.WaitAsync();
        for (var i = 0; i < 5; i++)
        {
            Append(writer, 10);
            waits.Add(writer.WaitDurableAsync(writer.Appended).AsTask());
            var lsn = writer.Appended;
            waits.Add(Task.Run(() => writer.WaitDurable(lsn)));
        }

        maySync.Release(100);
        foreach (var wait in waits)
        {
            Assert.Equal("08007", (await Assert.ThrowsAsync<EngramException>(() => wait)).SqlState);
        }

        Assert.Equal(Lsn.Zero, writer.Durable);
    }

    [Fact]
    public void A_full_disk_fails_the_append_that_needs_a_file_and_nothing_else()
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory);
        var written = new List<Commit>();
        using (var writer = Create(directory))
        {
            written.Add(Append(writer, 1000));
            foreach (var point in new[] { FaultPoint.Create, FaultPoint.Write, FaultPoint.Sync, FaultPoint.Rename })
            {
                directory.FailNext(point, ".tmp", SqlStates.DiskFull);
                Assert.Equal("53100", SqlStateOf(() => writer.Append(new byte[100_000])));
                Assert.False(writer.IsPoisoned);
                Assert.Equal(written[^1].Lsn, writer.Appended.Value);
                Assert.DoesNotContain(memory.List("wal"), n => n.EndsWith(".tmp", StringComparison.Ordinal));

                // What fits into the file that is there still goes, and the files that come later are whole.
                written.Add(Append(writer, 1000));
                writer.WaitDurable(writer.Appended);
            }

            written.Add(Append(writer, 100_000));
            writer.WaitDurable(writer.Appended);
        }

        Assert.Equal(written, Read(memory));
    }

    [Fact]
    public void A_file_whose_name_may_not_be_durable_poisons()
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory);
        using var writer = Create(directory);
        directory.FailNext(FaultPoint.DirectorySync, "wal", SqlStates.IoError);
        Assert.Equal("58030", SqlStateOf(() => writer.Append(new byte[100_000])));
        Assert.Equal("EG003", SqlStateOf(() => writer.Append([1])));
        Assert.Empty(Read(memory));
    }

    [Fact]
    public void Files_are_deleted_once_a_checkpoint_covers_them()
    {
        using var directory = new MemoryDirectory();
        using var writer = Create(directory);
        var written = new List<Commit>();
        for (var i = 0; i < 40; i++)
        {
            written.Add(Append(writer, 4000));
            writer.WaitDurable(writer.Appended);
        }

        var files = writer.Files;
        Assert.True(files.Count > 2);
        Assert.Equal(files.Select(f => f.Name), directory.List("wal").Select(n => "wal/" + n));
        Assert.Equal(1, files[0].FirstLsn.Value);
        Assert.Equal(files.Skip(1).Select(f => f.FirstLsn.Value - 1), files.SkipLast(1).Select(f => f.LastLsn.Value));
        Assert.Equal(40, files[^1].LastLsn.Value);
        Assert.True(writer.SizeBytes >= 40 * 4000);

        writer.DeleteFilesUpTo(new Lsn(files[0].LastLsn.Value - 1));
        Assert.Equal(files.Count, writer.Files.Count);
        writer.DeleteFilesUpTo(files[1].LastLsn);
        Assert.Equal(files.Skip(2), writer.Files);
        Assert.Equal(written.Skip((int)files[1].LastLsn.Value), Read(Copy(directory), files[1].LastLsn.Value));

        writer.Rotate();
        writer.Rotate();
        writer.DeleteFilesUpTo(writer.Durable);
        var left = Assert.Single(writer.Files);
        Assert.Equal(41, left.FirstLsn.Value);
        Assert.Equal(40, left.LastLsn.Value);
        Assert.Equal(left.Name, "wal/" + Assert.Single(directory.List("wal")));
        Append(writer, 10);
        writer.WaitDurable(new Lsn(41));
        Assert.Equal([new(41, 10)], Read(Copy(directory), 40));
        Assert.Equal("XX000", SqlStateOf(() => writer.DeleteFilesUpTo(new Lsn(42))));
        Assert.False(writer.IsPoisoned);
    }

    [Theory]
    [InlineData(DurabilityMode.Interval)]
    [InlineData(DurabilityMode.None)]
    internal void Sync_makes_durable_what_was_only_written(DurabilityMode durability)
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { StopsClock = true };
        using var writer = Create(directory, options: new StoreOptions { Durability = durability, SyncInterval = TimeSpan.FromHours(1) });
        var syncs = directory.Count(FaultPoint.Sync);
        Append(writer, 10);
        writer.WaitDurable(new Lsn(1));
        Assert.Equal(1, writer.Durable.Value);
        writer.Sync();
        Assert.True(directory.Count(FaultPoint.Sync) > syncs);
    }

    [Fact]
    public void A_seal_is_written_once_and_vouches_for_the_last_group()
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { StopsClock = true };
        using var writer = Create(directory);
        Append(writer, 10);
        writer.Seal();
        Assert.Equal(1, writer.Durable.Value);
        var used = writer.Files[0].UsedSizeBytes;
        Assert.Equal(3 * 4096, used);
        writer.Seal();
        Assert.Equal(used, writer.Files[0].UsedSizeBytes);

        using var copy = Copy(memory);
        Overwrite(copy, "wal/00000001.wal", 4096 + 85, [255]);
        Assert.Equal("XX001", SqlStateOf(() => Read(copy)));
    }

    [Fact]
    public void After_closing_nothing_is_appended()
    {
        using var directory = new MemoryDirectory();
        var writer = Create(directory);
        Append(writer, 10);
        writer.Dispose();
        writer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => writer.Append([1]));
        Assert.Equal([new(1, 10)], Read(directory));
    }

    [Fact]
    public void Files_double_up_to_the_greatest_size()
    {
        using var directory = new MemoryDirectory();
        using var writer = Create(directory, options: new StoreOptions { WalFileSizeBytesMin = 16 * 1024, WalFileSizeBytesMax = 100_000 });
        for (var i = 0; i < 100; i++)
        {
            Append(writer, 4000);
            writer.WaitDurable(writer.Appended);
        }

        var sizes = directory.List("wal").Select(n => ReadFile(directory, "wal/" + n).Length).ToList();
        Assert.Equal([16 * 1024, 32 * 1024, 64 * 1024, 102_400, 102_400], sizes.Take(5));
    }

    [Fact]
    public void On_a_disk_with_little_room_files_are_small_again()
    {
        var directory = new SimulatedDirectory();
        var written = new List<Commit>();
        using (var writer = Create(directory, options: new StoreOptions { WalFileSizeBytesMin = 16 * 1024, WalFileSizeBytesMax = 512 * 1024 }))
        {
            while (directory.List("wal").Count < 5)
            {
                written.Add(Append(writer, 4000));
                writer.WaitDurable(writer.Appended);
            }

            // The next file would have 512 KiB.
            directory.Faults.CapacityBytes = directory.Freeze().SizeBytes + (100 * 1024);
            var before = written.Count;
            while (written.Count < 500 && Record.Exception(() => written.Add(Append(writer, 4000))) is null)
            {
                writer.WaitDurable(writer.Appended);
            }

            Assert.InRange(written.Count - before, (100 + 128) / 8, 250);
            Assert.False(writer.IsPoisoned);
            directory.Faults.Heal();
            written.Add(Append(writer, 4000));
            writer.WaitDurable(writer.Appended);
        }

        Assert.Equal(written, Read(directory));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Large_files_are_made_ahead_of_need(bool isFailing)
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory);
        var written = new List<Commit>();
        using (var writer = Create(directory, options: new StoreOptions { WalFileSizeBytesMin = 1 << 20, WalFileSizeBytesMax = 2 << 20 }))
        {
            if (isFailing)
            {
                // Whoever meets it, the one who makes ahead or the one who appends: the next try succeeds.
                directory.FailNext(FaultPoint.Write, ".tmp", SqlStates.DiskFull, nth: 3);
            }

            for (var i = 0; i < 100; i++)
            {
                try
                {
                    written.Add(Append(writer, i % 10 == 9 ? 2_500_000 : 60_000));
                }
                catch (EngramException e)
                {
                    Assert.True(isFailing);
                    Assert.Equal("53100", e.SqlState);
                }
            }

            writer.WaitDurable(writer.Appended);
        }

        Assert.DoesNotContain(memory.List("wal"), n => n.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.InRange(written.Count, 99, 100);
        Assert.Equal(written, Read(memory));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
