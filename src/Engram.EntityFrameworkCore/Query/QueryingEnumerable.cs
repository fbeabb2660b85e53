using System.Collections;
using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Infrastructure.Internal;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>The results of a query of one statement, made of its rows as they are asked for.</summary>
/// <remarks>
/// <para>
/// EF Core's own does the same for every provider, and so expects that each row may have to be waited for: it looks for concurrent use of the context in a way that survives awaits,
/// and runs a state machine, for each. Rows of this engine are in memory when they are asked for. So only the first row, for which the command runs, goes that way;
/// the others are read and shaped on the caller's thread, whether it asked with an await or without (docs/decisions/0013-rows-without-awaits.md).
/// </para>
/// <para>
/// A reader that an interceptor has put in the place of the engine's may wait, and a concurrency detector that the application registered knows nothing of threads:
/// with either of them every row goes the way of the first. What is thrown within a row ends the enumeration, is logged as EF Core logs it, and reaches the caller by the task that was asked for.
/// </para>
/// </remarks>
internal sealed class QueryingEnumerable<T>(
    RelationalQueryContext queryContext, RelationalCommandResolver commandResolver, IReadOnlyList<ReaderColumn?>? readerColumns,
    Func<QueryContext, DbDataReader, ResultContext, SingleQueryResultCoordinator, T> shaper, Type contextType, bool standAloneStateManager, bool detailedErrorsEnabled, bool threadSafetyChecksEnabled)
    : SingleQueryingEnumerable<T>(queryContext, commandResolver, readerColumns, shaper, contextType, standAloneStateManager, detailedErrorsEnabled, threadSafetyChecksEnabled)
{
    private readonly RelationalQueryContext queryContext = queryContext;
    private readonly RelationalCommandResolver commandResolver = commandResolver;
    private readonly IReadOnlyList<ReaderColumn?>? readerColumns = readerColumns;
    private readonly Func<QueryContext, DbDataReader, ResultContext, SingleQueryResultCoordinator, T> shaper = shaper;
    private readonly Type contextType = contextType;
    private readonly bool standAloneStateManager = standAloneStateManager;
    private readonly bool detailedErrorsEnabled = detailedErrorsEnabled;
    private readonly bool threadSafetyChecksEnabled = threadSafetyChecksEnabled;

    public override IEnumerator<T> GetEnumerator() => new Enumerator(this, isAsync: false, CancellationToken.None);

    public override IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        queryContext.CancellationToken = cancellationToken;
        return new Enumerator(this, isAsync: true, cancellationToken);
    }

    private sealed class Enumerator : IEnumerator<T>, IAsyncEnumerator<T>
    {
        private readonly QueryingEnumerable<T> query;
        private readonly RelationalQueryContext queryContext;
        private readonly Func<QueryContext, DbDataReader, ResultContext, SingleQueryResultCoordinator, T> shaper;
        private readonly bool isAsync;
        private readonly CancellationToken cancellationToken;

        // What watches for concurrent use, by flow for anything and by thread where it is ours. Both null when checks are off.
        private readonly IConcurrencyDetector? detector;
        private readonly ConcurrentUseDetector? threadDetector;

        private SingleQueryResultCoordinator coordinator = null!;
        private IRelationalCommand? command;
        private RelationalDataReader? reader;
        private DbDataReader? dbReader;

        // The command has run, and no row has to be waited for.
        private bool hasRowsAtHand;

        public Enumerator(QueryingEnumerable<T> query, bool isAsync, CancellationToken cancellationToken)
        {
            this.query = query;
            this.isAsync = isAsync;
            this.cancellationToken = cancellationToken;
            queryContext = query.queryContext;
            shaper = query.shaper;
            detector = query.threadSafetyChecksEnabled ? queryContext.ConcurrencyDetector : null;
            threadDetector = detector as ConcurrentUseDetector;
        }

        public T Current { get; private set; } = default!;

        object? IEnumerator.Current => Current;

        public bool MoveNext()
        {
            try
            {
                return hasRowsAtHand ? NextOnThread() : NextInFlow();
            }
            catch (Exception exception)
            {
                Log(exception, queryContext.ExceptionDetector.IsCancellation(exception));
                throw;
            }
        }

        public ValueTask<bool> MoveNextAsync()
        {
            if (!hasRowsAtHand)
            {
                return NextInFlowAsync();
            }

            try
            {
                return new ValueTask<bool>(NextOnThread());
            }
            catch (Exception exception)
            {
                Log(exception, queryContext.ExceptionDetector.IsCancellation(exception, cancellationToken));
                return Failed(exception);
            }
        }

        public void Reset() => throw new NotSupportedException(CoreStrings.EnumerableResetNotSupported);

        public void Dispose()
        {
            if (reader is not null)
            {
                GiveBack().Dispose();
            }
        }

        public ValueTask DisposeAsync() => reader is null ? default : GiveBack().DisposeAsync();

        private bool NextOnThread()
        {
            threadDetector?.EnterOnThread();
            try
            {
                return Next();
            }
            finally
            {
                threadDetector?.ExitCriticalSection();
            }
        }

        private bool NextInFlow()
        {
            detector?.EnterCriticalSection();
            try
            {
                if (reader is null)
                {
                    queryContext.ExecutionStrategy.Execute(this, static (_, enumerator) => enumerator.Start(), null);
                }

                return Next();
            }
            finally
            {
                detector?.ExitCriticalSection();
            }
        }

        private async ValueTask<bool> NextInFlowAsync()
        {
            try
            {
                detector?.EnterCriticalSection();
                try
                {
                    if (reader is null)
                    {
                        await queryContext.ExecutionStrategy.ExecuteAsync(this, static (_, enumerator, token) => enumerator.StartAsync(token), null, cancellationToken).ConfigureAwait(false);
                    }

                    return hasRowsAtHand ? Next() : await NextAsync().ConfigureAwait(false);
                }
                finally
                {
                    detector?.ExitCriticalSection();
                }
            }
            catch (Exception exception)
            {
                Log(exception, queryContext.ExceptionDetector.IsCancellation(exception, cancellationToken));
                throw;
            }
        }

        private static async ValueTask<bool> Failed(Exception exception)
        {
            // Through an async method, so that a cancellation is a cancelled task.
            await Task.FromException(exception).ConfigureAwait(false);
            return false;
        }

        /// <summary>Shapes the next result: of one row, or of all rows that belong to it when it has collections.</summary>
        private bool Next()
        {
            if (!(coordinator.HasNext ?? Read()))
            {
                Current = default!;
                return false;
            }

            do
            {
                if (ShapeRow())
                {
                    return true;
                }
            }
            while (coordinator.HasNext == true || Read());
            ShapeLast();
            return true;
        }

        private async ValueTask<bool> NextAsync()
        {
            if (!(coordinator.HasNext ?? await reader!.ReadAsync(cancellationToken).ConfigureAwait(false)))
            {
                Current = default!;
                return false;
            }

            do
            {
                if (ShapeRow())
                {
                    return true;
                }
            }
            while (coordinator.HasNext == true || await reader!.ReadAsync(cancellationToken).ConfigureAwait(false));
            ShapeLast();
            return true;
        }

        // The engine's reader has read, or failed, when ReadAsync returns; it looks at the token.
        private bool Read() => isAsync ? reader!.ReadAsync(cancellationToken).GetAwaiter().GetResult() : reader!.Read();

        /// <returns>Whether the result is complete. If not, it goes on in the next row, which the shaper may have read already.</returns>
        private bool ShapeRow()
        {
            coordinator.ResultReady = true;
            coordinator.HasNext = null;
            Current = shaper(queryContext, dbReader!, coordinator.ResultContext, coordinator);
            if (coordinator.ResultReady)
            {
                coordinator.ResultContext.Values = null;
            }

            return coordinator.ResultReady;
        }

        /// <summary>The rows have ended: so has the result that was being collected.</summary>
        private void ShapeLast()
        {
            coordinator.HasNext = false;
            coordinator.ResultReady = true;
            Current = shaper(queryContext, dbReader!, coordinator.ResultContext, coordinator);
        }

        private bool Start()
        {
            var parameters = Prepare();
            Show(command!.ExecuteReader(parameters));
            return true;
        }

        private async Task<bool> StartAsync(CancellationToken token)
        {
            var parameters = Prepare();
            Show(await command!.ExecuteReaderAsync(parameters, token).ConfigureAwait(false));
            return true;
        }

        private RelationalCommandParameterObject Prepare()
        {
#pragma warning disable EF9101 // The counter of EF Core's metrics, which whoever runs a query has to count in.
            EntityFrameworkMetricsData.ReportQueryExecuting();
#pragma warning restore EF9101
            var template = query.commandResolver(queryContext.Parameters);
            command = queryContext.Connection.RentCommand();
            command.PopulateFrom(template);
            return new(
                queryContext.Connection, queryContext.Parameters, query.readerColumns, queryContext.Context, queryContext.CommandLogger, query.detailedErrorsEnabled, CommandSource.LinqQuery);
        }

        private void Show(RelationalDataReader opened)
        {
            reader = opened;
            dbReader = opened.DbDataReader;
            coordinator = new SingleQueryResultCoordinator();
            hasRowsAtHand = opened.GetType() == typeof(RelationalDataReader) && dbReader is EngramDataReader && (detector is null || threadDetector is not null);
            queryContext.InitializeStateManager(query.standAloneStateManager);
        }

        private RelationalDataReader GiveBack()
        {
            queryContext.Connection.ReturnCommand(command!);
            var given = reader!;
            reader = null;
            dbReader = null;
            hasRowsAtHand = false;
            return given;
        }

        private void Log(Exception exception, bool isCancellation)
        {
            if (isCancellation)
            {
                queryContext.QueryLogger.QueryCanceled(query.contextType);
            }
            else
            {
                queryContext.QueryLogger.QueryIterationFailed(query.contextType, exception);
            }
        }
    }
}
