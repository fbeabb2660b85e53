using System.Globalization;
using Engram.Data;
using Spectre.Console;

namespace QuickStart;

/// <summary>What the program shows, in a terminal and in a file.</summary>
public static class Screen
{
    private const int Indent = 10;
    private const int WidthRedirected = 140;

    private static bool IsLive => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    public static void Start()
    {
        Console.OutputEncoding = System.Text.Encoding.UTF8;
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
            AnsiConsole.Profile.Width = WidthRedirected;
        }

        AnsiConsole.MarkupLine("[bold]Engram.Data QuickStart[/]");
    }

    public static void Fact(string name, string value) => Write(name, value, "default");

    public static void Good(string name, string value) => Write(name, value, "green");

    public static void Bad(string name, string value) => Write(name, value, "red");

    public static void Recovery(EngramRecoveryReport? report)
    {
        if (report is not null)
        {
            var torn = report.TornBytes > 0 ? $"; {report.TornBytes} bytes of an unacknowledged write were cut off" : "";
            Fact("Recovery", $"{report.Transactions} transactions with {report.Rows} rows were read back from the log in {Milliseconds(report.Duration)}{torn}");
        }
    }

    /// <summary>Runs work that reports how many of <paramref name="total"/> are done: as a bar that moves, or in a file as a line each quarter.</summary>
    public static async Task ProgressAsync(string name, int total, Func<Action<int>, Task> work)
    {
        if (IsLive)
        {
            await AnsiConsole.Progress()
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 50 }, new PercentageColumn(), new ElapsedTimeColumn())
                .StartAsync(async context =>
                {
                    var task = context.AddTask(name, maxValue: total);
                    await work(done => task.Value = done);
                });
            return;
        }

        var quarter = 0;
        await work(done =>
        {
            if (done * 4L / total > quarter)
            {
                quarter = (int)(done * 4L / total);
                Fact(name, string.Create(CultureInfo.InvariantCulture, $"{quarter * 25,3} %  {done} of {total}"));
            }
        });
    }

    public static void Result(Question question, string sql, IReadOnlyList<Answer> answers, TimeSpan embedding, TimeSpan first, TimeSpan again)
    {
        AnsiConsole.WriteLine();
        Write("Question", question.Text, "bold");
        Fact("Among", string.Create(CultureInfo.InvariantCulture, $"confidence at least {question.ConfidenceMin:0.0#}, {question.From:yyyy-MM-dd} to {question.Until:yyyy-MM-dd}"));
        Write("SQL", WithoutParameters(sql), "grey");

        var table = new Table { Border = IsLive ? TableBorder.Rounded : TableBorder.Simple };
        table.AddColumn(new TableColumn("similarity").RightAligned());
        table.AddColumn(new TableColumn("confidence").RightAligned());
        table.AddColumn(new TableColumn("when").NoWrap());
        table.AddColumn(new TableColumn("who").NoWrap());
        table.AddColumn("what");
        foreach (var answer in answers)
        {
            table.AddRow(
                new Text(answer.Similarity.ToString("0.000", CultureInfo.InvariantCulture), new Style(Color.Green)),
                new Text(answer.Confidence.ToString("0.00", CultureInfo.InvariantCulture)),
                new Text(answer.Time.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)),
                new Text(answer.Author),
                new Text(answer.Message.Split('\n', 2)[0].Trim()));
        }

        if (answers.Count == 0)
        {
            Fact("Answer", "No episode fits.");
        }
        else
        {
            AnsiConsole.Write(new Padder(table, new Padding(Indent, 0, 0, 0)));
        }

        Fact("Took", $"{Milliseconds(first)} with the plan made, {Milliseconds(again)} asked again; {Milliseconds(embedding)} for the question's embedding");
    }

    public static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0#} ms");

    /// <summary>A live progress bar hides the cursor, and a killed process cannot bring it back.</summary>
    public static void RestoreCursor()
    {
        if (IsLive)
        {
            Console.Write("\u001b[?25h\n");
        }
    }

    /// <summary>A name in the margin, and a value of one or more lines beside it.</summary>
    private static void Write(string name, string value, string style)
    {
        foreach (var line in value.Split('\n'))
        {
            AnsiConsole.MarkupLine($"[blue]{name.PadRight(Indent)}[/][{style}]{Markup.Escape(line)}[/]");
            name = "";
        }
    }

    /// <summary>Without the comments that tell the parameters: an embedding's 768 numbers say little, and the other values stand above.</summary>
    private static string WithoutParameters(string sql)
        => string.Join('\n', sql.ReplaceLineEndings("\n").Split('\n').Where(l => !l.StartsWith("-- ", StringComparison.Ordinal))).Trim();
}
