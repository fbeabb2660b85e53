using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using static Engram.Data.Tests.Storage.FileEdits;

namespace Engram.Data.Tests.Storage.Catalog;

public sealed class CurrentFileTests : IDisposable
{
    private const int SlotSize = 4096;
    private static readonly Guid Id = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly MemoryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void What_was_published_last_counts()
    {
        Assert.False(CurrentFile.Exists(directory));
        var current = Create();
        Assert.True(CurrentFile.Exists(directory));
        Assert.Equal(new Current(1, 1, 0x11, Id), CurrentFile.Read(directory));

        for (var generation = 2; generation < 10; generation++)
        {
            current = CurrentFile.Publish(directory, current, generation, (uint)generation * 0x11);
            Assert.Equal(current, CurrentFile.Read(directory));
            Assert.Equal(current, CurrentFile.Open(directory));
            Assert.Equal((generation, (uint)generation * 0x11, Id), (current.Generation, current.ManifestChecksum, current.DatabaseId));
        }
    }

    /// <summary>The first write of a publication is cut after any number of sectors, with any rest: the old or the new set counts.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(2048)]
    [InlineData(3584)]
    public void A_torn_slot_leaves_the_other(int sizeWritten)
    {
        var old = CurrentFile.Publish(directory, Create(), 2, 0x22);
        var before = directory.ReadFile(CurrentFile.Name);
        CurrentFile.Publish(directory, old, 3, 0x33);
        var after = directory.ReadFile(CurrentFile.Name);

        // Sequence 3 stood in slot 1; 4, the first write, goes to slot 0.
        Assert.Equal(3, old.Sequence);
        foreach (var garble in new[] { false, true })
        {
            var torn = before.ToArray();
            after.AsSpan(0, sizeWritten).CopyTo(torn);
            if (garble)
            {
                new Random(1).NextBytes(torn.AsSpan(sizeWritten, SlotSize - sizeWritten));
            }

            directory.WriteFile(CurrentFile.Name, torn);
            Assert.Equal(2, CurrentFile.Read(directory).Generation);

            // Opening makes both slots valid again, and the next publication works.
            var opened = CurrentFile.Open(directory);
            Assert.Equal(2, opened.Generation);
            AssertSurvivesLossOfEitherSlot(2);
            Assert.Equal(4, CurrentFile.Publish(directory, opened, 4, 0x44).Generation);
            AssertSurvivesLossOfEitherSlot(4);
        }
    }

    /// <summary>The process ends after the first write: the new set counts, and opening removes the last mention of the old one.</summary>
    [Fact]
    public void A_publication_half_done_is_completed()
    {
        var old = CurrentFile.Publish(directory, Create(), 2, 0x22);
        var half = directory.ReadFile(CurrentFile.Name);
        CurrentFile.Publish(directory, old, 3, 0x33);
        directory.ReadFile(CurrentFile.Name).AsSpan(0, SlotSize).CopyTo(half);
        directory.WriteFile(CurrentFile.Name, half);

        Assert.Equal(3, CurrentFile.Read(directory).Generation);
        Assert.Equal(3, CurrentFile.Open(directory).Generation);
        AssertSurvivesLossOfEitherSlot(3);
    }

    /// <summary>Between publications the slots agree, so no bit of the file is worth anything alone.</summary>
    [Fact]
    public void Every_flipped_bit_is_survived()
    {
        var current = CurrentFile.Publish(directory, Create(), 2, 0x22);
        var random = new Random(3);
        for (var i = 0; i < 2000; i++)
        {
            var bit = i < 512 ? i : random.Next(2 * SlotSize * 8);
            directory.FlipBit(CurrentFile.Name, bit);
            var read = CurrentFile.Read(directory);
            Assert.Equal(current with { Sequence = read.Sequence }, read);
            directory.FlipBit(CurrentFile.Name, bit);
        }
    }

    [Fact]
    public void A_flipped_bit_in_each_slot_is_an_error()
    {
        Create();
        directory.FlipBit(CurrentFile.Name, 30 * 8);
        directory.FlipBit(CurrentFile.Name, (SlotSize + 30) * 8);
        AssertThrows(SqlStates.DataCorrupted, CurrentFile.Name, () => CurrentFile.Read(directory));
        AssertThrows(SqlStates.DataCorrupted, CurrentFile.Name, () => CurrentFile.Open(directory));
    }

