using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Segments;

/// <summary>Pieces that are written beside the next one's filling.</summary>
public sealed class SegmentOutputTests
{
    private const int Size = (3 * SegmentFormat.PieceSize) + 12_345;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bytes_arrive_in_order_with_the_checksums_of_their_pages(bool isSlow)
    {
        var bytes = new byte[Size];
        new Random(8).NextBytes(bytes);
        using var file = new SlowFile(isSlow, failAt: long.MaxValue);
        using var output = new SegmentOutput(file);
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(1 + (at % 700_001), bytes.Length - at);
            output.Write(bytes.AsSpan(at, count));
            at += count;
            Assert.Equal(at, output.Position);
        }

        output.FinishPages();
        Assert.Equal(bytes, file.Content.ToArray());
        Assert.Equal([.. bytes.Chunk(SegmentFormat.PageSize).Select(p => Crc32C.Compute(p))], output.PageChecksums);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_piece_that_could_not_be_written_is_told_before_the_file_is_finished(bool isSlow)
    {
        using var file = new SlowFile(isSlow, failAt: SegmentFormat.PieceSize);
        using var output = new SegmentOutput(file);
        var e = Assert.Throws<EngramException>(() =>
        {
            output.Write(new byte[Size]);
            output.FinishPages();
        });
        Assert.Equal(SqlStates.DiskFull, e.SqlState);
        Assert.True(file.Content.Length <= SegmentFormat.PieceSize);
    }

    [Fact]
    public void Given_up_while_a_piece_is_on_its_way_it_waits_for_it_and_tells_nothing()
    {
        using var file = new SlowFile(isSlow: true, failAt: 0);
        using (var output = new SegmentOutput(file))
        {
            output.Write(new byte[SegmentFormat.PieceSize]);
        }

        Assert.Equal(1, file.Failures);
    }

    private sealed class SlowFile(bool isSlow, long failAt) : DataFile
    {
        public MemoryStream Content { get; } = new();

        public int Failures { get; private set; }

        public override string Name => "slow";

        public override long Length => Content.Length;

        public override bool IsSlow => isSlow;

        public override void Write(long offset, ReadOnlySpan<byte> data)
        {
            if (offset >= failAt)
            {
                Failures++;
                throw Error.DiskFull("write", Name, "no room", 28);
            }

            Assert.Equal(Content.Length, offset);
            Content.Write(data);
        }

        public override int Read(long offset, Span<byte> target) => throw new NotSupportedException();

        public override void Sync()
        {
        }

        public override void SetLength(long length) => throw new NotSupportedException();

        public override MappedRange Map(long offset, long length) => throw new NotSupportedException();

        public override void Dispose() => Content.Dispose();
    }
}
