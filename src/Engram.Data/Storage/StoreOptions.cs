using Engram.Data.Columns;
using Engram.Data.Storage.Wal;

using Engram.Data.Storage.Indexes;

namespace Engram.Data.Storage;

/// <summary>When a commit is acknowledged.</summary>
internal enum DurabilityMode : byte
{
    /// <summary>After the log was synced.</summary>
    Full = 0,
    /// <summary>Once written; the log is synced at a fixed interval, which bounds the loss at a power cut.</summary>
    Interval = 1,
    /// <summary>Once written; never synced except at checkpoints.</summary>
    None = 2,
}

/// <summary>What opening does with a damaged database.</summary>
internal enum RecoveryMode : byte
{
    /// <summary>Refuses it and changes nothing.</summary>
    Strict = 0,
    /// <summary>Keeps what can be saved, moves the rest to quarantine/ and reports it.</summary>
    Salvage = 1,
}

internal sealed record StoreOptions
{
    public const long CheckpointWalSizeBytesDefault = 64L * 1024 * 1024;

    public const long CheckpointDeltaSizeBytesDefault = 4 * CheckpointWalSizeBytesDefault;

    public static readonly TimeSpan MaintenanceIntervalDefault = TimeSpan.FromSeconds(300);

    public DurabilityMode Durability { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>Only for an opening that may write.</summary>
    public RecoveryMode Recovery { get; init; }

    /// <summary>Whether a database is made where there is none; when false that is EG004.</summary>
    public bool MayCreate { get; init; } = true;

    /// <summary>How long <see cref="DurabilityMode.Interval"/> leaves a commit unsynced.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The log size that starts a checkpoint.</summary>
    public long CheckpointWalSizeBytes { get; init; } = CheckpointWalSizeBytesDefault;

    /// <summary>The memory of new rows that starts a checkpoint, however short the log is that they came in.</summary>
    public long CheckpointDeltaSizeBytes { get; init; } = CheckpointDeltaSizeBytesDefault;

    /// <summary>Least time between two checkpoints, or two compactions, that nothing forces; infinite for none.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = MaintenanceIntervalDefault;

    /// <summary>Makes the conditions of partial indexes; must be there when a table has a unique one. Without it the others have entries for all rows.</summary>
    public IndexConditionFactory? IndexConditions { get; init; }

    /// <summary>Patches of one column of a segment below which they are never folded into a file of their own.</summary>
    public int FoldedPatchCountMin { get; init; } = 256;

    /// <summary>How much memory rows that are in no segment yet, and statements, may take.</summary>
    public long MemoryLimitBytes { get; init; } = MemoryBudget.LimitBytesDefault;

    /// <summary>More log records than this of one transaction are refused (54000).</summary>
    public long CommitSizeBytesMax { get; init; } = WalFormat.CommitSizeBytesMax;

    public long WalFileSizeBytesMin { get; init; } = 256 * 1024;

    public long WalFileSizeBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>How the log is read at opening.</summary>
    public ReplayOptions Replay { get; init; } = ReplayOptions.Default;
}
