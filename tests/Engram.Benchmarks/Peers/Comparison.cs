using System.Globalization;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Peers;

/// <summary>What each engine needed for each task. A value is taken only with a right answer; a wrong one ends the run.</summary>
internal sealed class Comparison(PeerData data)
{
    public const string Engram = "Engram.Data";
    public const string Sqlite = "SQLite";
    public const string DuckDb = "DuckDB";
    public const string Hnswlib = "hnswlib";
    public const string Postgres = "PostgreSQL";
    public const double RecallMin = 0.95;

    private readonly Dictionary<(string Subject, string Task), Metric[]> results = [];
    private readonly Dictionary<(string Subject, string Task), double> bestRecalls = [];
    private readonly List<string> subjects = [];
    private readonly Dictionary<string, string> titles = [];

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<string> Subjects => subjects;

    /// <summary>Gives a subject its full name, with its version.</summary>
    public void Introduce(string subject, string title)
    {
        if (!subjects.Contains(subject))
        {
            subjects.Add(subject);
        }

        titles.TryAdd(subject, title);
    }

    public string TitleOf(string subject) => titles[subject];

    /// <summary>A value whose answer is a text, or that has none: a size.</summary>
    public void Take(string subject, string task, string? answer, double value, params Metric[] more)
    {
        if (data.TextFor(task) is { } expected && answer != expected)
        {
            throw new WrongAnswerException($"{TitleOf(subject)}, {task}: expected {Short(expected)}, found {Short(answer)}");
        }

        Keep(subject, task, value, more);
    }

    /// <summary>A search, exact or approximate: the keys found for each query.</summary>
    public void TakeSearch(string subject, string task, long[][] found, double value, params Metric[] more)
    {
        var isFiltered = task is PeerTask.ExactFiltered or PeerTask.ApproximateFiltered;
        if (task is PeerTask.Exact or PeerTask.ExactFiltered)
        {
            if (data.Mistake(found, isFiltered) is { } mistake)
            {
                throw new WrongAnswerException($"{TitleOf(subject)}, {task}: {mistake}");
            }

            Keep(subject, task, value, more);
            return;
        }

        // Of the breadths the fastest that finds enough; until there is one, the one that finds most.
        var recall = data.Recall(found, isFiltered);
        var before = bestRecalls.GetValueOrDefault((subject, task), -1);
        if (recall >= RecallMin ? before < RecallMin || value < results[(subject, task)][0].Value : recall > before)
        {
            bestRecalls[(subject, task)] = recall;
            results[(subject, task)] = [new("value", value), .. more, new("recall", recall)];
        }
    }

    /// <summary>The value of a task, or null when the engine has none.</summary>
    public double? this[string subject, string task] => results.TryGetValue((subject, task), out var metrics) ? metrics[0].Value : null;

    /// <summary>How many times as good as Engram.Data a peer is: above 1 where it is better.</summary>
    public double? Ratio(string subject, PeerTask task)
        => this[subject, task.Key] is { } value && this[Engram, task.Key] is { } ours && value > 0 && ours > 0 ? (task.IsRate ? value / ours : ours / value) : null;

    /// <summary>A figure for each value, and the table of all side by side.</summary>
    public void AddTo(Section section)
    {
        var tasks = PeerTask.All(data.Writers).Where(t => subjects.Exists(s => this[s, t.Key] is not null)).ToArray();
        foreach (var task in tasks)
        {
            foreach (var subject in subjects)
            {
                if (results.TryGetValue((subject, task.Key), out var metrics))
                {
                    section.Add(titles[subject], task.Title, [new("value", metrics[0].Value, task.Unit), .. metrics[1..], .. Ratio(subject, task) is { } ratio ? [new Metric("against Engram.Data", ratio)] : Array.Empty<Metric>()]);
                }
            }
        }

        section.Table = new SideBySide(
            ["", "unit", .. subjects.Select(s => titles[s])],
            [.. tasks.Select(t => (string[])[t.Title, t.Unit, .. subjects.Select(s => Cell(s, t))])]);
    }

    private string Cell(string subject, PeerTask task)
    {
        if (!results.TryGetValue((subject, task.Key), out var metrics))
        {
            return "";
        }

        var text = Report.Format(metrics[0].Value);
        if (metrics.FirstOrDefault(m => m.Name == "recall") is { } recall)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" at {recall.Value:P1}");
        }

        return subject != Engram && Ratio(subject, task) is { } ratio ? $"{text} (×{Report.Format(ratio)})" : text;
    }

    private void Keep(string subject, string task, double value, Metric[] more)
    {
        // Of several ways to do the same the best is given.
        var isRate = PeerTask.All(data.Writers).Single(t => t.Key == task).IsRate;
        if (this[subject, task] is not { } before || (isRate ? value > before : value < before))
        {
            results[(subject, task)] = [new("value", value), .. more];
        }
    }

    private static string Short(string? text) => text is null ? "nothing" : text.Length > 200 ? text[..200] + "…" : text;
}
