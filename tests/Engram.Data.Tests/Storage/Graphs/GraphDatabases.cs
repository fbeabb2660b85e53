using System.Globalization;

namespace Engram.Data.Tests.Storage.Graphs;

/// <summary>A database with a graph for each metric, built when the first test asks, of which tests have copies.</summary>
public sealed class GraphDatabases : IDisposable
{
    public const int RowCount = 12_000;
    private const int ClusterCount = 40;
    private const int Dimensions = 16;
    private const int QueryCount = 10;

    private readonly TemporaryDirectory directory = new();
    private readonly float[][] vectors;

    public GraphDatabases()
    {
        var random = new Random(11);
        float[][] centres = [.. Enumerable.Range(0, ClusterCount).Select(_ => Vector(random, null, 1))];
        vectors = [.. Enumerable.Range(0, RowCount).Select(i => Vector(random, centres[i % ClusterCount], 0.4f))];
        Queries = [.. Enumerable.Range(0, QueryCount).Select(i => Vector(random, centres[i], 0.4f))];
    }

    /// <summary>Vectors near to rows of the first clusters, none of them a row.</summary>
    public float[][] Queries { get; }

    /// <summary>Waits until all graphs are there, however long the machine takes.</summary>
    public static void Await(EngramConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT coalesce(min(CASE WHEN graph_rows = rows AND rows > 0 THEN 1 ELSE 0 END), 0) FROM engram_vector_indexes";
        Assert.True(SpinWait.SpinUntil(() => Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture) == 1, TimeSpan.FromMinutes(10)));
    }

    /// <summary>Makes a database at a path, closed, whose graph is in its file.</summary>
    public void Copy(string operators, string path)
    {
        var made = Path.Combine(directory.Path, operators);
        if (!Directory.Exists(made))
        {
            Create(operators, made);
        }

        foreach (var folder in Directory.GetDirectories(made, "*", SearchOption.AllDirectories).Prepend(made))
        {
            var target = path + folder[made.Length..];
            Directory.CreateDirectory(target);
            foreach (var file in Directory.GetFiles(folder))
            {
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }
        }
    }

    public void Dispose() => directory.Dispose();

    private static float[] Vector(Random random, float[]? centre, float spread)
        => [.. Enumerable.Range(0, Dimensions).Select(i => (centre?[i] ?? 0) + (spread * ((2 * random.NextSingle()) - 1)))];

    private void Create(string operators, string path)
    {
        using var connection = new EngramConnection($"Data Source={path}");
        connection.Open();
        Execute(connection, $"CREATE TABLE t (id bigint PRIMARY KEY, cluster integer NOT NULL, embedding vector({Dimensions}))");
        new EngramBulkCopy(connection, "t").WriteToServer(Enumerable.Range(0, RowCount).Select(id => new object?[] { (long)id, id % ClusterCount, vectors[id] }));
        Execute(connection, $"CREATE INDEX near ON t USING hnsw (embedding {operators}) WITH (m = 12, ef_construction = 40); CHECKPOINT");
        Await(connection);
        // In a file by itself, without another checkpoint.
        Assert.True(SpinWait.SpinUntil(() => Directory.GetFiles(Path.Combine(path, "indexes"), "*.graph").Length == 1, TimeSpan.FromMinutes(10)));
        connection.Close();
        EngramConnection.ClearPool(connection);
    }

    private static void Execute(EngramConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
