using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.SystemTables;

/// <summary>A table that the system makes up when it is read: of the catalog, or of what the database is doing.</summary>
/// <remarks>
/// It is bound by its name after the tables and views of the database, filled once when its operator begins, from the snapshot of the statement, and filtered, joined and
/// sorted as any other. Nothing is gathered for it as long as nobody reads it.
/// </remarks>
/// <param name="Schema">information_schema; or null, for names that begin with engram_ and need none.</param>
/// <param name="Fill">Adds all rows.</param>
internal sealed record SystemTable(string? Schema, string Name, ImmutableArray<(string Name, DataType Type)> Columns, Action<SystemRows> Fill)
{
    private static readonly Dictionary<string, SystemTable> BySchema = InformationSchema.All.ToDictionary(t => t.Name, StringComparer.Ordinal);
    private static readonly Dictionary<string, SystemTable> ByName = StatusTables.All.ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>The system table that a name means, or null.</summary>
    public static SystemTable? Find(ObjectNameSyntax name)
    {
        var table = Fold(name.Name);
        return name.Schema is null ? ByName.GetValueOrDefault(table)
            : Fold(name.Schema) == InformationSchema.Name ? BySchema.GetValueOrDefault(table) : null;
    }

    /// <summary>Names are all in lower case, so that case never matters without quotes.</summary>
    private static string Fold(IdentifierSyntax name) => name.IsQuoted ? name.Text : name.Text.ToLowerInvariant();
}

/// <summary>What the engine tells of itself in system tables. Implemented above Query; called by the thread of the statement.</summary>
internal abstract class SystemSource
{
    /// <summary>The name of the database, as information_schema calls its catalog.</summary>
    public abstract string DatabaseName { get; }

    /// <summary>Settings of the session and of the database, by name.</summary>
    public abstract IEnumerable<(string Name, string Value)> Settings();

    /// <summary>One setting, as SHOW shows it; null when there is none and that is no error.</summary>
    public virtual string? Setting(string name, bool isMissingOk) => null;

    /// <summary>SET, from within a statement.</summary>
    public virtual void Set(string name, string value, bool isLocal)
    {
    }

    public abstract LogStatistics Log();

    /// <summary>States of the database that snapshots hold, with their age and what they keep from being given back.</summary>
    public abstract IEnumerable<SnapshotStatistics> Snapshots();

    /// <summary>Statements that were run lately, with what they took.</summary>
    public abstract IEnumerable<StatementStatistics> Statements();
}

/// <summary>The log at one moment.</summary>
internal readonly record struct LogStatistics(int FileCount, long SizeBytes, long AppendedLsn, long DurableLsn, long CheckpointLsn, long SyncCount, long WrittenSizeBytes);

/// <summary>What snapshots hold that are not of the newest state.</summary>
internal readonly record struct SnapshotStatistics(TimeSpan Age, long FileSizeBytes, long MemorySizeBytes);

/// <summary>What a statement took in all its runs.</summary>
internal readonly record struct StatementStatistics(string Text, long CallCount, TimeSpan Total, TimeSpan Greatest, long RowCount);

/// <summary>Receives the rows of a system table, and gives what they are made of.</summary>
internal sealed class SystemRows : IDisposable
{
    private readonly ColumnBuffer[] columns;

    public SystemRows(SystemTable table, StatementContext context)
    {
        columns = [.. table.Columns.Select(c => new ColumnBuffer(c.Type))];
        Context = context;
    }

    public StatementContext Context { get; }

    public Snapshot Snapshot => Context.Snapshot;

    public DatabaseCatalog Catalog => Context.Snapshot.Catalog.Along(Context.SearchPath);

    /// <summary>The engine; null where a plan runs without one.</summary>
    public SystemSource? Source => Context.System;

    public string DatabaseName => Source?.DatabaseName ?? "engram";

    /// <summary>Tables by schema and name, without the temporary ones of other sessions.</summary>
    public IEnumerable<TableDefinition> Tables => Catalog.Tables.Values.Where(t => !Catalog.IsForeign(t.Schema)).OrderBy(t => t.Schema, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal);

    public IEnumerable<ViewDefinition> Views => Catalog.Views.OrderBy(t => t.Schema, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal);

    public int Count { get; private set; }

    public Column Column(int ordinal) => columns[ordinal].Column;

    public void Add(params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            ClrValue.Append(columns[i], values[i]);
        }

        Count++;
    }

    public void Dispose()
    {
        foreach (var column in columns)
        {
            column.Dispose();
        }
    }
}
