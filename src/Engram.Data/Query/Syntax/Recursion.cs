using System.Runtime.CompilerServices;

namespace Engram.Data.Query.Syntax;

/// <summary>The guard of every method that calls itself once a level of a statement, or once a part of it.</summary>
/// <remarks>
/// The parser bounds how deep statements are; this covers callers that have used up most of their stack before they call us. And it looks whether the statement was cancelled: texts of
/// hundreds of thousands of operands take longer to be read and planned than anybody who cancels wants to wait. The token is the thread's, since parsing, binding and planning pass no context
/// of the run, nor wait for anything.
/// </remarks>
internal static class Recursion
{
    [ThreadStatic]
    private static CancellationToken watched;

    /// <summary>Lets <see cref="Check"/> look at a token, on this thread, until the result is disposed.</summary>
    public static Watched Watch(CancellationToken token)
    {
        var before = watched;
        watched = token;
        return new Watched(before);
    }

    /// <summary>Checks that nobody has cancelled the statement, and that there is room for another level.</summary>
    /// <param name="position">0-based place in the text, for the message; 0 when it is not known any more.</param>
    /// <exception cref="EngramException">54001: too little stack is left.</exception>
    /// <exception cref="OperationCanceledException">The watched token is cancelled.</exception>
    public static void Check(int position = 0)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.NestedTooDeeply(Parser.HeightMax, position);
        }

        watched.ThrowIfCancellationRequested();
    }

    /// <summary>Puts back what was looked at before.</summary>
    internal readonly ref struct Watched(CancellationToken before)
    {
        public void Dispose() => watched = before;
    }
}
