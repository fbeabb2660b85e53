namespace Engram.Data;

/// <summary>How <see cref="EngramConnection.VerifyAsync"/> goes about it.</summary>
public sealed class EngramVerifyOptions
{
    /// <summary>Bytes that it reads a second at most, so that the disk is left to the application; null for as fast as it can.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public long? BytesPerSecondMax
    {
        get;
        set => field = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Bytes a second are 1 or more, or null for no limit.");
    }

    /// <summary>Told after each file; null for nobody. Called on a thread of the pool unless it brings its own.</summary>
    public IProgress<EngramVerifyProgress>? Progress { get; set; }
}

/// <summary>How far a verification is.</summary>
/// <param name="FilesDone">Files checked.</param>
/// <param name="FilesTotal">Files to be checked; the whole log counts as one.</param>
/// <param name="BytesRead">Bytes read so far; some are read more than once.</param>
/// <param name="File">The file just checked, relative to the database's directory.</param>
public readonly record struct EngramVerifyProgress(int FilesDone, int FilesTotal, long BytesRead, string File);

/// <summary>What <see cref="EngramConnection.VerifyAsync"/> found. Immutable.</summary>
public sealed record EngramVerifyReport
{
    internal EngramVerifyReport()
    {
    }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsIntact => Problems.Count == 0;

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<EngramVerifyProblem> Problems { get; init; } = [];

    /// <summary>Files checked; the whole log counts as one.</summary>
    public int Files { get; init; }

    /// <summary>Bytes read; some were read more than once.</summary>
    public long Bytes { get; init; }

    /// <summary>Pages of segments, 64 KiB each, whose checksums were compared.</summary>
    public long Pages { get; init; }

    /// <summary>Rows of all tables, as the verification's snapshot shows them. Rows of tables with damaged segments are not counted.</summary>
    public long Rows { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>Something in a database that is not as it must be. Immutable.</summary>
public sealed record EngramVerifyProblem
{
    internal EngramVerifyProblem()
    {
    }

    /// <summary>The file, relative to the database's directory; empty when it is about rows wherever they lie.</summary>
    public string File { get; init; } = "";

    /// <summary>The table, with its schema unless that is <c>public</c>; null when it is about no table.</summary>
    public string? Table { get; init; }

    /// <summary>The columns; empty when it is about none, or all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The least row id; null when it is about no rows, or they are unknown. Row ids are the engine's own, given in the order of insertion.</summary>
    public long? RowIdFirst { get; init; }

    /// <summary>The greatest row id.</summary>
    public long? RowIdLast { get; init; }

    /// <summary>What is wrong, in a sentence or two.</summary>
    public string What { get; init; } = "";
}
