using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Engine;

/// <summary>One command under observation: a span, two measurements, and a line in the log if it was slow. Used by the command's thread.</summary>
/// <remarks>
/// <para>It exists only where somebody listens. The span and its duration go from the execution to the closing of the reader, as OpenTelemetry's conventions have it; what is
/// slow is decided by the time that the engine worked or waited, without the time that the application took between rows.</para>
/// <para>Texts are given as they are, since values belong into parameters; values of parameters are never given.</para>
/// </remarks>
internal sealed partial class CommandTrace
{
    private const int TextLengthMax = 4_096;

    private readonly Activity? activity;
    private readonly string text;
    private readonly string database;
    private readonly string operation;
    private readonly TimeSpan slowThreshold;
    private readonly ILogger logger;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private TimeSpan worked;
    private long enteredAt;
    private long rows;
    private Exception? failure;
    private bool isEnded;

    /// <param name="database">Its name.</param>
    /// <param name="text">All texts of a batch.</param>
    /// <param name="operation">What <see cref="OperationOf"/> says of the texts.</param>
    /// <param name="batchSize">Commands of a batch; 1 without one.</param>
    /// <param name="slowThreshold">Zero: nothing is slow.</param>
    /// <param name="logger">Where slow commands are told.</param>
    public CommandTrace(string database, string text, string operation, int batchSize, TimeSpan slowThreshold, ILogger logger)
    {
        this.database = database;
        this.text = text;
        this.operation = operation;
        this.slowThreshold = slowThreshold;
        this.logger = logger;
        activity = Telemetry.Activities.StartActivity($"{operation} {database}", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("db.system.name", Telemetry.SystemName);
            activity.SetTag("db.namespace", database);
            activity.SetTag("db.operation.name", operation);
            activity.SetTag("db.query.text", text.Length <= TextLengthMax ? text : text[..TextLengthMax]);
            if (batchSize > 1)
            {
                activity.SetTag("db.operation.batch.size", batchSize);
            }
        }
    }

    /// <summary>The operation of a text, or of a batch: <c>BATCH INSERT</c> when all its commands do the same, else <c>BATCH</c>.</summary>
    public static string OperationOf(ReadOnlySpan<(string Sql, ParameterList)> items)
    {
        var first = items.IsEmpty ? "OTHER" : Operation(items[0].Sql);
        if (items.Length == 1)
        {
            return first;
        }

        foreach (var (sql, _) in items)
        {
            if (first == "OTHER" || Operation(sql) != first)
            {
                return "BATCH";
            }
        }

        return $"BATCH {first}";
    }

    /// <summary>Whether anybody listens.</summary>
    public static bool IsWanted(TimeSpan slowThreshold) => Telemetry.Activities.HasListeners() || Telemetry.IsMeasuring || slowThreshold > TimeSpan.Zero;

    /// <summary>The engine begins to work.</summary>
    public void Enter() => enteredAt = Stopwatch.GetTimestamp();

    /// <summary>The engine hands over to the application.</summary>
    public void Leave() => worked += Stopwatch.GetElapsedTime(enteredAt);

    public void AddRows(int count) => rows += count;

    /// <summary>The first failure of a command is the one that is told.</summary>
    public void Fail(Exception e) => failure ??= e;

    /// <summary>The reader closes, or there was none. Further calls do nothing.</summary>
    public void End()
    {
        if (isEnded)
        {
            return;
        }

        isEnded = true;
        // A status is what the database said; an error of another kind has its type alone.
        var status = ((failure as EngramException) ?? (failure?.InnerException as EngramException))?.SqlState;
        var code = status ?? failure?.GetType().FullName;
        if (Telemetry.IsMeasuring)
        {
            var tags = new TagList { { "db.system.name", Telemetry.SystemName }, { "db.namespace", database }, { "db.operation.name", operation } };
            if (code is not null)
            {
                tags.Add("error.type", code);
            }

            if (status is not null)
            {
                tags.Add("db.response.status_code", status);
            }

            Telemetry.OperationDuration.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, tags);
            if (failure is null)
            {
                Telemetry.ReturnedRows.Record(rows, tags);
            }
        }

        if (activity is not null)
        {
            activity.SetTag("db.response.returned_rows", rows);
            if (code is not null)
            {
                activity.SetTag("db.response.status_code", status);
                activity.SetTag("error.type", code);
                activity.SetStatus(ActivityStatusCode.Error, failure!.Message);
            }

            activity.Dispose();
        }

        if (slowThreshold > TimeSpan.Zero && worked >= slowThreshold)
        {
            LogSlow(database, worked.TotalMilliseconds, rows, text.Length <= TextLengthMax ? text : text[..TextLengthMax]);
        }
    }

    /// <summary>The first word of a text, in capitals when it is one that SQL statements begin with, so that names of operations stay few.</summary>
    private static string Operation(string text)
    {
        var words = text.AsSpan().TrimStart();
        while (words.StartsWith("--", StringComparison.Ordinal))
        {
            // EF Core's tags stand before the statement.
            var end = words.IndexOf('\n');
            words = end < 0 ? [] : words[(end + 1)..].TrimStart();
        }

        var length = 0;
        while (length < words.Length && char.IsAsciiLetter(words[length]))
        {
            length++;
        }

        ReadOnlySpan<string> known = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "CREATE", "ALTER", "DROP", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "VALUES", "EXPLAIN", "SET", "SHOW", "CHECKPOINT", "VACUUM", "TRUNCATE"];
        foreach (var word in known)
        {
            if (words[..length].Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        return "OTHER";
    }

    [LoggerMessage(10, LogLevel.Warning, "Slow command on '{Database}': {Milliseconds:0.0} ms in the engine, {Rows} rows returned.\n{Text}")]
    private partial void LogSlow(string database, double milliseconds, long rows, string text);
}
