using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using static Engram.Data.Tests.Storage.FileEdits;

namespace Engram.Data.Tests.Storage.Segments;

/// <summary>No damage is ever served as data, and none of one part keeps another from being read.</summary>
public sealed class SegmentDamageTests : IDisposable
{
    private const string Name = "segments/t7-1.seg";

    private readonly MemoryDirectory directory = new();
    private readonly Random random = new(17);

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_flipped_bit_is_found(bool isEncoded)
    {
        using var sample = isEncoded ? EncodedSample()
            : SegmentSample.Of(random, 40, 0.2, DataType.Int64, DataType.Text, DataType.Vector(4), DataType.TimestampTz, DataType.Boolean);
        var info = sample.Write(directory, Name, random);
        for (var bit = 0L; bit < info.FileLength * 8; bit += random.Next(1, 8))
        {
            directory.FlipBit(Name, bit);
            AssertThrows(SqlStates.DataCorrupted, Name, () =>
            {
                using var segment = Segment.Open(directory, info);
                segment.VerifyPages();
            });
            AssertThrows(SqlStates.DataCorrupted, Name, () =>
            {
                using var segment = Segment.Open(directory, info);
                LoadAll(segment);
            });
            directory.FlipBit(Name, bit);
        }

        using var whole = Segment.Open(directory, info);
        sample.AssertStoredIn(whole, random);
    }

    /// <summary>Packed and dictionary blocks.</summary>
    private SegmentSample EncodedSample()
    {
        DataType[] types = [DataType.Int64, DataType.Decimal, DataType.TimestampTz, DataType.Text, DataType.Uuid];
        return new SegmentSample
        {
            Columns = [.. types.Select((t, i) => (new ColumnId(i + 1), t))],
            Values = [.. types.Select(t => DistributedColumns.Make(random, t, 100, t.PhysicalSize == 8 || t == DataType.Decimal ? Distribution.Ascending : Distribution.FewDistinct, 0.1))],
            RowIds = [.. Enumerable.Range(0, 100).Select(i => i * 7L)],
        };
    }

