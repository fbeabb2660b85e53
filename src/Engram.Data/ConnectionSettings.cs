using System.Collections.Concurrent;
using Engram.Data.Engine;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Storage;

namespace Engram.Data;

/// <summary>A connection string, read. Immutable; the texts seen are kept, since programs use few.</summary>
internal sealed record ConnectionSettings
{
    public static readonly ConnectionSettings Default = new(new EngramConnectionStringBuilder(), "");

    private const int CacheCountMax = 256;

    private static readonly ConcurrentDictionary<string, ConnectionSettings> Cache = new(StringComparer.Ordinal);

    private static long privateNames;

    private ConnectionSettings(EngramConnectionStringBuilder builder, string connectionString)
    {
        ConnectionString = connectionString;
        DataSource = builder.DataSource;
        Mode = builder.Mode;
        Durability = builder.Durability;
        DefaultTimeout = builder.DefaultTimeout;
        KeepAlive = builder.KeepAlive;
        Recovery = builder.Recovery;
        Enlist = builder.Enlist;
        CheckpointSizeBytes = builder.CheckpointSize * 1024L * 1024;
        MemoryLimitBytes = builder.MemoryLimit == 0 ? null : builder.MemoryLimit * 1024L * 1024;
        MaxParallelism = builder.MaxParallelism == 0 ? Math.Min(Environment.ProcessorCount, Parallelism.MaxThreadCountMax) : builder.MaxParallelism;
        MaintenanceInterval = TimeSpan.FromSeconds(builder.MaintenanceInterval);
        if (Mode == EngramOpenMode.ReadOnly && Recovery == EngramRecoveryMode.Salvage)
        {
            throw Error.SalvageReadOnly();
        }
    }

    public string ConnectionString { get; }

    public string DataSource { get; }

    public EngramOpenMode Mode { get; }

    public EngramDurability Durability { get; }

    public int DefaultTimeout { get; init; }

    public int KeepAlive { get; }

    public EngramRecoveryMode Recovery { get; }

    public bool Enlist { get; }

    public long CheckpointSizeBytes { get; }

    public TimeSpan MaintenanceInterval { get; }

    public long? MemoryLimitBytes { get; }

    /// <summary>Threads that may work on one query; 1 or more.</summary>
    public int MaxParallelism { get; }

    /// <summary>The name of the private database in memory that all connections of one data source share; null for others.</summary>
    public string? PrivateName { get; init; }

    /// <summary>Whether each opening makes a database of its own in memory.</summary>
    public bool IsPrivate => DataSource == ":memory:" || (DataSource.Length == 0 && Mode == EngramOpenMode.Memory);

    public static ConnectionSettings Parse(string connectionString)
    {
        if (connectionString.Length == 0)
        {
            return Default;
        }

        if (Cache.TryGetValue(connectionString, out var found))
        {
            return found;
        }

        var settings = new ConnectionSettings(new EngramConnectionStringBuilder(connectionString), connectionString);
        if (Cache.Count >= CacheCountMax)
        {
            Cache.Clear();
        }

        Cache[connectionString] = settings;
        return settings;
    }

    /// <summary>A name that no other database in memory has.</summary>
    public static string NextPrivateName() => $":memory:{Interlocked.Increment(ref privateNames)}";

    public DatabaseTarget ToTarget() => ToPlace() with { CheckpointWalSizeBytes = CheckpointSizeBytes, MaintenanceInterval = MaintenanceInterval, MemoryLimitBytes = MemoryLimitBytes };

    private DatabaseTarget ToPlace() => IsPrivate || Mode == EngramOpenMode.Memory
        ? new DatabaseTarget(IsPrivate ? PrivateName ?? NextPrivateName() : DataSource, IsMemory: true) { IsPrivate = IsPrivate }
        : new DatabaseTarget(Path.TrimEndingDirectorySeparator(Path.GetFullPath(DataSource)), IsMemory: false)
        {
            MayCreate = Mode == EngramOpenMode.ReadWriteCreate,
            IsReadOnly = Mode == EngramOpenMode.ReadOnly,
            Recovery = Recovery == EngramRecoveryMode.Salvage ? RecoveryMode.Salvage : RecoveryMode.Strict,
            Durability = Durability switch
            {
                EngramDurability.Full => DurabilityMode.Full,
                EngramDurability.Interval => DurabilityMode.Interval,
                _ => DurabilityMode.None,
            },
            LockTimeout = DefaultTimeout == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(DefaultTimeout),
            KeepAlive = TimeSpan.FromSeconds(KeepAlive),
        };
}
