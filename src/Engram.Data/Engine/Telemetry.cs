using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Engram.Data.Engine;

/// <summary>The names under which commands and databases can be observed: OpenTelemetry's conventions for database clients, and instruments of our own for what a client of
/// a server could not see. docs/observability.md lists them.</summary>
/// <remarks>Whoever does not listen pays a check of a flag for each command. The observable instruments cost nothing but when they are read.</remarks>
internal static class Telemetry
{
    public const string Name = "Engram.Data";
    public const string SystemName = "engram";

    private static readonly string? Version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly Meter Meter = new(Name, Version);

    public static readonly ActivitySource Activities = new(Name, Version);

    public static readonly Histogram<double> OperationDuration = Meter.CreateHistogram(
        "db.client.operation.duration",
        "s",
        "Duration of database client operations.",
        tags: null,
        // As the conventions advise, with three more below: an embedded database answers in microseconds.
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });

    public static readonly Histogram<long> ReturnedRows = Meter.CreateHistogram<long>("db.client.response.returned_rows", "{row}", "Rows that commands returned.");

    static Telemetry()
    {
        _ = Meter.CreateObservableUpDownCounter("db.client.connection.count", ObserveConnections, "{connection}", "Connections that are open.");
        _ = Meter.CreateObservableCounter("engram.commits", () => Observe(static o => o.Commits), "{commit}", "Transactions that are durable, over the life of the database.");
        _ = Meter.CreateObservableCounter("engram.log.syncs", () => Observe(static o => o.LogSyncs), "{sync}", "Syncs of the log since the database was opened.");
        _ = Meter.CreateObservableCounter("engram.log.written", () => Observe(static o => o.LogWrittenBytes), "By", "Bytes written to the log since the database was opened.");
        _ = Meter.CreateObservableUpDownCounter("engram.log.size", () => Observe(static o => o.LogSizeBytes), "By", "Bytes of log that a recovery would read.");
        _ = Meter.CreateObservableUpDownCounter("engram.memory.used", () => Observe(static o => o.MemoryUsedBytes), "By", "What new rows, write sets, statements and codes made in memory take of 'Memory Limit'.");
    }

    public static bool IsMeasuring => OperationDuration.Enabled || ReturnedRows.Enabled;

    /// <summary>By the names that the conventions have for pools: a database is what its connections share.</summary>
    private static List<Measurement<long>> ObserveConnections()
        => [.. DatabaseRegistry.ReadFigures().Select(f => new Measurement<long>(
            f.Connections, new("db.system.name", SystemName), new("db.namespace", f.Name), new("db.client.connection.pool.name", f.Name), new("db.client.connection.state", "used")))];

    private static List<Measurement<long>> Observe(Func<DatabaseFigures, long> figure)
        => [.. DatabaseRegistry.ReadFigures().Select(f => new Measurement<long>(figure(f), new("db.system.name", SystemName), new("db.namespace", f.Name)))];
}

/// <summary>What can be read of an open database at any time.</summary>
internal readonly record struct DatabaseFigures(string Name, int Connections, long Commits, long LogSyncs, long LogWrittenBytes, long LogSizeBytes, long MemoryUsedBytes);
