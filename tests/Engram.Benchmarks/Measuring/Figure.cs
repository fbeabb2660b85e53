using System.Text.Json.Serialization;

namespace Engram.Benchmarks.Measuring;

/// <summary>One measured number with its unit; counts have none.</summary>
internal sealed record Metric(string Name, double Value, string Unit = "");

/// <summary>What was measured of one subject in one case.</summary>
/// <param name="Subject">Who did the work: this engine, a peer, or the machine itself.</param>
/// <param name="Case">What was varied: the number of writers, the statement, the filter.</param>
internal sealed record Figure(string Subject, string Case, IReadOnlyList<Metric> Metrics);

/// <summary>The figures of one workload, with what a reader must know about them.</summary>
internal sealed class Section(string name, string description)
{
    private readonly List<Figure> figures = [];
    private readonly List<string> notes = [];

    public string Name { get; } = name;

    public string Description { get; } = description;

    public IReadOnlyList<Figure> Figures => figures;

    public IReadOnlyList<string> Notes => notes;

    /// <summary>Shown instead of a line for each figure, where subjects are columns.</summary>
    [JsonIgnore]
    public SideBySide? Table { get; set; }

    /// <summary>A picture of the figures, as SVG.</summary>
    [JsonIgnore]
    public string? Chart { get; set; }

    public void Add(string subject, string @case, params Metric[] metrics) => figures.Add(new Figure(subject, @case, metrics));

    public void Note(string text) => notes.Add(text);
}

/// <summary>A table as it is shown.</summary>
internal sealed record SideBySide(IReadOnlyList<string> Header, IReadOnlyList<string[]> Rows);
