using Engram.Benchmarks.Engines;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>A table of narrow rows: what an episode has besides its text and its embedding.</summary>
internal static class Facts
{
    public const int Topics = 50;

    public const string CreateTable = "CREATE TABLE fact (id bigint PRIMARY KEY, occurred_at timestamptz NOT NULL, confidence real NOT NULL, topic integer NOT NULL, weight bigint NOT NULL)";

    public static readonly string[] Columns = ["id", "occurred_at", "confidence", "topic", "weight"];

    public static int Topic(long key) => (int)((uint)(key * 40_503 >> 4) % Topics);

    public static long Weight(long key) => key * 7919 % 10_007;

    /// <summary>Makes the table with keys 1 to <paramref name="rows"/> and moves it into segments.</summary>
    public static void Create(EngramConnection connection, long rows)
    {
        EpisodeStore.Execute(connection, CreateTable);
        using (var load = PrepareLoad(connection))
        {
            load.Run(rows, inOneTransaction: true);
        }

        EpisodeStore.Execute(connection, "CHECKPOINT");
    }

    public static BulkInsert PrepareLoad(EngramConnection connection) => new(connection, "fact", Columns, 1000, (key, column) => column switch
    {
        0 => key,
        1 => Episodes.Moment(key),
        2 => Episodes.Confidence(key),
        3 => Topic(key),
        _ => Weight(key),
    });
}
