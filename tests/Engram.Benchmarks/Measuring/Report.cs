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
        var (metrics, rows) = Cells(section);
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape($"{section.Name}: {section.Description}")) };
        table.AddColumn("subject").AddColumn("case");
        foreach (var metric in metrics)
        {
            table.AddColumn(new TableColumn(Markup.Escape(metric)).RightAligned());
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
    public void WriteMarkdown(string path)
    {
        var text = new StringBuilder();
        foreach (var section in sections)
        {
            var (metrics, rows) = Cells(section);
            text.Append(CultureInfo.InvariantCulture, $"### {section.Name}\n\n{section.Description}\n\n| subject | case | {string.Join(" | ", metrics)} |\n|---|---|{string.Concat(Enumerable.Repeat("--:|", metrics.Count))}\n");
            foreach (var row in rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
            }

            text.Append(section.Notes.Count > 0 ? "\n" : "").AppendJoin("\n", section.Notes).Append(section.Notes.Count > 0 ? "\n\n" : "\n");
        }

        File.WriteAllText(path, text.ToString());
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

    /// <summary>A column for each metric that any of the figures has.</summary>
    private static (List<string> Metrics, List<string[]> Rows) Cells(Section section)
    {
        var metrics = section.Figures.SelectMany(f => f.Metrics).Select(m => (m.Name, m.Unit)).Distinct().ToList();
        var rows = section.Figures.Select(figure => new[] { figure.Subject, figure.Case }
            .Concat(metrics.Select(m => figure.Metrics.FirstOrDefault(f => f.Name == m.Name && f.Unit == m.Unit) is { } metric ? Format(metric.Value) : "")).ToArray());
        return ([.. metrics.Select(m => m.Unit.Length == 0 ? m.Name : $"{m.Name} [{m.Unit}]")], [.. rows]);
    }

    /// <summary>Three significant digits below a thousand, whole numbers above.</summary>
    private static string Format(double value)
    {
        var size = Math.Abs(value);
        var format = size switch { 0 => "0", >= 100 => "N0", >= 10 => "0.0", >= 1 => "0.00", >= 0.1 => "0.000", _ => "0.####" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
