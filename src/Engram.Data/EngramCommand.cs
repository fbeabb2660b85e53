using System.ComponentModel;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>One or more SQL statements, separated by semicolons, with their parameters.</summary>
/// <remarks>
/// <para>Statements run in order, each as a transaction of its own unless one is active. A reader stops at each statement that gives rows; <c>NextResult</c> goes
/// on, and closing the reader runs what is left, as in other providers.</para>
/// <para>Texts are parsed and planned once and kept by the database, so that a command object is cheap. Used by one thread at a time, except <see cref="Cancel"/>.</para>
/// </remarks>
public sealed class EngramCommand : DbCommand
{
    private readonly EngramParameterCollection parameters = new();
    private string commandText = "";
    private int? commandTimeout;
    private EngramDataReader? reader;
    private volatile Interrupt? running;

    /// <summary>Creates a command without text and connection.</summary>
    public EngramCommand()
    {
    }

    /// <summary>Creates a command.</summary>
    /// <param name="commandText">One or more statements.</param>
    /// <param name="connection">The connection that runs them; may be set later.</param>
    /// <param name="transaction">The connection's transaction, or null: a command always takes part in the one that is active.</param>
    public EngramCommand(string? commandText, EngramConnection? connection = null, EngramTransaction? transaction = null)
    {
        CommandText = commandText;
        Connection = connection;
        Transaction = transaction;
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string CommandText
    {
        get => commandText;
        set
        {
            ThrowIfReading("Setting CommandText");
            commandText = value ?? "";
        }
    }

    /// <summary>Seconds that the engine may work and wait for locks, not counting the time between reads; 0 is without limit. The connection's <c>Default Timeout</c> until it is set.</summary>
    public override int CommandTimeout
    {
        get => commandTimeout ?? Connection?.DefaultTimeout ?? ConnectionSettings.Default.DefaultTimeout;
        set => commandTimeout = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A timeout is 0 or more seconds.");
    }

    /// <summary>Always <see cref="CommandType.Text"/>.</summary>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw Error.OnlyTextCommands(value);
            }
        }
    }

    /// <summary>The connection that runs the command.</summary>
    public new EngramConnection? Connection
    {
        get;
        set
        {
            ThrowIfReading("Setting Connection");
            field = value;
        }
    }

    /// <summary>The connection's transaction. Null also takes part in the one that is active.</summary>
    public new EngramTransaction? Transaction { get; set; }

    /// <summary>The parameters, which the text refers to by name or by place.</summary>
    public new EngramParameterCollection Parameters => parameters;

    /// <inheritdoc/>
    [DefaultValue(true), Browsable(false), EditorBrowsable(EditorBrowsableState.Never)]
    public override bool DesignTimeVisible { get; set; }

    /// <inheritdoc/>
    public override UpdateRowSource UpdatedRowSource { get; set; }

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => Connection;
        set => Connection = (EngramConnection?)value;
    }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction
    {
        get => Transaction;
        set => Transaction = (EngramTransaction?)value;
    }

    /// <summary>Ends the command that is running, from another thread: it fails with 57014. Nothing happens when none is.</summary>
    public override void Cancel() => running?.Cancel();

    /// <summary>Parses the text now, so that a mistake in it is found and the first execution is faster.</summary>
    /// <exception cref="EngramException">42601: a syntax error, with its position.</exception>
    public override void Prepare() => OpenConnection(nameof(Prepare)).Session.Prepare(commandText);

    /// <summary>Creates a parameter that belongs to no command yet.</summary>
    public new EngramParameter CreateParameter() => (EngramParameter)base.CreateParameter();

    /// <summary>Runs all statements.</summary>
    /// <returns>Rows inserted, updated and deleted by all of them; -1 when none of them changes rows.</returns>
    public override int ExecuteNonQuery()
    {
        using var result = ExecuteReader(CommandBehavior.Default);
        return Drain(result);
    }

    /// <inheritdoc/>
    public override async Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken)
    {
        var result = await ExecuteReaderAsync(CommandBehavior.Default, cancellationToken).ConfigureAwait(false);
        await using (result.ConfigureAwait(false))
        {
            // The token was given to the run, which looks at it while it waits and computes, but not after the last commit.
            while (await result.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
            {
            }

            return result.RecordsAffected;
        }
    }

    /// <summary>Runs all statements and returns the first column of the first row of the first result; null when there is no row.</summary>
    public override object? ExecuteScalar()
    {
        using var result = ExecuteReader(CommandBehavior.Default);
        var value = result.Read() && result.FieldCount > 0 ? result.GetValue(0) : null;
        Drain(result);
        return value;
    }

    /// <inheritdoc/>
    public override async Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken)
    {
        var result = await ExecuteReaderAsync(CommandBehavior.Default, cancellationToken).ConfigureAwait(false);
        await using (result.ConfigureAwait(false))
        {
            var value = await result.ReadAsync(CancellationToken.None).ConfigureAwait(false) && result.FieldCount > 0 ? result.GetValue(0) : null;
            while (await result.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
            {
            }

            return value;
        }
    }

    /// <summary>Runs the statements up to the first that gives rows.</summary>
    public new EngramDataReader ExecuteReader() => ExecuteReader(CommandBehavior.Default);

    /// <summary>Runs the statements up to the first that gives rows.</summary>
    /// <param name="behavior">CloseConnection, SchemaOnly, SingleResult and SingleRow are heeded; the others change nothing.</param>
    public new EngramDataReader ExecuteReader(CommandBehavior behavior)
        => Waiting.Result(ExecuteReaderAsync(behavior, isAsync: false, CancellationToken.None));

    /// <summary>Runs the statements up to the first that gives rows. Waits for locks and for the disk without holding a thread.</summary>
    public new Task<EngramDataReader> ExecuteReaderAsync(CancellationToken cancellationToken = default)
        => ExecuteReaderAsync(CommandBehavior.Default, cancellationToken);

    /// <summary>Runs the statements up to the first that gives rows. Waits for locks and for the disk without holding a thread.</summary>
    public new Task<EngramDataReader> ExecuteReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken = default)
        => ExecuteReaderAsync(behavior, isAsync: true, cancellationToken).AsTask();

    internal void Detach(EngramDataReader closed)
    {
        if (ReferenceEquals(reader, closed))
        {
            reader = null;
            running = null;
        }
    }

    /// <inheritdoc/>
    protected override DbParameter CreateDbParameter() => new EngramParameter();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => ExecuteReader(behavior);

    /// <inheritdoc/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
        => await ExecuteReaderAsync(behavior, isAsync: true, cancellationToken).ConfigureAwait(false);

    private static int Drain(EngramDataReader result)
    {
        while (result.NextResult())
        {
        }

        return result.RecordsAffected;
    }

    private async ValueTask<EngramDataReader> ExecuteReaderAsync(CommandBehavior behavior, bool isAsync, CancellationToken cancellationToken)
    {
        var connection = OpenConnection(nameof(ExecuteReader));
        ThrowIfReading(nameof(ExecuteReader));
        cancellationToken.ThrowIfCancellationRequested();
        var isSchemaOnly = (behavior & CommandBehavior.SchemaOnly) != 0;
        var values = parameters.ToListAgain();
        var interrupt = connection.Session.CreateInterrupt(TimeSpan.FromSeconds(CommandTimeout), cancellationToken);
        running = interrupt;
        var run = new ScriptRun(connection.Session, [(commandText, values)], interrupt, isSchemaOnly);
        var opened = new EngramDataReader(connection, this, null, run, behavior, connection.StartTrace([(commandText, values)]));
        try
        {
            await opened.StartAsync(isAsync).ConfigureAwait(false);
        }
        catch
        {
            running = null;
            throw;
        }

        reader = opened.IsClosed ? null : opened;
        return opened;
    }

    private EngramConnection OpenConnection(string member)
    {
        var connection = Connection ?? throw Error.NoConnection(member);
        if (connection.State != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(member);
        }

        if (Transaction is not null && !Transaction.IsActiveOn(connection))
        {
            throw Error.WrongTransaction();
        }

        return commandText.Length > 0 ? connection : throw Error.NoCommandText(member);
    }

    private void ThrowIfReading(string member)
    {
        if (reader is not null)
        {
            throw Error.ReaderIsOpen(member);
        }
    }
}
