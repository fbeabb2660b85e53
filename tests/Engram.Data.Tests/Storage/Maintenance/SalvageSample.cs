using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Simulation;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>A closed database with a segment of 6,000 rows, an overlay, a second segment and three commits in the log, to be damaged.</summary>
internal sealed class Sample
{
    private Sample(SimulatedDisk disk)
    {
        Disk = disk;
        Segment = disk.Files.First(n => n.EndsWith(".seg", StringComparison.Ordinal));
        Overlay = disk.Files.Single(n => n.EndsWith(".overlay", StringComparison.Ordinal));
    }

    public SimulatedDisk Disk { get; }

    /// <summary>Rows by row id, as they must be; and as of earlier moments.</summary>
    public SortedDictionary<long, EpisodeRow> Rows { get; private init; } = [];

    public SortedDictionary<long, EpisodeRow> RowsAsWritten { get; private init; } = [];

    public SortedDictionary<long, EpisodeRow> RowsAtCheckpoint { get; private init; } = [];

    public SortedDictionary<long, EpisodeRow> RowsAfterFirstGroup { get; private init; } = [];

    public string Segment { get; }

    public string Overlay { get; }

    public string LogFile { get; private set; } = "";

    /// <summary>The first commit in the log.</summary>
    public long LogLsn { get; private set; }

    /// <summary>Where the three commits' groups begin.</summary>
    public List<long> GroupOffsets { get; } = [];

    public static async Task<Sample> CreateAsync(int segmentRows = 6000)
    {
        var random = new Random(1);
        var directory = new SimulatedDirectory(1);
        var rows = new SortedDictionary<long, EpisodeRow>();
        await using var store = Store.Open(directory, SimulatedRun.SmallFiles, NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        await ChangeAsync(store, t =>
        {
            for (var id = 1; id <= segmentRows; id += 1200)
            {
                var added = Enumerable.Range(id, 1200).Select(i => EpisodeRow.Random(random, i)).ToArray();
                var range = EpisodeTable.Insert(t, added);
                foreach (var (i, row) in added.Index())
                {
                    rows.Add(range.First + i, row);
                }
            }
        });
        var written = new SortedDictionary<long, EpisodeRow>(rows);
        await store.CheckpointAsync(default);
        await ChangeAsync(store, t =>
        {
            t.Delete(EpisodeTable.Id, [100, 200, 2300]);
            rows.Remove(100);
            rows.Remove(200);
            rows.Remove(2300);
            EpisodeTable.Update(t, 1, 2, 0.5f);
            rows[1] = rows[1] with { Confidence = 0.5f };
            var again = EpisodeRow.Random(random, 100);
            rows.Add(EpisodeTable.Insert(t, again).First, again);
        });
        await store.CheckpointAsync(default);
        var atCheckpoint = new SortedDictionary<long, EpisodeRow>(rows);
        SortedDictionary<long, EpisodeRow>? afterFirst = null;
        for (var i = 0; i < 3; i++)
        {
            await ChangeAsync(store, t =>
            {
                var row = EpisodeRow.Random(random, 10_000 + i);
                rows.Add(EpisodeTable.Insert(t, row).First, row);
                if (i == 0)
                {
                    EpisodeTable.Update(t, 5, 1, "changed");
                    rows[5] = rows[5] with { Name = "changed" };
                }
            });
            afterFirst ??= new SortedDictionary<long, EpisodeRow>(rows);
        }

        await store.DisposeAsync();
        var sample = new Sample(directory.Freeze().Copy())
        {
            Rows = rows, RowsAsWritten = written, RowsAtCheckpoint = atCheckpoint, RowsAfterFirstGroup = afterFirst!,
        };
        sample.FindGroups();
        return sample;
    }

    public static async Task ChangeAsync(Store store, Action<Transaction> change)
    {
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    public static byte[] BytesOf(SimulatedContent content)
    {
        var bytes = new byte[content.Length];
        Assert.Equal(bytes.Length, content.Read(0, bytes));
        return bytes;
    }

    /// <summary>A directory over a copy of the disk.</summary>
    public SimulatedDirectory Start() => new(Disk.Copy(), 9);

    public byte[] Bytes(string name) => BytesOf(Disk[name]);

    public void Flip(string name, long offset) => Damage.Flip(name, offset, 0x10).Apply(Disk);

    public void Cut(string name, long length) => Damage.Cut(name, length).Apply(Disk);

    public void Remove(string name)
    {
        Disk.Names.Delete(name);
        Disk.Names.Sync(SimulatedNames.DirectoryOf(name));
    }

    /// <summary>Where the bytes of a column's block lie in the segment: found by changing them and seeing what is hit.</summary>
    public long OffsetOf(int columnOrdinal, int block)
    {
        using var directory = Start();
        var current = CurrentFile.Read(directory);
        var info = ManifestFile.Read(directory, current.Generation, current.ManifestChecksum).Tables[0].Segments[0].Info;
        using var segment = Engram.Data.Storage.Segments.Segment.Open(directory, info);
        for (var page = 0; page < segment.PageCount; page++)
        {
            if (segment.FindBlocksOn([page]).TryGetValue(block, out var ordinals) && ordinals.Contains(columnOrdinal))
            {
                return page * (long)SegmentFormat.PageSize;
            }
        }

        throw new InvalidOperationException("There are no such bytes.");
    }

    private void FindGroups()
    {
        foreach (var name in Disk.Files.Where(n => n.EndsWith(".wal", StringComparison.Ordinal)))
        {
            var bytes = Bytes(name);
            for (var at = WalFormat.BlockSizeBytes; at < bytes.Length; at += WalFormat.BlockSizeBytes)
            {
                if (WalGroupHeader.TryRead(bytes.AsSpan(at), out var header) && !header.IsSeal)
                {
                    LogFile = name;
                    LogLsn = GroupOffsets.Count == 0 ? header.FirstLsn.Value : LogLsn;
                    GroupOffsets.Add(at);
                }
            }
        }

        Assert.Equal(3, GroupOffsets.Count);
    }
}
