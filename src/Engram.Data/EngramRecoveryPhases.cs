namespace Engram.Data;

/// <summary>How long each phase of opening took: see <see cref="EngramRecoveryReport.Phases"/>. Immutable.</summary>
/// <remarks>
/// Time that passed on the opening thread, phase after phase, so that the sum is about <see cref="EngramRecoveryReport.Duration"/>. While a long log is
/// applied, other threads read, check and copy ahead: what they do costs time here only where the opening thread waited for them.
/// </remarks>
public sealed record EngramRecoveryPhases
{
    internal EngramRecoveryPhases()
    {
    }

    /// <summary>Taking the lock and reading CURRENT and the manifest; creating a new database, and salvaging a damaged one, too.</summary>
    public TimeSpan Manifest { get; init; }

    /// <summary>Opening segments and reading what changed in them. Their columns and key indexes are read later, when somebody asks for them.</summary>
    public TimeSpan Segments { get; init; }

    /// <summary>Opening the files of the log and syncing them, before they are read.</summary>
    public TimeSpan LogSync { get; init; }

    /// <summary>Reading and checking the log, as far as applying it had to wait for that.</summary>
    public TimeSpan LogRead { get; init; }

    /// <summary>Applying commits: rows, their versions, and the keys of their indexes.</summary>
    public TimeSpan Apply { get; init; }

    /// <summary>Starting a new log file.</summary>
    public TimeSpan LogStart { get; init; }

    /// <summary>Deleting files that nothing needs any more.</summary>
    public TimeSpan Cleanup { get; init; }
}
