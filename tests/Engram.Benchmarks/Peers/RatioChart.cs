using System.Globalization;
using System.Net;
using System.Text;

namespace Engram.Benchmarks.Peers;

/// <summary>A picture of the ratios: a line for each task, a dot for each peer, Engram.Data in the middle, a scale of powers of ten. Dots to the right did better.</summary>
internal static class RatioChart
{
    private const int LeftWidth = 230;
    private const int PlotWidth = 560;
    private const int RowHeight = 24;
    private const int TopHeight = 64;

    // Distinct also for those who do not see all colours (after Okabe and Ito).
    private static readonly Dictionary<string, string> s_colours = new()
    {
        [Comparison.Sqlite] = "#0072b2",
        [Comparison.DuckDb] = "#e69f00",
        [Comparison.Hnswlib] = "#009e73",
        [Comparison.Postgres] = "#cc79a7",
    };

    public static string Draw(Comparison comparison, IReadOnlyList<PeerTask> tasks)
    {
        var peers = comparison.Subjects.Where(s => s != Comparison.Engram).ToArray();
        var rows = tasks.Where(t => peers.Any(p => comparison.Ratio(p, t) is not null)).ToArray();
        var farthest = rows.SelectMany(t => peers.Select(p => comparison.Ratio(p, t))).Where(r => r is not null).Select(r => Math.Abs(Math.Log10(r!.Value))).DefaultIfEmpty(1).Max();
        var decades = Math.Max(1, (int)Math.Ceiling(farthest));
        var height = TopHeight + (rows.Length * RowHeight) + 40;
        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LeftWidth + PlotWidth + 30} {height}" font-family="system-ui, sans-serif" font-size="13">""");
        Line(svg, $"""<rect width="100%" height="100%" fill="#ffffff"/>""");
        Line(svg, $"""<text x="12" y="22" font-size="15" font-weight="600">Peers against Engram.Data: how many times as good</text>""");
        Legend(svg, comparison, peers);
        for (var decade = -decades; decade <= decades; decade++)
        {
            var x = At(decade, decades);
            Line(svg, $"""<line x1="{x:0.#}" y1="{TopHeight - 8}" x2="{x:0.#}" y2="{height - 30}" stroke="{(decade == 0 ? "#333333" : "#dddddd")}"/>""");
            Line(svg, $"""<text x="{x:0.#}" y="{height - 12}" text-anchor="middle" fill="#555555">{(decade == 0 ? "Engram.Data" : decade > 0 ? $"×{Math.Pow(10, decade):0}" : $"1/{Math.Pow(10, -decade):0}")}</text>""");
        }

        for (var row = 0; row < rows.Length; row++)
        {
            var y = TopHeight + (row * RowHeight) + (RowHeight / 2);
            Line(svg, $"""<text x="12" y="{y + 4}">{WebUtility.HtmlEncode(rows[row].Title)}</text>""");
            Line(svg, $"""<line x1="{LeftWidth}" y1="{y}" x2="{LeftWidth + PlotWidth}" y2="{y}" stroke="#eeeeee"/>""");
            foreach (var peer in peers)
            {
                if (comparison.Ratio(peer, rows[row]) is { } ratio)
                {
                    Line(svg, $"""<circle cx="{At(Math.Log10(ratio), decades):0.#}" cy="{y}" r="5.5" fill="{Colour(peer)}" fill-opacity="0.9"><title>{WebUtility.HtmlEncode($"{comparison.TitleOf(peer)}, {rows[row].Title}: ×{ratio:0.###}")}</title></circle>""");
                }
            }
        }

        Line(svg, $"</svg>");
        return svg.ToString();
    }

    private static void Legend(StringBuilder svg, Comparison comparison, string[] peers)
    {
        var x = 18;
        foreach (var peer in peers)
        {
            var title = comparison.TitleOf(peer);
            Line(svg, $"""<circle cx="{x}" cy="40" r="5.5" fill="{Colour(peer)}"/><text x="{x + 10}" y="44">{WebUtility.HtmlEncode(title)}</text>""");
            x += 30 + (int)(title.Length * 7.2);
        }
    }

    private static string Colour(string peer) => s_colours.GetValueOrDefault(peer, "#777777");

    private static double At(double decade, int decades) => LeftWidth + (PlotWidth * (decade + decades) / (2.0 * decades));

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
