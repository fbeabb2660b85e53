namespace Engram.Data;

/// <summary>One thing that a salvage could not save, or had to change. Immutable.</summary>
public sealed record EngramSalvagedItem
{
    internal EngramSalvagedItem()
    {
    }

    /// <summary>What kind of loss it is.</summary>
    public EngramSalvageKind Kind { get; init; }

    /// <summary>The file in which it was found, relative to the database's directory; empty when it is about no file.</summary>
    public string File { get; init; } = "";

    /// <summary>The table, with its schema unless that is <c>public</c>; null when it is about no table.</summary>
    public string? Table { get; init; }

    /// <summary>The columns that are damaged, or those of the key; empty when it is about none.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The least row id; null when it is about no rows, or they are unknown. Row ids are the engine's own, given in the order of insertion.</summary>
    public long? RowIdFirst { get; init; }

    /// <summary>The greatest row id.</summary>
    public long? RowIdLast { get; init; }

    /// <summary>How many rows between them; 0 when it is about no rows, or they are unknown.</summary>
    public long RowCount { get; init; }

    /// <summary>The first commit, as a log sequence number; null when it is about no commits.</summary>
    public long? FirstLsn { get; init; }

    /// <summary>The last commit that is known to be lost; null when nothing tells.</summary>
    public long? LastLsn { get; init; }

    /// <summary>The same in a sentence or two, with what led to it.</summary>
    public string What { get; init; } = "";
}

/// <summary>What a salvage lost or changed. <c>docs/repair.md</c> tells for each what was done and what can be done about it.</summary>
public enum EngramSalvageKind
{
    /// <summary><c>CURRENT</c> or the manifest that it names was missing or damaged; another manifest took its place.</summary>
    ReplacedManifest = 0,

    /// <summary>Acknowledged commits that are not in the database any more.</summary>
    LostCommits = 1,

    /// <summary>Rows that lost commits had inserted, changed or deleted, as far as those commits can still be read.</summary>
    LostChanges = 2,

    /// <summary>A segment of which nothing can be read.</summary>
    LostSegment = 3,

    /// <summary>Rows of a segment that has damaged pages.</summary>
    LostRows = 4,

    /// <summary>Deletes and updates of a segment's rows since it was written: its rows are as they were written first, and deleted ones are back.</summary>
    LostVersions = 5,

    /// <summary>Changes in the log to rows that are lost.</summary>
    SkippedChanges = 6,

    /// <summary>A row that was removed because a newer row has its unique key; its values are in the report.</summary>
    RemovedDuplicate = 7,

    /// <summary>Rows that refer, by a foreign key, to rows that are not there any more. They were kept.</summary>
    DanglingReference = 8,

    /// <summary>Rows that have NULL in a column that is NOT NULL. They were kept.</summary>
    NullInNotNull = 9,
}
