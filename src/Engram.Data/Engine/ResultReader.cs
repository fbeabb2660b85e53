using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>Door 6: what one executed statement gives back, a batch of rows at a time.</summary>
/// <remarks>A batch is valid until the next call. Used by one thread at a time. Disposing frees everything that the statement held.</remarks>
internal abstract class ResultReader : IDisposable
{
    /// <summary>Whether there is a result set, possibly without rows: for SELECT, RETURNING, EXPLAIN and SHOW.</summary>
    public abstract bool HasResultSet { get; }

    /// <summary>The columns of the result set; empty when there is none.</summary>
    public abstract ImmutableArray<PlanColumn> Columns { get; }

    /// <summary>Rows inserted, updated or deleted; -1 for a statement that changes none.</summary>
    public abstract long AffectedRows { get; }

    /// <summary>The next batch with at least one row; null at the end, and from then on.</summary>
    public abstract Batch? NextBatch();

    /// <summary>Called when the batch that was handed out last is about to go: with <see cref="Holder"/>, and with a copy of its selected rows, without selection, or with null.</summary>
    public Action<object, Batch?>? Relocated { get; set; }

    /// <summary>Who reads it: the first argument of <see cref="Relocated"/>, which needs no object of its own then.</summary>
    public object? Holder { get; set; }

    public abstract void Dispose();

    protected void Relocate(Batch? copy) => Relocated?.Invoke(Holder!, copy);
}
