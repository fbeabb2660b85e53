using System.Globalization;
using System.Runtime.InteropServices;
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
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape($"{section.Name}: {section.Description}")) };
        table.AddColumn("subject").AddColumn("case");
        var metrics = section.Figures.SelectMany(f => f.Metrics).Select(m => (m.Name, m.Unit)).Distinct().ToList();
        foreach (var (name, unit) in metrics)
        {
            table.AddColumn(new TableColumn(Markup.Escape(unit.Length == 0 ? name : $"{name} [{unit}]")).RightAligned());
        }

        foreach (var figure in section.Figures)
        {
            var cells = metrics.Select(m => figure.Metrics.FirstOrDefault(f => f.Name == m.Name && f.Unit == m.Unit) is { } metric ? Format(metric.Value) : "");
            table.AddRow([.. new[] { figure.Subject, figure.Case }.Concat(cells).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        foreach (var note in section.Notes)
        {
            AnsiConsole.MarkupLineInterpolated($"  {note}");
        }
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

    /// <summary>Three significant digits below a thousand, whole numbers above.</summary>
    private static string Format(double value)
    {
        var size = Math.Abs(value);
        var format = size switch { 0 => "0", >= 100 => "N0", >= 10 => "0.0", >= 1 => "0.00", >= 0.1 => "0.000", _ => "0.####" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
