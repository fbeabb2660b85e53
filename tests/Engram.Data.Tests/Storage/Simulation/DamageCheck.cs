using Engram.Data.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>One change that somebody or something made to a file of a database that is not open.</summary>
/// <param name="Length">Cuts the file to this length; negative to flip bits instead.</param>
/// <param name="Offset">The byte whose bits in <paramref name="Bits"/> are flipped.</param>
internal readonly record struct Damage(string File, long Length, long Offset, byte Bits)
{
    public static Damage Cut(string file, long length) => new(file, length, 0, 0);

    public static Damage Flip(string file, long offset, byte bits) => new(file, -1, offset, bits);

    public void Apply(SimulatedDisk disk)
    {
        var (length, offset, bits) = (Length, Offset, Bits);
        disk[File].Overwrite(bytes =>
        {
            if (length >= 0)
            {
                bytes.SetLength(length);
                return;
            }

            Span<byte> one = stackalloc byte[1];
            bytes.Read(offset, one);
            one[0] ^= bits;
            bytes.Write(offset, one);
        });
    }

    public override string ToString() => Length >= 0 ? $"'{File}' cut to {Length} bytes" : $"'{File}' with bits {Bits:X2} flipped at byte {Offset}";
}

/// <summary>What became of a damaged database.</summary>
internal enum DamageOutcome
{
    /// <summary>All rows are there.</summary>
    Harmless,
    /// <summary>An error says that the database is damaged.</summary>
    Detected,
    /// <summary>The last group of a log that nobody had sealed was taken for torn, and that was reported.</summary>
    CutAndReported,
}

/// <summary>A small database whose files are damaged byte by byte: no damage may ever be served as data.</summary>
/// <remarks>
/// Opening and reading everything gives the right rows, or an error of class XX001 or EG, or, when the log had not been sealed, the rows
/// without the last group and a report of what was cut. Never wrong rows, never another exception, never the end of the process.
/// </remarks>
internal sealed class DamageCheck
{
    private readonly SimulatedDisk _disk;
    private readonly HistoryMark _mark;
    private readonly int _commitsCutMax;

    private DamageCheck(string name, SimulatedDisk disk, HistoryMark mark, int commitsCutMax)
    {
        Name = name;
        _disk = disk;
        _mark = mark;
        _commitsCutMax = commitsCutMax;
    }

    /// <summary>What a program left at a point of some run, as the next one sees it.</summary>
    /// <param name="commitsCutMax">How many commits the newest group may hold, if no seal stands behind it: they may be cut, and that reported.</param>
    public DamageCheck(string name, CrashPoint point, int commitsCutMax)
        : this(name, point.Disk, point.Mark, commitsCutMax)
    {
    }

    public string Name { get; }

    /// <summary>The files, with their lengths. Those in quarantine/ are read by people only.</summary>
    public IReadOnlyList<(string Name, long Length)> Files => _disk.Files.Select(f => (f, _disk[f].Length)).ToList();

    /// <summary>A database of each kind: with a log only, with segments and overlays, and with a log that ends without a seal.</summary>
    public static async Task<IReadOnlyList<DamageCheck>> CreateAsync(int seed) =>
    [
        await CreateAsync("log", seed, isSealed: true, async run => await run.CommitAsync(w => w.Insert(1, 20))),
        await CreateAsync("segments and overlays", seed, isSealed: true, WriteSegmentsAsync),
        await CreateAsync("unsealed log", seed, isSealed: false, async run => await run.CommitAsync(w => w.Insert(1, 20))),
        await CreateAsync("recovered log", seed, isSealed: true, async run =>
        {
            await run.CommitAsync(w => w.Insert(1, 5));
            await run.KillAsync();
            await run.OpenAsync();
            await run.CommitAsync(w => w.Insert(1, 5));
        }),
    ];

    public byte ByteAt(string file, long offset) => _disk[file].ByteAt(offset);

    /// <exception cref="InvalidOperationException">What is wrong.</exception>
    public async Task<DamageOutcome> RunAsync(Damage damage)
    {
        var disk = _disk.Copy();
        damage.Apply(disk);
        try
        {
            return await RunAsync(disk, damage);
        }
        catch (EngramException e) when (e.SqlState is "XX001" or "EG001" or "EG002" or "EG004")
        {
            return DamageOutcome.Detected;
        }
        catch (Exception e) when (e is not InvalidOperationException)
        {
            throw new InvalidOperationException($"{Name}: {damage}: {e}", e);
        }
    }

    private async Task<DamageOutcome> RunAsync(SimulatedDisk disk, Damage damage)
    {
        await using var store = Store.Open(new SimulatedDirectory(disk, 1), SimulatedRun.SmallFiles, NullLogger.Instance);
        using var snapshot = store.OpenSnapshot();
        var found = SnapshotSummary.Read(snapshot);
        if (_mark.Find(found) >= 0)
        {
            return DamageOutcome.Harmless;
        }

        return IsWithoutNewestGroup(found) && store.Recovery.TornBytes > 0
            ? DamageOutcome.CutAndReported
            : throw new InvalidOperationException($"{Name}: {damage}: {_mark.Explain(found)}; {store.Recovery.TornBytes} bytes were reported as torn.");
    }

    /// <summary>Whether the newest acknowledged commits are missing, as many as a group may hold. One that changed nothing is in no group.</summary>
    private bool IsWithoutNewestGroup(SnapshotSummary found)
    {
        var changes = 0;
        for (var commit = _mark.Acknowledged; commit > 0; commit--)
        {
            changes += _mark.States[commit].LooksLike(_mark.States[commit - 1]) ? 0 : 1;
            if (changes > _commitsCutMax)
            {
                return false;
            }

            if (_mark.States[commit - 1].Differs(found) is null)
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<DamageCheck> CreateAsync(string name, int seed, bool isSealed, Func<SimulatedRun, Task> work)
    {
        var run = new SimulatedRun(seed);
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateTable(1);
            w.Insert(1, 3);
        });
        await work(run);
        if (isSealed)
        {
            await run.CloseAsync();
        }

        var disk = run.Directory.Freeze();
        await run.DisposeAsync();
        if (disk.Files.Contains(DatabaseFiles.LockName))
        {
            // What the operating system's lock writes; on the simulated disk nobody needs it.
            disk = disk.Copy();
            disk[DatabaseFiles.LockName].Overwrite(bytes => bytes.Write(0, "4711\n"u8));
        }

        return new DamageCheck(name, disk, run.History.Mark, isSealed ? 0 : 1);
    }

    private static async Task WriteSegmentsAsync(SimulatedRun run)
    {
        await run.CommitAsync(w => w.Insert(1, 40));
        await run.CheckpointAsync();
        await run.CommitAsync(w =>
        {
            w.Delete(1, 5);
            w.Update(1, 10);
            w.Update(1, 10);
            w.Insert(1, 10);
        });
        await run.CheckpointAsync();
        await run.CommitAsync(w => w.Insert(1, 2));
    }
}
