using System.Collections.Concurrent;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Engine;

/// <summary>One open database: the store, and what all its connections share. Thread-safe.</summary>
internal sealed class Database : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, Func<DataDirectory>> Substitutes = new();

    private readonly DataDirectory directory;

    private Database(DatabaseTarget target, DataDirectory directory, Store store)
    {
        Target = target;
        Store = store;
        this.directory = directory;
    }

    /// <summary>As the connection that opened it asked for.</summary>
    public DatabaseTarget Target { get; }

    public Store Store { get; }

    public PlanCache Plans { get; } = new();

    /// <summary>Schemas of temporary tables whose session has ended.</summary>
    public ConcurrentQueue<string> TemporaryLeft { get; } = new();

    public TimeProvider Clock => directory.Clock;

    /// <summary>Opens the store; runs recovery. Blocks: opening is not asynchronous.</summary>
    /// <param name="cancellation">Ends it before the next segment, or the next commit of the log; the next opening finds what this one found.</param>
    public static Database Open(DatabaseTarget target, ILogger logger, CancellationToken cancellation = default)
    {
        var directory = CreateDirectory(target);
        if (!target.IsMemory)
        {
            directory = new PausableDirectory(directory);
        }

        try
        {
            if (!target.MayCreate && target.Recovery == RecoveryMode.Strict && !DatabaseFiles.Exists(directory))
            {
                throw Error.DatabaseNotFound(directory.Path);
            }

            // The store takes the directory over, whether it opens or not.
            var options = new StoreOptions
            {
                Durability = target.Durability,
                IsReadOnly = target.IsReadOnly,
                Recovery = target.Recovery,
                CheckpointWalSizeBytes = target.CheckpointWalSizeBytes,
                MemoryLimitBytes = target.MemoryLimitBytes ?? MemoryBudget.LimitBytesDefault,
                MaintenanceInterval = target.MaintenanceInterval,
                IndexConditions = StoredIndexCondition.Create,
            };
            var store = Store.Open(directory, options, logger, cancellation);
            if (!target.IsReadOnly)
            {
                DropTemporary(store, logger);
            }

            return new Database(target, directory, store);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>What sessions left behind that were not closed.</summary>
    private static void DropTemporary(Store store, ILogger logger)
    {
        using (var snapshot = store.OpenSnapshot())
        {
            if (TemporaryTables.Left(snapshot.Catalog).Count == 0)
            {
                return;
            }
        }

        try
        {
            using var writer = store.BeginWrite(TimeSpan.FromSeconds(1), null, CancellationToken.None);
            writer.BeginStatement().Dispose();
            TemporaryTables.DropAll(writer);
            writer.EndStatement();
            writer.Commit();
        }
        catch (EngramException e) when (e.SqlState != SqlStates.InternalError)
        {
            logger.LogWarning(e, "Temporary tables of sessions that ended without being closed could not be dropped; the next opening tries again");
        }
    }

    public static bool Exists(DatabaseTarget target)
    {
        using var directory = CreateDirectory(target);
        return DatabaseFiles.Exists(directory);
    }

    /// <summary>Deletes the files of a database; false when there is none.</summary>
    public static bool Delete(DatabaseTarget target)
    {
        using var directory = CreateDirectory(target);
        return DatabaseFiles.Delete(directory);
    }

    /// <summary>Whether the next connection may join, or must open anew: after a failed sync, or when the path leads to another directory
    /// because someone deleted the one that was opened.</summary>
    public bool CanBeJoined() => !Store.IsPoisoned && directory.IsInPlace();

    /// <summary>Stands another directory behind a path, such as one that fails and forgets; null for the real one again. For tests.</summary>
    public static void Substitute(DatabaseTarget target, Func<DataDirectory>? create)
    {
        if (create is null)
        {
            Substitutes.TryRemove(target.Key, out _);
        }
        else
        {
            Substitutes[target.Key] = create;
        }
    }

    /// <summary>Nobody uses it: from now on nothing begins to write its directory. Returns at once; see <see cref="AwaitQuiet"/>.</summary>
    public void Pause() => (directory as PausableDirectory)?.Pause();

    /// <summary>After <see cref="Pause"/>: waits until nothing writes the directory.</summary>
    public void AwaitQuiet() => (directory as PausableDirectory)?.AwaitQuiet();

    /// <summary>Somebody uses it, or closes it: background work goes on.</summary>
    public void Resume() => (directory as PausableDirectory)?.Resume();

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private static DataDirectory CreateDirectory(DatabaseTarget target)
        => Substitutes.TryGetValue(target.Key, out var create) ? create() : target.IsMemory ? new MemoryDirectory(target.Path) : new DiskDirectory(target.Key);
}
