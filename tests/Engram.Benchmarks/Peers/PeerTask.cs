namespace Engram.Benchmarks.Peers;

/// <summary>One thing that every engine is asked to do.</summary>
/// <param name="IsRate">Whether more is better; else less is.</param>
/// <param name="About">What exactly is done, for the page.</param>
internal sealed record PeerTask(string Key, string Title, string Unit, bool IsRate, string About)
{
    public const string Load = "load";
    public const string LoadNarrow = "load-narrow";
    public const string Point = "point";
    public const string Filter = "filter";
    public const string Range = "range";
    public const string Aggregate = "aggregate";
    public const string Heaviest = "heaviest";
    public const string Exact = "exact";
    public const string ExactFiltered = "exact-filtered";
    public const string Approximate = "approximate";
    public const string ApproximateFiltered = "approximate-filtered";
    public const string Build = "build";
    public const string SaveOne = "save-1";
    public const string SaveMany = "save-1000";
    public const string Open = "open";
    public const string Recovery = "recovery";
    public const string Size = "size";
    public const string SizeNarrow = "size-narrow";

    /// <summary>All tasks in the order of the table.</summary>
    public static IReadOnlyList<PeerTask> All(IReadOnlyList<int> writers) =>
    [
        .. writers.Select(w => new PeerTask(Commits(w), $"durable commits, {w} {(w == 1 ? "writer" : "writers")}", "1/s", true, "one row with a 768-d embedding a commit, each acknowledged after its sync")),
        new(Load, "bulk load, 768-d", "rows/s", true, "all episodes in the engine's fastest way"),
        new(LoadNarrow, "bulk load, narrow", "rows/s", true, "all facts in the engine's fastest way"),
        new(Point, "row by key", "µs", false, "text and confidence of one episode"),
        new(Filter, "filter", "µs", false, "count of facts above a confidence: three of ten"),
        new(Range, "range and filter", "µs", false, "count and sum over twenty minutes and a confidence"),
        new(Aggregate, "group and aggregate", "µs", false, "count, sum, min, max by topic"),
        new(Heaviest, "top 10 by a number", "µs", false, "the ten heaviest facts, ties by key"),
        new(Exact, "exact top 10", "µs", false, "nearest by cosine distance"),
        new(ExactFiltered, "exact top 10 of 10 %", "µs", false, "the same with confidence > 0.9"),
        new(Approximate, "approximate top 10", "µs", false, "the fastest breadth of search whose recall is 95 % at least"),
        new(ApproximateFiltered, "approximate top 10 of 10 %", "µs", false, "the same with confidence > 0.9"),
        new(Build, "graph built", "s", false, "HNSW over all episodes, m = 16, ef_construction = 128"),
        new(SaveOne, "EF Core, SaveChanges of 1", "µs", false, "a context, an entity, a durable commit"),
        new(SaveMany, "EF Core, SaveChanges of 1,000", "µs", false, "a context, a thousand entities, a durable commit"),
        new(Open, "open and read a row", "ms", false, "a closed database of episodes, its files in the page cache"),
        new(Recovery, "recovery", "ms", false, "opening and counting after commits of 500 episodes that no checkpoint followed"),
        new(Size, "size, 768-d", "MB", false, "files of the episodes"),
        new(SizeNarrow, "size, narrow", "MB", false, "files of the facts"),
    ];

    public static string Commits(int writers) => $"commits-{writers}";
}
