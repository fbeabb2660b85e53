using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Tests.Ado;

/// <summary>Spans, measurements and the log of slow commands. Other tests run beside these: everything is picked out by the name of the database.</summary>
[Collection(nameof(ObservabilityTests))]
public sealed class ObservabilityTests : AdoTest
{
    private readonly string database;

    public ObservabilityTests()
    {
        database = Connection.Database;
        Execute("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
    }

    [Fact]
    public void A_command_is_a_span_with_the_attributes_of_the_conventions()
    {
        var spans = new List<Activity>();
        using var listener = Listen(spans);
        using (var reader = Command("-- a tag\nselect id FROM t WHERE id > $1", 1).ExecuteReader())
        {
            Assert.True(reader.Read());
            Assert.Empty(spans);
        }

        var span = Assert.Single(spans);
        Assert.Equal($"SELECT {database}", span.OperationName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal("engram", span.GetTagItem("db.system.name"));
        Assert.Equal(database, span.GetTagItem("db.namespace"));
        Assert.Equal("SELECT", span.GetTagItem("db.operation.name"));
        Assert.Equal("-- a tag\nselect id FROM t WHERE id > $1", span.GetTagItem("db.query.text"));
        Assert.Equal(2L, span.GetTagItem("db.response.returned_rows"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_failure_is_told_with_its_code()
    {
        var spans = new List<Activity>();
        using var listener = Listen(spans);
        await Assert.ThrowsAsync<EngramException>(() => Command("INSERT INTO t VALUES (1)").ExecuteNonQueryAsync());
        await Assert.ThrowsAsync<EngramException>(() => Command("SELEC 1").ExecuteNonQueryAsync());
        Assert.Equal(["23505", "42601"], spans.Select(s => s.GetTagItem("db.response.status_code")));
        Assert.Equal(["23505", "42601"], spans.Select(s => s.GetTagItem("error.type")));
        Assert.Equal(["INSERT", "OTHER"], spans.Select(s => s.GetTagItem("db.operation.name")));
        Assert.All(spans, s => Assert.Equal(ActivityStatusCode.Error, s.Status));
    }

    [Fact]
    public void A_batch_is_one_span()
    {
        var spans = new List<Activity>();
        using var listener = Listen(spans);
        using var batch = Connection.CreateBatch();
        batch.BatchCommands.Add("INSERT INTO t VALUES (10)");
        batch.BatchCommands.Add("DELETE FROM t WHERE id = 10");
        batch.ExecuteNonQuery();
        var span = Assert.Single(spans);
        Assert.Equal("BATCH", span.GetTagItem("db.operation.name"));
        Assert.Equal(2, span.GetTagItem("db.operation.batch.size"));
        Assert.Equal("INSERT INTO t VALUES (10);\nDELETE FROM t WHERE id = 10", span.GetTagItem("db.query.text"));

        using var same = Connection.CreateBatch();
        same.BatchCommands.Add("INSERT INTO t VALUES (11)");
        same.BatchCommands.Add("insert into t VALUES (12)");
        same.ExecuteNonQuery();
        Assert.Equal("BATCH INSERT", spans[1].GetTagItem("db.operation.name"));
        Assert.Equal($"BATCH INSERT {database}", spans[1].OperationName);
    }

    [Fact]
    public void A_span_is_the_child_of_the_one_that_is_current()
    {
        var spans = new List<Activity>();
        using var listener = Listen(spans);
        using var parent = new Activity("request").Start();
        Scalar("SELECT 1");
        Assert.Equal(parent.SpanId, Assert.Single(spans).ParentSpanId);
        Assert.Same(parent, Activity.Current);
    }

    [Fact]
    public void Durations_rows_and_figures_of_the_engine_are_measured()
    {
        var seen = new List<(string Instrument, double Value, string? Operation, string? Error)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Engram.Data")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Keep(i.Name, value, tags));
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Keep(i.Name, value, tags));
        listener.Start();
        Rows("SELECT id FROM t");
        Assert.Throws<EngramException>(() => Execute("INSERT INTO t VALUES (1)"));
        listener.RecordObservableInstruments();

        Assert.Contains(seen, s => s is ("db.client.operation.duration", > 0, "SELECT", null));
        Assert.Contains(seen, s => s is ("db.client.operation.duration", > 0, "INSERT", "23505"));
        Assert.Contains(seen, s => s is ("db.client.response.returned_rows", 3, "SELECT", null));
        Assert.DoesNotContain(seen, s => s is ("db.client.response.returned_rows", _, "INSERT", _));
        Assert.Contains(seen, s => s is ("db.client.connection.count", 1, null, null));
        Assert.Contains(seen, s => s is ("engram.commits", 2, null, null));
        Assert.Contains(seen, s => s is ("engram.log.syncs", > 0, null, null));
        Assert.Contains(seen, s => s is ("engram.log.written", > 0, null, null));
        Assert.Contains(seen, s => s is ("engram.log.size", > 0, null, null));
        Assert.Contains(seen, s => s is ("engram.memory.used", > 0, null, null));

        void Keep(string instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var given = tags.ToArray().ToDictionary();
            if (database.Equals(given.GetValueOrDefault("db.namespace")))
            {
                lock (seen)
                {
                    seen.Add((instrument, value, (string?)given.GetValueOrDefault("db.operation.name"), (string?)given.GetValueOrDefault("error.type")));
                }
            }
        }
    }

    [Fact]
    public void A_slow_command_is_logged_with_its_text_and_without_its_values()
    {
        using var log = new ListLogger();
        using var source = new EngramDataSourceBuilder(ConnectionString).UseLoggerFactory(log).LogSlowCommands(TimeSpan.FromTicks(1)).Build();
        using (var connection = source.OpenConnection())
        {
            Command(connection, "SELECT id FROM t WHERE id <> $1", 4711).ExecuteScalar();
        }

        var message = Assert.Single(log.Messages, m => m.Contains("Slow command", StringComparison.Ordinal));
        Assert.Contains("SELECT id FROM t WHERE id <> $1", message, StringComparison.Ordinal);
        Assert.Contains("3 rows", message, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", message, StringComparison.Ordinal);

        log.Messages.Clear();
        using var patient = new EngramDataSourceBuilder(ConnectionString).UseLoggerFactory(log).LogSlowCommands(TimeSpan.FromHours(1)).Build();
        using var other = patient.OpenConnection();
        Command(other, "SELECT id FROM t").ExecuteScalar();
        Assert.DoesNotContain(log.Messages, m => m.Contains("Slow command", StringComparison.Ordinal));
    }

    [Fact]
    public void A_builder_builds_what_its_connection_string_says()
    {
        var builder = new EngramDataSourceBuilder { ConnectionStringBuilder = { DataSource = "x", Mode = EngramOpenMode.Memory } };
        Assert.Equal("Data Source=x;Mode=Memory", builder.ConnectionString);
        using var source = builder.Build();
        Assert.Equal(builder.ConnectionString, source.ConnectionString);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.LogSlowCommands(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentException>(() => new EngramDataSourceBuilder("Dta Source=x"));
    }

    private ActivityListener Listen(List<Activity> spans)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Engram.Data",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a =>
            {
                if (database.Equals(a.GetTagItem("db.namespace")))
                {
                    spans.Add(a);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private sealed class ListLogger : ILoggerFactory, ILogger
    {
        public List<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Messages)
            {
                Messages.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
