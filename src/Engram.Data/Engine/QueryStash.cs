using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>The operators of a plan with the parameters that they read, for one execution after another. Used by one thread at a time.</summary>
internal sealed class ReusableQuery(ParameterBatch parameters, StatementContext context, Operator root)
{
    public Operator Root => root;

    public static ReusableQuery Create(BoundStatement statement, ParameterList given, Snapshot snapshot, TimeProvider clock, CancellationToken token)
    {
        var parameters = ParameterBatch.Create(statement.Parameters, given);
        try
        {
            var context = new StatementContext(snapshot, null, parameters.Batch, clock, token) { ParameterViews = [] };
            return new ReusableQuery(parameters, context, OperatorFactory.Create(statement.Plan, context));
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>Turns to another execution.</summary>
    public void Begin(ParameterList given, Snapshot snapshot, CancellationToken token)
    {
        try
        {
            parameters.Refill(given);
            context.Rebind(snapshot, token);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the snapshot, which is still there, and of large parameters.</summary>
    public void Rest()
    {
        root.Rest();
        context.Rest();
        parameters.Rest();
    }

    public void Dispose()
    {
        root.Dispose();
        parameters.Dispose();
    }
}

/// <summary>Queries of one plan that rest until the plan runs again. Thread-safe, without locks.</summary>
/// <remarks>They belong to the plan, not to a connection: programs open a connection for each query. They go with the plan, when the cache forgets it; finalizers free their memory. How many
/// rest in the whole process is bounded, since each holds some tens of KiB.</remarks>
internal sealed class QueryStash
{
    private const int CountMax = 256;

    private static readonly int PlaceCount = Math.Clamp(Environment.ProcessorCount, 2, 16);
    private static int count;

    private readonly ReusableQuery?[] places = new ReusableQuery?[PlaceCount];

    // Those of a plan that was forgotten rest no more.
    ~QueryStash()
    {
        foreach (var query in places)
        {
            if (query is not null)
            {
                Interlocked.Decrement(ref count);
            }
        }
    }

    /// <summary>One that rests; null when none does.</summary>
    public ReusableQuery? TryTake()
    {
        var start = Environment.CurrentManagedThreadId;
        for (var i = 0; i < places.Length; i++)
        {
            ref var place = ref places[(uint)(start + i) % (uint)places.Length];
            if (Volatile.Read(ref place) is not null && Interlocked.Exchange(ref place, null) is { } found)
            {
                Interlocked.Decrement(ref count);
                return found;
            }
        }

        return null;
    }

    /// <summary>Keeps a query that rests; false when there is no room.</summary>
    public bool TryGive(ReusableQuery query)
    {
        if (Volatile.Read(ref count) >= CountMax)
        {
            return false;
        }

        var start = Environment.CurrentManagedThreadId;
        for (var i = 0; i < places.Length; i++)
        {
            ref var place = ref places[(uint)(start + i) % (uint)places.Length];
            if (Volatile.Read(ref place) is null && Interlocked.CompareExchange(ref place, query, null) is null)
            {
                Interlocked.Increment(ref count);
                return true;
            }
        }

        return false;
    }
}
