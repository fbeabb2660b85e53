using System.Data;
using System.Data.Common;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>Copies many rows into a table: the fastest way to fill one, in bounded memory.</summary>
/// <remarks>
/// <para>All rows of one call are copied or none, as one statement of the connection's transaction, or as a transaction of its own when there is none. Defaults, identities, computed
/// columns, NOT NULL, checks, unique and foreign keys hold as for INSERT; a NULL stays NULL, except in an identity column, which gives a number.</para>
/// <para>Beyond some thousand rows they are written straight to files of the database instead of its log. Other connections write meanwhile; the write lock is taken only at
/// the end, to check keys and to show the rows. Values are taken as parameters are (<c>float[]</c> for a vector); a value of exactly the column's .NET type is the cheapest.</para>
/// <para>Used by one thread at a time; the connection must not be used for anything else during a call.</para>
/// </remarks>
/// <example><code>
/// using var copy = new EngramBulkCopy(connection, "episodes");
/// await copy.WriteToServerAsync(episodes.Select(e => new object?[] { e.Id, e.Text, e.Embedding }));
/// </code></example>
public sealed class EngramBulkCopy : IDisposable
{
    private readonly EngramConnection connection;
    private Interrupt? running;

    /// <summary>Creates a copy into no table yet.</summary>
    /// <param name="connection">Open by the time that rows are copied.</param>
    public EngramBulkCopy(EngramConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        this.connection = connection;
    }

    /// <summary>Creates a copy.</summary>
    /// <param name="connection">Open by the time that rows are copied.</param>
    /// <param name="destinationTableName">See <see cref="DestinationTableName"/>.</param>
    public EngramBulkCopy(EngramConnection connection, string destinationTableName)
        : this(connection) => DestinationTableName = destinationTableName;

    /// <summary>The table, written as in SQL: <c>episodes</c>, <c>"Episodes"</c>, <c>app.episodes</c>. What is no such name is taken as one exact name.</summary>
    public string DestinationTableName { get; set; } = "";

    /// <summary>Which field of a row goes to which column. Empty: fields are the table's columns in their order, without computed ones and identities that always give the number.</summary>
    public IList<EngramBulkCopyColumnMapping> ColumnMappings { get; } = [];

    /// <summary>Seconds that a call may take, waiting for rows included; 0, which it is at first, for no limit. Waiting for the write lock at the end is bounded by the
    /// connection's <see cref="EngramConnection.DefaultTimeout"/> in any case.</summary>
    public int BulkCopyTimeout
    {
        get;
        set => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout is 0 or more seconds.");
    }

    /// <summary>After how many rows <see cref="RowsCopied"/> is raised, rounded up to batches of 2,048; 0, which it is at first, for never.</summary>
    public int NotifyAfter
    {
        get;
        set => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The number of rows is 0 or more.");
    }

    /// <summary>Rows of the last call, so far: they are in the table when it has returned.</summary>
    public long RowsCopiedCount { get; private set; }

    /// <summary>Raised on the thread of the call while rows are copied; may end it.</summary>
    public event EventHandler<EngramRowsCopiedEventArgs>? RowsCopied;

