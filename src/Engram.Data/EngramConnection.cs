using System.ComponentModel;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Engram.Data.Engine;
using Engram.Data.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data;

/// <summary>A connection to a database: cheap to open and close, since the database itself stays open in the process for a moment.</summary>
/// <remarks>
/// Used by one thread at a time, as every ADO.NET connection; any number of connections may be open to one database. Several readers may be open on
/// one connection. Closing rolls an open transaction back and closes open readers.
/// </remarks>
public sealed partial class EngramConnection : DbConnection
{
    private readonly EngramDataSource? source;
    // Weak, so that readers which the application forgets do not pile up with their snapshots while the connection stays open.
    private readonly List<WeakReference<EngramDataReader>> readers = [];
    private readonly Stack<WeakReference<EngramDataReader>> spareReaders = [];
    private string connectionString = "";
    private ConnectionSettings settings = ConnectionSettings.Default;
    private ConnectionState state;
    private DatabaseLease? lease;
    private Session? session;

    /// <summary>Creates a connection without a connection string.</summary>
    public EngramConnection()
    {
    }

    /// <summary>Creates a connection, closed.</summary>
    /// <param name="connectionString">Such as <c>Data Source=memory.engram</c>; see docs/connection-strings.md.</param>
    /// <exception cref="ArgumentException">A keyword is unknown, or a value is none that its keyword takes.</exception>
    public EngramConnection(string? connectionString) => ConnectionString = connectionString;

    internal EngramConnection(EngramDataSource source, ConnectionSettings settings)
    {
        this.source = source;
        this.settings = settings;
        connectionString = settings.ConnectionString;
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string ConnectionString
    {
        get => connectionString;
        set
        {
            if (state != ConnectionState.Closed)
            {
                throw Error.ConnectionNotClosed("Setting ConnectionString");
            }

            settings = ConnectionSettings.Parse(value ?? "");
            connectionString = value ?? "";
        }
    }

    /// <summary>The name of the database: the last part of its path.</summary>
    public override string Database => Path.GetFileName(Path.TrimEndingDirectorySeparator(settings.DataSource));

    /// <summary>The full path of the database when it is open, else what the connection string says.</summary>
    public override string DataSource => lease is { Database.Target: { IsMemory: false } target } ? target.Path : settings.DataSource;

    /// <summary>The version of this library, which is the version of the database engine.</summary>
    public override string ServerVersion { get; } = typeof(EngramConnection).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <inheritdoc/>
    public override ConnectionState State => state;

    /// <summary>Seconds that opening waits for another process to close the database: the connection string's <c>Default Timeout</c>.</summary>
    public override int ConnectionTimeout => DefaultTimeout;

    /// <summary>Seconds that commands of this connection may take; 0 is without limit. From the connection string; may be changed.</summary>
    public int DefaultTimeout
    {
        get => settings.DefaultTimeout;
        set => settings = value >= 0 ? settings with { DefaultTimeout = value } : throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout is 0 or more seconds.");
    }

    /// <inheritdoc/>
    public override bool CanCreateBatch => true;

    /// <summary>What recovery found and did when the database was opened by the process; null until <see cref="Open"/> has been called.</summary>
    /// <remarks>A connection that joins a database which is open already gets the report of that opening.</remarks>
    public EngramRecoveryReport? LastRecovery { get; private set; }

    /// <inheritdoc/>
    protected override DbProviderFactory DbProviderFactory => EngramFactory.Instance;

    internal Session Session => (ambient is null ? session : AmbientOrOwn()) ?? throw Error.ConnectionNotOpen("This");

    /// <summary>Opens the connection, and the database if the process does not have it open: takes its lock and runs recovery.</summary>
    /// <exception cref="EngramException">EG001 not a database, EG002 other format, EG004 not found, 55P03 locked by another process, XX001 damaged.</exception>
    public override void Open()
    {
        BeginOpen();
        try
        {
            EndOpen(Waiting.Result(LeaseAsync(isAsync: false, CancellationToken.None)));
            Waiting.Result(EnlistInScopeAsync(isAsync: false));
        }
        catch
        {
            state = ConnectionState.Closed;
            throw;
        }
    }

    /// <summary>The same as <see cref="Open"/>; waits for another process without holding a thread.</summary>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeginOpen();
        try
        {
            EndOpen(await LeaseAsync(isAsync: true, cancellationToken).ConfigureAwait(false));
            await EnlistInScopeAsync(isAsync: true).ConfigureAwait(false);
        }
        catch
        {
            state = ConnectionState.Closed;
            throw;
        }
    }

    /// <summary>Rolls an open transaction back, closes open readers and gives the database back to the process, which keeps it open for <c>Keep Alive</c>.</summary>
    public override void Close() => Waiting.Result(CloseAsync(isAsync: false));

