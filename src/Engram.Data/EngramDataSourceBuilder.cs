using Microsoft.Extensions.Logging;

namespace Engram.Data;

/// <summary>Settles what an <see cref="EngramDataSource"/> does beside the connection string. Not thread-safe; may build several data sources.</summary>
/// <example>
/// <code>
/// await using var source = new EngramDataSourceBuilder("Data Source=memory.engram")
///     .UseLoggerFactory(loggerFactory)
///     .LogSlowCommands(TimeSpan.FromMilliseconds(200))
///     .Build();
/// </code>
/// </example>
public sealed class EngramDataSourceBuilder
{
    private ILoggerFactory? loggerFactory;
    private TimeSpan slowThreshold;

    /// <summary>Creates a builder.</summary>
    /// <param name="connectionString">See docs/connection-strings.md; null for an empty one, to be filled in through <see cref="ConnectionStringBuilder"/>.</param>
    /// <exception cref="ArgumentException">A keyword is unknown, or a value is none that its keyword takes.</exception>
    public EngramDataSourceBuilder(string? connectionString = null) => ConnectionStringBuilder = new EngramConnectionStringBuilder(connectionString);

    /// <summary>The connection string, keyword by keyword.</summary>
    public EngramConnectionStringBuilder ConnectionStringBuilder { get; }

    /// <summary>The connection string as it stands.</summary>
    public string ConnectionString => ConnectionStringBuilder.ConnectionString;

    /// <summary>Where the engine logs to: checkpoints, repairs, forgotten connections, slow commands.</summary>
    public EngramDataSourceBuilder UseLoggerFactory(ILoggerFactory? loggerFactory)
    {
        this.loggerFactory = loggerFactory;
        return this;
    }

    /// <summary>Logs a warning for each command for which the engine worked, or waited for locks and the disk, as long as this or longer: its text, without the values of its
    /// parameters. The time that the application takes between two rows does not count.</summary>
    /// <param name="threshold">More than zero; zero logs none, which is the default.</param>
    public EngramDataSourceBuilder LogSlowCommands(TimeSpan threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, TimeSpan.Zero);
        slowThreshold = threshold;
        return this;
    }

    /// <summary>Creates the data source. Nothing is opened yet.</summary>
    public EngramDataSource Build() => new(ConnectionString, loggerFactory, slowThreshold);
}
