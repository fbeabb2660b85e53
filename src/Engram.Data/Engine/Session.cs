using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>One connection's work with a database: runs its statements and holds its transaction.</summary>
/// <remarks>
/// The life of a statement:
/// <code>
///   text ── Prepare: parsed, or from the plan cache ──► Statement ── bound to a schema and the types of its parameters ──► plan
///   query:        a snapshot ─► operators ─► the reader pulls batches; closing it frees both
///   DML and DDL:  the write lock ─► bound again ─► BeginStatement ─► run to the end, rows of RETURNING copied ─► EndStatement ─► commit ─► reader
/// </code>
/// Invariants: rows of RETURNING are handed out only when the commit that made them is as durable as configured (or belong to a transaction that is
/// still open); the write lock is never held while the application reads; a statement that fails leaves nothing behind, and an explicit
/// transaction goes on after it. Used by one thread at a time, except <see cref="Interrupt.Cancel"/>.
/// </remarks>
internal sealed partial class Session(Database database, bool isReadOnly, int maxParallelism) : IDisposable
{
    private readonly Store store = database.Store;
    private readonly SequenceUse sequences = new() { IsReadOnly = isReadOnly };
    private SystemStatus? status;

    public Database Database { get; } = database;

    private SystemStatus Status => status ??= new SystemStatus(this);

    /// <summary>The transaction that was begun and has not ended; null in autocommit.</summary>
    public SessionTransaction? Transaction { get; private set; }

    /// <summary>Begins an explicit transaction. Takes no lock.</summary>
    public SessionTransaction Begin(Isolation isolation, bool readOnly = false)
    {
        if (Transaction is { IsEnded: false })
        {
            throw Error.TransactionIsActive();
        }

        return Transaction = new SessionTransaction(store, isolation, readOnly || isReadOnly);
    }

    public async ValueTask CommitAsync(SessionTransaction transaction, bool isAsync)
    {
        if (transaction.Writer is { } writer)
        {
            try
            {
                ActAtCommit(writer);
            }
            catch
            {
                // A commit that fails ends the transaction: it would hold the write lock.
                Rollback(transaction);
                throw;
            }
        }

        Transaction = null;
        var isCommitted = false;
        try
        {
            await transaction.CommitAsync(isAsync).ConfigureAwait(false);
            isCommitted = true;
        }
        finally
        {
            Settings.EndTransaction(isCommitted);
        }
    }

    public void Rollback(SessionTransaction transaction)
    {
        Transaction = null;
        Settings.EndTransaction(isCommitted: false);
        transaction.Rollback();
    }

    /// <summary>What can end a command early. SET statement_timeout makes a command's own timeout shorter, never longer.</summary>
    public Interrupt CreateInterrupt(TimeSpan commandTimeout, CancellationToken cancellationToken)
    {
        var limit = Settings.StatementTimeout;
        var timeout = limit != TimeSpan.Zero && (commandTimeout == TimeSpan.Zero || limit < commandTimeout) ? limit : commandTimeout;
        return new Interrupt(timeout, Database.Clock, cancellationToken);
    }

    /// <summary>Parses a text, or finds it in the plan cache.</summary>
    public Script Prepare(string sql, CancellationToken cancellation = default) => Database.Plans.GetOrParse(sql, cancellation);

    /// <summary>Runs one statement.</summary>
    public ValueTask<ResultReader> ExecuteAsync(Statement statement, ParameterList parameters, Interrupt interrupt, bool isSchemaOnly, bool isAsync)
        => statement.Syntax is ExecuteSyntax execute ? ExecutePreparedAsync(execute, null, statement.Text, parameters, interrupt, isSchemaOnly, isAsync)
            : statement.Syntax is ExplainSyntax { Statement: ExecuteSyntax explained } explain ? ExecutePreparedAsync(explained, explain, statement.Text, parameters, interrupt, isSchemaOnly, isAsync)
            : statement.IsSelect && Transaction is null && !isSchemaOnly && TryOpenQuery(statement, parameters, interrupt) is { } reader
            ? new ValueTask<ResultReader>(reader)
            : ExecuteAnyAsync(statement, parameters, interrupt, isSchemaOnly, isAsync);

