using Engram.Data.Storage;
using Engram.Data.Storage.Files;

namespace Engram.Data.Engine;

/// <summary>Which database a connection opens, and how.</summary>
/// <param name="Path">The full path of its directory; the name of a database in memory.</param>
internal sealed record DatabaseTarget(string Path, bool IsMemory)
{
    /// <summary>Whether an absent database is created.</summary>
    public bool MayCreate { get; init; } = true;

    public bool IsReadOnly { get; init; }

    public DurabilityMode Durability { get; init; }

    /// <summary>What opening does with damage; a connection that joins an open database takes it as it is.</summary>
    public RecoveryMode Recovery { get; init; }

    /// <summary>How long opening waits for another process to let go; infinite for ever.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the database stays open after its last connection.</summary>
    public TimeSpan KeepAlive { get; init; }

    /// <summary>The log size that starts a checkpoint.</summary>
    public long CheckpointWalSizeBytes { get; init; } = StoreOptions.CheckpointWalSizeBytesDefault;

    /// <summary>What rows that are in no segment and statements may take; null for a quarter of the memory.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Least time between two jobs of background maintenance that nothing forces.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = StoreOptions.MaintenanceIntervalDefault;

    /// <summary>Whether no other connection string can name it, so that its place is forgotten with it.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Equal for connections that share one open database. On the disk it is the path without symbolic links, asked of the system anew for
    /// each connection, since a link may lead elsewhere by then.</summary>
    public string Key => field ??= IsMemory ? "memory:" + Path : DiskDirectory.ResolveLinks(Path);
}
