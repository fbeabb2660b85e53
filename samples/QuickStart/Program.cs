// Remembers the history of a project and answers questions about it: what a program does with Engram.Data, on real input.
//
//   dotnet run --project samples/QuickStart                                  the repository around the current folder, three questions
//   dotnet run --project samples/QuickStart -- "why was the log changed?"    a question of your own
//   dotnet run --project samples/QuickStart -- ../other-repository           another repository
//   dotnet run --project samples/QuickStart -- --kill                        dies in the middle of the import; run again to see what is left

using System.CommandLine;
using System.Diagnostics;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using QuickStart;

var words = new Argument<string[]>("words") { Description = "A folder to read (when the first word is one), then a question.", Arity = ArgumentArity.ZeroOrMore };
var kill = new Option<bool>("--kill") { Description = "End the process without warning in the middle of the import." };
var confidence = new Option<float>("--confidence") { Description = "Only episodes at least this sure, 0 to 1.", DefaultValueFactory = _ => 0.5f };
var since = new Option<DateTimeOffset?>("--since") { Description = "Only episodes from this time on, such as 2026-01-31." };
var until = new Option<DateTimeOffset?>("--until") { Description = "Only episodes up to this time." };
var database = new Option<string>("--database") { Description = "Where the memory is.", DefaultValueFactory = _ => "quickstart.engram" };
var command = new RootCommand("Remembers the history of a project and answers questions about it.") { words, kill, confidence, since, until, database };
command.SetAction(async (arguments, _) =>
{
    var given = arguments.GetValue(words) ?? [];
    var folder = given.Length > 0 && Directory.Exists(given[0]) ? given[0] : null;
    var text = string.Join(' ', folder is null ? given : given[1..]);
    Question Ask(DateTimeOffset oldest, DateTimeOffset newest)
        => new(text, arguments.GetValue(confidence), arguments.GetValue(since) ?? oldest, arguments.GetValue(until) ?? newest);
    try
    {
        return await RunAsync(folder ?? Directory.GetCurrentDirectory(), text, arguments.GetValue(kill), arguments.GetValue(database)!, Ask);
    }
    catch (Exception e) when ((e as EngramException ?? e.InnerException as EngramException) is { } error)
    {
        // Messages say what to do: the database is in use by another process, the disk is full, the folder is no database …
        Screen.Bad("Error", $"{error.Message} ({error.SqlState})");
        return 1;
    }
});
return await command.Parse(args).InvokeAsync();

static async Task<int> RunAsync(string folder, string text, bool kill, string path, Func<DateTimeOffset, DateTimeOffset, Question> ask)
{
    Screen.Start();
    var moments = GitHistory.TryRead(folder, out var reason) ?? MarkdownNotes.Read(folder);
    Screen.Fact("Source", reason.Length == 0 ? $"{moments.Count} commits of the git history" : $"{moments.Count} sections of the Markdown files under docs (no git history: {reason})");
    if (moments.Count == 0)
    {
        Screen.Bad("Nothing", $"There is nothing to remember in '{folder}': no git history, and no Markdown file under docs.");
        return 1;
    }

    // Any IEmbeddingGenerator<string, Embedding<float>> fits here: a local ONNX model, Ollama, Azure OpenAI and others come as packages for
    // Microsoft.Extensions.AI. Give the vector(768) of Episode.Embedding the dimensions of the model, and delete the old database.
    using IEmbeddingGenerator<string, Embedding<float>> embedder = new HashedNgramEmbedder();

    var isNew = !Directory.Exists(path);
    var acknowledged = new Acknowledged(Path.ChangeExtension(path, ".acknowledged"));
    if (isNew)
    {
        acknowledged.Clear();
    }

    using var memory = new Memory($"Data Source={path}");
    var opening = Stopwatch.StartNew();
    await memory.Database.OpenConnectionAsync();
    opening.Stop();
    await memory.Database.EnsureCreatedAsync();
    Screen.Fact("Database", $"{path}, {(isNew ? "created" : "opened")} in {Screen.Milliseconds(opening.Elapsed)}");
    if (!isNew)
    {
        Screen.Recovery(((EngramConnection)memory.Database.GetDbConnection()).LastRecovery);
    }

    var import = new Import(memory, embedder, acknowledged);
    var (promised, broken) = await import.CheckAsync(moments);
    if (broken.Count > 0)
    {
        Screen.Bad("LOST", $"{broken.Count} of {promised} acknowledged episodes are missing or differ: {string.Join(", ", broken.Take(5))}");
        return 2;
    }

    if (promised > 0)
    {
        Screen.Good("Proof", $"The last run ended without warning. All {promised} episodes that it had acknowledged are there, value by value.");
    }

    var added = await import.FindNewAsync(moments);
    if (added.Count > 0)
    {
        var storing = Stopwatch.StartNew();
        await Screen.ProgressAsync("Import", added.Count, progress => import.StoreAsync(added, progress, kill));
        Screen.Fact("Stored", $"{added.Count} new episodes in {Screen.Milliseconds(storing.Elapsed)}, {added.Count / storing.Elapsed.TotalSeconds:0} a second; {await memory.Episodes.CountAsync()} in all");
    }
    else
    {
        Screen.Fact("Import", $"Nothing is new; {await memory.Episodes.CountAsync()} episodes in all{(kill ? ". Delete the database to have something to kill" : "")}");
    }

    var (oldest, newest) = (moments.Min(m => m.Time), moments.Max(m => m.Time));
    foreach (var question in text.Length > 0 ? [ask(oldest, newest)] : Question.Own(oldest, newest))
    {
        await AnswerAsync(memory, embedder, question);
    }

    // Everything was shown to be there and the program ends in order: the witness is no longer needed.
    acknowledged.Clear();
    return 0;
}

static async Task AnswerAsync(Memory memory, IEmbeddingGenerator<string, Embedding<float>> embedder, Question question)
{
    var watch = Stopwatch.StartNew();
    var embedding = (await embedder.GenerateVectorAsync(question.Text)).ToArray();
    var embeddingTime = watch.Elapsed;

    var query = question.In(memory, embedding);
    watch.Restart();
    var answers = await query.ToListAsync();
    var first = watch.Elapsed;
    watch.Restart();
    await query.ToListAsync();
    Screen.Result(question, query.ToQueryString(), answers, embeddingTime, first, watch.Elapsed);
}