    /// <summary>The usual case of <see cref="ExecuteAnyAsync"/>, which waits for nothing; null when it is not that.</summary>
    private QueryReader? TryOpenQuery(Statement statement, ParameterList parameters, Interrupt interrupt)
    {
        using var working = store.Load.Enter();
        var view = new ReadView(store.OpenSnapshot(), null);
        CachedPlan? plan = null;
        try
        {
            plan = statement.Find(view.Snapshot.Catalog.Along(SearchPath), parameters, Settings.Optimizes, view.Snapshot, Database.Clock, interrupt.Token);
        }
        finally
        {
            if (plan?.Bound.Kind != StatementKind.Query)
            {
                view.Release();
            }
        }

        return plan.Bound.Kind == StatementKind.Query ? OpenQuery(plan, parameters, view, null, interrupt, Measure(statement)) : null;
    }

    private async ValueTask<ResultReader> ExecuteAnyAsync(Statement statement, ParameterList parameters, Interrupt interrupt, bool isSchemaOnly, bool isAsync)
    {
        using var working = store.Load.Enter();
        // The statements of a block take it themselves.
        using var hold = Transaction is { } used && statement.Syntax is not DoSyntax ? await used.HoldAsync(isAsync).ConfigureAwait(false) : default;
        if (statement.IsSessionStatement)
        {
            return isSchemaOnly
                ? new BufferedReader([], hasResultSet: false, -1, null)
                : await ExecuteSessionStatementAsync(statement.Syntax, statement.Text, interrupt, isAsync).ConfigureAwait(false);
        }

        var transaction = Transaction;
        if (transaction is not null && !isSchemaOnly)
        {
            await transaction.PrepareStatementAsync(interrupt, isAsync).ConfigureAwait(false);
            if (statement.Locking is not null && !await TryLockAsync(transaction, statement, parameters, interrupt, isAsync).ConfigureAwait(false))
            {
                return OpenNothing(statement, parameters);
            }
        }

        var view = transaction is not null ? transaction.OpenView() : new ReadView(store.OpenSnapshot(), null);
        var isViewHanded = false;
        try
        {
            var plan = statement.Find(view.Snapshot.Catalog.Along(SearchPath), parameters, Settings.Optimizes, view.Snapshot, Database.Clock, interrupt.Token);
            var bound = plan.Bound;
            if (isSchemaOnly)
            {
                return new BufferedReader(bound.Plan.Output, bound.Kind == StatementKind.Query || bound.Plan.Output.Length > 0, -1, null);
            }

            if (bound.Kind == StatementKind.Query)
            {
                isViewHanded = true;
                return OpenQuery(plan, parameters, view, transaction, interrupt, Measure(statement));
            }

            view.Release();
            isViewHanded = true;
            return transaction is not null
                ? await WriteInTransactionAsync(transaction, statement, parameters, interrupt, isAsync).ConfigureAwait(false)
                : await WriteAndCommitAsync(statement, parameters, interrupt, isAsync).ConfigureAwait(false);
        }
        finally
        {
            if (!isViewHanded)
            {
                view.Release();
            }
        }
    }

    /// <summary>The schema as the next statement would see it.</summary>
    public DatabaseCatalog ReadCatalog()
    {
        if (Transaction is { } transaction)
        {
            var view = transaction.OpenView();
            try
            {
                return view.Snapshot.Catalog.Along(SearchPath);
            }
            finally
            {
                view.Release();
            }
        }

        using var snapshot = store.OpenSnapshot();
        return snapshot.Catalog.Along(SearchPath);
    }

    public void Dispose()
    {
        if (Transaction is { } open)
        {
            Rollback(open);
        }

        DropTemporary();
    }

    private QueryReader OpenQuery(
        CachedPlan plan, ParameterList parameters, ReadView view, SessionTransaction? transaction, Interrupt interrupt, StatementMeasure? measure)
    {
        var bound = plan.Bound;
        ParameterBatch? values = null;
        try
        {
            QueryReader reader;
            if (plan.Stash is { } stash)
            {
                var query = stash.TryTake();
                query?.Begin(parameters, view.Snapshot, interrupt.Token);
                query ??= ReusableQuery.Create(bound, parameters, view.Snapshot, Database.Clock, interrupt.Token);
                reader = new QueryReader(bound, query.Root, view, null, transaction, store.Load) { Reusable = (query, stash), Measure = measure };
            }
            else
            {
                values = ParameterBatch.Create(bound.Parameters, parameters);
                var context = new StatementContext(view.Snapshot, null, values.Batch, Database.Clock, interrupt.Token)
                {
                    Parallelism = Settings.Parallelism,
                    ApproximateBreadth = Settings.ApproximateBreadth,
                    Sequences = sequences,
                    SearchPath = SearchPath,
                    Temporary = temporary,
                    System = Status,
                };
                reader = new QueryReader(bound, CreateOperator(bound.Plan, context), view, values, transaction, store.Load) { Measure = measure };
            }

            transaction?.Attach(reader);
            return reader;
        }
        catch
        {
            values?.Dispose();
            view.Release();
            throw;
        }
    }

