using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Maintenance;

namespace Engram.Data.Engine;

/// <summary>The rows of a query as its operators make them. Holds their snapshot until it is disposed.</summary>
/// <remarks>
/// A reader over rows of a write transaction may have to part from them while it is open (see <see cref="SessionTransaction"/>): <see cref="Buffer"/>
/// and <see cref="Invalidate"/> also take away the batch that was handed out last, and say so through <see cref="ResultReader.Relocated"/>.
/// </remarks>
internal sealed class QueryReader(
    BoundStatement statement, Operator root, ReadView view, ParameterBatch? parameters, SessionTransaction? owner, ForegroundLoad load) : ResultReader
{
    private Operator? root = root;
    private Batch? current;
    private RowBuffer? rest;
    private int restNext;
    private ExceptionDispatchInfo? failure;
    private bool isInvalid;

    // Whether an operator is at work, or threw: then it cannot be used again.
    private bool isRunning;

    /// <summary>What the operators are of when they are used again, and where they go then.</summary>
    public (ReusableQuery Query, QueryStash Stash)? Reusable { get; init; }

    /// <summary>Where the run is counted; null when statements are not tracked.</summary>
    public StatementMeasure? Measure { get; init; }

    public override bool HasResultSet => true;

    public override ImmutableArray<PlanColumn> Columns => statement.Plan.Output;

    public override long AffectedRows => -1;

    public override Batch? NextBatch()
    {
        if (root is not null)
        {
            // Between batches it is the application that works.
            using var working = load.Enter();
            var since = Measure is null ? 0 : StatementMeasure.Begin();
            isRunning = true;
            var next = owner?.Gate is null ? root.Next() : NextInScope(owner);
            isRunning = false;
            Measure?.Add(since, next);
            return current = next;
        }

        if (isInvalid)
        {
            throw Error.ReaderInvalidated();
        }

        if (rest is not null && restNext < rest.Batches.Count)
        {
            return rest.Batches[restNext++];
        }

        failure?.Throw();
        return null;
    }

    private Batch? NextInScope(SessionTransaction transaction)
    {
        using var hold = Waiting.Result(transaction.HoldAsync(isAsync: false));
        return root?.Next();
    }

    /// <summary>Copies the current batch and all that follow, and lets go of the snapshot. What fails on the way is the reader's, not the
    /// caller's: it is thrown where the reader would have met it.</summary>
    public void Buffer()
    {
        if (root is null)
        {
            return;
        }

        RowBuffer? here = null;
        if (current is not null)
        {
            // Apart from the others, so that its rows stay those of one batch.
            here = new RowBuffer(Columns);
            here.Append(current);
        }

        rest = new RowBuffer(Columns);
        try
        {
            isRunning = true;
            while (root.Next() is { } batch)
            {
                rest.Append(batch);
            }

            isRunning = false;
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }

        Free();
        Relocate(here?.Batches[0]);
        rest.Adopt(here);
    }

    /// <summary>The transaction whose rows are read takes them away.</summary>
    public void Invalidate()
    {
        isInvalid = true;
        Free();
        Relocate(null);
    }

    public override void Dispose()
    {
        Measure?.Finish();
        Free();
        rest?.Dispose();
        rest = null;
        owner?.Detach(this);
    }

    private void Free()
    {
        if (root is null)
        {
            return;
        }

        if (Reusable is var (query, stash))
        {
            if (!isRunning)
            {
                query.Rest();
            }

            if (isRunning || !stash.TryGive(query))
            {
                query.Dispose();
            }
        }
        else
        {
            root.Dispose();
            parameters!.Dispose();
        }

        root = null;
        current = null;
        view.Release();
    }
}
