using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>The rows of a query as its operators make them. Holds their snapshot until it is disposed.</summary>
internal sealed class QueryReader(BoundStatement statement, Operator root, ReadView view, ParameterBatch parameters, SessionTransaction? owner) : ResultReader
{
    private Operator? root = root;
    private bool isInvalid;

    public override bool HasResultSet => true;

    public override ImmutableArray<PlanColumn> Columns => statement.Plan.Output;

    public override long AffectedRows => -1;

    public override Batch? NextBatch()
        => root is not null ? root.Next() : isInvalid ? throw Error.ReaderInvalidated() : null;

    /// <summary>The transaction whose rows are read takes them away.</summary>
    public void Invalidate()
    {
        isInvalid = true;
        Free();
    }

    public override void Dispose()
    {
        owner?.Detach(this);
        Free();
    }

    private void Free()
    {
        if (root is null)
        {
            return;
        }

        root.Dispose();
        root = null;
        view.Release();
        parameters.Dispose();
    }
}
