using System.Buffers.Binary;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Faults;
using static Engram.Data.Tests.Storage.Wal.WalTesting;

namespace Engram.Data.Tests.Storage.Wal;

/// <summary>Damage of every kind to small logs: what is read is the truth or an error, and what was promised is never cut.</summary>
public sealed class WalReaderTests
{
    private const string FirstFile = "wal/00000001.wal";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Openings_that_write_nothing_leave_no_further_files(bool isKilled)
    {
        var directory = new MemoryDirectory();
        var written = new List<Commit>();
        for (var opening = 0; opening < 12; opening++)
        {
            var writer = Reopen(directory, out var read);
            Assert.Equal(written, read);
            if (opening is 0 or 7)
            {
                written.Add(Append(writer, 3000 + opening));
                written.Add(Append(writer, 10));
                writer.WaitDurable(writer.Appended);
            }

            if (isKilled && opening % 2 == 0)
            {
                var left = Copy(directory);
                writer.Dispose();
                directory.Dispose();
                directory = left;
            }

            writer.Dispose();
            // Two with commits; after a kill what the next opening copies from them, and the one that begins.
            Assert.InRange(directory.List("wal").Count, 1, isKilled ? 6 : 4);
        }

        Assert.Equal(written, Read(directory));
        directory.Dispose();
    }

    [Fact]
    public void An_empty_directory_is_an_empty_log()
    {
        using var directory = new MemoryDirectory();
        Assert.Empty(Read(directory, 0, out var result));
        Assert.Equal(1, result.Position.NextLsn.Value);
        Assert.Equal(1, result.Position.FileNumber);
        Assert.Equal("XX001", SqlStateOf(() => Read(directory, after: 1)));
    }

    [Fact]
    public void Any_changed_byte_of_a_closed_log_is_harmless_or_found()
    {
        using var directory = MakeLog(isSealed: true, out var written);
        var harmless = 0;
        foreach (var name in directory.List("wal"))
        {
            var bytes = ReadFile(directory, "wal/" + name);
            for (var offset = 0; offset < bytes.Length; offset += offset % 4096 < 300 ? 1 : 13)
            {
                Overwrite(directory, "wal/" + name, offset, [(byte)(bytes[offset] ^ (1 << (offset % 8)))]);
                if (ReadOrDamaged(directory) is { } commits)
                {
                    Assert.Equal(written, commits);
                    harmless++;
                }

                Overwrite(directory, "wal/" + name, offset, bytes.AsSpan(offset, 1));
            }
        }

        Assert.True(harmless > 0);
        Assert.Equal(written, Read(directory));
    }

    [Fact]
    public void Any_changed_byte_of_a_log_that_was_cut_off_costs_at_most_the_last_group()
    {
        using var directory = MakeLog(isSealed: false, out var written);
        var names = directory.List("wal");
        var bytes = ReadFile(directory, "wal/" + names[^1]);
        var torn = 0;
        for (var offset = 0; offset < bytes.Length; offset += offset % 4096 < 300 ? 1 : 13)
        {
            using var damaged = Copy(directory);
            Overwrite(damaged, "wal/" + names[^1], offset, [(byte)~bytes[offset]]);
            if (ReadOrDamaged(damaged) is { } commits)
            {
                Assert.Equal(written.Take(commits.Count), commits);
                Assert.InRange(commits.Count, written.Count - 1, written.Count);
                torn += commits.Count < written.Count ? 1 : 0;
            }
        }

        Assert.True(torn > 0);
    }

