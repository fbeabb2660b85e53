namespace Engram.Benchmarks.Workloads;

/// <summary>What the command line asked for. Null leaves the choice to the workload.</summary>
internal sealed record RunOptions
{
    /// <summary>An empty directory of this run, deleted at its end.</summary>
    public required string Directory { get; init; }

    public TimeSpan? Duration { get; init; }

    public int? Rows { get; init; }

    public int? LogMiB { get; init; }

    public int? DataMiB { get; init; }

    public IReadOnlyList<int> Writers { get; init; } = [1, 16, 64];

    public bool WithPeers { get; init; } = true;

    /// <summary>Whether one of several workloads of one run is meant, which then takes its small size.</summary>
    public bool IsPartOfAll { get; init; }

    /// <summary>A path below the run's directory that nothing has used.</summary>
    public string NewPath(string name)
    {
        var path = Path.Combine(Directory, name);
        for (var i = 2; Path.Exists(path); i++)
        {
            path = Path.Combine(Directory, $"{name}-{i}");
        }

        return path;
    }
}
