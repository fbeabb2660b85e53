using System.Collections;
using System.Collections.Immutable;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Engine;
using Engram.Data.Query.Planning;

namespace Engram.Data;

/// <summary>Reads the results of a command, forward only. Values are read where the engine has them, in batches of up to 2,048 rows.</summary>
/// <remarks>
/// A reader holds a snapshot of the database: rows that others write meanwhile do not show, and nobody waits for the reader. Close it when done. Typed getters
/// do not box; a getter of another numeric type than the column's works as long as the value fits. Used by one thread at a time.
/// </remarks>
[SuppressMessage("Design", "CA1010", Justification = "ADO.NET prescribes the shape of this type, as of its base.")]
public sealed partial class EngramDataReader : DbDataReader
{
    private readonly EngramConnection connection;
    private readonly EngramCommand? command;
    private readonly EngramBatchCommandCollection? batchCommands;
    private readonly ScriptRun run;
    private readonly CommandBehavior behavior;
    // Null when nobody listens.
    private readonly CommandTrace? trace;
    private ResultReader? result;
    private ImmutableArray<PlanColumn> fields = [];
    private Batch? batch;

    // The current row: its number among the selected ones of the batch, and where it lies in the columns; -1 before the first and after the last.
    private int position = -1;
    private int row = -1;
    private bool hasRows;
    private bool isAtEnd = true;
    private bool hasGivenResult;
    private bool isRunEnded;
    private bool isClosed;
    private long affected = -1;

    internal EngramDataReader(EngramConnection connection, EngramCommand? command, EngramBatchCommandCollection? batchCommands, ScriptRun run, CommandBehavior behavior, CommandTrace? trace)
    {
        this.trace = trace;
        this.connection = connection;
        this.command = command;
        this.batchCommands = batchCommands;
        this.run = run;
        this.behavior = behavior;
    }

    /// <inheritdoc/>
    public override int Depth
    {
        get
        {
            ThrowIfClosed(nameof(Depth));
            return 0;
        }
    }

    /// <summary>Columns of the current result; 0 when there is none.</summary>
    /// <exception cref="InvalidOperationException">The reader is closed.</exception>
    public override int FieldCount
    {
        get
        {
            ThrowIfClosed(nameof(FieldCount));
            return fields.Length;
        }
    }

    /// <inheritdoc/>
    public override int VisibleFieldCount => FieldCount;

    /// <summary>Whether the current result has rows at all, read or not.</summary>
    /// <exception cref="InvalidOperationException">The reader is closed.</exception>
    public override bool HasRows
    {
        get
        {
            ThrowIfClosed(nameof(HasRows));
            return hasRows;
        }
    }

    /// <inheritdoc/>
    public override bool IsClosed => isClosed;

    /// <summary>Rows inserted, updated and deleted by the statements that have run so far; -1 when none of them changes rows.</summary>
    public override int RecordsAffected => (int)Math.Min(affected, int.MaxValue);

    /// <summary>Moves to the next row of the current result.</summary>
    /// <returns>False after the last row.</returns>
    public override bool Read() => ReadInBatch() || ReadNextBatch();

