using Engram.Data.Engine;

namespace Engram.Benchmarks.Engines;

/// <summary>A lease for a <c>using</c> that does not await.</summary>
internal sealed class Held(DatabaseLease lease) : IDisposable
{
    public void Dispose() => lease.ReturnAsync(isAsync: false).AsTask().GetAwaiter().GetResult();
}
