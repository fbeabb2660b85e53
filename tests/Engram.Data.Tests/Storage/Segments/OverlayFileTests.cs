using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using static Engram.Data.Tests.Storage.FileEdits;

namespace Engram.Data.Tests.Storage.Segments;

public sealed class OverlayFileTests : IDisposable
{
    private const string Name = "segments/t7-1-3.ovl";

    private readonly MemoryDirectory directory = new();
    private readonly Random random = new(23);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Deletes_and_patches_come_back()
    {
        foreach (var rowCount in new[] { 1, 2047, 2048, 2049, 5000, SegmentInfo.RowCountMax })
        {
            foreach (var share in new[] { 0, 0.001, 0.5, 1 })
            {
                var patchShare = rowCount > 10_000 ? Math.Min(share, 0.01) : share;
                using var data = Make(rowCount, share, patchShare, rowCount > 10_000 ? [DataType.Double] : RandomColumns.Types);
                AssertComesBack(data);
            }
        }
    }

    [Fact]
    public void An_overlay_may_be_empty_or_only_delete()
    {
        AssertComesBack(new OverlayData(10, [], []));
        AssertComesBack(new OverlayData(10, [0, 9], []));
    }

    /// <summary>Deleting a few rows of a million costs a few bytes; deleting most costs a bit a row.</summary>
    [Fact]
    public void Positions_are_stored_in_the_shorter_form()
    {
        OverlayFile.Write(directory, "few", new OverlayData(1_000_000, [5, 500_000, 999_999], []));
        OverlayFile.Write(directory, "most", new OverlayData(1_000_000, [.. Enumerable.Range(1, 999_000)], []));
        Assert.InRange(directory.ReadFile("few").Length, 1, 60);
        Assert.InRange(directory.ReadFile("most").Length, 125_000, 125_060);
    }

    /// <summary>More than one piece, with values that end in the middle of one.</summary>
    [Fact]
    public void A_large_overlay_is_written_in_pieces()
    {
        using var data = Make(14_000, 0.1, 0.9, DataType.Vector(256));
        AssertComesBack(data);
        Assert.True(directory.ReadFile(Name).Length > 4 * 1024 * 1024);
    }

    [Fact]
    public void An_overlay_is_never_replaced()
    {
        var checksum = OverlayFile.Write(directory, Name, new OverlayData(10, [1], []));
        Assert.Throws<EngramException>(() => OverlayFile.Write(directory, Name, new OverlayData(10, [2], [])));
        Assert.Equal([1], OverlayFile.Read(directory, Name, checksum).DeletedPositions.AsEnumerable());
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        using var data = Make(300, 0.2, 0.1, DataType.Text, DataType.Double, DataType.Vector(3));
        var checksum = OverlayFile.Write(directory, Name, data);
        var bitCount = directory.ReadFile(Name).Length * 8;
        for (var bit = 0; bit < bitCount; bit += random.Next(1, 6))
        {
            directory.FlipBit(Name, bit);
            AssertThrows(SqlStates.DataCorrupted, Name, () => OverlayFile.Read(directory, Name, checksum));
            directory.FlipBit(Name, bit);
        }
    }

    [Fact]
    public void Every_other_length_is_found()
    {
        using var data = Make(300, 0.2, 0.1, DataType.Text);
        var checksum = OverlayFile.Write(directory, Name, data);
        var bytes = directory.ReadFile(Name);
        for (var length = 0; length <= bytes.Length + 1; length++)
        {
            if (length != bytes.Length)
            {
                directory.WriteFile(Name, length < bytes.Length ? bytes[..length] : [.. bytes, 0]);
                AssertThrows(SqlStates.DataCorrupted, Name, () => OverlayFile.Read(directory, Name, checksum));
            }
        }

        directory.Delete(Name);
        AssertThrows(SqlStates.DataCorrupted, Name, () => OverlayFile.Read(directory, Name, checksum));
    }

