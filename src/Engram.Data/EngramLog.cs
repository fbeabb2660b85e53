using System.Globalization;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Wal;

namespace Engram.Data;

/// <summary>Reads the write-ahead log of a database as it stands in its files: for tools and for people who want to see what was written when, not for recovery.</summary>
/// <remarks>
/// <para>Opens nothing but the files of the log and the manifest, takes no lock and writes nothing, so it works beside a process that has the database open. A group
/// that is being written meanwhile shows as not whole; a file that a checkpoint deletes meanwhile is left out.</para>
/// <para>The log begins after the last checkpoint, or somewhat before it: what is older is in segments. Row values are not shown.</para>
/// </remarks>
public static class EngramLog
{
    private const int CatalogAttemptsMax = 5;

    /// <summary>The groups of all log files, oldest file first. Each group was written and synced as one.</summary>
    /// <param name="path">The database's directory.</param>
    /// <returns>Groups that are read one by one as they are asked for: a group's size is what is in memory at a time.</returns>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="EngramException">EG004: there is no database at the path. While enumerating: EG002, a later version wrote the log; 58030, reading fails.</exception>
    public static IEnumerable<EngramLogGroup> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using (var directory = new DiskDirectory(path))
        {
            if (!directory.Exists(CurrentFile.Name))
            {
                throw Error.NoDatabaseToRead(directory.Path);
            }
        }

        return ReadGroups(path);
    }

    private static IEnumerable<EngramLogGroup> ReadGroups(string path)
    {
        using var directory = new DiskDirectory(path);
        var listing = new RedoListing(ReadCatalog(directory));
        foreach (var group in WalListing.Read(directory))
        {
            yield return Describe(directory, listing, group);
        }
    }

    private static EngramLogGroup Describe(DiskDirectory directory, RedoListing listing, in WalListing.Group group)
    {
        var problem = group.Problem;
        var transactions = new List<EngramLogTransaction>(group.Commits.Count);
        var lsn = group.Header?.FirstLsn.Value ?? 0;
        foreach (var commit in group.Commits)
        {
            try
            {
                transactions.Add(new EngramLogTransaction { Lsn = lsn, SizeBytes = commit.Length, Records = [.. listing.Read(commit, directory.Path, lsn).Select(Describe)] });
            }
            catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
            {
                problem ??= string.Create(CultureInfo.InvariantCulture, $"commit {lsn} is not what its format says: {e.Message}");
                transactions.Add(new EngramLogTransaction { Lsn = lsn, SizeBytes = commit.Length });
            }

            lsn++;
        }

        return new EngramLogGroup
        {
            File = group.File,
            Offset = group.Offset,
            SizeBytes = group.SizeBytes,
            Number = group.Header?.Number ?? 0,
            FirstLsn = group.Header?.FirstLsn.Value ?? 0,
            SyncedLsn = group.Header?.SyncedLsn.Value ?? 0,
            IsSeal = group.Header?.IsSeal ?? false,
            Problem = problem,
            Transactions = transactions,
        };
    }

    private static EngramLogRecord Describe(RedoListing.Record record) => new()
    {
        Kind = (EngramLogRecordKind)record.Tag,
        Name = record.Name,
        Columns = record.Columns,
        Rows = record.Rows,
        RowIdFirst = record.RowIdFirst,
        SizeBytes = record.SizeBytes,
    };

    /// <summary>The names of tables. A writer may replace the manifest between CURRENT and the manifest: then once more, and at last without.</summary>
    private static DatabaseCatalog? ReadCatalog(DiskDirectory directory)
    {
        for (var attempt = 0; attempt < CatalogAttemptsMax; attempt++)
        {
            try
            {
                var current = CurrentFile.Read(directory);
                return ManifestFile.Read(directory, current.Generation, current.ManifestChecksum).Catalog;
            }
            catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.IoError)
            {
                // A log is worth reading most of all where the rest is damaged.
                continue;
            }
        }

        return null;
    }
}

/// <summary>Transactions that were written and synced together, or bytes where a group was expected. Immutable.</summary>
public sealed record EngramLogGroup
{
    internal EngramLogGroup()
    {
    }

    /// <summary>The file, relative to the database's directory.</summary>
    public string File { get; init; } = "";

    /// <summary>Where it begins in the file, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>What it takes of the file, in bytes: whole blocks of 4 KiB.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Counts groups from 1 over all files; 0 for bytes that are no group.</summary>
    public long Number { get; init; }

    /// <summary>The number of its first transaction, or of the next one when it has none.</summary>
    public long FirstLsn { get; init; }

    /// <summary>The newest transaction that was known to be durable when this group was written.</summary>
    public long SyncedLsn { get; init; }

    /// <summary>Whether it is a seal: it has no transactions, and says that everything before it is durable.</summary>
    public bool IsSeal { get; init; }

    /// <summary>Whether it is complete and has the checksums that it was written with.</summary>
    public bool IsWhole => Problem is null;

    /// <summary>Why it is not whole; null when it is.</summary>
    public string? Problem { get; init; }

    /// <summary>In the order in which they were committed; none when the group is not whole.</summary>
    public IReadOnlyList<EngramLogTransaction> Transactions { get; init; } = [];
}

/// <summary>One committed transaction in the log. Immutable.</summary>
public sealed record EngramLogTransaction
{
    internal EngramLogTransaction()
    {
    }

    /// <summary>Its number: 1 for the first of the database, one more for each.</summary>
    public long Lsn { get; init; }

    /// <summary>Bytes of its records.</summary>
    public long SizeBytes { get; init; }

    /// <summary>What it did, in order.</summary>
    public IReadOnlyList<EngramLogRecord> Records { get; init; } = [];
}

/// <summary>One thing that a transaction did. Immutable.</summary>
public sealed record EngramLogRecord
{
    internal EngramLogRecord()
    {
    }

    /// <summary>What was done.</summary>
    public EngramLogRecordKind Kind { get; init; }

    /// <summary>The table, sequence or view, with its schema when that is not <c>public</c>; a table of which nothing is known but its number is <c>t5</c>. Null where there is none.</summary>
    public string? Name { get; init; }

    /// <summary>The columns that an update sets, or that files were attached for.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Rows inserted, updated, deleted or attached; 0 for changes of the schema.</summary>
    public long Rows { get; init; }

    /// <summary>The row id of the first of them; 0 when there is none.</summary>
    public long RowIdFirst { get; init; }

    /// <summary>Bytes in the log.</summary>
    public int SizeBytes { get; init; }
}

/// <summary>What a record of the log says. The numbers are those of the file format.</summary>
public enum EngramLogRecordKind
{
    /// <summary>Rows were inserted.</summary>
    Insert = 1,

    /// <summary>Rows were deleted.</summary>
    Delete = 2,

    /// <summary>Columns of rows were set.</summary>
    Update = 3,

    /// <summary>A table was created, or has another definition.</summary>
    PutTable = 4,

    /// <summary>A table was dropped.</summary>
    DropTable = 5,

    /// <summary>The list of schemas is another.</summary>
    Schemas = 6,

    /// <summary>Segments that a bulk load had written became part of a table.</summary>
    Attach = 7,

    /// <summary>Files with one column each became part of segments: a column has another type.</summary>
    AttachColumns = 8,

    /// <summary>A sequence or view was created or changed.</summary>
    PutObject = 16,

    /// <summary>A sequence or view was dropped.</summary>
    DropObject = 17,

    /// <summary>A sequence has given numbers.</summary>
    SequenceValue = 18,
}