    /// <summary>Copies rows. Each array has the values of one row; it may be used again for the next one.</summary>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="EngramException">What INSERT throws: 23502, 23503, 23505, 23514, 22000, 53100, 55P03; 40001 when the table was altered meanwhile; 57014 when an event ended
    /// it, or the time was up. No row was copied then.</exception>
    public void WriteToServer(IEnumerable<object?[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Waiting.Result(RunAsync(BulkRows.Of(rows), isAsync: false, CancellationToken.None));
    }

    /// <summary>Copies the rows that a reader has left; it stays open. Not one of the same connection's transaction that has written.</summary>
    /// <inheritdoc cref="WriteToServer(IEnumerable{object[]})" path="/exception"/>
    public void WriteToServer(DbDataReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Waiting.Result(RunAsync(BulkRows.Of(reader), isAsync: false, CancellationToken.None));
    }

    /// <summary>The same as <see cref="WriteToServer(IEnumerable{object[]})"/>, without holding a thread while it waits for the lock and the disk's sync.</summary>
    public Task WriteToServerAsync(IEnumerable<object?[]> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(BulkRows.Of(rows), isAsync: true, cancellationToken).AsTask();
    }

    /// <summary>The same, from rows that come in their own time.</summary>
    public Task WriteToServerAsync(IAsyncEnumerable<object?[]> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return RunAsync(BulkRows.Of(rows, cancellationToken), isAsync: true, cancellationToken).AsTask();
    }

    /// <summary>The same as <see cref="WriteToServer(DbDataReader)"/>, without holding a thread while it waits.</summary>
    public Task WriteToServerAsync(DbDataReader reader, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return RunAsync(BulkRows.Of(reader), isAsync: true, cancellationToken).AsTask();
    }

    /// <summary>Ends a call that runs on another thread, at its next batch; it throws 57014.</summary>
    public void Dispose() => Volatile.Read(ref running)?.Cancel();

    private async ValueTask RunAsync(BulkRows rows, bool isAsync, CancellationToken cancellationToken)
    {
        RowsCopiedCount = 0;
        if (connection.State != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(nameof(WriteToServer));
        }

        var session = connection.Session;
        using var interrupt = new Interrupt(TimeSpan.FromSeconds(BulkCopyTimeout), session.Database.Clock, cancellationToken);
        using var commit = new Interrupt(TimeSpan.FromSeconds(connection.DefaultTimeout), session.Database.Clock, cancellationToken);
        Volatile.Write(ref running, interrupt);
        interrupt.Enter();
        try
        {
            if (!await rows.ReadAsync(isAsync, interrupt.Token).ConfigureAwait(false))
            {
                return;
            }

            BulkMapping[] mappings = [.. ColumnMappings.Select(m => new BulkMapping(m.SourceOrdinal, m.SourceColumn, m.DestinationColumn))];
            using var copy = BulkCopy.Create(session, TableText(), mappings, rows, rows.FieldCount >= 0 ? rows.FieldCount : rows.Current.Length);
            await copy.RunAsync(rows, Notify, interrupt, commit, isAsync).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw interrupt.ToException(e);
        }
        finally
        {
            Volatile.Write(ref running, null);
            interrupt.Leave();
            await rows.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Notify(long rows)
    {
        var before = RowsCopiedCount;
        RowsCopiedCount = rows;
        if (NotifyAfter == 0 || rows / NotifyAfter == before / NotifyAfter || RowsCopied is not { } handler)
        {
            return;
        }

        var args = new EngramRowsCopiedEventArgs(rows);
        handler(this, args);
        if (args.Abort)
        {
            throw Error.QueryCanceled();
        }
    }

    /// <summary>The table's name as it may stand in a statement, and nothing else.</summary>
    private string TableText()
    {
        if (DestinationTableName.Length == 0)
        {
            throw Error.NoDestinationTable();
        }

        var at = 0;
        for (var parts = 0; parts < 2; parts++)
        {
            if (!TryReadPart(ref at))
            {
                break;
            }

            if (at == DestinationTableName.Length)
            {
                return DestinationTableName;
            }

            if (DestinationTableName[at++] != '.')
            {
                break;
            }
        }

        return $"\"{DestinationTableName.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private bool TryReadPart(ref int at)
    {
        var start = at;
        var name = DestinationTableName;
        if (at < name.Length && name[at] == '"')
        {
            for (at++; at < name.Length; at++)
            {
                if (name[at] == '"' && (++at == name.Length || name[at] != '"'))
                {
                    return at > start + 2;
                }
            }

            return false;
        }

        while (at < name.Length && (char.IsLetter(name[at]) || name[at] == '_' || (at > start && char.IsDigit(name[at]))))
        {
            at++;
        }

        return at > start;
    }
}
