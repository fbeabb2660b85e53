using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>What SET changes and SHOW shows. Of one session.</summary>
internal sealed class SessionSettings
{
    private static readonly string[] Known = ["statement_timeout", "transaction_isolation", "default_transaction_isolation", "server_version", "timezone", "search_path", "max_parallelism", "hnsw.ef_search", "engram.optimizer", "engram.track_statements"];

    /// <summary>All settings, for SHOW ALL and engram_settings.</summary>
    public static IEnumerable<string> Names => Known;

    /// <summary>SET statement_timeout: how long a statement may take, whatever its command says; zero for no such limit.</summary>
    public TimeSpan StatementTimeout { get; private set; }

    /// <summary>What BEGIN begins when it does not say.</summary>
    public Isolation DefaultIsolation { get; set; }

    /// <summary>On how many threads a query may run.</summary>
    public Parallelism Parallelism { get; set; } = new();

    /// <summary>What <c>Max Parallelism</c> of the connection string says; DEFAULT goes back to it.</summary>
    public int MaxParallelismDefault
    {
        get => field;
        init
        {
            field = value;
            Parallelism = Parallelism with { MaxThreadCount = value };
        }
    } = Environment.ProcessorCount;

    /// <summary>SET engram.optimizer: off for plans in their plain form, without pushed conditions, indexes, fused and rewritten operators. The rows are the same; for comparing.</summary>
    public bool Optimizes { get; private set; } = true;

    // While a transaction is open that changed something: what settings go back to when it is rolled back, and when it is committed.
    private readonly Dictionary<string, string> atRollback = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> atCommit = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>SET and SET LOCAL in a transaction.</summary>
    /// <param name="name">Of the setting.</param>
    /// <param name="values">None for DEFAULT.</param>
    /// <param name="isLocal">Whether it ends with the transaction in any case.</param>
    public void SetInTransaction(string name, IReadOnlyList<string> values, bool isLocal)
    {
        var before = IsOwnName(name) && !IsOwn(name) ? "" : Show(name, null, "");
        Set(name, values);
        atRollback.TryAdd(name, before);
        if (isLocal)
        {
            atCommit.TryAdd(name, before);
        }
        else
        {
            atCommit.Remove(name);
        }
    }

    /// <summary>A transaction has ended.</summary>
    public void EndTransaction(bool isCommitted)
    {
        foreach (var (name, value) in isCommitted ? atCommit : atRollback)
        {
            Set(name, [value]);
        }

        atCommit.Clear();
        atRollback.Clear();
    }

    /// <summary>SET hnsw.ef_search: the breadth of searches WITH APPROXIMATE that name none.</summary>
    public int ApproximateBreadth { get; private set; } = (int)GraphSearch.BreadthDefault;

    /// <param name="values">None for DEFAULT.</param>
    public void Set(string name, IReadOnlyList<string> values)
    {
        var value = string.Join(", ", values);
        switch (name.ToLowerInvariant())
        {
            case "statement_timeout":
                StatementTimeout = values.Count == 0 ? TimeSpan.Zero : ParseDuration(name, value);
                break;
            case "default_transaction_isolation":
                DefaultIsolation = values.Count == 0 ? Isolation.ReadCommitted : ParseIsolation(name, value);
                break;
            case "max_parallelism":
                Parallelism = Parallelism with { MaxThreadCount = values.Count == 0 ? MaxParallelismDefault : ParseCount(name, value) };
                break;
            case "hnsw.ef_search":
                ApproximateBreadth = values.Count == 0 ? (int)GraphSearch.BreadthDefault : ParseBreadth(name, value);
                break;
            case "engram.optimizer":
                Optimizes = values.Count == 0 || ParseSwitch(name, value);
                break;
            // Fixed here; taken as long as nothing else is asked for, since scripts made for PostgreSQL say so.
            case "timezone":
                Require(name, values, value.Equals("UTC", StringComparison.OrdinalIgnoreCase), "UTC");
                break;
            case "search_path":
                SearchPath = values.Count == 0 ? default : ParsePath(values);
                break;
            case "transaction_isolation" or "server_version":
                throw Error.SettingIsReadOnly(name);
            default:
                if (!IsOwnName(name))
                {
                    throw Error.UnknownSetting(name, Known);
                }

                own[name] = value;
                break;
        }
    }

    // Settings of the application: any name of two parts that is none of ours.
    private readonly Dictionary<string, string> own = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the application has set a setting of its own by this name.</summary>
    public bool IsOwn(string name) => own.ContainsKey(name);

