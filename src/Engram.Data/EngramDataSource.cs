using System.Data.Common;
using Engram.Data.Engine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data;

/// <summary>A database that an application holds on to: makes its connections, and keeps the database open from the first of them until it is disposed.</summary>
/// <remarks>
/// Thread-safe; make one for each database and keep it for the life of the application. With <c>:memory:</c> all connections of one data source share one
/// private database, which goes with it. Disposing closes the database when no connection uses it any more.
/// </remarks>
public sealed class EngramDataSource : DbDataSource
{
    private readonly ConnectionSettings settings;
    private readonly Lock gate = new();
    private DatabaseLease? lease;
    private bool isDisposed;

    /// <summary>Creates a data source. Nothing is opened yet.</summary>
    /// <param name="connectionString">See docs/connection-strings.md.</param>
    /// <param name="loggerFactory">Where the engine logs to; null for nowhere.</param>
    /// <exception cref="ArgumentException">A keyword is unknown, or a value is none that its keyword takes.</exception>
    public EngramDataSource(string connectionString, ILoggerFactory? loggerFactory = null)
        : this(connectionString, loggerFactory, TimeSpan.Zero)
    {
    }

    internal EngramDataSource(string connectionString, ILoggerFactory? loggerFactory, TimeSpan slowThreshold)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        var parsed = ConnectionSettings.Parse(connectionString);
        settings = parsed.IsPrivate ? parsed with { PrivateName = ConnectionSettings.NextPrivateName() } : parsed;
        SlowThreshold = slowThreshold;
        Logger = loggerFactory?.CreateLogger("Engram.Data") ?? (ILogger)NullLogger.Instance;
    }

    /// <inheritdoc/>
    public override string ConnectionString => settings.ConnectionString;

    internal ILogger Logger { get; }

    /// <summary>From when on a command is slow; zero for never.</summary>
    internal TimeSpan SlowThreshold { get; }

    /// <summary>Creates a connection, closed.</summary>
    public new EngramConnection CreateConnection()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return new EngramConnection(this, settings);
    }

    /// <summary>Creates a connection and opens it.</summary>
    public new EngramConnection OpenConnection()
    {
        var connection = CreateConnection();
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Creates a connection and opens it.</summary>
    public new async ValueTask<EngramConnection> OpenConnectionAsync(CancellationToken cancellationToken = default)
    {
        var connection = CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes a lease that keeps the database open; false when it has one.</summary>
    internal bool TryHold(DatabaseLease held)
    {
        lock (gate)
        {
            if (isDisposed || lease is not null)
            {
                return false;
            }

            lease = held;
            return true;
        }
    }

    internal bool IsHolding
    {
        get
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(isDisposed, this);
                return lease is not null;
            }
        }
    }

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => CreateConnection();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && TakeLease() is { } returned)
        {
            Waiting.Result(returned.ReturnAsync(isAsync: false));
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeAsyncCore()
    {
        if (TakeLease() is { } returned)
        {
            await returned.ReturnAsync(isAsync: true).ConfigureAwait(false);
        }

        await base.DisposeAsyncCore().ConfigureAwait(false);
    }

    private DatabaseLease? TakeLease()
    {
        lock (gate)
        {
            isDisposed = true;
            var taken = lease;
            lease = null;
            return taken;
        }
    }
}