    /// <inheritdoc/>
    public override Task CloseAsync() => CloseAsync(isAsync: true).AsTask();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await CloseAsync(isAsync: true).ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Not possible: a connection belongs to one database.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void ChangeDatabase(string databaseName)
        => throw new NotSupportedException("A connection belongs to one database. Open another connection for the other one.");

    /// <summary>Creates a command on this connection.</summary>
    public new EngramCommand CreateCommand() => new() { Connection = this };

    /// <summary>Creates a batch on this connection.</summary>
    public new EngramBatch CreateBatch() => new() { Connection = this };

    /// <summary>Begins a transaction at read committed.</summary>
    public new EngramTransaction BeginTransaction() => BeginTransaction(IsolationLevel.Unspecified);

    /// <summary>Begins a transaction. It takes the write lock only with its first write (with its first statement at Serializable).</summary>
    /// <param name="isolationLevel">ReadCommitted (also for Unspecified and ReadUncommitted), Snapshot (also for RepeatableRead), or Serializable.</param>
    /// <exception cref="InvalidOperationException">The connection is closed, or a transaction is active on it already.</exception>
    public new EngramTransaction BeginTransaction(IsolationLevel isolationLevel)
    {
        if (state != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(nameof(BeginTransaction));
        }

        var isolation = isolationLevel switch
        {
            IsolationLevel.Unspecified or IsolationLevel.ReadUncommitted or IsolationLevel.ReadCommitted => Isolation.ReadCommitted,
            IsolationLevel.RepeatableRead or IsolationLevel.Snapshot => Isolation.Snapshot,
            IsolationLevel.Serializable => Isolation.Serializable,
            _ => throw Error.UnknownIsolationLevel(isolationLevel),
        };
        var target = Session;
        return target.Transaction is { IsEnded: false } ? throw Error.TransactionIsOpen() : new EngramTransaction(this, target.Begin(isolation));
    }

    /// <summary>Closes the database of a connection at once when no connection uses it (else with its last one), instead of after <c>Keep Alive</c>: lock, maps and files are let go.</summary>
    public static void ClearPool(EngramConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (connection.settings.DataSource.Length > 0)
        {
            DatabaseRegistry.Close(connection.settings.ToTarget().Key);
        }
    }

    /// <summary>Does for every database of the process what <see cref="ClearPool"/> does for one.</summary>
    public static void ClearAllPools() => DatabaseRegistry.CloseAll();

    /// <summary>Whether there is a database at the connection string's <c>Data Source</c>. Opens and creates nothing.</summary>
    /// <returns>For a database in memory: whether it is open in this process.</returns>
    public static bool DatabaseExists(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        return DatabaseRegistry.Exists(ToNamedTarget(connectionString));
    }

    /// <summary>Deletes the database at the connection string's <c>Data Source</c>: its files, and its directory when nothing else is in it.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EngramException">55006: connections to it are open in this process. 55P03: another process has it open.</exception>
    public static bool DeleteDatabase(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        return DatabaseRegistry.Delete(ToNamedTarget(connectionString));
    }

    /// <summary>Closes this connection, which must be the only one to its database, and deletes the database.</summary>
    /// <returns>False when there is none, or when it was in memory alone.</returns>
    /// <exception cref="EngramException">55006: other connections to it are open in this process, or a transaction on this one; the connection stays open then. 55P03: another process
    /// has it open.</exception>
    public bool DeleteDatabase()
    {
        var target = ToNamedTarget(ConnectionString);
        if (state == ConnectionState.Open)
        {
            if (ambient is { IsEnded: false } || Session.Transaction is { IsEnded: false })
            {
                throw Error.DatabaseInTransaction(target.Path);
            }

            DatabaseRegistry.CheckOnlyConnection(target);
            Close();
        }

        return DatabaseRegistry.Delete(target);
    }

    internal void Attach(EngramDataReader reader)
    {
        if (!spareReaders.TryPop(out var entry))
        {
            // None to spare: as many as ever are open, or they were forgotten.
            if (readers.Count >= 8)
            {
                RemoveReader(null);
            }

            entry = spareReaders.TryPop(out var forgotten) ? forgotten : new WeakReference<EngramDataReader>(reader);
        }

        entry.SetTarget(reader);
        readers.Add(entry);
    }

    /// <summary>Null when nobody listens.</summary>
    internal CommandTrace? StartTrace(ReadOnlySpan<(string Sql, ParameterList)> items)
    {
        var slowThreshold = source?.SlowThreshold ?? TimeSpan.Zero;
        if (!CommandTrace.IsWanted(slowThreshold))
        {
            return null;
        }

        var text = new StringBuilder();
        foreach (var (sql, _) in items)
        {
            text.Append(text.Length == 0 ? "" : ";\n").Append(sql);
        }

        return new CommandTrace(Database, text.ToString(), CommandTrace.OperationOf(items), items.Length, slowThreshold, source?.Logger ?? NullLogger.Instance);
    }