    [Fact]
    public void Every_other_length_is_found()
    {
        using var sample = SegmentSample.Of(random, 40, 0.2, DataType.Int64);
        var info = sample.Write(directory, Name, random);
        var bytes = directory.ReadFile(Name);
        for (var length = 0; length <= bytes.Length + 1; length++)
        {
            if (length != bytes.Length)
            {
                directory.WriteFile(Name, length < bytes.Length ? bytes[..length] : [.. bytes, 0]);
                var error = AssertThrows(SqlStates.DataCorrupted, Name, () => Segment.Open(directory, info));
                Assert.Contains($"it has {length} bytes, not {bytes.Length}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_foreign_segment_is_found()
    {
        using var sample = SegmentSample.Of(random, 40, 0, DataType.Int64);
        var info = sample.Write(directory, Name, random);
        var other = sample.Write(directory, "segments/other", random);
        Assert.Equal(info.FileLength, other.FileLength);

        // The same rows, written another time.
        directory.WriteFile(Name, directory.ReadFile("segments/other"));
        AssertThrows(SqlStates.DataCorrupted, Name, () => Segment.Open(directory, info));

        // Head of one, tail of the other: each with a checksum that is right.
        var mixed = directory.ReadFile("segments/other");
        directory.Delete(Name);
        sample.Write(directory, Name, random);
        directory.ReadFile(Name).AsSpan(0, SegmentFormat.HeaderSize).CopyTo(mixed);
        directory.WriteFile("segments/other", mixed);
        var error = AssertThrows(SqlStates.DataCorrupted, "segments/other", () => Segment.Open(directory, other));
        Assert.Contains("of two files", error.Message, StringComparison.Ordinal);

        directory.WriteFile(Name, new byte[info.FileLength]);
        AssertThrows(SqlStates.DataCorrupted, Name, () => Segment.Open(directory, info));
        directory.Delete(Name);
        AssertThrows(SqlStates.DataCorrupted, Name, () => Segment.Open(directory, info));
    }

    [Fact]
    public void A_later_version_is_named()
    {
        using var sample = SegmentSample.Of(random, 40, 0, DataType.Int64);
        var info = sample.Write(directory, Name, random);
        var bytes = directory.ReadFile(Name);
        bytes[FormatVersion.MagicSize] = 9;
        BitConverter.TryWriteBytes(bytes.AsSpan(SegmentFormat.HeaderChecksumAt), Crc32C.Compute(bytes.AsSpan(0, SegmentFormat.HeaderChecksumAt)));
        directory.WriteFile(Name, bytes);
        var error = AssertThrows(SqlStates.UnsupportedFormat, Name, () => Segment.Open(directory, info));
        Assert.Contains($"format version 9; this Engram.Data reads version {FormatVersion.Current}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The message says what is lost; everything else is read on.</summary>
    [Fact]
    public void A_damaged_page_takes_only_its_own_rows()
    {
        using var sample = SegmentSample.Of(random, 6000, 0, DataType.Vector(32), DataType.Double);
        var info = sample.Write(directory, Name, random);

        // Vectors of block 1 lie in pages 4 to 7 or so: damage one far from the block's edges.
        var at = FindBytes(directory.ReadFile(Name), sample.Values[0].Column.Get<Bytes>(2048 + 1000).Span);
        directory.FlipBit(Name, at * 8);
        using var segment = Segment.Open(directory, info);
        segment.Definition = new TableDefinition(
            SegmentSample.Table, "public", "Episode", [new(new ColumnId(1), "Embedding", DataType.Vector(32)), new(new ColumnId(2), "Confidence", DataType.Double)]);

        var target = new Column(DataType.Double);
        using var doubles = new ColumnBuffer(DataType.Double);
        using var vectors = new ColumnBuffer(DataType.Vector(32));
        for (var block = 0; block < 3; block++)
        {
            segment.Load(2, block, null, target, doubles);
            RandomColumns.AssertEqual(sample.Values[1].Column, block * 2048, target, 0);
        }

        segment.Load(1, 0, null, target, vectors);
        segment.Load(1, 2, null, target, vectors);
        for (var again = 0; again < 2; again++)
        {
            var error = AssertThrows(SqlStates.DataCorrupted, Name, () => segment.Load(1, 1, null, target, vectors));
            Assert.Contains("Column 'Embedding' of table 'Episode' cannot be read for rows 2048 to 4095", error.Message, StringComparison.Ordinal);
        }

        // Rows of the block whose pages are whole can still be had one by one.
        var needed = new Selection();
        needed.Add(3);
        needed.Add(2040);
        segment.Load(1, 1, needed, target, vectors);
        RandomColumns.AssertEqual(sample.Values[0].Column, 2048 + 2040, target, 2040);
        needed.Count = 0;
        needed.Add(1000);
        AssertThrows(SqlStates.DataCorrupted, Name, () => segment.Load(1, 1, needed, target, vectors));
    }

    /// <summary>What a disk keeps wrong while a segment is written must not be published.</summary>
    [Fact]
    public void A_writer_reads_back_what_it_wrote()
    {
        using var garbling = new GarblingDirectory(directory);
        using var sample = SegmentSample.Of(random, 3000, 0, DataType.Vector(32), DataType.Double);
        for (var offset = 0L; offset < 300_000; offset += 40_001)
        {
            garbling.GarbleAt = offset;
            AssertThrows(SqlStates.DataCorrupted, Name, () => sample.Write(garbling, Name, random));
            Assert.Empty(directory.List("segments"));
        }
    }

    private static void LoadAll(Segment segment)
    {
        var target = new Column(DataType.Int64);
        for (var ordinal = 0; ordinal < segment.ColumnCount; ordinal++)
        {
            using var scratch = new ColumnBuffer(segment.TypeOf(ordinal));
            segment.Load(ordinal, 0, null, target, scratch);
        }
    }

    private static int FindBytes(byte[] file, ReadOnlySpan<byte> bytes)
    {
        var at = file.AsSpan().IndexOf(bytes);
        Assert.True(at >= 0);
        return at;
    }
}
