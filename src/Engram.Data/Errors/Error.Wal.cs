using System.Globalization;

namespace Engram.Data;

/// <summary>The write-ahead log: what was not acknowledged, and what cannot be read back.</summary>
internal static partial class Error
{
    /// <summary>The sync that should have made a commit durable failed, or the log was closed before it.</summary>
    public static EngramException CommitOutcomeUnknown(long lsn, Exception cause)
        => new(string.Create(CultureInfo.InvariantCulture, $"Whether commit {lsn} was kept is unknown: writing it to the log failed ({cause.Message}). Close the database, reopen it, and look whether the changes are there before repeating them."),
            SqlStates.TransactionResolutionUnknown, cause);

    public static EngramException LogPoisoned(Exception cause)
        => new($"Nothing more is written to this database since a write to its log failed ({cause.Message}). Close all its connections and reopen it; recovery then finds the last state that is on the disk.",
            SqlStates.Poisoned, cause);

    /// <summary>Bytes that were acknowledged and are not readable any more.</summary>
    /// <param name="file">The log file in which the chain breaks.</param>
    /// <param name="offset">The byte at which the next group was expected.</param>
    /// <param name="firstLsn">The first commit that is missing.</param>
    /// <param name="evidence">What proves that it had been made durable.</param>
    public static EngramException LogDamaged(string file, long offset, long firstLsn, string evidence)
        => new(string.Create(CultureInfo.InvariantCulture, $"The log is damaged: '{file}' holds no valid group at byte {offset}, where commit {firstLsn} begins, and {evidence}. Acknowledged commits from {firstLsn} on are lost or unreadable. {NotOpened}{DamageAdvice}"),
            SqlStates.DataCorrupted);

    public static EngramException LogFileDamaged(string file, string what)
        => new($"The log file '{file}' is damaged: {what}. {NotOpened}{DamageAdvice}",
            SqlStates.DataCorrupted);

    /// <summary>The log does not reach from the checkpoint onwards.</summary>
    public static EngramException LogIncomplete(string directory, long lsnExpected, string found)
        => new(string.Create(CultureInfo.InvariantCulture, $"The log in '{directory}' does not continue at commit {lsnExpected}, where the last checkpoint ends: {found}. Commits may be missing. {NotOpened}{DamageAdvice}"),
            SqlStates.DataCorrupted);
}
