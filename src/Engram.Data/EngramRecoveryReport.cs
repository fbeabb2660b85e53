namespace Engram.Data;

/// <summary>What opening a database found and did: see <see cref="EngramConnection.LastRecovery"/>. Immutable.</summary>
public sealed record EngramRecoveryReport
{
    internal EngramRecoveryReport()
    {
    }

    /// <summary>Whether the database did not exist and was created.</summary>
    public bool WasCreated { get; init; }

    /// <summary>How long opening and recovery took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The same by phase.</summary>
    public EngramRecoveryPhases Phases { get; init; } = new();

    /// <summary>Groups of the log that were applied again: one for each sync since the last checkpoint.</summary>
    public long Groups { get; init; }

    /// <summary>Committed transactions that were applied again.</summary>
    public long Transactions { get; init; }

    /// <summary>Rows inserted, changed or deleted by those transactions.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes of log that were read.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes after the last whole group that a crash left half written; they belonged to no acknowledged commit and were cut. 0 when the log ended cleanly.</summary>
    public long TornBytes { get; init; }

    /// <summary>What a salvage lost or changed; empty when nothing was damaged, or <c>Recovery</c> is <see cref="EngramRecoveryMode.Strict"/>.</summary>
    public IReadOnlyList<EngramSalvagedItem> Salvaged { get; init; } = [];

    /// <summary>Files in <c>quarantine/</c> that this opening put there, relative to the database's directory: damaged ones, the torn tail of the log, reports.</summary>
    public IReadOnlyList<string> QuarantinedFiles { get; init; } = [];
}
