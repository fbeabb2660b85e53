// Measures the engine, its peers and the machine side by side, in one run. See docs/performance.md.
//
//   dotnet run -c Release --project tests/Engram.Benchmarks -- commits --seconds 4 --json commits.json
//   dotnet run -c Release --project tests/Engram.Benchmarks -- all

using System.CommandLine;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;
using Engram.Data;

Workload[] workloads = [new CommitsWorkload(), new OpenWorkload(), new RecoveryWorkload(), new LoadWorkload(), new ReadsWorkload(), new AnalyticsWorkload(), new VectorsWorkload(), new HnswWorkload(), new UpdatesWorkload(), new SizeWorkload(), new ReadersWorkload(), new CompactionWorkload(), new OpenLargeWorkload(), new EfWorkload(), new MigrationsWorkload()];
var peers = new PeersWorkload();

var directory = new Option<string?>("--directory") { Description = "Where the databases are made and deleted again. A directory of its own under the system's temporary one by default.", Recursive = true };
var json = new Option<string?>("--json") { Description = "A file for the figures, machine-readable.", Recursive = true };
var markdown = new Option<string?>("--markdown") { Description = "A file for the tables, as Markdown.", Recursive = true };
var page = new Option<string?>("--page") { Description = "A page whose marked part the tables and the chart replace.", Recursive = true };
var seconds = new Option<double?>("--seconds") { Description = "How long to measure what is measured by time.", Recursive = true };
var rows = new Option<int?>("--rows") { Description = "How many rows, where the workload has a number of rows.", Recursive = true };
var logMiB = new Option<int?>("--log-mib") { Description = "recovery: how large the log is.", Recursive = true };
var dataMiB = new Option<int?>("--data-mib") { Description = "open-large: how large the large database is: 10240 for 10 GiB.", Recursive = true };
var writers = new Option<int[]>("--writers") { Description = "commits: numbers of concurrent writers.", Recursive = true, AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 16, 64] };
var noPeers = new Option<bool>("--no-peers") { Description = "Leave the other engines out.", Recursive = true };

var root = new RootCommand("Measures Engram.Data, its peers and the machine side by side.") { directory, json, markdown, page, seconds, rows, logMiB, dataMiB, writers, noPeers };
foreach (var workload in workloads)
{
    Add(workload.Name, workload.Description, workload);
}

Add(peers.Name, peers.Description, peers);
Add("limits", "The machine's limits alone.");
Add("all", "Everything, in small sizes: under ten minutes.", workloads);
return root.Parse(args).Invoke();

void Add(string name, string description, params Workload[] chosen)
{
    var command = new Command(name, description);
    command.SetAction(arguments =>
    {
        var parent = Path.GetFullPath(arguments.GetValue(directory) ?? Path.GetTempPath());
        var options = new RunOptions
        {
            Directory = Path.Combine(parent, $"engram-benchmarks-{Environment.ProcessId}"),
            Duration = arguments.GetValue(seconds) is { } s ? TimeSpan.FromSeconds(s) : null,
            Rows = arguments.GetValue(rows),
            LogMiB = arguments.GetValue(logMiB),
            DataMiB = arguments.GetValue(dataMiB),
            Writers = arguments.GetValue(writers)!,
            WithPeers = !arguments.GetValue(noPeers),
            IsPartOfAll = chosen.Length > 1,
        };
        return Run(chosen, options, arguments.GetValue(json), arguments.GetValue(markdown), arguments.GetValue(page));
    });
    root.Subcommands.Add(command);
}

static int Run(Workload[] chosen, RunOptions options, string? jsonPath, string? markdownPath, string? pagePath)
{
    Directory.CreateDirectory(options.Directory);
    var report = new Report();
    try
    {
        report.Show(Limits.Measure(options.Directory, TimeSpan.FromSeconds(1)));
        foreach (var workload in chosen)
        {
            report.Show(workload.Run(options));
        }

        if (jsonPath is not null)
        {
            report.WriteJson(jsonPath);
        }

        if (markdownPath is not null)
        {
            report.WriteMarkdown(markdownPath);
        }

        if (pagePath is not null)
        {
            report.UpdatePage(pagePath);
        }

        return 0;
    }
    catch (WrongAnswerException e)
    {
        Console.Error.WriteLine($"Wrong answer, so that no figures are given. {e.Message}");
        return 2;
    }
    finally
    {
        EngramConnection.ClearAllPools();
        Directory.Delete(options.Directory, recursive: true);
    }
}
