using System.Globalization;
using Engram.Benchmarks.Workloads;
using Engram.Data;

namespace Engram.Benchmarks.Engines;

/// <summary>One reader: a connection, a prepared point read by key and a prepared filtered top-10. Checks each row that it reads. Disposes the connection.</summary>
internal sealed class EpisodeQueries : IDisposable
{
    public const int K = 10;
    public const float ConfidenceMin = 0.9f;

    private readonly EngramConnection connection;
    private readonly EngramCommand point;
    private readonly EngramCommand nearest;

    public EpisodeQueries(EngramConnection connection)
    {
        this.connection = connection;
        point = new EngramCommand("SELECT content, confidence FROM episode WHERE id = @id", connection);
        point.Parameters.Add(new EngramParameter("id", 1L));
        point.Prepare();
        nearest = new EngramCommand(string.Create(CultureInfo.InvariantCulture, $"SELECT id, confidence FROM episode WHERE confidence >= {ConfidenceMin}::real ORDER BY embedding <=> @q LIMIT {K}"), connection);
        nearest.Parameters.Add(new EngramParameter("q", new float[Episodes.Dimensions]));
        nearest.Prepare();
    }

    /// <summary>Reads one row by its key.</summary>
    public void Point(long key)
    {
        point.Parameters[0].Value = key;
        using var reader = point.ExecuteReader();
        if (!reader.Read() || reader.GetFloat(1) != Episodes.Confidence(key) || reader.GetString(0) != Episodes.Content(key))
        {
            throw new WrongAnswerException($"row {key} was not found as it was inserted");
        }
    }

    /// <summary>The keys of the ten nearest.</summary>
    public long[] Nearest(float[] query)
    {
        nearest.Parameters[0].Value = query;
        var keys = new long[K];
        var count = 0;
        using var reader = nearest.ExecuteReader();
        while (reader.Read())
        {
            keys[count++] = reader.GetInt64(0);
            if (reader.GetFloat(1) < ConfidenceMin)
            {
                throw new WrongAnswerException($"row {keys[count - 1]} is among the nearest, though its confidence is {reader.GetFloat(1)}");
            }
        }

        return count == K ? keys : throw new WrongAnswerException($"the nearest are {count} rows, not {K}");
    }

    public void Dispose()
    {
        point.Dispose();
        nearest.Dispose();
        connection.Dispose();
    }
}
