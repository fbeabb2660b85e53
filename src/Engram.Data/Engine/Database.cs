using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Engine;

/// <summary>One open database: the store, and what all its connections share. Thread-safe.</summary>
internal sealed class Database : IAsyncDisposable
{
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

    public TimeProvider Clock => directory.Clock;

    /// <summary>Opens the store; runs recovery. Blocks: opening is not asynchronous.</summary>
    public static Database Open(DatabaseTarget target, ILogger logger)
    {
        var directory = CreateDirectory(target);
        try
        {
            if (!target.MayCreate && !DatabaseFiles.Exists(directory))
            {
                throw Error.DatabaseNotFound(directory.Path);
            }

            // The store takes the directory over, whether it opens or not.
            var options = new StoreOptions { Durability = target.Durability, IsReadOnly = target.IsReadOnly };
            return new Database(target, directory, Store.Open(directory, options, logger));
        }
        catch
        {
            directory.Dispose();
            throw;
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

    /// <summary>Whether the path still leads to the directory that was opened: someone may have deleted it and made another.</summary>
    public bool IsInPlace() => directory.IsInPlace();

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private static DataDirectory CreateDirectory(DatabaseTarget target)
        => target.IsMemory ? new MemoryDirectory(target.Path) : new DiskDirectory(target.Path);
}
