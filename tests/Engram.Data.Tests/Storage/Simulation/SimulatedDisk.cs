namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The contents and names of a simulated disk: what programs see, and what a crash would leave.</summary>
/// <remarks>Not thread-safe; <see cref="SimulatedDirectory"/> takes turns. A frozen disk (<see cref="Freeze"/>) is never written, so it may be crashed from several threads.</remarks>
internal sealed class SimulatedDisk
{
    private readonly Dictionary<int, SimulatedContent> _contents = [];
    private int _contentNext = 1;

    public SimulatedNames Names { get; private init; } = new();

    /// <summary>Names of all files, in order.</summary>
    public IEnumerable<string> Files => Names.Seen.Keys.Where(n => !n.EndsWith('/')).Order(StringComparer.Ordinal);

    /// <summary>Bytes that the files take, in whole pages.</summary>
    public long SizeBytes => Names.Seen.Values.Where(_contents.ContainsKey).Sum(id => PagesOf(_contents[id].Length) * PagedBytes.PageSize);

    public SimulatedContent this[string name] => _contents[Names.Seen[name]];

    public SimulatedContent Create(string name)
    {
        var content = new SimulatedContent();
        _contents.Add(_contentNext, content);
        Names.Create(name, _contentNext++);
        return content;
    }

    public void CreateSubdirectory(string name) => Names.Create(name + "/", 0);

    /// <summary>The disk at this moment, with all that a crash may still take.</summary>
    public SimulatedDisk Freeze() => Copy(content => content.Freeze());

    /// <summary>The same disk once more, with a life of its own.</summary>
    public SimulatedDisk Fork() => Copy(content => content.Fork());

    /// <summary>The disk after the power went at this moment; this one is left as it is.</summary>
    public SimulatedDisk Crash(SurvivalMode mode, int seed) => Crash(new Survival(mode, seed));

    /// <summary>The disk as it would be if everything were synced, to be changed by the caller.</summary>
    public SimulatedDisk Copy() => Crash(Survival.OfEverything());

    /// <summary>Only what no crash could take, to be changed by the caller: what a copy made after the machine was switched off would hold.</summary>
    public SimulatedDisk CopyDurable() => Crash(Survival.OfNothing());

    private static long PagesOf(long length) => (length + PagedBytes.PageSize - 1) / PagedBytes.PageSize;

    private SimulatedDisk Copy(Func<SimulatedContent, SimulatedContent> copyOf)
    {
        var copy = new SimulatedDisk { Names = Names.Copy(), _contentNext = _contentNext };
        foreach (var id in Names.Contents.Where(id => id != 0))
        {
            copy._contents.Add(id, copyOf(_contents[id]));
        }

        return copy;
    }

    private SimulatedDisk Crash(Survival survival)
    {
        var names = Names.Crash(survival);
        var result = new SimulatedDisk { Names = names, _contentNext = _contentNext };
        foreach (var id in names.Contents.Where(id => id != 0).Order())
        {
            result._contents.Add(id, _contents[id].Crash(survival));
        }

        return result;
    }
}