    private static bool IsOwnName(string name)
        => name.Contains('.', StringComparison.Ordinal) && !name.StartsWith("engram.", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("hnsw.", StringComparison.OrdinalIgnoreCase);

    public string Show(string name, SessionTransaction? transaction, string version) => name.ToLowerInvariant() switch
    {
        "statement_timeout" => StatementTimeout.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) + "ms",
        "transaction_isolation" => NameOf(transaction?.Isolation ?? DefaultIsolation),
        "default_transaction_isolation" => NameOf(DefaultIsolation),
        "max_parallelism" => Parallelism.MaxThreadCount.ToString(CultureInfo.InvariantCulture),
        "hnsw.ef_search" => ApproximateBreadth.ToString(CultureInfo.InvariantCulture),
        "engram.optimizer" => Optimizes ? "on" : "off",
        "server_version" => version,
        "timezone" => "UTC",
        "search_path" => SearchPath.IsDefault ? "public" : string.Join(", ", SearchPath.Select(QuoteName)),
        _ => own.TryGetValue(name, out var value) ? value : throw Error.UnknownSetting(name, Known),
    };

    /// <summary>SET search_path; default for the public schema alone.</summary>
    public ImmutableArray<string> SearchPath { get; private set; }

    /// <summary>Each value is a name, or, in a string, several that commas separate: SHOW gives them so.</summary>
    private static ImmutableArray<string> ParsePath(IReadOnlyList<string> values)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var part in values.Count == 1 ? SplitPath(values[0]) : values)
        {
            names.Add(part.Length > 1 && part[0] == '"' && part[^1] == '"' ? part[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : part);
        }

        return names.ToImmutable();
    }

    private static List<string> SplitPath(string text)
    {
        var (parts, start, isQuoted) = (new List<string>(), 0, false);
        for (var i = 0; i <= text.Length; i++)
        {
            isQuoted ^= i < text.Length && text[i] == '"';
            if (i == text.Length || (text[i] == ',' && !isQuoted))
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
        }

        parts.RemoveAll(p => p.Length == 0);
        return parts;
    }

    private static string QuoteName(string name)
        => name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static void Require(string name, IReadOnlyList<string> values, bool isSupported, string only)
    {
        if (values.Count > 0 && !isSupported)
        {
            throw Error.InvalidSetting(name, string.Join(", ", values), only + " only");
        }
    }

    public static bool ParseSwitch(string name, string value) => value.ToLowerInvariant() switch
    {
        "on" or "true" or "1" => true,
        "off" or "false" or "0" => false,
        _ => throw Error.InvalidSetting(name, value, "'on' or 'off'"),
    };

    private static string NameOf(Isolation isolation) => isolation switch
    {
        Isolation.ReadCommitted => "read committed",
        Isolation.Snapshot => "repeatable read",
        _ => "serializable",
    };

    private static Isolation ParseIsolation(string name, string value) => value.ToLowerInvariant() switch
    {
        "read committed" or "read uncommitted" => Isolation.ReadCommitted,
        "repeatable read" or "snapshot" => Isolation.Snapshot,
        "serializable" => Isolation.Serializable,
        _ => throw Error.InvalidSetting(name, value, "'read committed', 'repeatable read' or 'serializable'"),
    };

    private static int ParseCount(string name, string value)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= Parallelism.MaxThreadCountMax
            ? count
            : throw Error.InvalidSetting(name, value, $"a number of threads from 1 to {Parallelism.MaxThreadCountMax}");

    private static int ParseBreadth(string name, string value)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var breadth) && breadth is > 0 and <= (int)GraphSearch.BreadthMax
            ? breadth
            : throw Error.InvalidSetting(name, value, $"a number of candidates from 1 to {GraphSearch.BreadthMax}");

    /// <summary>Milliseconds, or a number with a unit.</summary>
    private static TimeSpan ParseDuration(string name, string value)
    {
        var text = value.Trim();
        var digits = text.TrimEnd([.. "abcdefghijklmnopqrstuvwxyz "]);
        var unit = text[digits.Length..].Trim();
        var scale = unit switch { "" or "ms" => 1, "s" => 1000, "min" => 60_000, "h" => 3_600_000, _ => 0 };
        return scale > 0 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? TimeSpan.FromMilliseconds((double)count * scale)
            : throw Error.InvalidSetting(name, value, "a number of milliseconds, or one with ms, s, min or h");
    }
}