    [Fact]
    public void Any_lost_or_garbled_block_of_a_closed_log_is_harmless_or_found()
    {
        using var directory = MakeLog(isSealed: true, out var written);
        var random = new Random(5);
        foreach (var name in directory.List("wal"))
        {
            var length = ReadFile(directory, "wal/" + name).Length;
            for (var offset = 0; offset < length; offset += 512)
            {
                // A hole over both the last group and the seal behind it leaves nothing that could tell; one over either does.
                foreach (var size in offset % 4096 == 0 ? new[] { 512, 4096 } : [512])
                {
                    using var damaged = Copy(directory);
                    var noise = new byte[Math.Min(size, length - offset)];
                    if (random.Next(2) == 0)
                    {
                        random.NextBytes(noise);
                    }

                    Overwrite(damaged, "wal/" + name, offset, noise);
                    if (ReadOrDamaged(damaged) is { } commits)
                    {
                        Assert.Equal(written, commits);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_file_of_any_shorter_length_is_found()
    {
        using var directory = MakeLog(isSealed: true, out _);
        foreach (var name in directory.List("wal"))
        {
            var length = ReadFile(directory, "wal/" + name).Length;
            for (var cut = 0; cut < length; cut += cut < 5000 ? 7 : 509)
            {
                using var damaged = Copy(directory);
                using (var file = damaged.Open("wal/" + name, writable: true))
                {
                    file.SetLength(cut);
                }

                Assert.Equal("XX001", SqlStateOf(() => Read(damaged)));
            }
        }
    }

    [Fact]
    public void A_missing_file_is_found_unless_a_checkpoint_covers_it()
    {
        using var directory = MakeLog(isSealed: true, out var written);
        var names = directory.List("wal");
        Assert.True(names.Count >= 3);
        Read(directory, 0, out var result);
        for (var i = 0; i < names.Count - 1; i++)
        {
            using var damaged = Copy(directory);
            damaged.Delete("wal/" + names[i]);
            var e = Assert.Throws<EngramException>(() => Read(damaged));
            Assert.Equal("XX001", e.SqlState);
            var covered = result.Position.Files[i].LastLsn.Value;
            Assert.Equal(written.Skip((int)covered), Read(damaged, after: covered));
        }
    }

    [Fact]
    public void Files_that_a_checkpoint_made_superfluous_may_be_gone_in_any_order_and_are_deleted()
    {
        using var directory = MakeLog(isSealed: true, out var written);
        var names = directory.List("wal");
        Read(directory, 0, out var result);
        var covered = result.Position.Files[^2].LastLsn.Value;
        using var half = Copy(directory);
        half.Delete("wal/" + names[1]);
        half.Create("wal/00000077.tmp").Dispose();
        Assert.Equal(written.Skip((int)covered), Read(half, covered, out result));
        Assert.Contains("wal/" + names[0], result.Position.Orphans);
        using var writer = Create(half, result.Position);
        Assert.Equal(["00000078.wal"], half.List("wal").Where(n => !names.Contains(n)));
        Assert.DoesNotContain(names[0], half.List("wal"));
    }

    [Fact]
    public void A_torn_tail_is_cut_and_kept_aside_and_writing_goes_on()
    {
        using var directory = MakeLog(isSealed: false, out var written);
        var name = "wal/" + directory.List("wal")[^1];
        var last = Groups(directory, name)[^1];
        Overwrite(directory, name, last.Offset + 200, [1, 2, 3]);
        var tail = ReadFile(directory, name)[(int)last.Offset..];

        for (var attempt = 0; attempt < 3; attempt++)
        {
            // However often recovery runs, and dies before the new file stands, the outcome is the same.
            Assert.Equal(written.SkipLast(1), Read(directory, 0, out var result));
            Assert.Equal(WalFormat.GroupSizeBytes(last.Header.PayloadLength), result.TornBytes);
            var copy = ReadFile(directory, Assert.Single(result.QuarantineNames));
            Assert.Equal(tail.Take(copy.Length), copy);
            Assert.Equal(result.TornBytes, copy.Length);
        }

        var before = ReadFile(directory, name);
        written.RemoveAt(written.Count - 1);
        using (var writer = Reopen(directory, out _))
        {
            written.Add(Append(writer, 777));
            writer.WaitDurable(writer.Appended);
        }

        Assert.Equal(before, ReadFile(directory, name));
        Assert.Equal(written, Read(directory, 0, out var later));
        Assert.Equal(0, later.TornBytes);
    }

    [Fact]
    public void Rot_behind_a_later_opening_is_damage_and_not_a_tail()
    {
        using var directory = MakeLog(isSealed: false, out _);
        var name = "wal/" + directory.List("wal")[^1];
        var groups = Groups(directory, name);
        Reopen(directory, out _).Dispose();
        using var damaged = Copy(directory);
        Flip(damaged, name, groups[^2].Offset + 85);
        var e = Assert.Throws<EngramException>(() => Read(damaged));
        Assert.Equal("XX001", e.SqlState);
        Assert.Contains($"'<memory>/{name}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"at byte {groups[^2].Offset}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"commit {groups[^2].Header.FirstLsn}", e.Message, StringComparison.Ordinal);

        // The last group was copied into the new file, and the old one is read no further than that.
        using var superseded = Copy(directory);
        Flip(superseded, name, groups[^1].Offset + 85);
        Assert.NotEmpty(Read(superseded));
    }

    [Fact]
    public void A_failing_read_is_an_error_and_never_the_end()
    {
        using var memory = MakeLog(isSealed: false, out _);
        for (var nth = 1; ; nth++)
        {
            using var directory = new FaultyDirectory(memory.Share());
            directory.FailNext(FaultPoint.Read, "wal/", SqlStates.IoError, nth);
            var e = Record.Exception(() => Read(directory));
            if (e is null)
            {
                Assert.True(nth > 3);
                break;
            }

            Assert.Equal("58030", Assert.IsType<EngramException>(e).SqlState);
        }
    }

    [Fact]
    public void A_failing_sync_before_reading_refuses_to_open()
    {
        using var memory = MakeLog(isSealed: true, out var written);
        using var directory = new FaultyDirectory(memory.Share());
        directory.FailNext(FaultPoint.Sync, "wal/", SqlStates.IoError);
        Assert.Equal("58030", SqlStateOf(() => Read(directory)));
        Assert.Equal(written, Read(directory));
    }

    [Fact]
    public void Reading_only_writes_nothing()
    {
        using var memory = MakeLog(isSealed: false, out var written);
        var name = "wal/" + memory.List("wal")[^1];
        Overwrite(memory, name, Groups(memory, name)[^1].Offset + 200, [1, 2, 3]);
        using var directory = new FaultyDirectory(memory);
        var count = 0;
        var result = WalReader.Replay(directory, Lsn.Zero, (_, _) => count++, isReadOnly: true);
        Assert.Equal(written.Count - 1, count);
        Assert.True(result.TornBytes > 0);
        Assert.Empty(result.QuarantineNames);
        foreach (var point in new[] { FaultPoint.Write, FaultPoint.Sync, FaultPoint.Create, FaultPoint.Delete, FaultPoint.Rename, FaultPoint.DirectorySync })
        {
            Assert.Equal(0, directory.Count(point));
        }
    }

    [Fact]
    public void A_newer_format_is_refused_by_its_name()
    {
        using var directory = MakeLog(isSealed: true, out _);
        var header = ReadFile(directory, FirstFile)[..64];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(60), Crc32C.Compute(header.AsSpan(0, 60)));
        Overwrite(directory, FirstFile, 0, header);
        Assert.Equal("EG002", SqlStateOf(() => Read(directory)));
    }

    [Fact]
    public void A_file_under_another_files_name_is_found()
    {
        using var directory = MakeLog(isSealed: true, out _);
        var names = directory.List("wal");
        var (first, second) = (ReadFile(directory, "wal/" + names[0]), ReadFile(directory, "wal/" + names[1]));
        Overwrite(directory, "wal/" + names[1], 0, first);
        Assert.Equal("XX001", SqlStateOf(() => Read(directory)));
        Overwrite(directory, "wal/" + names[1], 0, second);
        Assert.NotEmpty(Read(directory));
    }

    [Fact]
    public void A_log_that_ends_before_the_checkpoint_is_refused()
    {
        using var directory = MakeLog(isSealed: true, out var written);
        Assert.Empty(Read(directory, after: written.Count));
        Assert.Equal("XX001", SqlStateOf(() => Read(directory, after: written.Count + 1)));
    }

    [Fact]
    public void Opening_again_and_again_without_writing_changes_nothing()
    {
        using var directory = MakeLog(isSealed: false, out var written);
        for (var opening = 0; opening < 5; opening++)
        {
            Reopen(directory, out var commits).Dispose();
            Assert.Equal(written, commits);
        }

        // After the first clean close there is nothing left to copy.
        Read(directory, 0, out var result);
        Assert.Empty(result.Position.Copies);
        Assert.Equal(0, result.TornBytes);
    }

    [Fact]
    public void Headers_come_back_as_written_and_no_other_bytes_are_headers()
    {
        Span<byte> bytes = stackalloc byte[80];
        var group = new WalGroupHeader
        {
            IsSeal = true, Salt = ulong.MaxValue - 1, Number = 7, FirstLsn = new Lsn(9), SyncedGroup = 6, SyncedLsn = new Lsn(8), PayloadLength = 12345,
            CommitCount = 3, PreviousChecksum = 0xDEADBEEF, PayloadChecksum = 0xFEEDFACE, FileNumber = 4,
        };
        var checksum = group.Write(bytes);
        Assert.True(WalGroupHeader.TryRead(bytes, out var read));
        Assert.Equal(group with { Checksum = checksum }, read);
        var file = new WalFileHeader { StartsAnew = true, Salt = 5, SizeBytes = 262144, FirstGroup = 3, FirstLsn = new Lsn(11), FileNumber = 2, ContinuesFrom = 77 };
        Span<byte> fileBytes = stackalloc byte[64];
        file.Write(fileBytes);
        Assert.True(WalFileHeader.TryRead(fileBytes, out var readFile, out var version));
        Assert.Equal(file, readFile);
        Assert.Equal(1, version);
        for (var bit = 0; bit < 80 * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(WalGroupHeader.TryRead(bytes, out _));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(WalGroupHeader.TryRead(bytes[..79], out _));
        Assert.False(WalFileHeader.TryRead(fileBytes[..63], out _, out _));
    }

    /// <summary>Three files and more, with groups of one and of several commits, of less and more than a block.</summary>
    private static MemoryDirectory MakeLog(bool isSealed, out List<Commit> written)
    {
        using var memory = new MemoryDirectory();
        using var directory = new FaultyDirectory(memory) { StopsClock = true };
        written = [];
        using var writer = Create(directory, options: new() { WalFileSizeBytesMin = 24 * 1024, WalFileSizeBytesMax = 24 * 1024 });
        foreach (var length in new[] { 300, 5000, 0, 100, 9000, 12_000, 40, 4000, 700, 6000, 350, 4100, 900 })
        {
            written.Add(Append(writer, length));
            if (length != 0)
            {
                writer.WaitDurable(writer.Appended);
            }
        }

        if (isSealed)
        {
            writer.Seal();
        }

        return Copy(memory);
    }

    private static List<(long Offset, WalGroupHeader Header)> Groups(DataDirectory directory, string name)
    {
        var groups = new List<(long, WalGroupHeader)>();
        var bytes = ReadFile(directory, name);
        for (var offset = 4096; offset < bytes.Length && WalGroupHeader.TryRead(bytes.AsSpan(offset), out var header);)
        {
            groups.Add((offset, header));
            offset += (int)WalFormat.GroupSizeBytes(header.PayloadLength);
        }

        return groups;
    }

    private static List<Commit>? ReadOrDamaged(DataDirectory directory)
    {
        try
        {
            return Read(directory);
        }
        catch (EngramException e)
        {
            Assert.Equal("XX001", e.SqlState);
            return null;
        }
    }
}
