using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using static Engram.Data.Tests.Storage.FileEdits;

namespace Engram.Data.Tests.Storage.Catalog;

public sealed class ManifestFileTests : IDisposable
{
    private const string Name = "MANIFEST-00000007";

    private static readonly ImmutableArray<ColumnId> Columns = [ColumnId.RowId, new(1), new(30)];

    private static readonly Manifest Sample = new(
        7, new Lsn(1234), SampleCatalog.Catalog,
        [
            new(new TableId(1), 1, [], []),
            new(new TableId(4), 3_000_000, [(new ColumnId(1), -77), (new ColumnId(4), long.MaxValue)],
            [
                new(new SegmentInfo("segments/t4-1.seg", new TableId(4), 1024 * 1024, 1, 2_000_000, 1L << 33, 0xFFFFFFFF, Columns), null, 0),
                new(new SegmentInfo("segments/t4-2.seg", new TableId(4), 1, long.MinValue, long.MinValue, 65536, 1, [ColumnId.RowId]), "segments/t4-2-7.ovl", 9),
            ]),
        ]);

    private readonly MemoryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_manifest_comes_back_whole()
    {
        var checksum = ManifestFile.Write(directory, Sample);
        Assert.Equal([Name], directory.List(""));
        var copy = ManifestFile.Read(directory, 7, checksum);

        Assert.Equal((7, new Lsn(1234)), (copy.Generation, copy.Lsn));
        Assert.Equal(Sample.Catalog.Version, copy.Catalog.Version);
        Assert.Equal(2, copy.Tables.Length);
        Assert.Equal((new TableId(1), 1, 0, 0), (copy.Tables[0].Table, copy.Tables[0].RowIdNext, copy.Tables[0].IdentityNext.Length, copy.Tables[0].Segments.Length));
        Assert.Equal(3_000_000, copy.Tables[1].RowIdNext);
        Assert.Equal(Sample.Tables[1].IdentityNext.AsEnumerable(), copy.Tables[1].IdentityNext.AsEnumerable());
        foreach (var (expected, actual) in Sample.Tables[1].Segments.Zip(copy.Tables[1].Segments, (e, a) => (e, a)))
        {
            Assert.Equal(expected.Info.Columns.AsEnumerable(), actual.Info.Columns.AsEnumerable());
            Assert.Equal(expected.Info with { Columns = [] }, actual.Info with { Columns = [] });
            Assert.Equal((expected.OverlayName, expected.OverlayChecksum), (actual.OverlayName, actual.OverlayChecksum));
        }

        Assert.Equal(checksum, ManifestFile.Write(directory, copy));
    }

    [Fact]
    public void What_an_earlier_attempt_left_is_replaced()
    {
        directory.WriteFile(Name, new byte[100_000]);
        var checksum = ManifestFile.Write(directory, Sample);
        Assert.Equal(1234, ManifestFile.Read(directory, 7, checksum).Lsn.Value);
    }

    [Fact]
    public void A_published_manifest_is_not_replaced()
    {
        CurrentFile.BeginCreate(directory);
        var checksum = ManifestFile.Write(directory, Sample);
        CurrentFile.Create(directory, CurrentFile.NewDatabaseId(directory), 7, checksum);
        Assert.Equal(SqlStates.InternalError, Assert.Throws<EngramException>(() => ManifestFile.Write(directory, Sample)).SqlState);
        Assert.Equal(1234, ManifestFile.Read(directory, 7, checksum).Lsn.Value);
        ManifestFile.Write(directory, Sample with { Generation = 8 });
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        var checksum = ManifestFile.Write(directory, Sample);
        var bitCount = directory.ReadFile(Name).Length * 8;
        for (var bit = 0; bit < bitCount; bit += bit < 400 ? 1 : 7)
        {
            directory.FlipBit(Name, bit);
            AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Read(directory, 7, checksum));
            directory.FlipBit(Name, bit);
        }
    }

    [Fact]
    public void Every_other_length_is_found()
    {
        var checksum = ManifestFile.Write(directory, Sample);
        var bytes = directory.ReadFile(Name);
        for (var length = 0; length <= bytes.Length + 1; length++)
        {
            if (length != bytes.Length)
            {
                directory.WriteFile(Name, length < bytes.Length ? bytes[..length] : [.. bytes, 0]);
                AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Read(directory, 7, checksum));
            }
        }
    }

    /// <summary>Whole and valid, but not the one that CURRENT names: from a backup, or of another database.</summary>
    [Fact]
    public void A_foreign_manifest_is_found()
    {
        var checksum = ManifestFile.Write(directory, Sample);
        ManifestFile.Write(directory, Sample with { Lsn = new Lsn(1235) });
        var error = AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Read(directory, 7, checksum));
        Assert.Contains($"{checksum:X8} is expected", error.Message, StringComparison.Ordinal);

        ManifestFile.Write(directory, Sample with { Generation = 8 });
        directory.WriteFile(Name, directory.ReadFile("MANIFEST-00000008"));
        AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Read(directory, 7, checksum));

        directory.Delete(Name);
        AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Read(directory, 7, checksum));
    }

    [Fact]
    public void A_later_version_is_named()
    {
        ManifestFile.Write(directory, Sample);
        var bytes = directory.ReadFile(Name);
        bytes[8] = 9;
        var checksum = Engram.Data.Kernels.Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), checksum);
        directory.WriteFile(Name, bytes);
        var error = AssertThrows(SqlStates.UnsupportedFormat, Name, () => ManifestFile.Read(directory, 7, checksum));
        Assert.Contains($"format version 9; this Engram.Data reads version {FormatVersion.Current}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A defect must not reach the disk: what could not be read back as a database is not published.</summary>
    [Fact]
    public void A_manifest_that_cannot_be_true_is_not_written()
    {
        var info = Sample.Tables[1].Segments[0].Info;
        AssertRefused(t => t with { Segments = [new(info, null, 0), new(info, null, 0)] });
        AssertRefused(t => t with { Segments = [new(info with { RowIdMax = 3_000_000 }, null, 0)] });
        AssertRefused(t => t with { Segments = [new(info with { RowCount = 0 }, null, 0)] });
        AssertRefused(t => t with { Segments = [new(info with { RowIdMax = 5 }, null, 0)] });
        AssertRefused(t => t with { Segments = [new(info with { Name = "../elsewhere" }, null, 0)] });
        AssertRefused(t => t with { Segments = [new(info, "/etc/passwd", 0)] });
        AssertRefused(t => t with { Table = new TableId(5), Segments = [] });
    }

    private void AssertRefused(Func<TableManifest, TableManifest> change)
        => AssertThrows(SqlStates.DataCorrupted, Name, () => ManifestFile.Write(directory, Sample with { Tables = [change(Sample.Tables[1])] }));
}
