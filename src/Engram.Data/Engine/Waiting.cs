namespace Engram.Data.Engine;

/// <summary>One code path for synchronous and asynchronous callers.</summary>
/// <remarks>
/// A synchronous caller blocks on the operation itself, here, and then goes on in its own thread: no thread of the pool is needed to continue it, so
/// that a program whose pool is full of blocked callers still moves. Everything above an awaited <see cref="For{T}"/> completes synchronously then.
/// </remarks>
internal static class Waiting
{
    public static ValueTask<T> For<T>(ValueTask<T> operation, bool isAsync)
        => isAsync || operation.IsCompleted ? operation : new ValueTask<T>(operation.AsTask().GetAwaiter().GetResult());

    public static ValueTask For(ValueTask operation, bool isAsync)
    {
        if (!isAsync && !operation.IsCompleted)
        {
            operation.AsTask().GetAwaiter().GetResult();
            return default;
        }

        return operation;
    }

    /// <summary>The result of a call that was made with <c>isAsync: false</c>, which is there already.</summary>
    public static T Result<T>(ValueTask<T> operation)
    {
        System.Diagnostics.Debug.Assert(operation.IsCompleted);
        return operation.GetAwaiter().GetResult();
    }

    public static void Result(ValueTask operation)
    {
        System.Diagnostics.Debug.Assert(operation.IsCompleted);
        operation.GetAwaiter().GetResult();
    }
}
