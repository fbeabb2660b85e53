namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>What becomes of writes that were not synced when the power went.</summary>
internal enum SurvivalMode
{
    /// <summary>They reached the disk.</summary>
    Kept,
    /// <summary>They did not.</summary>
    Dropped,
    /// <summary>Some sectors of a write did: any, or the first few.</summary>
    Torn,
    /// <summary>Some sectors did, the others read as zeros.</summary>
    Zeroed,
    /// <summary>Some sectors did, the others hold what nobody wrote there: noise, or something older from elsewhere in the file.</summary>
    Garbled,
    /// <summary>Each write has a fate of its own.</summary>
    Mixed,
}

/// <summary>Decides, from a seed, what survives one crash.</summary>
/// <remarks>
/// One crash in three is <i>pure</i>: every write has the fate that the mode names, which finds what needs many losses at once. In the others
/// one write in four is kept or dropped whole, which finds what needs an order to be broken. Names and lengths are decided for themselves:
/// all kept, none, or each by a coin.
/// </remarks>
internal sealed class Survival
{
    private readonly SurvivalMode _mode;
    private readonly bool _isPure;
    private readonly double _chanceOfMetadata;

    public Survival(SurvivalMode mode, int seed)
    {
        Random = new Random(seed);
        _mode = mode;
        _isPure = Random.Next(3) == 0;
        _chanceOfMetadata = (_isPure, mode) switch
        {
            (true, SurvivalMode.Kept) => 1,
            (true, SurvivalMode.Dropped) => 0,
            _ => Random.Next(4) switch { 0 => 0, 1 => 1, _ => 0.5 },
        };
    }

    private Survival(bool isEverything)
    {
        Random = new Random(0);
        _mode = isEverything ? SurvivalMode.Kept : SurvivalMode.Dropped;
        _isPure = true;
        _chanceOfMetadata = isEverything ? 1 : 0;
    }

    public Random Random { get; }

    public static Survival OfEverything() => new(isEverything: true);

    public static Survival OfNothing() => new(isEverything: false);

    /// <summary>Whether a creation, renaming, deletion or change of length survives.</summary>
    public bool KeepsMetadata() => Random.NextDouble() < _chanceOfMetadata;

    /// <summary>The fate of the next write; never <see cref="SurvivalMode.Mixed"/>.</summary>
    public SurvivalMode FateOfWrite()
    {
        if (_mode == SurvivalMode.Mixed)
        {
            return (SurvivalMode)Random.Next((int)SurvivalMode.Mixed);
        }

        return _isPure || Random.Next(4) != 0 ? _mode : (SurvivalMode)Random.Next(2);
    }

    /// <summary>For each sector of a write, whether it survives as written.</summary>
    public bool[] KeptSectors(int count, SurvivalMode fate)
    {
        var kept = new bool[count];
        if (fate == SurvivalMode.Dropped)
        {
            return kept;
        }

        // Writes often stop in the middle, and the disk may also take sectors in any order.
        var isPrefix = Random.Next(2) == 0;
        var first = Random.Next(count + 1);
        for (var i = 0; i < count; i++)
        {
            kept[i] = fate == SurvivalMode.Kept || (isPrefix ? i < first : Random.Next(2) == 0);
        }

        return kept;
    }
}
