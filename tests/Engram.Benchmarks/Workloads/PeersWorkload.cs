using System.Globalization;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Peers;
using Engram.Data;
using Spectre.Console;

namespace Engram.Benchmarks.Workloads;

/// <summary>The same tasks over the same rows for this engine and for others that people would take instead.</summary>
internal sealed class PeersWorkload : Workload
{
    public override string Name => "peers";

    public override string Description => "Engram.Data beside SQLite + sqlite-vec, DuckDB, hnswlib and PostgreSQL: the same rows, the same tasks, answers compared before times are";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 50_000;
        var facts = rows * 20;
        var seconds = options.Duration?.TotalSeconds ?? 2;
        Progress("rows and right answers");
        using var data = new PeerData(options.NewPath("peers"), rows, facts, seconds, options.Writers);
        var comparison = new Comparison(data);
        Progress(Comparison.Engram);
        new EngramPeer(data, options, comparison, section).Run();
        EngramConnection.ClearAllPools();
        if (options.WithPeers)
        {
            var scratch = options.NewPath("scratch");
            Directory.CreateDirectory(scratch);
            NodePeers.Run(data, scratch, comparison, section, Progress);
        }

        var why = "Peers were left out, as asked.";
        using (var postgres = options.WithPeers ? PostgresServer.TryStart(options.NewPath("postgres"), out why) : null)
        {
            if (postgres is null)
            {
                section.Note(why);
            }
            else
            {
                Progress(Comparison.Postgres);
                new PostgresPeer(data, comparison, section).Run(postgres);
            }

            Progress("EF Core");
            SavingPeers.Run(data, options, comparison, postgres?.ConnectionString);
        }

        EngramConnection.ClearAllPools();
        comparison.AddTo(section);
        section.Chart = RatioChart.Draw(comparison, PeerTask.All(options.Writers));
        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} episodes of {Episodes.Dimensions} dimensions, {facts:N0} facts; medians of {seconds:0.#} seconds each, after a warm-up; one engine after the other, each with its files in the page cache. In brackets: how many times as good as Engram.Data, above 1 where the peer is better."));
        section.Note("Approximate searches: the fastest breadth of search with a recall of 95 % at least, with that recall. Recall is counted over 100 queries.");
        section.Note("Engram.Data, PostgreSQL and EF Core are called from .NET, the others from Node: a call there costs some microseconds of its own, and SQLite's 16 and 64 writers are threads of Node with a connection each.");
        section.Note("SQLite: journal_mode=WAL, synchronous=FULL, a cache of 256 MiB. Sizes are without logs.");
    }

    private static void Progress(string text) => AnsiConsole.MarkupLineInterpolated($"  peers: {text} …");
}
