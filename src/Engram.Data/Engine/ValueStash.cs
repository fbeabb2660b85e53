using System.Collections.Immutable;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>Parameter columns of statements that write, resting until their plan runs again: one with thousands of parameters would make as many objects each time. Thread-safe, without locks.</summary>
/// <remarks>A few places, of which the plan's hash chooses one: who comes later takes it over. Large values do not rest (<see cref="ParameterBatch.Rest"/>).</remarks>
internal sealed class ValueStash
{
    private const int PlaceCount = 16;

    private readonly ParameterBatch?[] places = new ParameterBatch?[PlaceCount];

    /// <summary>Values for one execution, which are then given back, or disposed of.</summary>
    public ParameterBatch Take(ImmutableArray<StatementParameter> expected, ParameterList given)
    {
        if (expected.IsEmpty)
        {
            return ParameterBatch.Empty;
        }

        if (Interlocked.Exchange(ref PlaceOf(expected), null) is not { } resting)
        {
            return ParameterBatch.Create(expected, given);
        }

        if (!resting.IsOf(expected))
        {
            resting.Dispose();
            return ParameterBatch.Create(expected, given);
        }

        try
        {
            resting.Refill(given);
            return resting;
        }
        catch
        {
            resting.Dispose();
            throw;
        }
    }

    public void Give(ImmutableArray<StatementParameter> expected, ParameterBatch values)
    {
        if (!expected.IsEmpty)
        {
            values.Rest();
            Interlocked.Exchange(ref PlaceOf(expected), values)?.Dispose();
        }
    }

    private ref ParameterBatch? PlaceOf(ImmutableArray<StatementParameter> expected) => ref places[(uint)expected.GetHashCode() % PlaceCount];
}
