using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Engines;

/// <summary>The tables of the workloads in SQLite. Moments are numbers of ticks, embeddings blobs.</summary>
internal static class SqliteEpisodes
{
    public const string CreateTable = "CREATE TABLE episode (id INTEGER PRIMARY KEY, content TEXT NOT NULL, occurred_at INTEGER NOT NULL, confidence REAL NOT NULL, embedding BLOB NOT NULL)";

    public const string CreateFacts = "CREATE TABLE fact (id INTEGER PRIMARY KEY, occurred_at INTEGER NOT NULL, confidence REAL NOT NULL, topic INTEGER NOT NULL, weight INTEGER NOT NULL)";

    /// <summary>Inserts keys 1 to <paramref name="rows"/>, so many to a transaction.</summary>
    public static void Load(SqliteConnection connection, float[][] embeddings, long rows, long rowsPerTransaction)
    {
        using var insert = connection.Prepare("INSERT INTO episode VALUES (?1, ?2, ?3, ?4, ?5)");
        InTransactions(connection, rows, rowsPerTransaction, key =>
        {
            insert.Bind(1, key);
            insert.Bind(2, Episodes.Content(key));
            insert.Bind(3, Episodes.Moment(key).UtcTicks);
            insert.Bind(4, (double)Episodes.Confidence(key));
            insert.Bind(5, embeddings[key % embeddings.Length]);
            insert.Step();
        });
    }

    public static void LoadFacts(SqliteConnection connection, long rows)
    {
        using var insert = connection.Prepare("INSERT INTO fact VALUES (?1, ?2, ?3, ?4, ?5)");
        InTransactions(connection, rows, rows, key =>
        {
            insert.Bind(1, key);
            insert.Bind(2, Episodes.Moment(key).UtcTicks);
            insert.Bind(3, (double)Episodes.Confidence(key));
            insert.Bind(4, (long)Facts.Topic(key));
            insert.Bind(5, Facts.Weight(key));
            insert.Step();
        });
    }

    private static void InTransactions(SqliteConnection connection, long rows, long rowsPerTransaction, Action<long> insert)
    {
        for (var key = 1L; key <= rows;)
        {
            connection.Execute("BEGIN IMMEDIATE");
            for (var end = Math.Min(rows, key + rowsPerTransaction - 1); key <= end; key++)
            {
                insert(key);
            }

            connection.Execute("COMMIT");
        }
    }
}
