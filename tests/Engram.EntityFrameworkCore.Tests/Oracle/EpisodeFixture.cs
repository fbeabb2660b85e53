using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Where the rows of a database lie when it is asked.</summary>
public enum RowState
{
    /// <summary>In memory and in the log, as they were committed.</summary>
    Delta,

    /// <summary>Flushed to segments.</summary>
    Segments,

    /// <summary>Half of them flushed, then recovered from segments and log.</summary>
    Reopened,
}

/// <summary>The same episodes in a list and, once for each state, in a database.</summary>
public sealed class EpisodeFixture : IDisposable
{
    private const int EpisodeCount = 5_000;
    private const int Seed = 20_240_229;

    private readonly Dictionary<RowState, TestDatabase> databases = [];
    private readonly Dictionary<string, object?> answers = [];

    public EpisodeFixture()
    {
        Episodes = CreateEpisodes();
        Files = Episodes.SelectMany(e => e.Files).ToList();
    }

    /// <summary>With the keys that the database will give them.</summary>
    public List<Episode> Episodes { get; }

    public List<TouchedFile> Files { get; }

    /// <summary>What LINQ-to-Objects answers; computed once for all states.</summary>
    public object? Answer(Shape shape)
    {
        lock (answers)
        {
            if (!answers.TryGetValue(shape.Name, out var answer))
            {
                answers.Add(shape.Name, answer = shape.InMemory(new QuerySource(Episodes.AsQueryable(), Files.AsQueryable())));
            }

            return answer;
        }
    }

    public MemoryContext CreateContext(RowState state)
    {
        lock (databases)
        {
            if (!databases.TryGetValue(state, out var database))
            {
                databases.Add(state, database = CreateDatabase(state));
            }

            return database.CreateContext();
        }
    }

    public void Dispose()
    {
        foreach (var database in databases.Values)
        {
            database.Dispose();
        }
    }

    private static List<Episode> CreateEpisodes()
    {
        var episodes = EpisodeSource.Create(Seed, EpisodeCount);
        var fileId = 0;
        for (var i = 0; i < episodes.Count; i++)
        {
            episodes[i].Id = i + 1;
            foreach (var file in episodes[i].Files)
            {
                file.Id = ++fileId;
                file.EpisodeId = i + 1;
            }
        }

        return episodes;
    }

    private TestDatabase CreateDatabase(RowState state)
    {
        var database = new TestDatabase();
        using (var context = database.CreateContext())
        {
            context.Database.EnsureCreated();
        }

        var half = Episodes.Count / 2;
        Insert(database, Episodes[..half]);
        if (state == RowState.Reopened)
        {
            Checkpoint(database);
        }

        Insert(database, Episodes[half..]);
        if (state == RowState.Segments)
        {
            Checkpoint(database);
        }
        else if (state == RowState.Reopened)
        {
            database.Close();
        }

        return database;
    }

    private static void Insert(TestDatabase database, List<Episode> episodes)
    {
        using var context = database.CreateContext();
        context.Episodes.AddRange(episodes.Select(Copy));
        context.SaveChanges();
    }

    private static void Checkpoint(TestDatabase database)
    {
        using var context = database.CreateContext();
        context.Database.ExecuteSqlRaw("CHECKPOINT");
    }

    /// <summary>Without keys, which the database gives.</summary>
    private static Episode Copy(Episode episode)
    {
        var copy = new Episode
        {
            Text = episode.Text,
            Author = episode.Author,
            HappenedAt = episode.HappenedAt,
            SeenAt = episode.SeenAt,
            Confidence = episode.Confidence,
            Cost = episode.Cost,
            Importance = episode.Importance,
            Tokens = episode.Tokens,
            IsPinned = episode.IsPinned,
            Mood = episode.Mood,
            Key = episode.Key,
            Duration = episode.Duration,
            Day = episode.Day,
            Embedding = episode.Embedding,
        };
        copy.Files.AddRange(episode.Files.Select(f => new TouchedFile { Path = f.Path, LineCount = f.LineCount }));
        return copy;
    }
}
