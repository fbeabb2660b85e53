using Engram.Data.Storage.Maintenance;

namespace Engram.Data.Storage;

/// <summary>What opening a database found and did.</summary>
internal sealed record RecoveryReport
{
    /// <summary>Whether the database was created by this opening.</summary>
    public bool WasCreated { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>What it is made of, on the opening thread.</summary>
    public RecoveryPhases Phases { get; init; }

    /// <summary>Groups and transactions of the log that were applied again, and the rows and bytes in them.</summary>
    public long Groups { get; init; }

    public long Transactions { get; init; }

    public long Rows { get; init; }

    public long Bytes { get; init; }

    /// <summary>Bytes of an unacknowledged torn tail that were cut and kept aside; 0 when the log ended cleanly.</summary>
    public long TornBytes { get; init; }

    /// <summary>What a salvage lost or changed; empty when nothing was damaged, or nobody asked for one.</summary>
    public IReadOnlyList<SalvagedItem> Salvaged { get; init; } = [];

    /// <summary>Files in quarantine/ that this opening put there.</summary>
    public IReadOnlyList<string> QuarantinedFiles { get; init; } = [];
}

/// <summary>How long the opening thread was in each phase of opening. They follow each other; what other threads did meanwhile counts where it was waited for.</summary>
internal readonly record struct RecoveryPhases(
    TimeSpan Manifest, TimeSpan Segments, TimeSpan LogSync, TimeSpan LogRead, TimeSpan Apply, TimeSpan LogStart, TimeSpan Cleanup);
