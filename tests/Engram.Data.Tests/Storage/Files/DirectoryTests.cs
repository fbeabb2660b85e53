using System.Runtime.InteropServices;
using System.Text;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Files;

/// <summary>What door 1 promises, asked of the disk and of memory alike.</summary>
public abstract class DirectoryTests : IDisposable
{
    private protected abstract DataDirectory Target { get; }

    public abstract void Dispose();

    [Fact]
    public unsafe void What_passes_the_systems_cache_is_read_by_every_way()
    {
        const int Block = DataFile.BlockSizeBytes;
        var random = new Random(3);
        var memory = (byte*)NativeMemory.AlignedAlloc(8 * Block, Block);
        try
        {
            var bytes = new Span<byte>(memory, 8 * Block);
            random.NextBytes(bytes);
            using var file = Target.Create("direct");
            file.Write(0, [1, 2, 3]);
            file.WriteDirect(0, bytes[..(4 * Block)]);
            // Of any address and length.
            file.WriteDirect((4 * Block) + 5, bytes.Slice((4 * Block) + 5, 77));
            file.Write(4 * Block, bytes.Slice(4 * Block, 5));
            file.Sync();
            var length = (4 * Block) + 82;
            Assert.Equal(length, file.Length);

            var expected = bytes[..length].ToArray();
            var read = new byte[length];
            Assert.Equal(length, file.Read(0, read));
            Assert.Equal(expected, read);
            file.WriteDirect(Block, bytes[..Block]);
            bytes[..Block].CopyTo(expected.AsSpan(Block));
            bytes.Clear();
            Assert.Equal(length, file.ReadDirect(0, bytes));
            Assert.Equal(expected, bytes[..length].ToArray());
            Assert.Equal(82, file.ReadDirect(4 * Block, bytes[..Block]));
            Assert.Equal(expected[^82..], bytes[..82].ToArray());
            Assert.Equal(0, file.ReadDirect(8 * Block, bytes));
            Assert.Equal(3, file.ReadDirect(length - 3, bytes[1..9]));
            Assert.Equal(expected[^3..], bytes[1..4].ToArray());

            using var reader = Target.Open("direct", writable: false);
            Assert.Equal(2 * Block, reader.ReadDirect(Block, bytes[..(2 * Block)]));
            Assert.Equal(expected[Block..(3 * Block)], bytes[..(2 * Block)].ToArray());
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [Fact]
    public void What_is_written_is_read()
    {
        using var file = Target.Create("a");
        file.Write(10, "world"u8);
        file.Write(0, "hello"u8);
        file.Sync();

        Assert.Equal(15, file.Length);
        var bytes = new byte[100];
        Assert.Equal(15, file.Read(0, bytes));
        Assert.Equal("hello\0\0\0\0\0world", Encoding.ASCII.GetString(bytes, 0, 15));
        Assert.Equal(3, file.Read(12, bytes));
        Assert.Equal(0, file.Read(15, bytes));
        Assert.Equal(0, file.Read(1000, bytes));
    }

    [Fact]
    public void Cutting_and_extending_leaves_zeros()
    {
        using var file = Target.Create("a");
        file.Write(0, "hello"u8);
        file.SetLength(2);
        Assert.Equal(2, file.Length);
        file.SetLength(5);
        var bytes = new byte[5];
        Assert.Equal(5, file.Read(0, bytes));
        Assert.Equal("he\0\0\0", Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void Names_are_listed_by_subdirectory_and_in_order()
    {
        Target.CreateSubdirectory("wal");
        Target.CreateSubdirectory("wal");
        foreach (var name in new[] { "b", "a", "wal/2", "wal/1", "B" })
        {
            Target.Create(name).Dispose();
        }

        Target.Sync("");
        Target.Sync("wal");
        Assert.Equal(["B", "a", "b"], Target.List(""));
        Assert.Equal(["1", "2"], Target.List("wal"));
        Assert.Empty(Target.List("none"));
        Assert.True(Target.Exists("wal/1"));
        Assert.False(Target.Exists("wal/3"));
        Assert.False(Target.Exists("wal"));
        Assert.False(Target.Exists("none/1"));
    }

    [Fact]
    public void A_file_is_created_once_and_opened_only_when_there()
    {
        Target.Create("a").Dispose();
        Assert.Equal("58030", Assert.Throws<EngramException>(() => Target.Create("a")).SqlState);
        var missing = Assert.Throws<EngramException>(() => Target.Open("b", writable: true));
        Assert.Equal("58030", missing.SqlState);
        Assert.Contains("open of '", missing.Message, StringComparison.Ordinal);
        Assert.Contains("/b'", missing.Message.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.False(Target.Exists("b"));
    }

    [Fact]
    public void A_read_only_file_refuses_writes()
    {
        Target.Create("a").Dispose();
        using var file = Target.Open("a", writable: false);
        Assert.ThrowsAny<Exception>(() => file.Write(0, "x"u8));
        Assert.Equal(0, file.Length);
        file.Sync();
    }

    [Fact]
    public void Renaming_replaces_and_keeps_open_handles()
    {
        using (var old = Target.Create("new"))
        {
            old.Write(0, "old"u8);
        }

        using var reader = Target.Open("new", writable: false);
        using (var next = Target.Create("temporary"))
        {
            next.Write(0, "next"u8);
        }

        Target.Rename("temporary", "new");
        Assert.Equal(["new"], Target.List(""));
        using var renamed = Target.Open("new", writable: false);
        Assert.Equal(4, renamed.Length);
        Assert.Equal(3, reader.Length);
        Assert.Throws<EngramException>(() => Target.Rename("temporary", "other"));
    }

    [Fact]
    public void Deleting_keeps_open_handles_and_maps()
    {
        using var file = Target.Create("a");
        file.Write(0, "hello"u8);
        using var map = file.Map(0, 5);
        map.Populate(0, 5);
        Target.Delete("a");
        Target.Delete("a");
        Target.Delete("none/a");
        Assert.False(Target.Exists("a"));
        Assert.Equal("hello", Text(map));
        Assert.Equal(5, file.Read(0, new byte[5]));
    }

    [Fact]
    public unsafe void A_map_shows_its_range_and_outlives_the_handle()
    {
        var bytes = new byte[300_000];
        new Random(1).NextBytes(bytes);
        MappedRange map;
        using (var file = Target.Create("a"))
        {
            file.Write(0, bytes);
            map = file.Map(64 * 1000, 200_000);
        }

        using (map)
        {
            map.Populate(0, map.Length);
            map.Populate(5000, 1);
            map.Populate(map.Length, 0);
            Assert.Equal(0, (long)map.Pointer % 64);
            Assert.True(new ReadOnlySpan<byte>(map.Pointer, 200_000).SequenceEqual(bytes.AsSpan(64_000, 200_000)));
            Assert.Throws<ArgumentOutOfRangeException>(() => map.Populate(1, map.Length));
        }

        map.Dispose();
    }

    [Fact]
    public void A_map_beyond_the_end_is_refused()
    {
        using var file = Target.Create("a");
        file.Write(0, new byte[10_000]);
        var e = Assert.Throws<EngramException>(() => file.Map(4096, 6000));
        Assert.Equal("XX001", e.SqlState);
        Assert.Contains("10000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Contains("10096", e.Message, StringComparison.Ordinal);
        using var empty = file.Map(10_000, 0);
        Assert.Equal(0, empty.Length);
        empty.Populate(0, 0);
    }

    [Fact]
    public unsafe void A_map_stays_when_the_file_grows()
    {
        using var file = Target.Create("a");
        file.Write(0, "hello"u8);
        using var map = file.Map(0, 5);
        map.Populate(0, 5);
        file.Write(5, new byte[1_000_000]);
        Assert.Equal("hello", Text(map));
        using var larger = file.Map(0, 1_000_005);
        larger.Populate(0, 5);
        Assert.Equal((byte)'h', *larger.Pointer);
    }

    [Fact]
    public void A_lock_excludes_everyone_until_it_is_released()
    {
        var held = Target.TryLock("LOCK", out var holder);
        Assert.NotNull(held);
        Assert.Equal(Environment.ProcessId, holder);
        Assert.Null(Target.TryLock("LOCK", out holder));
        Assert.Equal(Environment.ProcessId, holder);
        held.Dispose();
        held.Dispose();
        using var again = Target.TryLock("LOCK", out _);
        Assert.NotNull(again);
    }

    [Fact]
    public void Random_bits_differ() => Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => Target.NextRandom()).Distinct().Count());

    private protected static unsafe string Text(MappedRange map) => Encoding.ASCII.GetString(map.Pointer, (int)map.Length);
}

public sealed class MemoryDirectoryTests : DirectoryTests
{
    private readonly MemoryDirectory _directory = new();

    private protected override DataDirectory Target => _directory;

    public override void Dispose() => _directory.Dispose();

    [Fact]
    public void Shared_directories_see_the_same_files_and_locks()
    {
        using var other = _directory.Share();
        _directory.Create("a").Dispose();
        Assert.True(other.Exists("a"));
        using var held = other.TryLock("LOCK", out _);
        Assert.Null(_directory.TryLock("LOCK", out _));
    }

    [Fact]
    public void Files_live_as_long_as_the_last_directory()
    {
        var other = _directory.Share();
        _directory.Create("a").Dispose();
        _directory.Dispose();
        Assert.True(other.Exists("a"));
        other.Dispose();
        Assert.Throws<ObjectDisposedException>(() => other.Share());
    }

    [Fact]
    public void Readers_beside_a_growing_file_see_whole_writes()
    {
        using var file = _directory.Create("a");
        var writer = new Thread(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var row = new byte[64];
                row.AsSpan().Fill((byte)i);
                file.Write(i * 64L, row);
            }
        });
        writer.Start();
        var bytes = new byte[64];
        for (var i = 0; i < 20_000; i++)
        {
            var row = i % 2000;
            if (file.Read(row * 64L, bytes) == 64)
            {
                Assert.True(bytes.AsSpan().IndexOfAnyExcept((byte)row) < 0);
            }
        }

        writer.Join();
    }
}
