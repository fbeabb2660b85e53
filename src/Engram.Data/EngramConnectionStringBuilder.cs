using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Engram.Data.Query.Execution.Parallel;

namespace Engram.Data;

/// <summary>Reads and writes connection strings: see <c>docs/connection-strings.md</c> for every keyword.</summary>
/// <remarks>Keywords are known by heart: one that is unknown, or a value that its keyword cannot take, is an <see cref="ArgumentException"/> at once, not
/// something that is ignored. Not thread-safe.</remarks>
[SuppressMessage("Design", "CA1010", Justification = "ADO.NET prescribes the shape of this type, as of its base.")]
public sealed class EngramConnectionStringBuilder : DbConnectionStringBuilder
{
    private const string DataSourceKeyword = "Data Source";
    private const string ModeKeyword = "Mode";
    private const string DurabilityKeyword = "Durability";
    private const string DefaultTimeoutKeyword = "Default Timeout";
    private const string KeepAliveKeyword = "Keep Alive";
    private const string RecoveryKeyword = "Recovery";
    private const string CheckpointSizeKeyword = "Checkpoint Size";
    private const string MaintenanceIntervalKeyword = "Maintenance Interval";
    private const string MemoryLimitKeyword = "Memory Limit";
    private const string EnlistKeyword = "Enlist";
    private const string MaxParallelismKeyword = "Max Parallelism";

