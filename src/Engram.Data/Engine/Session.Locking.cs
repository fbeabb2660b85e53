using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>FOR UPDATE.</summary>
/// <remarks>
/// The lock of rows is the write lock: who has it is the only one to write. A transaction at snapshot isolation may take it when others have committed since its snapshot. It goes on
/// reading that, so that a row which it locks may be another by now, and nobody would tell: such a lock is refused. Which rows a query over one table locks is what a DELETE with
/// its condition would delete; each of these is asked for. LIMIT is not looked at: rows that it leaves out count too. Of other queries it is not known, and they are refused whatever was changed.
/// </remarks>
internal sealed partial class Session
{
    /// <summary>FOR UPDATE in a transaction. Without one the lock would end with the statement, and nothing is to be done.</summary>
    /// <returns>False when another writes, and SKIP LOCKED says to pass over what it may have locked.</returns>
    private async ValueTask<bool> TryLockAsync(SessionTransaction transaction, Statement statement, ParameterList parameters, Interrupt interrupt, bool isAsync)
    {
        var locking = statement.Locking!;
        using var atOnce = locking.Wait == LockWait.Wait ? null : CreateInterrupt(TimeSpan.FromMilliseconds(1), default);
        Transaction writer;
        try
        {
            writer = await transaction.EnterWriteAsync("SELECT FOR UPDATE", atOnce ?? interrupt, isAsync).ConfigureAwait(false);
        }
        catch (EngramException e) when (locking.Wait == LockWait.Skip && e.SqlState == SqlStates.LockNotAvailable)
        {
            return false;
        }

        return !writer.ReadsEarlierMoment || IsUnchanged(writer, statement, parameters, interrupt) ? true : throw Error.LockedAfterSnapshot();
    }

    /// <summary>Whether no row that a query locks was changed since the snapshot; false where that is not known.</summary>
    private bool IsUnchanged(Transaction writer, Statement statement, ParameterList parameters, Interrupt interrupt)
    {
        if (statement.Syntax is not SelectStatementSyntax { Query: { With: null, Body: SelectSyntax { From: [TableNameSyntax { Alias: null or { Columns.Count: 0 } } from] } select } query } || query.Locking != statement.Locking)
        {
            return false;
        }

        using var snapshot = writer.OpenSnapshot();
        var catalog = snapshot.Catalog.Along(SearchPath);
        if (NameMatch.TryFindTable(catalog, from.Name) is null)
        {
            return false;
        }

        var delete = new DeleteSyntax(query.Span, null, from.Name, from.Alias?.Name) { Where = select.Where };
        var bound = Planner.Plan(delete, statement.Text, catalog, parameters, Settings.Optimizes, null);
        if (bound.Plan is not DeletePlan { Source: var source } plan || !IsRepeatable(source))
        {
            return false;
        }

        var values = ParameterBatch.Create(bound.Parameters, parameters);
        try
        {
            var context = new StatementContext(snapshot, writer, values.Batch, Database.Clock, interrupt.Token) { SearchPath = SearchPath, Temporary = temporary, System = Status };
            using var rows = CreateOperator(source, context);
            while (rows.Next() is { } batch)
            {
                interrupt.Token.ThrowIfCancellationRequested();
                for (var i = 0; i < batch.SelectedCount; i++)
                {
                    if (writer.HasChangedSinceSnapshot(plan.Table.Id, batch.Columns[0].Get<long>(batch.RowAt(i))))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
        finally
        {
            values.Dispose();
        }
    }

    /// <summary>Whether the query itself finds the same rows when it runs: no random numbers, no sequence that would be advanced twice, and no time, which is a later one by then.</summary>
    private static bool IsRepeatable(Plan plan) => PlanWalker.Expressions(plan).All(IsRepeatable) && PlanWalker.Inputs(plan).All(IsRepeatable);

    private static bool IsRepeatable(BoundExpression expression)
        => expression is not (BoundSubquery or BoundSlot or BoundCall { Function.Volatility: not Volatility.Immutable })
            && PlanWalker.Children(expression).All(IsRepeatable);
}
