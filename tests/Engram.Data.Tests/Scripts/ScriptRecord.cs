namespace Engram.Data.Tests.Scripts;

/// <summary>What a record of a script is.</summary>
internal enum ScriptAction
{
    /// <summary>A statement that succeeds, or fails with <see cref="ScriptRecord.State"/>.</summary>
    Statement,

    /// <summary>A query with the rows that it gives.</summary>
    Query,

    /// <summary>Moves all rows into segments.</summary>
    Checkpoint,

    /// <summary>Closes the database and opens it again.</summary>
    Reopen,
}

/// <summary>In which order rows are compared.</summary>
internal enum ScriptSort
{
    /// <summary>In the order in which they come.</summary>
    None,

    /// <summary>Rows sorted as texts.</summary>
    Rows,

    /// <summary>All values sorted as texts, one a line.</summary>
    Values,
}

/// <summary>One statement, query or directive of a script.</summary>
internal sealed record ScriptRecord(int Line, ScriptAction Action, string Sql)
{
    /// <summary>The name of the connection that runs it.</summary>
    public string Connection { get; init; } = "";

    /// <summary>The database that skips it; null when both run it.</summary>
    public string? SkippedBy { get; init; }

    /// <summary>Why one of them skips it.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The SQLSTATE that it fails with; null when it succeeds.</summary>
    public string? State { get; init; }

    /// <summary>The SQLSTATE of PostgreSQL where it is another.</summary>
    public string? PostgresState { get; init; }

    /// <summary>Rows affected; null when it does not matter.</summary>
    public int? Count { get; init; }

    /// <summary>A letter for the type of each column, see <see cref="ScriptText"/>.</summary>
    public string Types { get; init; } = "";

    public ScriptSort Sort { get; init; }

    public IReadOnlyList<string> Expected { get; init; } = [];

    /// <summary>Whether the database of this name runs it.</summary>
    public bool IsFor(string database) => SkippedBy != database;
}