    /// <summary>The same as <see cref="Read"/>: rows come from memory that is mapped, so that there is nothing to wait for; the token is looked at between batches.</summary>
    public override Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }

        try
        {
            if (ReadInBatch())
            {
                return TrueTask;
            }

            using var registration = run.Interrupt.Listen(cancellationToken);
            return ReadNextBatch() ? TrueTask : FalseTask;
        }
        catch (Exception e)
        {
            return Task.FromException<bool>(e);
        }
    }

    /// <summary>Goes on to the next statement that gives rows, running those between.</summary>
    /// <returns>False when no statement is left.</returns>
    public override bool NextResult()
    {
        ThrowIfClosed(nameof(NextResult));
        return Waiting.Result(NextResultAsync(isAsync: false));
    }

    /// <inheritdoc/>
    public override async Task<bool> NextResultAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed(nameof(NextResult));
        if (isRunEnded)
        {
            // Everything has run and is committed: it would be wrong to say that it was cancelled.
            FreeResult();
            return false;
        }

        cancellationToken.ThrowIfCancellationRequested();
        using var registration = run.Interrupt.Listen(cancellationToken);
        return await NextResultAsync(isAsync: true).ConfigureAwait(false);
    }

    /// <summary>Runs the statements that are left, then frees what the reader holds.</summary>
    public override void Close() => Waiting.Result(CloseAsync(isAsync: false));

    /// <inheritdoc/>
    public override Task CloseAsync() => CloseAsync(isAsync: true).AsTask();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await CloseAsync(isAsync: true).ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, (behavior & CommandBehavior.CloseConnection) != 0);

    /// <summary>Runs the command up to its first result.</summary>
    internal async ValueTask StartAsync(bool isAsync)
    {
        connection.Attach(this);
        try
        {
            await NextResultAsync(isAsync).ConfigureAwait(false);
        }
        catch
        {
            isRunEnded = true;
            await CloseAsync(isAsync).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The connection closes: frees everything and runs nothing.</summary>
    internal void Abandon()
    {
        isRunEnded = true;
        Free();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
        }

        base.Dispose(disposing);
    }

    private static readonly Task<bool> TrueTask = Task.FromResult(true);
    private static readonly Task<bool> FalseTask = Task.FromResult(false);

    private async ValueTask<bool> NextResultAsync(bool isAsync)
    {
        FreeResult();
        if (isRunEnded || (hasGivenResult && (behavior & (CommandBehavior.SingleResult | CommandBehavior.SingleRow)) != 0))
        {
            return false;
        }

        run.Interrupt.Enter();
        trace?.Enter();
        try
        {
            while (await run.NextAsync(isAsync).ConfigureAwait(false) is { } next)
            {
                Count(next);
                if (next.HasResultSet)
                {
                    result = next;
                    Show(next);
                    return true;
                }

                next.Dispose();
            }

            isRunEnded = true;
            return false;
        }
        catch (OperationCanceledException e)
        {
            isRunEnded = true;
            FreeResult();
            throw Failed(run.Interrupt.ToException(e));
        }
        catch (OutOfMemoryException e)
        {
            isRunEnded = true;
            FreeResult();
            throw Failed(Error.ProcessOutOfMemory(e));
        }
        catch (Exception e)
        {
            Failed(e);
            // As with every text of several statements: what follows a mistake does not run.
            isRunEnded = true;
            FreeResult();
            throw;
        }
        finally
        {
            trace?.Leave();
            run.Interrupt.Leave();
        }
    }

    /// <summary>Says of an error which statement it is of.</summary>
    private Exception Failed(Exception e)
    {
        ((e as EngramException) ?? (e.InnerException as EngramException))?.Locate(
            run.StatementIndex, batchCommands is null || run.ItemIndex < 0 ? null : batchCommands[run.ItemIndex]);
        trace?.Fail(e);
        return e;
    }

    private void Show(ResultReader next)
    {
        fields = next.Columns;
        names = null;
        next.Holder = this;
        next.Relocated = static (holder, copy) => ((EngramDataReader)holder).Relocate(copy);
        batch = next.NextBatch();
        trace?.AddRows(batch?.SelectedCount ?? 0);
        hasRows = batch is not null;
        isAtEnd = batch is null;
        hasGivenResult = true;
        position = -1;
        row = -1;
    }

    /// <summary>The engine moves the current batch: a copy holds its selected rows alone.</summary>
    private void Relocate(Batch? copy)
    {
        if (batch is not null)
        {
            batch = copy;
            row = copy is not null && position >= 0 && position < copy.RowCount ? position : -1;
        }
    }

    private void Count(ResultReader next)
    {
        if (next.AffectedRows < 0)
        {
            return;
        }

        affected = Math.Max(affected, 0) + next.AffectedRows;
        if (batchCommands is not null)
        {
            var command = batchCommands[run.ItemIndex];
            command.Affected = (int)Math.Min(Math.Max(command.Affected, 0) + next.AffectedRows, int.MaxValue);
        }
    }

    private bool ReadInBatch()
    {
        if (batch is { } current && ++position < current.SelectedCount && (position == 0 || (behavior & CommandBehavior.SingleRow) == 0))
        {
            row = current.RowAt(position);
            return true;
        }

        return false;
    }

    private bool ReadNextBatch()
    {
        ThrowIfClosed(nameof(Read));
        row = -1;
        if (isAtEnd || result is null || (behavior & CommandBehavior.SingleRow) != 0)
        {
            batch = null;
            isAtEnd = true;
            return false;
        }

        run.Interrupt.Enter();
        trace?.Enter();
        try
        {
            batch = null;
            batch = result.NextBatch();
            trace?.AddRows(batch?.SelectedCount ?? 0);
        }
        catch (OperationCanceledException e)
        {
            isAtEnd = isRunEnded = true;
            throw Failed(run.Interrupt.ToException(e));
        }
        catch (OutOfMemoryException e)
        {
            isAtEnd = isRunEnded = true;
            throw Failed(Error.ProcessOutOfMemory(e));
        }
        catch (Exception e)
        {
            Failed(e);
            isAtEnd = isRunEnded = true;
            throw;
        }
        finally
        {
            trace?.Leave();
            run.Interrupt.Leave();
        }

        isAtEnd = batch is null;
        position = 0;
        row = batch?.RowAt(0) ?? -1;
        return batch is not null;
    }

    private async ValueTask CloseAsync(bool isAsync)
    {
        if (isClosed)
        {
            return;
        }

        try
        {
            if ((behavior & CommandBehavior.SchemaOnly) == 0)
            {
                hasGivenResult = false;
                while (!isRunEnded && await NextResultAsync(isAsync).ConfigureAwait(false))
                {
                    hasGivenResult = false;
                }
            }
        }
        finally
        {
            Free();
            if ((behavior & CommandBehavior.CloseConnection) != 0)
            {
                await connection.CloseAsync(isAsync).ConfigureAwait(false);
            }
        }
    }

    private void Free()
    {
        isClosed = true;
        FreeResult();
        trace?.End();
        run.Dispose();
        connection.Detach(this);
        command?.Detach(this);
    }

    private void FreeResult()
    {
        batch = null;
        row = -1;
        hasRows = false;
        isAtEnd = true;
        fields = [];
        names = null;
        result?.Dispose();
        result = null;
    }

    private void ThrowIfClosed(string member)
    {
        if (isClosed)
        {
            throw Error.ReaderClosed(member);
        }
    }
}
