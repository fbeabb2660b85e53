using Engram.Data.Columns;

namespace Engram.Data.Storage.Wal;

/// <summary>A log file as the store sees it: which commits it holds.</summary>
/// <param name="LastLsn">Before <see cref="FirstLsn"/> when it holds none.</param>
/// <param name="UsedSizeBytes">Header and groups, without the zeros after them.</param>
internal sealed record WalFileInfo(int Number, Lsn FirstLsn, Lsn LastLsn, long UsedSizeBytes)
{
    public string Name => WalFormat.FileName(Number);
}

/// <summary>Where a new log file takes up: what recovery found, handed to the writer.</summary>
internal sealed record WalPosition
{
    /// <summary>The number of the file that the writer creates.</summary>
    public int FileNumber { get; init; } = 1;

    /// <summary>What the new file's first group continues: its LSN, its number, the checksum before it.</summary>
    public Lsn FirstLsn { get; init; } = new(1);

    public long FirstGroup { get; init; } = 1;

    public uint Checksum { get; init; }

    /// <summary>The LSN of the next commit, after the groups that are copied.</summary>
    public Lsn NextLsn { get; init; } = new(1);

    /// <summary>Groups at the end of the old log that nothing vouches for yet; the writer begins its file with copies of them.</summary>
    public IReadOnlyList<WalGroupLocation> Copies { get; init; } = [];

    /// <summary>Older files that recovery may still need, in order.</summary>
    public IReadOnlyList<WalFileInfo> Files { get; init; } = [];

    /// <summary>Names of files that no recovery needs once the new file stands; the writer deletes them then.</summary>
    public IReadOnlyList<string> Orphans { get; init; } = [];
}

/// <summary>A valid group in an old file.</summary>
internal readonly record struct WalGroupLocation(int FileNumber, long Offset, WalGroupHeader Header);

/// <summary>What reading the log found.</summary>
internal sealed record WalRecoveryResult
{
    /// <summary>Where writing goes on: the argument of <see cref="WalWriter.Create"/>.</summary>
    public required WalPosition Position { get; init; }

    /// <summary>The newest commit in the log.</summary>
    public Lsn LastLsn => new(Position.NextLsn.Value - 1);

    /// <summary>Groups, commits and bytes of commits that were applied; those at or below the checkpoint are not counted.</summary>
    public long Groups { get; init; }

    public long Transactions { get; init; }

    public long Bytes { get; init; }

    /// <summary>Bytes of the torn tail; 0 when the log ended cleanly. They were never acknowledged.</summary>
    public long TornBytes { get; init; }

    /// <summary>Time that passed while files were listed, opened and synced; while they were read and checked, and the tail examined; while commits were applied.</summary>
    public TimeSpan SyncDuration { get; init; }

    public TimeSpan ReadDuration { get; init; }

    public TimeSpan ApplyDuration { get; init; }

    /// <summary>Where the torn tail was copied; empty when there is none or the database is opened read-only.</summary>
    public IReadOnlyList<string> QuarantineNames { get; init; } = [];
}
