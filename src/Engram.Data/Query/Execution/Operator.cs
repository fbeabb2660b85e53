using Engram.Data.Columns;

namespace Engram.Data.Query.Execution;

/// <summary>Door 5: a running node of a plan, which gives its rows a batch at a time.</summary>
/// <remarks>
/// Built from a <see cref="Planning.Plan"/> by <c>OperatorFactory</c> for one execution. The batch that <see cref="Next"/> returns, its columns and what
/// they point to are valid until the next call: who keeps rows copies them. Used by one thread at a time.
/// </remarks>
internal abstract class Operator : IDisposable
{
    /// <summary>Gives the next batch with at least one selected row; null at the end, and from then on.</summary>
    public abstract Batch? Next();

    /// <summary>Starts over, for the inner side of Apply: slots may have changed.</summary>
    public abstract void Reset();

    /// <summary>Before the first batch: no more rows than this are wanted. Only for what gathers rows that cost much; more may be given, and asked for.</summary>
    public virtual void Expect(long rowCount)
    {
    }

    /// <summary>After an execution, when another may follow with another snapshot and other parameters: lets go of everything that belongs to this one. Only of
    /// operators of plans that <see cref="Reuse"/> lets through.</summary>
    public virtual void Rest() => throw Error.Internal($"{GetType().Name} cannot be used again");

    public abstract void Dispose();
}
