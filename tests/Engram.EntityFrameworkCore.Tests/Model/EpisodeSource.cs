namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>Random episodes from a seed: every value that a query can trip over turns up often, and the same seed gives the same episodes.</summary>
/// <remarks>Text stays clear of surrogates, since .NET orders UTF-16 units and the database code points.</remarks>
public static class EpisodeSource
{
    public const int Dimensions = 8;

    private static readonly string[] Words =
    [
        "memory", "Engram", "the", "agent", "forgot", "100%", "under_score", "back\\slash", "it's", "naïve", "ΑΩ", "日本", "ÉTÉ", "straße", "tab\there", "",
        "Ada", "ada", "z", "Z",
    ];

    private static readonly string?[] Authors = [null, "", " ", "Ada", "ada", "Grace", "Linus", "Édith", "Ω", "a%b", "Barbara Liskov"];

    public static List<Episode> Create(int seed, int count)
    {
        var random = new Random(seed);
        var episodes = new List<Episode>(count);
        for (var i = 0; i < count; i++)
        {
            episodes.Add(CreateOne(random, episodes));
        }

        return episodes;
    }

    public static float[] CreateVector(Random random)
    {
        var vector = new float[Dimensions];
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = (float)(random.NextDouble() * 2 - 1);
        }

        return vector;
    }

    private static Episode CreateOne(Random random, List<Episode> earlier)
    {
        var offset = TimeSpan.FromMinutes(random.Next(-12 * 4, 14 * 4 + 1) * 15);
        var instant = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(0, 500_000));
        var episode = new Episode
        {
            Text = string.Join(' ', Enumerable.Range(0, random.Next(1, 7)).Select(_ => Words[random.Next(Words.Length)])),
            Author = Authors[random.Next(Authors.Length)],
            HappenedAt = instant.ToOffset(offset),
            SeenAt = random.Next(4) == 0 ? null : new DateTime(2024, 2, 29).AddTicks(random.NextInt64(TimeSpan.TicksPerDay * 400)),
            Confidence = random.Next(0, 101) / 100f,
            Cost = Math.Round((decimal)(random.NextDouble() * 200 - 50), random.Next(0, 5)),
            Importance = random.Next(-20, 21),
            Tokens = random.Next(3) == 0 ? null : random.NextInt64(-5_000_000_000, 5_000_000_000),
            IsPinned = random.Next(5) == 0,
            Mood = (Mood)random.Next(3),
            Key = CreateGuid(random),
            Duration = random.Next(3) == 0 ? null : TimeSpan.FromTicks(random.NextInt64(-TimeSpan.TicksPerDay, TimeSpan.TicksPerDay * 3)),
            Day = new DateOnly(2024, 1, 1).AddDays(random.Next(0, 700)),
            Embedding = CreateEmbedding(random, earlier),
        };
        for (var i = random.Next(0, 4); i > 0; i--)
        {
            episode.Files.Add(new TouchedFile { Path = $"src/{Words[random.Next(Words.Length)]}/{random.Next(50)}.cs", LineCount = random.Next(0, 500) });
        }

        return episode;
    }

    /// <summary>Now and then a vector of zeros, or one that was there before: ties must be broken as .NET breaks them.</summary>
    private static float[] CreateEmbedding(Random random, List<Episode> earlier) => random.Next(50) switch
    {
        0 => new float[Dimensions],
        1 when earlier.Count > 0 => earlier[random.Next(earlier.Count)].Embedding,
        _ => CreateVector(random),
    };

    private static Guid CreateGuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
