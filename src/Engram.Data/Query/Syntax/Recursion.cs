using System.Runtime.CompilerServices;

namespace Engram.Data.Query.Syntax;

/// <summary>The guard of every method that calls itself once a level of a statement.</summary>
/// <remarks>The parser bounds how deep statements are; this covers callers that have used up most of their stack before they call us.</remarks>
internal static class Recursion
{
    /// <summary>Checks that there is room for another level.</summary>
    /// <param name="position">0-based place in the text, for the message; 0 when it is not known any more.</param>
    /// <exception cref="EngramException">54001: too little stack is left.</exception>
    public static void Check(int position = 0)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.NestedTooDeeply(Parser.HeightMax, position);
        }
    }
}
