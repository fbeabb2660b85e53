namespace Engram.Data.Engine;

/// <summary>The scripts that were run lately, by their text, with their plans. Bounded in number and in characters; thread-safe.</summary>
/// <remarks>
/// Two generations instead of a list in order of use: a hit writes nothing shared. When the young generation is full it becomes the old one, and
/// what was in the old one and not asked for meanwhile is forgotten.
/// </remarks>
internal sealed class PlanCache
{
    private const int GenerationCountMax = 512;
    private const int GenerationSizeCharsMax = 4 * 1024 * 1024;

    // A text of this size is a data load, and will not come again.
    private const int TextSizeCharsMax = 256 * 1024;

    private readonly Lock gate = new();
    private Dictionary<string, Script> young = new(StringComparer.Ordinal);
    private Dictionary<string, Script> old = new(StringComparer.Ordinal);
    private long youngSizeChars;

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
    public Script GetOrParse(string text)
    {
        lock (gate)
        {
            if (young.TryGetValue(text, out var found))
            {
                return found;
            }

            if (old.Remove(text, out found))
            {
                Add(found);
                return found;
            }
        }

        var script = Script.Parse(text);
        if (text.Length > TextSizeCharsMax)
        {
            return script;
        }

        lock (gate)
        {
            if (young.TryGetValue(text, out var other))
            {
                return other;
            }

            Add(script);
            return script;
        }
    }

    private void Add(Script script)
    {
        if (young.Count >= GenerationCountMax || youngSizeChars + script.Text.Length > GenerationSizeCharsMax)
        {
            (old, young) = (young, old);
            young.Clear();
            youngSizeChars = 0;
        }

        young[script.Text] = script;
        youngSizeChars += script.Text.Length;
    }
}
