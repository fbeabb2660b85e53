using Engram.Data.Columns;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What a salvage found. The numbers are those of the public enumeration.</summary>
internal enum SalvageKind : byte
{
    /// <summary>CURRENT or the manifest that it names was missing or damaged; another manifest took its place.</summary>
    ReplacedManifest = 0,
    /// <summary>Acknowledged commits that are not in the database any more.</summary>
    LostCommits = 1,
    /// <summary>Rows that lost commits had inserted, changed or deleted, as far as the commits can still be read.</summary>
    LostChanges = 2,
    /// <summary>A segment of which nothing can be read.</summary>
    LostSegment = 3,
    /// <summary>Rows of a segment with a damaged page.</summary>
    LostRows = 4,
    /// <summary>The deletes and updates of a segment's rows since it was written.</summary>
    LostVersions = 5,
    /// <summary>Changes in the log to rows that are lost.</summary>
    SkippedChanges = 6,
    /// <summary>A row whose unique key a newer row has, too.</summary>
    RemovedDuplicate = 7,
    /// <summary>Rows that refer to rows that are not there.</summary>
    DanglingReference = 8,
    /// <summary>Rows with NULL in a column that is NOT NULL.</summary>
    NullInNotNull = 9,
}

/// <summary>One thing that a salvage could not save, or had to change.</summary>
/// <param name="File">Where it was found, relative to the database; "" when it is about no file.</param>
/// <param name="What">One sentence for people.</param>
internal sealed record SalvagedItem(SalvageKind Kind, string File, string What)
{
    public string? Table { get; init; }

    /// <summary>Damaged columns, or those of the key.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Null when unknown, or when it is about no rows.</summary>
    public long? RowIdFirst { get; init; }

    public long? RowIdLast { get; init; }

    public long RowCount { get; init; }

    public Lsn? FirstLsn { get; init; }

    /// <summary>The last commit known to be lost; null when nothing tells.</summary>
    public Lsn? LastLsn { get; init; }

    /// <summary>A row that was set aside, value by value; for the report.</summary>
    public IReadOnlyList<(string Column, string? Value)> Values { get; init; } = [];
}
