using System.Runtime.CompilerServices;

namespace Engram.Data.Tests;

/// <summary>
/// Tests block threads of the pool as they please: on locks, on processes, on one another. The pool adds threads beyond its minimum slowly, one or two a second, so that
/// on a machine of two cores a timer's callback or a task's next step would wait for seconds, and a test of a timeout would fail by its neighbours.
/// </summary>
internal static class EnoughThreads
{
    private const int Count = 64;

    [ModuleInitializer]
    internal static void Set()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Count), completions);
    }
}