    [Fact]
    public void A_slot_in_the_others_place_does_not_count()
    {
        Create();
        var bytes = directory.ReadFile(CurrentFile.Name);
        directory.WriteFile(CurrentFile.Name, [.. bytes[SlotSize..], .. bytes[..SlotSize]]);
        AssertThrows(SqlStates.DataCorrupted, CurrentFile.Name, () => CurrentFile.Read(directory));
    }

    [Theory]
    [InlineData(0, SqlStates.NotADatabase)]
    [InlineData(4, SqlStates.NotADatabase)]
    [InlineData(100, SqlStates.DataCorrupted)]
    [InlineData(4095, SqlStates.DataCorrupted)]
    public void A_file_cut_short_is_an_error(int length, string sqlState)
    {
        Create();
        directory.WriteFile(CurrentFile.Name, directory.ReadFile(CurrentFile.Name).AsSpan(0, length));
        AssertThrows(sqlState, CurrentFile.Name, () => CurrentFile.Open(directory));
    }

    [Fact]
    public void A_file_of_another_program_is_no_database()
    {
        directory.WriteFile(CurrentFile.Name, "MANIFEST-000005\n"u8);
        AssertThrows(SqlStates.NotADatabase, CurrentFile.Name, () => CurrentFile.Read(directory));
    }

    [Fact]
    public void A_directory_with_other_files_is_no_database()
    {
        directory.WriteFile("holiday.jpg", [1, 2, 3]);
        var error = AssertThrows(SqlStates.NotADatabase, "holiday.jpg", () => CurrentFile.Exists(directory));
        Assert.Contains(directory.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_version_is_named()
    {
        Create();
        // A later version keeps magic, version, sequence and checksum where they are.
        var bytes = directory.ReadFile(CurrentFile.Name);
        var slot = bytes.AsSpan(SlotSize);
        slot[8] = 9;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(slot[4092..], Engram.Data.Kernels.Crc32C.Compute(slot[..4092]));
        directory.WriteFile(CurrentFile.Name, bytes);

        var error = AssertThrows(SqlStates.UnsupportedFormat, directory.Path, () => CurrentFile.Open(directory));
        Assert.Contains($"format version 9; this Engram.Data reads version {FormatVersion.Current}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_creation_that_was_cut_is_begun_anew()
    {
        CurrentFile.BeginCreate(directory, "wal", "segments");
        directory.WriteFile("LOCK", "1"u8);
        directory.WriteFile("wal/00000001.wal", new byte[100]);
        ManifestFile.Write(directory, new Manifest(1, default, DatabaseCatalog.Empty, []));

        Assert.False(CurrentFile.Exists(directory));
        CurrentFile.BeginCreate(directory, "wal", "segments");
        Assert.Equal([CurrentFile.NewName, "LOCK"], directory.List(""));
        Assert.Empty(directory.List("wal"));
        CurrentFile.Create(directory, Id, 1, 5);
        Assert.True(CurrentFile.Exists(directory));
        Assert.Equal(["CURRENT", "LOCK"], directory.List(""));
    }

    [Fact]
    public void Ids_are_random() => Assert.NotEqual(CurrentFile.NewDatabaseId(directory), CurrentFile.NewDatabaseId(directory));

    private Current Create()
    {
        CurrentFile.BeginCreate(directory, "wal", "segments");
        return CurrentFile.Create(directory, Id, 1, 0x11);
    }

    private void AssertSurvivesLossOfEitherSlot(long generation)
    {
        var bytes = directory.ReadFile(CurrentFile.Name);
        foreach (var slot in new[] { 0, 1 })
        {
            var damaged = bytes.ToArray();
            damaged.AsSpan(slot * SlotSize, SlotSize).Clear();
            directory.WriteFile(CurrentFile.Name, damaged);
            Assert.Equal(generation, CurrentFile.Read(directory).Generation);
        }

        directory.WriteFile(CurrentFile.Name, bytes);
    }
}
