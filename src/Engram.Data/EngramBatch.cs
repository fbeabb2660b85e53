using System.Data;
using System.Data.Common;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>Several commands, each with parameters of its own, that run one after the other in one call.</summary>
/// <remarks>Each statement is a transaction of its own unless one is active: begin one for all or nothing, and to sync once. Used by one thread at a time,
/// except <see cref="Cancel"/>.</remarks>
public sealed class EngramBatch : DbBatch
{
    private int? timeout;
    private volatile Interrupt? running;

    /// <summary>Creates a batch without commands.</summary>
    public EngramBatch()
    {
    }

    /// <summary>Creates a batch on a connection.</summary>
    public EngramBatch(EngramConnection? connection, EngramTransaction? transaction = null)
    {
        Connection = connection;
        Transaction = transaction;
    }

    /// <summary>The commands, in the order in which they run.</summary>
    public new EngramBatchCommandCollection BatchCommands { get; } = new();

    /// <summary>Seconds that the engine may work and wait for locks; 0 is without limit. The connection's <c>Default Timeout</c> until it is set.</summary>
    public override int Timeout
    {
        get => timeout ?? Connection?.DefaultTimeout ?? ConnectionSettings.Default.DefaultTimeout;
        set => timeout = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout is 0 or more seconds.");
    }

    /// <summary>The connection that runs the batch.</summary>
    public new EngramConnection? Connection { get; set; }

    /// <summary>The connection's transaction. Null also takes part in the one that is active.</summary>
    public new EngramTransaction? Transaction { get; set; }

    /// <inheritdoc/>
    protected override DbBatchCommandCollection DbBatchCommands => BatchCommands;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => Connection;
        set => Connection = (EngramConnection?)value;
    }

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = (EngramTransaction?)value;
    }

    /// <summary>Ends the batch that is running, from another thread: it fails with 57014. Nothing happens when none is.</summary>
    public override void Cancel() => running?.Cancel();

    /// <summary>Parses all commands now.</summary>
    public override void Prepare()
    {
        var connection = OpenConnection(nameof(Prepare));
        for (var i = 0; i < BatchCommands.Count; i++)
        {
            connection.Session.Prepare(BatchCommands[i].CommandText);
        }
    }

    /// <inheritdoc/>
    public override Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        Prepare();
        return Task.CompletedTask;
    }

    /// <summary>Runs all commands.</summary>
    /// <returns>Rows inserted, updated and deleted by all of them; -1 when none of them changes rows.</returns>
    public override int ExecuteNonQuery()
    {
        using var reader = ExecuteReader();
        while (reader.NextResult())
        {
        }

        return reader.RecordsAffected;
    }

    /// <inheritdoc/>
    public override async Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default)
    {
        var reader = await ExecuteReaderAsync(CommandBehavior.Default, isAsync: true, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
            {
            }

            return reader.RecordsAffected;
        }
    }

    /// <summary>Runs all commands and returns the first column of the first row of the first result; null when there is no row.</summary>
    public override object? ExecuteScalar()
    {
        using var reader = ExecuteReader();
        var value = reader.Read() && reader.FieldCount > 0 ? reader.GetValue(0) : null;
        while (reader.NextResult())
        {
        }

        return value;
    }

    /// <inheritdoc/>
    public override async Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default)
    {
        var reader = await ExecuteReaderAsync(CommandBehavior.Default, isAsync: true, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var value = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) && reader.FieldCount > 0 ? reader.GetValue(0) : null;
            while (await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
            {
            }

            return value;
        }
    }

    /// <summary>Runs the commands up to the first statement that gives rows.</summary>
    public new EngramDataReader ExecuteReader(CommandBehavior behavior = CommandBehavior.Default)
        => Waiting.Result(ExecuteReaderAsync(behavior, isAsync: false, CancellationToken.None));

    /// <inheritdoc/>
    protected override DbBatchCommand CreateDbBatchCommand() => new EngramBatchCommand();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => ExecuteReader(behavior);

    /// <inheritdoc/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
        => await ExecuteReaderAsync(behavior, isAsync: true, cancellationToken).ConfigureAwait(false);

    private async ValueTask<EngramDataReader> ExecuteReaderAsync(CommandBehavior behavior, bool isAsync, CancellationToken cancellationToken)
    {
        var connection = OpenConnection(nameof(ExecuteReader));
        cancellationToken.ThrowIfCancellationRequested();
        var items = new (string, ParameterList)[BatchCommands.Count];
        for (var i = 0; i < items.Length; i++)
        {
            var command = BatchCommands[i];
            command.Affected = -1;
            items[i] = (command.CommandText, command.Parameters.ToList());
        }

        var interrupt = connection.Session.CreateInterrupt(TimeSpan.FromSeconds(Timeout), cancellationToken);
        running = interrupt;
        var run = new ScriptRun(connection.Session, items, interrupt, (behavior & CommandBehavior.SchemaOnly) != 0);
        var reader = new EngramDataReader(connection, null, BatchCommands, run, behavior, connection.StartTrace(items));
        await reader.StartAsync(isAsync).ConfigureAwait(false);
        return reader;
    }

    private EngramConnection OpenConnection(string member)
    {
        var connection = Connection ?? throw Error.NoConnection(member);
        if (connection.State != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(member);
        }

        return Transaction is null || Transaction.IsActiveOn(connection) ? connection : throw Error.WrongTransaction();
    }
}
