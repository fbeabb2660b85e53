namespace Engram.Data.Storage.Maintenance;

/// <summary>What a verification may use, and whom it tells how far it is.</summary>
/// <param name="BytesPerSecondMax">How much it reads a second at most.</param>
/// <param name="Report">Called with files and bytes done, and with how many there are.</param>
internal sealed record VerificationOptions(long BytesPerSecondMax, Action<VerificationProgress>? Report);

internal readonly record struct VerificationProgress(int FilesDone, int FilesTotal, long BytesRead, string File);

/// <summary>Something that is not as it must be.</summary>
internal sealed record VerificationProblem(string File, string What)
{
    public string? Table { get; init; }

    public IReadOnlyList<string> Columns { get; init; } = [];

    public long? RowIdFirst { get; init; }

    public long? RowIdLast { get; init; }
}

internal sealed record VerificationResult
{
    public required IReadOnlyList<VerificationProblem> Problems { get; init; }

    public int Files { get; init; }

    /// <summary>Bytes read; some more than once.</summary>
    public long Bytes { get; init; }

    public long Pages { get; init; }

    /// <summary>Visible rows of all tables.</summary>
    public long Rows { get; init; }

    public TimeSpan Duration { get; init; }
}