    [Fact]
    public void A_foreign_overlay_and_a_later_version_are_found()
    {
        var checksum = OverlayFile.Write(directory, Name, new OverlayData(10, [1], []));
        directory.Delete(Name);
        var other = OverlayFile.Write(directory, Name, new OverlayData(10, [2], []));
        AssertThrows(SqlStates.DataCorrupted, Name, () => OverlayFile.Read(directory, Name, checksum));
        Assert.NotEqual(checksum, other);

        var bytes = directory.ReadFile(Name);
        bytes[FormatVersion.MagicSize] = 9;
        var later = Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4));
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), later);
        directory.WriteFile(Name, bytes);
        AssertThrows(SqlStates.UnsupportedFormat, Name, () => OverlayFile.Read(directory, Name, later));
    }

    /// <summary>Any content behind a checksum that is right ends in XX001 or in an overlay, never otherwise.</summary>
    [Fact]
    public void Bytes_that_no_writer_made_are_refused()
    {
        using var data = Make(300, 0.2, 0.1, DataType.Text, DataType.Double, DataType.Boolean);
        OverlayFile.Write(directory, Name, data);
        var bytes = directory.ReadFile(Name);
        for (var round = 0; round < 2000; round++)
        {
            var changed = bytes.ToArray();
            changed[random.Next(FramedFile.HeaderSize, changed.Length - 12)] = (byte)random.Next(256);
            var checksum = Crc32C.Compute(changed.AsSpan(0, changed.Length - 4));
            BitConverter.TryWriteBytes(changed.AsSpan(changed.Length - 4), checksum);
            directory.WriteFile(Name, changed);
            try
            {
                OverlayFile.Read(directory, Name, checksum).Dispose();
            }
            catch (EngramException e)
            {
                Assert.Equal(SqlStates.DataCorrupted, e.SqlState);
            }
        }
    }

    [Fact]
    public void Positions_out_of_order_are_a_defect()
    {
        foreach (var positions in new ImmutableArray<int>[] { [3, 3], [3, 2], [-1], [10] })
        {
            var error = Assert.Throws<EngramException>(() => OverlayFile.Write(directory, Name, new OverlayData(10, positions, [])));
            Assert.Equal(SqlStates.InternalError, error.SqlState);
            Assert.False(directory.Exists(Name));
        }
    }

    private OverlayData Make(int rowCount, double deletedShare, double patchShare, params DataType[] types)
        => new(
            rowCount,
            Positions(rowCount, deletedShare),
            [
                .. types.Select((type, i) =>
                {
                    var positions = Positions(rowCount, patchShare);
                    return new OverlayPatch(new ColumnId(i + 1), positions, RandomColumns.Make(random, type, positions.Length, random.Next(3) * 0.3));
                }),
            ]);

    private ImmutableArray<int> Positions(int rowCount, double share)
        => [.. Enumerable.Range(0, rowCount).Where(_ => random.NextDouble() < share)];

    private void AssertComesBack(OverlayData data)
    {
        directory.Delete(Name);
        var checksum = OverlayFile.Write(directory, Name, data);
        using var copy = OverlayFile.Read(directory, Name, checksum);
        Assert.Equal(data.RowCount, copy.RowCount);
        Assert.True(data.DeletedPositions.AsSpan().SequenceEqual(copy.DeletedPositions.AsSpan()));
        Assert.Equal(data.Patches.Length, copy.Patches.Length);
        foreach (var (expected, actual) in data.Patches.Zip(copy.Patches, (e, a) => (e, a)))
        {
            Assert.Equal((expected.Column, expected.Values.Type), (actual.Column, actual.Values.Type));
            Assert.True(expected.Positions.AsSpan().SequenceEqual(actual.Positions.AsSpan()));
            Assert.Equal(expected.Values.Count, actual.Values.Count);
            for (var i = 0; i < expected.Values.Count; i++)
            {
                RandomColumns.AssertEqual(expected.Values.Column, i, actual.Values.Column, i);
            }
        }
    }
}
