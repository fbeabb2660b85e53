using Engram.Data.Columns;

namespace Engram.Data.Tests.Columns;

public sealed unsafe class ArenaTests
{
    [Fact]
    public void What_was_allocated_stays_as_the_arena_grows()
    {
        var random = new Random(7);
        using var arena = new Arena();
        var given = new List<(nint Pointer, byte[] Expected)>();
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[random.Next(1, i % 50 == 0 ? 100_000 : 300)];
            random.NextBytes(bytes);
            given.Add(((nint)arena.Copy(bytes).Pointer, bytes));
        }

        Assert.All(given, g => Assert.Equal(g.Expected, new ReadOnlySpan<byte>((void*)g.Pointer, g.Expected.Length).ToArray()));
    }

    [Fact]
    public void Reset_keeps_the_largest_block_and_hands_it_out_from_its_start()
    {
        using var arena = new Arena();
        arena.Allocate(10);
        arena.Allocate(10_000_000);
        arena.Allocate(10_000);
        arena.Reset();

        Assert.Equal(10_000_000, arena.SizeBytes, 64.0);
        var first = arena.Allocate(8_000_000, 64);
        var second = arena.Allocate(1_000_000);
        Assert.Equal(8_000_000, second - first);
        Assert.Equal(10_000_000, arena.SizeBytes, 64.0);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    [InlineData(65536)]
    [InlineData(131072)]
    public void Two_arenas_never_share_a_block(int sizeBytes)
    {
        // Small blocks go round within a thread; one that was given back twice would have two owners.
        for (var round = 0; round < 3; round++)
        {
            var arenas = Enumerable.Range(0, 100).Select(_ => new Arena()).ToList();
            var starts = arenas.Select(a => (nint)a.Allocate(sizeBytes)).ToList();
            for (var i = 0; i < starts.Count; i++)
            {
                // Were a block smaller than its place in the cache says, its neighbour's bytes would change.
                new Span<byte>((void*)starts[i], sizeBytes).Fill((byte)i);
            }

            Assert.All(starts.Select((start, i) => (start, i)), s => Assert.False(new Span<byte>((void*)s.start, sizeBytes).ContainsAnyExcept((byte)s.i)));
            Assert.Equal(arenas.Count, starts.Distinct().Count());
            arenas.ForEach(a => a.Dispose());
            arenas.ForEach(a => a.Dispose());
        }
    }

    [Fact]
    public void After_an_allocation_that_fails_nothing_of_the_block_that_it_gave_back_is_handed_out()
    {
        using var arena = new Arena();
        using var other = new Arena();
        arena.Allocate(10);
        arena.Reset();
        Assert.Throws<OutOfMemoryException>(() => arena.Allocate(1L << 60));

        Assert.Equal(0, arena.SizeBytes);
        Assert.NotEqual((nint)other.Allocate(10), (nint)arena.Allocate(10));
        Assert.Equal(8192, arena.SizeBytes);
    }

    [Fact]
    public void A_disposed_arena_gives_nothing()
    {
        var arena = new Arena();
        arena.Allocate(1);
        arena.Dispose();
        Assert.Equal(0, arena.SizeBytes);
        Assert.Throws<ObjectDisposedException>(() => arena.Allocate(1));
    }
}
