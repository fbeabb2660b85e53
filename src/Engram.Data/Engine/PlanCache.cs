using System.Collections.Concurrent;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>The scripts that were run lately, by their text, with their plans. Bounded in number and in characters; thread-safe.</summary>
/// <remarks>
/// Two generations instead of a list in order of use: a hit among the young takes no lock and writes nothing shared. When the young generation is full
/// it becomes the old one, and what was in the old one and not asked for meanwhile is forgotten.
/// </remarks>
internal sealed class PlanCache
{
    private const int GenerationCountMax = 512;
    private const int GenerationSizeCharsMax = 4 * 1024 * 1024;

    // A text of this size is a data load, and will not come again.
    private const int TextSizeCharsMax = 256 * 1024;

    private readonly Lock gate = new();
    private volatile ConcurrentDictionary<string, Script> young = new(StringComparer.Ordinal);

    // Under the gate.
    private ConcurrentDictionary<string, Script> old = new(StringComparer.Ordinal);
    private int youngCount;
    private long youngSizeChars;

    /// <summary>Whether runs of statements are counted and timed: SET engram.track_statements, for all connections to the database.</summary>
    public bool TracksStatements
    {
        get => Volatile.Read(ref tracksStatements);
        set => Volatile.Write(ref tracksStatements, value);
    }

    private bool tracksStatements;

    /// <summary>Values of plans that write.</summary>
    public ValueStash Values { get; } = new();

    /// <summary>The statements that are held and have run while they were tracked.</summary>
    public IReadOnlyList<StatementStatistics> DescribeStatements()
    {
        lock (gate)
        {
            return [.. young.Values.Concat(old.Values).SelectMany(s => s.Statements).Select(s => s.Describe()).Where(s => s.CallCount > 0)];
        }
    }

    /// <summary>Scripts held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return young.Count + old.Count;
            }
        }
    }

    /// <summary>The parsed text, from the cache or new.</summary>
    public Script GetOrParse(string text, CancellationToken cancellation = default)
    {
        if (young.TryGetValue(text, out var found))
        {
            return found;
        }

        lock (gate)
        {
            if (old.TryRemove(text, out found))
            {
                return Add(found);
            }
        }

        using var watched = Recursion.Watch(cancellation);
        var script = Script.Parse(text);
        if (text.Length > TextSizeCharsMax)
        {
            return script;
        }

        lock (gate)
        {
            return Add(script);
        }
    }

    /// <summary>Has everything parsed and planned anew, but for what callers hold.</summary>
    public void Forget()
    {
        lock (gate)
        {
            old = new ConcurrentDictionary<string, Script>(StringComparer.Ordinal);
            young = new ConcurrentDictionary<string, Script>(StringComparer.Ordinal);
            (youngCount, youngSizeChars) = (0, 0);
        }
    }

    /// <summary>Adds a script, unless another thread was faster, and returns the one that is there. Under the gate.</summary>
    private Script Add(Script script)
    {
        if (young.TryGetValue(script.Text, out var other))
        {
            return other;
        }

        if (youngCount >= GenerationCountMax || youngSizeChars + script.Text.Length > GenerationSizeCharsMax)
        {
            old = young;
            young = new ConcurrentDictionary<string, Script>(StringComparer.Ordinal);
            youngCount = 0;
            youngSizeChars = 0;
        }

        young[script.Text] = script;
        youngCount++;
        youngSizeChars += script.Text.Length;
        return script;
    }
}
