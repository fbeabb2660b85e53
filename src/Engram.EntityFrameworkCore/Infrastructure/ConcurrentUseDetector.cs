using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Infrastructure;

/// <summary>Finds two operations that use one context at the same time, which contexts do not bear.</summary>
/// <remarks>
/// <para>
/// A context is in use from <see cref="EnterCriticalSection"/> to the last exit. What enters while it is in use is let in only when it belongs to the use that is there already:
/// a query that an interceptor runs within <c>SaveChanges</c>, for example. Everything else is the mistake that this class is for.
/// </para>
/// <para>
/// Belonging together follows the flow of execution, over awaits and to other threads, so it has to be kept in an <see cref="AsyncLocal{T}"/>. To set one makes an execution
/// context anew, which was two thirds of what it took to read an entity (docs/decisions/0013-rows-without-awaits.md). What starts and ends on one thread without an await
/// in between, as the reading of one row does here, is told apart by the thread alone: <see cref="EnterOnThread"/>.
/// Code within such a use that has another thread use the context, and waits for it, is taken for the mistake too. That would take a constructor or converter of an entity that
/// hands its own context to another thread.
/// </para>
/// </remarks>
internal sealed class ConcurrentUseDetector : IConcurrencyDetector
{
    // The uses that the current flow of execution is within, of any context, the innermost first.
    private static readonly AsyncLocal<Use?> flow = new();

    private int inUse;
    private int depth;

    // The thread whose use this is; 0 when a flow's.
    private int thread;

    public ConcurrencyDetectorCriticalSectionDisposer EnterCriticalSection()
    {
        if (Interlocked.CompareExchange(ref inUse, 1, 0) == 0)
        {
            flow.Value = new Use(this, flow.Value);
        }
        else
        {
            ThrowIfForeign();
        }

        depth++;
        return new ConcurrencyDetectorCriticalSectionDisposer(this);
    }

    /// <summary>Enters for what ends on this thread, by <see cref="ExitCriticalSection"/>, without an await.</summary>
    /// <exception cref="InvalidOperationException">The context is in use by another operation.</exception>
    public void EnterOnThread()
    {
        if (Interlocked.CompareExchange(ref inUse, 1, 0) == 0)
        {
            thread = Environment.CurrentManagedThreadId;
        }
        else
        {
            ThrowIfForeign();
        }

        depth++;
    }

    public void ExitCriticalSection()
    {
        if (--depth != 0)
        {
            return;
        }

        if (thread != 0)
        {
            thread = 0;
        }
        else if (flow.Value is { } innermost && innermost.Detector == this)
        {
            flow.Value = innermost.Outer;
        }

        Volatile.Write(ref inUse, 0);
    }

    private void ThrowIfForeign()
    {
        if (thread == Environment.CurrentManagedThreadId)
        {
            return;
        }

        for (var use = flow.Value; use is not null; use = use.Outer)
        {
            if (use.Detector == this)
            {
                return;
            }
        }

        throw new InvalidOperationException(CoreStrings.ConcurrentMethodInvocation);
    }

    private sealed record Use(ConcurrentUseDetector Detector, Use? Outer);
}