    internal void Detach(EngramDataReader reader) => RemoveReader(reader);

    /// <summary>Removes a reader, and those that are gone on the way to it.</summary>
    private void RemoveReader(EngramDataReader? reader)
    {
        for (var i = readers.Count - 1; i >= 0; i--)
        {
            var entry = readers[i];
            var isThere = entry.TryGetTarget(out var target);
            if (!isThere || ReferenceEquals(target, reader))
            {
                readers.RemoveAt(i);
                entry.SetTarget(null!);
                spareReaders.Push(entry);
                if (isThere)
                {
                    return;
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override DbCommand CreateDbCommand() => CreateCommand();

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => CreateBatch();

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => BeginTransaction(isolationLevel);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
        }

        base.Dispose(disposing);
    }

    private void BeginOpen()
    {
        if (state != ConnectionState.Closed)
        {
            throw Error.ConnectionNotClosed(nameof(Open));
        }

        if (settings.DataSource.Length == 0 && settings.Mode != EngramOpenMode.Memory)
        {
            throw Error.NoDataSource();
        }

        state = ConnectionState.Connecting;
    }

    private async ValueTask<DatabaseLease> LeaseAsync(bool isAsync, CancellationToken cancellationToken)
    {
        var target = settings.ToTarget();
        var logger = source?.Logger ?? NullLogger.Instance;
        if (source is { IsHolding: false })
        {
            // A data source keeps the database for its life, and disposing it lets go of everything at once.
            var held = await DatabaseRegistry.OpenAsync(target with { KeepAlive = TimeSpan.Zero }, logger, isAsync, cancellationToken).ConfigureAwait(false);
            if (!source.TryHold(held))
            {
                await held.ReturnAsync(isAsync).ConfigureAwait(false);
            }
        }

        return await DatabaseRegistry.OpenAsync(target, logger, isAsync, cancellationToken).ConfigureAwait(false);
    }

    private void EndOpen(DatabaseLease opened)
    {
        lease = opened;
        session = new Session(opened.Database, settings.Mode == EngramOpenMode.ReadOnly, settings.MaxParallelism);
        LastRecovery = ToReport(opened.Database.Store.Recovery);
        state = ConnectionState.Open;
        OnStateChange(new StateChangeEventArgs(ConnectionState.Closed, ConnectionState.Open));
    }

    internal async ValueTask CloseAsync(bool isAsync)
    {
        if (state != ConnectionState.Open)
        {
            return;
        }

        try
        {
            while (readers.Count > 0)
            {
                if (readers[^1].TryGetTarget(out var open))
                {
                    open.Abandon();
                }
                else
                {
                    RemoveReader(null);
                }
            }

            session?.Dispose();
        }
        finally
        {
            var returned = lease;
            if (ambient is { IsEnded: true })
            {
                ambient.EndAborted();
            }

            ambient = null;
            session = null;
            lease = null;
            state = ConnectionState.Closed;
            if (returned is not null)
            {
                await returned.ReturnAsync(isAsync).ConfigureAwait(false);
            }
        }

        OnStateChange(new StateChangeEventArgs(ConnectionState.Open, ConnectionState.Closed));
    }

    private static DatabaseTarget ToNamedTarget(string connectionString)
    {
        var settings = ConnectionSettings.Parse(connectionString);
        return settings.DataSource.Length > 0 || settings.Mode == EngramOpenMode.Memory ? settings.ToTarget() : throw Error.NoDataSource();
    }

    private static EngramRecoveryReport ToReport(RecoveryReport report) => new()
    {
        WasCreated = report.WasCreated,
        Duration = report.Duration,
        Phases = new EngramRecoveryPhases
        {
            Manifest = report.Phases.Manifest,
            Segments = report.Phases.Segments,
            LogSync = report.Phases.LogSync,
            LogRead = report.Phases.LogRead,
            Apply = report.Phases.Apply,
            LogStart = report.Phases.LogStart,
            Cleanup = report.Phases.Cleanup,
        },
        Groups = report.Groups,
        Transactions = report.Transactions,
        Rows = report.Rows,
        Bytes = report.Bytes,
        TornBytes = report.TornBytes,
        Salvaged = [.. report.Salvaged.Select(i => new EngramSalvagedItem
        {
            Kind = (EngramSalvageKind)i.Kind,
            File = i.File,
            Table = i.Table,
            Columns = i.Columns,
            RowIdFirst = i.RowIdFirst,
            RowIdLast = i.RowIdLast,
            RowCount = i.RowCount,
            FirstLsn = i.FirstLsn?.Value,
            LastLsn = i.LastLsn?.Value,
            What = i.What,
        })],
        QuarantinedFiles = report.QuarantinedFiles,
    };
}
