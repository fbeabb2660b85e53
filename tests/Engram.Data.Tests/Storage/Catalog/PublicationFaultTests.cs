using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Segments;

namespace Engram.Data.Tests.Storage.Catalog;

/// <summary>Any one call of a creation, a publication, or of writing a file fails: what can be opened afterwards is the state before or after.</summary>
public sealed class PublicationFaultTests
{
    public static TheoryData<string, bool> Faults => new()
    {
        { nameof(FaultPoint.Create), false }, { nameof(FaultPoint.Write), false }, { nameof(FaultPoint.Write), true }, { nameof(FaultPoint.Sync), false }, { nameof(FaultPoint.Rename), false },
        { nameof(FaultPoint.DirectorySync), false }, { nameof(FaultPoint.Delete), false }, { nameof(FaultPoint.Read), false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_database_is_at_the_generation_before_or_after_the_fault(string pointName, bool isShort)
    {
        var point = Enum.Parse<FaultPoint>(pointName);
        for (var nth = 1; nth < 100; nth++)
        {
            using var memory = new MemoryDirectory();
            var faulty = new FaultyDirectory(memory) { ShortWrites = isShort };
            faulty.FailNext(point, "", SqlStates.IoError, nth);
            var published = 0;
            try
            {
                CreateAndPublish(faulty, ref published);
                Assert.True(nth > 1 || faulty.Count(point) == 0);
                return;
            }
            catch (EngramException e)
            {
                Assert.Equal(SqlStates.IoError, e.SqlState);
            }

            // Another process opens what is there.
            if (!CurrentFile.Exists(memory))
            {
                Assert.Equal(0, published);
                CurrentFile.BeginCreate(memory, "segments");
                CurrentFile.Create(memory, Guid.Empty, 1, Write(memory, 1));
            }

            var current = CurrentFile.Open(memory);
            Assert.InRange(current.Generation, Math.Max(published, 1), published + 1);
            ManifestFile.Read(memory, current.Generation, current.ManifestChecksum);
            var next = current.Generation + 1;
            current = CurrentFile.Publish(memory, current, next, Write(memory, next));
            Assert.Equal(current, CurrentFile.Open(memory));
        }

        Assert.Fail("The faults never end.");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_segment_or_overlay_that_cannot_be_written_leaves_nothing(string pointName, bool isShort)
    {
        var point = Enum.Parse<FaultPoint>(pointName);
        using var sample = SegmentSample.Of(new Random(1), 3000, 0.1, Data.Columns.DataType.Text, Data.Columns.DataType.Vector(8));
        for (var nth = 1; nth < 100 && point != FaultPoint.Delete; nth++)
        {
            using var memory = new MemoryDirectory();
            var faulty = new FaultyDirectory(memory) { ShortWrites = isShort };
            faulty.FailNext(point, "segments", SqlStates.DiskFull, nth);
            try
            {
                sample.Write(faulty, "segments/1", new Random(2));
                OverlayFile.Write(faulty, "segments/2", new OverlayData(3000, [7], []));
                return;
            }
            catch (EngramException e)
            {
                Assert.Equal(SqlStates.DiskFull, e.SqlState);
                Assert.DoesNotContain(memory.List("segments"), name => name != "1");
                Assert.Equal(faulty.Count(FaultPoint.Create) > 1 ? 1 : 0, memory.List("segments").Count);
            }
        }
    }

    private static void CreateAndPublish(DataDirectory directory, ref int published)
    {
        CurrentFile.BeginCreate(directory, "segments");
        var current = CurrentFile.Create(directory, Guid.Empty, 1, Write(directory, 1));
        for (published = 1; published < 4; published++)
        {
            current = CurrentFile.Publish(directory, current, published + 1, Write(directory, published + 1));
        }
    }

    private static uint Write(DataDirectory directory, long generation)
        => ManifestFile.Write(directory, new Manifest(generation, new(generation), DatabaseCatalog.Empty, []));
}
