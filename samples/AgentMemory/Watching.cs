using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AgentMemory;

/// <summary>Healthy when a query can be answered.</summary>
public sealed class MemoryHealth(MemoryContext memory) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var any = await memory.Episodes.AnyAsync(cancellationToken);
            return HealthCheckResult.Healthy(any ? "There are episodes." : "There are no episodes yet.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy(e.Message, e);
        }
    }
}

/// <summary>
/// Writes the engine's spans to the application's log. With OpenTelemetry this class goes, and Program.cs says
/// <c>AddOpenTelemetry().WithTracing(t => t.AddSource("Engram.Data")).WithMetrics(m => m.AddMeter("Engram.Data"))</c> and names an exporter.
/// </summary>
public sealed partial class SpanLog(ILogger<SpanLog> log) : IHostedService
{
    private ActivityListener? listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Engram.Data",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => Ended(span.DisplayName, span.Duration.TotalMilliseconds, span.TraceId, span.Status),
        };
        ActivitySource.AddActivityListener(listener);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        listener?.Dispose();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "{Span} took {Milliseconds:0.00} ms in trace {Trace}, {Status}")]
    private partial void Ended(string span, double milliseconds, ActivityTraceId trace, ActivityStatusCode status);
}