    private async ValueTask<ResultReader> WriteInTransactionAsync(
        SessionTransaction transaction, Statement statement, ParameterList parameters, Interrupt interrupt, bool isAsync)
    {
        var writer = await transaction.EnterWriteAsync(NameOf(statement), interrupt, isAsync).ConfigureAwait(false);
        var result = Write(writer, statement, parameters, interrupt);
        // Whatever the application holds on to: not while it writes.
        GC.KeepAlive(transaction);
        return result;
    }

    private async ValueTask<ResultReader> WriteAndCommitAsync(Statement statement, ParameterList parameters, Interrupt interrupt, bool isAsync)
    {
        if (isReadOnly)
        {
            throw Error.ReadOnlyConnection(NameOf(statement));
        }

        var writer = await interrupt.BeginWriteAsync(store, null, isAsync).ConfigureAwait(false);
        BufferedReader? result = null;
        try
        {
            result = Write(writer, statement, parameters, interrupt);
            ActAtCommit(writer);
            _ = isAsync ? await writer.CommitAsync().ConfigureAwait(false) : writer.Commit();
            return result;
        }
        catch
        {
            result?.Dispose();
            throw;
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Runs a statement inside a write transaction, which afterwards holds all of it or nothing.</summary>
    private BufferedReader Write(Transaction writer, Statement statement, ParameterList parameters, Interrupt interrupt)
    {
        // Other writers may have changed the schema between the plan that told that this is a write and the lock.
        writer.SearchPath = SearchPath;
        var measure = Measure(statement);
        var since = measure is null ? 0 : StatementMeasure.Begin();
        var bound = statement.Bind(writer.Catalog, parameters, Settings.Optimizes, interrupt.Token);
        var values = Database.Plans.Values.Take(bound.Parameters, parameters);
        BufferedReader result;
        try
        {
            result = Write(writer, bound, values, interrupt);
        }
        catch
        {
            values.Dispose();
            throw;
        }

        Database.Plans.Values.Give(bound.Parameters, values);
        measure?.Add(since, result.AffectedRows);
        measure?.Finish();
        return result;
    }

    private BufferedReader Write(Transaction writer, BoundStatement bound, ParameterBatch values, Interrupt interrupt)
    {
        RowBuffer? rows = null;
        var snapshot = writer.BeginStatement();
        writer.Cancellation = interrupt.Token;
        long affected;
        try
        {
            try
            {
                var context = new StatementContext(snapshot, writer, values.Batch, Database.Clock, interrupt.Token)
                {
                    Sequences = sequences,
                    SearchPath = SearchPath,
                    Temporary = temporary,
                    System = Status,
                    ApproximateBreadth = Settings.ApproximateBreadth,
                };
                affected = bound.Plan is DdlPlan ddl ? ExecuteDdl(ddl, context) : Drain(bound, context, out rows);
            }
            finally
            {
                snapshot.Dispose();
            }
        }
        catch
        {
            rows?.Dispose();
            writer.RollbackStatement();
            writer.Cancellation = default;
            throw;
        }

        try
        {
            // It undoes the statement itself when a key is violated.
            writer.EndStatement();
        }
        catch
        {
            rows?.Dispose();
            throw;
        }
        finally
        {
            writer.Cancellation = default;
        }

        return new BufferedReader(bound.Plan.Output, bound.Plan.Output.Length > 0, affected, rows);
    }

    private static long Drain(BoundStatement bound, StatementContext context, out RowBuffer? rows)
    {
        rows = bound.Plan.Output.Length > 0 ? new RowBuffer(bound.Plan.Output, context.Memory) : null;
        using var root = CreateOperator(bound.Plan, context);
        while (root.Next() is { } batch)
        {
            rows?.Append(batch);
        }

        return AffectedRowsOf(root);
    }

    private StatementMeasure? Measure(Statement statement) => Database.Plans.TracksStatements ? new StatementMeasure(statement) : null;

    private static string NameOf(Statement statement)
        => statement.Syntax is SelectStatementSyntax ? "SELECT" : statement.Syntax.GetType().Name.Replace("Syntax", "", StringComparison.Ordinal).ToUpperInvariant();
}
