using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Engram.Benchmarks.Measuring;

/// <summary>Shows sections as tables while they come and writes them all as JSON at the end.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<Section> sections = [];

    public Report()
    {
        if (Console.IsOutputRedirected)
        {
            // Into a file or a pipe: plain text, and no cell broken over lines.
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Width = 180;
        }
    }

    public void Show(Section section)
    {
        sections.Add(section);
        var (header, rows) = Cells(section);
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape($"{section.Name}: {section.Description}")) };
        for (var i = 0; i < header.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(header[i]));
            table.AddColumn(i < 2 ? column : column.RightAligned());
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        foreach (var note in section.Notes)
        {
            AnsiConsole.MarkupLineInterpolated($"  {note}");
        }
    }

    /// <summary>The same tables for a page of the documentation.</summary>
    public void WriteMarkdown(string path) => File.WriteAllText(path, string.Concat(sections.Select(Markdown)));

    /// <summary>Replaces what stands between the marks of a page by the tables of this run, and the picture beside the page by its own.</summary>
    public void UpdatePage(string path)
    {
        const string begin = "<!-- begin: figures of the peers -->";
        const string end = "<!-- end: figures of the peers -->";
        var page = File.ReadAllText(path);
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException($"The page {path} lacks the marks {begin} and {end}.");
        }

        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"\n\nFrom one run on {Environment.ProcessorCount} cores with {Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30))} GiB of memory, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, {DateTime.UtcNow:yyyy-MM-dd}.\n\n");
        foreach (var section in sections)
        {
            if (section.Chart is not null)
            {
                var picture = $"{Path.GetFileNameWithoutExtension(path)}-{section.Name}.svg";
                File.WriteAllText(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, picture), section.Chart);
                text.Append(CultureInfo.InvariantCulture, $"![How many times as good as Engram.Data each peer is, task by task]({picture})\n\n");
            }
        }

        text.AppendJoin("", sections.Select(Markdown));
        File.WriteAllText(path, string.Concat(page.AsSpan(0, from + begin.Length), text.ToString().TrimEnd() + "\n\n", page.AsSpan(to)));
    }

    public void WriteJson(string path)
    {
        var machine = new
        {
            Runtime = RuntimeInformation.FrameworkDescription,
            System = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Cores = Environment.ProcessorCount,
            MemoryGiB = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30), 1),
        };
        File.WriteAllText(path, JsonSerializer.Serialize(new { Machine = machine, Sections = sections }, s_json) + "\n");
    }

    private static string Markdown(Section section)
    {
        var (header, rows) = Cells(section);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"### {section.Name}\n\n{section.Description}\n\n| {string.Join(" | ", header)} |\n|---|---|{string.Concat(Enumerable.Repeat("--:|", header.Count - 2))}\n");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
        }

        return text.Append(section.Notes.Count > 0 ? "\n" : "").AppendJoin("\n\n", section.Notes).Append(section.Notes.Count > 0 ? "\n\n" : "\n").ToString();
    }

    /// <summary>The section's own table, or a line for each figure and a column for each metric that any of the figures has.</summary>
    private static (IReadOnlyList<string> Header, IReadOnlyList<string[]> Rows) Cells(Section section)
    {
        if (section.Table is { } table)
        {
            return (table.Header, table.Rows);
        }

        var metrics = section.Figures.SelectMany(f => f.Metrics).Select(m => (m.Name, m.Unit)).Distinct().ToList();
        var rows = section.Figures.Select(figure => new[] { figure.Subject, figure.Case }
            .Concat(metrics.Select(m => figure.Metrics.FirstOrDefault(f => f.Name == m.Name && f.Unit == m.Unit) is { } metric ? Format(metric.Value) : "")).ToArray());
        return (["subject", "case", .. metrics.Select(m => m.Unit.Length == 0 ? m.Name : $"{m.Name} [{m.Unit}]")], [.. rows]);
    }

    /// <summary>Three significant digits below a thousand, whole numbers above.</summary>
    internal static string Format(double value)
    {
        var size = Math.Abs(value);
        var format = size switch { 0 => "0", >= 100 => "N0", >= 10 => "0.0", >= 1 => "0.00", >= 0.1 => "0.000", _ => "0.####" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