    private static readonly string[] KeywordList =
    [
        DataSourceKeyword, ModeKeyword, DurabilityKeyword, DefaultTimeoutKeyword, KeepAliveKeyword, RecoveryKeyword, CheckpointSizeKeyword, MaintenanceIntervalKeyword,
        MemoryLimitKeyword, EnlistKeyword, MaxParallelismKeyword,
    ];

    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        [DataSourceKeyword] = DataSourceKeyword,
        ["DataSource"] = DataSourceKeyword,
        ["Filename"] = DataSourceKeyword,
        [ModeKeyword] = ModeKeyword,
        [DurabilityKeyword] = DurabilityKeyword,
        [DefaultTimeoutKeyword] = DefaultTimeoutKeyword,
        ["DefaultTimeout"] = DefaultTimeoutKeyword,
        ["Command Timeout"] = DefaultTimeoutKeyword,
        [KeepAliveKeyword] = KeepAliveKeyword,
        ["KeepAlive"] = KeepAliveKeyword,
        [RecoveryKeyword] = RecoveryKeyword,
        [CheckpointSizeKeyword] = CheckpointSizeKeyword,
        ["CheckpointSize"] = CheckpointSizeKeyword,
        [MaintenanceIntervalKeyword] = MaintenanceIntervalKeyword,
        ["MaintenanceInterval"] = MaintenanceIntervalKeyword,
        [MemoryLimitKeyword] = MemoryLimitKeyword,
        ["MemoryLimit"] = MemoryLimitKeyword,
        [EnlistKeyword] = EnlistKeyword,
        [MaxParallelismKeyword] = MaxParallelismKeyword,
        ["MaxParallelism"] = MaxParallelismKeyword,
    };

    private string dataSource = "";
    private EngramOpenMode mode;
    private EngramDurability durability;
    private int defaultTimeout = DefaultTimeoutDefault;
    private int keepAlive = KeepAliveDefault;
    private EngramRecoveryMode recovery;
    private int checkpointSize = CheckpointSizeDefault;
    private int maintenanceInterval = MaintenanceIntervalDefault;
    private int memoryLimit;
    private bool enlist = true;
    private int maxParallelism;

    /// <summary>Creates a builder with every keyword at its default.</summary>
    public EngramConnectionStringBuilder()
    {
    }

    /// <summary>Creates a builder from a connection string.</summary>
    /// <param name="connectionString">Keywords and values, <c>Data Source=memory.engram;Mode=ReadOnly</c>; null is the same as empty.</param>
    /// <exception cref="ArgumentException">A keyword is unknown, or a value is none that its keyword takes.</exception>
    public EngramConnectionStringBuilder(string? connectionString) => ConnectionString = connectionString;

    /// <summary>The database's directory, absolute or relative to the process's current directory; <c>:memory:</c> for a private one in
    /// memory; with <see cref="EngramOpenMode.Memory"/> a name. Empty by default.</summary>
    [AllowNull]
    public string DataSource
    {
        get => dataSource;
        set => base[DataSourceKeyword] = dataSource = value ?? "";
    }

    /// <summary>What the connection may do. <see cref="EngramOpenMode.ReadWriteCreate"/> by default.</summary>
    public EngramOpenMode Mode
    {
        get => mode;
        set => base[ModeKeyword] = mode = Enum.IsDefined(value) ? value : throw InvalidValue(ModeKeyword, value);
    }

    /// <summary>When a commit is acknowledged. <see cref="EngramDurability.Full"/> by default.</summary>
    public EngramDurability Durability
    {
        get => durability;
        set => base[DurabilityKeyword] = durability = Enum.IsDefined(value) ? value : throw InvalidValue(DurabilityKeyword, value);
    }

    /// <summary>Seconds that a command may take, and that opening waits for another process to close the database; 0 waits for ever. 30 by default.</summary>
    public int DefaultTimeout
    {
        get => defaultTimeout;
        set => base[DefaultTimeoutKeyword] = defaultTimeout = value >= 0 ? value : throw InvalidValue(DefaultTimeoutKeyword, value);
    }

    /// <summary>Seconds that the database stays open, locked by this process, after its last connection was closed; 0 closes it at once. 1 by default (0 on Windows).</summary>
    public int KeepAlive
    {
        get => keepAlive;
        set => base[KeepAliveKeyword] = keepAlive = value >= 0 ? value : throw InvalidValue(KeepAliveKeyword, value);
    }

    /// <summary>What opening does with a damaged database. <see cref="EngramRecoveryMode.Strict"/> by default. It matters to the connection that opens the
    /// database; one that joins an open database takes it as it is.</summary>
    public EngramRecoveryMode Recovery
    {
        get => recovery;
        set => base[RecoveryKeyword] = recovery = Enum.IsDefined(value) ? value : throw InvalidValue(RecoveryKeyword, value);
    }

    /// <summary>MiB of log, 1 or more, that start a checkpoint whatever else goes on. 64 by default. More means fewer checkpoints, more memory for new rows, and a longer recovery
    /// after a crash. It matters to the connection that opens the database.</summary>
    public int CheckpointSize
    {
        get => checkpointSize;
        set => base[CheckpointSizeKeyword] = checkpointSize = value > 0 ? value : throw InvalidValue(CheckpointSizeKeyword, value);
    }

    /// <summary>Least number of seconds between two checkpoints, or two compactions, that run in the background without being forced by the log's size or by
    /// deleted rows; 0 leaves it to the load alone. 300 by default. It matters to the connection that opens the database.</summary>
    public int MaintenanceInterval
    {
        get => maintenanceInterval;
        set => base[MaintenanceIntervalKeyword] = maintenanceInterval = value >= 0 ? value : throw InvalidValue(MaintenanceIntervalKeyword, value);
    }

    /// <summary>MiB of memory that new rows which are in no segment yet, write sets, and statements (sorts, joins, groups, results) may take together; 0, the default, for a quarter
    /// of what the process may use. Beyond half of it checkpoints are forced, beyond three quarters writers are slowed; at the limit they wait, and statements that need
    /// more fail with 53200. It matters to the connection that opens the database.</summary>
    public int MemoryLimit
    {
        get => memoryLimit;
        set => base[MemoryLimitKeyword] = memoryLimit = value >= 0 ? value : throw InvalidValue(MemoryLimitKeyword, value);
    }

    /// <summary>Whether opening a connection inside a <c>TransactionScope</c> makes it part of that transaction. True by default.</summary>
    public bool Enlist
    {
        get => enlist;
        set => base[EnlistKeyword] = enlist = value;
    }

    /// <summary>Threads, 1 to 256, that may work on one query over a large table; 1 turns it off, 0, the default, is one for each processor. Results are the same whatever it is.
    /// It matters to the commands of the connection alone; <c>SET max_parallelism</c> changes it.</summary>
    public int MaxParallelism
    {
        get => maxParallelism;
        set => base[MaxParallelismKeyword] = maxParallelism = value is >= 0 and <= Parallelism.MaxThreadCountMax ? value : throw InvalidValue(MaxParallelismKeyword, value);
    }

    /// <inheritdoc/>
    public override ICollection Keys => Array.AsReadOnly(KeywordList);

    /// <inheritdoc/>
    public override ICollection Values => Array.AsReadOnly(Array.ConvertAll(KeywordList, Get));

    /// <inheritdoc/>
    public override bool IsFixedSize => true;

    private static int DefaultTimeoutDefault => 30;

    private static int CheckpointSizeDefault => 64;

    private static int MaintenanceIntervalDefault => 300;

    // A directory whose files are open cannot be deleted or moved on Windows, so that nothing is held there that nobody uses.
    private static int KeepAliveDefault => OperatingSystem.IsWindows() ? 0 : 1;

    /// <summary>A keyword's value; setting null brings back the default.</summary>
    /// <param name="keyword">One of the known keywords or their aliases, in any case.</param>
    /// <exception cref="ArgumentException">The keyword is unknown, or cannot take the value.</exception>
    [AllowNull]
    public override object this[string keyword]
    {
        get => Get(Canonical(keyword));
        set
        {
            var canonical = Canonical(keyword);
            if (value is null)
            {
                Remove(canonical);
                return;
            }

            switch (canonical)
            {
                case DataSourceKeyword: DataSource = Convert.ToString(value, CultureInfo.InvariantCulture); break;
                case ModeKeyword: Mode = ToEnum<EngramOpenMode>(canonical, value); break;
                case DurabilityKeyword: Durability = ToEnum<EngramDurability>(canonical, value); break;
                case DefaultTimeoutKeyword: DefaultTimeout = ToInt32(canonical, value); break;
                case KeepAliveKeyword: KeepAlive = ToInt32(canonical, value); break;
                case RecoveryKeyword: Recovery = ToEnum<EngramRecoveryMode>(canonical, value); break;
                case CheckpointSizeKeyword: CheckpointSize = ToInt32(canonical, value); break;
                case MaintenanceIntervalKeyword: MaintenanceInterval = ToInt32(canonical, value); break;
                case MemoryLimitKeyword: MemoryLimit = ToInt32(canonical, value); break;
                case EnlistKeyword: Enlist = ToBoolean(canonical, value); break;
                case MaxParallelismKeyword: MaxParallelism = ToInt32(canonical, value); break;
                default: throw Error.Internal($"keyword {canonical} is not set");
            }
        }
    }

    /// <inheritdoc/>
    public override bool ContainsKey(string keyword)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        return Keywords.ContainsKey(keyword);
    }

    /// <inheritdoc/>
    public override bool TryGetValue(string keyword, [NotNullWhen(true)] out object? value)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        value = Keywords.TryGetValue(keyword, out var canonical) ? Get(canonical) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public override bool ShouldSerialize(string keyword)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        return Keywords.TryGetValue(keyword, out var canonical) && base.ShouldSerialize(canonical);
    }

    /// <inheritdoc/>
    public override bool Remove(string keyword)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        if (!Keywords.TryGetValue(keyword, out var canonical))
        {
            return false;
        }

        Reset(canonical);
        return base.Remove(canonical);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        foreach (var keyword in KeywordList)
        {
            Reset(keyword);
        }
    }

    private static string Canonical(string keyword)
    {
        ArgumentNullException.ThrowIfNull(keyword);
        return Keywords.TryGetValue(keyword, out var canonical)
            ? canonical
            : throw new ArgumentException($"The connection string keyword '{keyword}' is unknown. Known are: {string.Join(", ", KeywordList)}.", nameof(keyword));
    }

    private static T ToEnum<T>(string keyword, object value)
        where T : struct, Enum
        => value switch
        {
            T typed => typed,
            string text when Enum.TryParse<T>(text.Trim(), ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) && !char.IsAsciiDigit(text.Trim()[0]) => parsed,
            _ => throw new ArgumentException($"The connection string keyword '{keyword}' cannot be '{value}'. It takes one of: {string.Join(", ", Enum.GetNames<T>())}."),
        };

    private static int ToInt32(string keyword, object value) => value switch
    {
        int number => number,
        string text when int.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var parsed) => parsed,
        _ => throw InvalidValue(keyword, value),
    };

    private static bool ToBoolean(string keyword, object value) => value switch
    {
        bool given => given,
        string text when bool.TryParse(text.Trim(), out var parsed) => parsed,
        _ => throw InvalidValue(keyword, value),
    };

    private static ArgumentException InvalidValue(string keyword, object value)
        => new($"The connection string keyword '{keyword}' cannot be '{value}'." + keyword switch
        {
            DefaultTimeoutKeyword or KeepAliveKeyword or MaintenanceIntervalKeyword => " It takes a number of seconds, 0 or more.",
            CheckpointSizeKeyword => " It takes a number of MiB, 1 or more.",
            EnlistKeyword => " It takes True or False.",
            MemoryLimitKeyword => " It takes a number of MiB, or 0 for a quarter of the memory.",
            MaxParallelismKeyword => $" It takes a number of threads, up to {Parallelism.MaxThreadCountMax}, or 0 for one a processor.",
            _ => "",
        });

    private object Get(string canonical) => canonical switch
    {
        DataSourceKeyword => dataSource,
        ModeKeyword => mode,
        DurabilityKeyword => durability,
        DefaultTimeoutKeyword => defaultTimeout,
        KeepAliveKeyword => keepAlive,
        RecoveryKeyword => recovery,
        CheckpointSizeKeyword => checkpointSize,
        MaintenanceIntervalKeyword => maintenanceInterval,
        MemoryLimitKeyword => memoryLimit,
        EnlistKeyword => enlist,
        MaxParallelismKeyword => maxParallelism,
        _ => throw Error.Internal($"keyword {canonical} has no value"),
    };

    private void Reset(string canonical)
    {
        switch (canonical)
        {
            case DataSourceKeyword: dataSource = ""; break;
            case ModeKeyword: mode = EngramOpenMode.ReadWriteCreate; break;
            case DurabilityKeyword: durability = EngramDurability.Full; break;
            case DefaultTimeoutKeyword: defaultTimeout = DefaultTimeoutDefault; break;
            case KeepAliveKeyword: keepAlive = KeepAliveDefault; break;
            case RecoveryKeyword: recovery = EngramRecoveryMode.Strict; break;
            case CheckpointSizeKeyword: checkpointSize = CheckpointSizeDefault; break;
            case MaintenanceIntervalKeyword: maintenanceInterval = MaintenanceIntervalDefault; break;
            case MemoryLimitKeyword: memoryLimit = 0; break;
            case EnlistKeyword: enlist = true; break;
            case MaxParallelismKeyword: maxParallelism = 0; break;
            default: throw Error.Internal($"keyword {canonical} has no default");
        }
    }
}
