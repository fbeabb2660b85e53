using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Engine;

/// <summary>The databases that this process has open: one for each path, shared by its connections.</summary>
/// <remarks>
/// The problem: EF Core opens and closes a connection for every operation, while opening a database takes locks, reads a log and maps files. So the
/// last close does not close the database: it stays warm for the connection string's Keep Alive.
/// <code>
///   connections:      open ----- close   open -- close            close = last lease returned
///   database:   [opening][ open ......... warm . open .. warm ... ][closing]
///                                                        Keep Alive ^
/// </code>
/// While it is warm it writes nothing: background work is paused between two of its calls by the last close, and goes on with the next open or the closing.
/// Invariants: at most one open database for a path. It is closed only while no lease is out and <c>opening</c> is held, and leases are given out
/// under <c>gate</c> from an open database only, so that nobody gets one that is closing. A failed open leaves nothing behind: the next one tries again.
/// </remarks>
internal static class DatabaseRegistry
{
    private static readonly ConcurrentDictionary<string, DatabaseSlot> Slots = new(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    static DatabaseRegistry()
        // A database that is warm when the process ends is closed in good order: its log is sealed.
        => AppDomain.CurrentDomain.ProcessExit += static (_, _) => CloseIdleAtExit();

    /// <summary>Opens a database, or joins the one that is open. The lease keeps it open.</summary>
    public static ValueTask<DatabaseLease> OpenAsync(DatabaseTarget target, ILogger logger, bool isAsync, CancellationToken cancellationToken)
        => Slots.GetOrAdd(target.Key, static key => new DatabaseSlot(key)).LeaseAsync(target, logger, isAsync, cancellationToken);

    /// <summary>Closes the database of a path now if no connection uses it, else with its last connection.</summary>
    /// <returns>How many connections still use it.</returns>
    public static int Close(string key) => Slots.TryGetValue(key, out var slot) ? slot.CloseIdle() : 0;

    /// <summary>The same for every database.</summary>
    public static void CloseAll()
    {
        foreach (var slot in Slots.Values)
        {
            slot.CloseIdle();
        }
    }

    /// <summary>Whether the database is there, opened or not.</summary>
    public static bool Exists(DatabaseTarget target)
        => target.IsMemory ? Slots.TryGetValue(target.Key, out var slot) && slot.IsOpen : Database.Exists(target);

    /// <summary>Throws when a database has more connections than the one that asks.</summary>
    public static void CheckOnlyConnection(DatabaseTarget target)
    {
        if (Slots.TryGetValue(target.Key, out var slot))
        {
            slot.CheckOnlyConnection(target);
        }
    }

    /// <summary>Deletes a database that no connection uses.</summary>
    public static bool Delete(DatabaseTarget target)
        => Slots.GetOrAdd(target.Key, static key => new DatabaseSlot(key)).Delete(target);

    /// <summary>Of every database that is open.</summary>
    public static IEnumerable<DatabaseFigures> ReadFigures() => Slots.Values.Select(s => s.ReadFigures()).OfType<DatabaseFigures>();

    /// <summary>Of a private database that has closed.</summary>
    public static void Forget(string key) => Slots.TryRemove(key, out _);

    private static void CloseIdleAtExit()
    {
        foreach (var slot in Slots.Values)
        {
            slot.CloseAfterKeepAlive(isForced: true);
        }
    }
}

/// <summary>Keeps a database open until it is disposed, or forgotten with the connection or data source that has it. Not thread-safe, but for a second
/// Dispose, which does nothing.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA1816", Justification = "ReturnAsync is what Dispose does, for callers that block and for those that do not.")]
internal sealed class DatabaseLease(DatabaseSlot slot, Database database, TimeSpan keepAlive, bool isFirst) : IAsyncDisposable
{
    private int isReturned;

    ~DatabaseLease()
    {
        if (Interlocked.Exchange(ref isReturned, 1) == 0)
        {
            // Not here: closing waits for the disk.
            ThreadPool.UnsafeQueueUserWorkItem(static l => l.slot.ReturnForgotten(l.keepAlive), this, preferLocal: false);
        }
    }

    private readonly DatabaseSlot slot = slot;
    private readonly TimeSpan keepAlive = keepAlive;

    public Database Database { get; } = database;

    /// <summary>Whether this lease opened the database rather than join it.</summary>
    public bool IsFirst { get; } = isFirst;

    public ValueTask DisposeAsync() => ReturnAsync(isAsync: true);

    public ValueTask ReturnAsync(bool isAsync)
    {
        GC.SuppressFinalize(this);
        return Interlocked.Exchange(ref isReturned, 1) == 0 ? slot.ReturnAsync(keepAlive, isAsync) : default;
    }
}
