using System.Data.Common;

namespace Engram.Data;

/// <summary>An error raised by the database: a mistake in a statement, a violated constraint, a fault of the disk.</summary>
/// <remarks>
/// <see cref="SqlState"/> identifies the kind of error and is stable between versions; <c>docs/errors.md</c> lists every code.
/// The message is meant for people and may change. Thread-safe: nothing changes once the error was thrown by a command.
/// </remarks>
public sealed class EngramException : DbException
{
    private DbBatchCommand? batchCommand;

    /// <summary>Creates an error with a message and the SQLSTATE that identifies its kind.</summary>
    /// <param name="message">What went wrong, where, what was expected and found, and what to do.</param>
    /// <param name="sqlState">Five characters, one of those in <c>docs/errors.md</c>.</param>
    /// <param name="innerException">The cause, or null.</param>
    public EngramException(string message, string sqlState, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentException.ThrowIfNullOrEmpty(sqlState);
        SqlState = sqlState;
    }

    internal EngramException(string message, string sqlState, int position)
        : this(message, sqlState)
        => Position = position;

    /// <summary>The five-character SQLSTATE code, never null or empty.</summary>
    public override string SqlState { get; }

    /// <summary>Whether the same operation may succeed when it is simply tried again: a wait that ran out, a serialization conflict.</summary>
    public override bool IsTransient => SqlStates.IsTransient(SqlState);

    /// <summary>The 1-based position, in UTF-16 code units, of the error in the text of the statement; 0 when it has none.</summary>
    public int Position { get; private set; }

    /// <summary>Which statement of the command's text failed: 0 for the first, -1 when none of them was being executed.</summary>
    public int StatementIndex { get; private set; } = -1;

    /// <summary>Whether values that were computed for several rows were too large together, each by itself being none too large.</summary>
    internal bool IsOfSeveralValues { get; init; }

    /// <summary>The command of a batch that failed; null when it was no batch.</summary>
    protected override DbBatchCommand? DbBatchCommand => batchCommand;

    /// <summary>Says at which 0-based offset of the text an error arose; -1 takes the position away.</summary>
    internal EngramException At(int position)
    {
        Position = position + 1;
        return this;
    }

    /// <summary>Says where an error arose, unless that is known already.</summary>
    internal void Locate(int statementIndex, DbBatchCommand? command)
    {
        if (StatementIndex < 0)
        {
            (StatementIndex, batchCommand) = (statementIndex, command);
        }
    }
}
