using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;

namespace AgentMemory;

public sealed record NewEpisode(string Text, float Confidence = 0.5f, DateTimeOffset? Time = null);

public sealed record Stored(long Id);

public sealed record Recalled(long Id, double Similarity, float Confidence, DateTimeOffset Time, string Text);

/// <summary>What the web API can do. Each request gets a context from the pool.</summary>
public static class Endpoints
{
    private const int CountMax = 100;

    /// <summary>The answer is sent when the episode is on the disk.</summary>
    public static async Task<Results<Created<Stored>, ValidationProblem>> RememberAsync(
        NewEpisode episode, MemoryContext memory, IEmbeddingGenerator<string, Embedding<float>> embedder, TimeProvider clock, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(episode.Text) || !(episode.Confidence is >= 0 and <= 1))
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["episode"] = ["Give a text, and a confidence from 0 to 1."] });
        }

        var embedding = await embedder.GenerateVectorAsync(episode.Text, cancellationToken: cancellation);
        var stored = new Episode
        {
            Text = episode.Text, Confidence = episode.Confidence, Time = episode.Time ?? clock.GetLocalNow(), Embedding = embedding.ToArray(),
        };
        memory.Add(stored);
        await memory.SaveChangesAsync(cancellation);
        return TypedResults.Created($"/episodes/{stored.Id}", new Stored(stored.Id));
    }

    /// <summary>What is most like the question, among the episodes that are sure enough and of that time.</summary>
    public static async Task<Ok<List<Recalled>>> RecallAsync(
        string question, MemoryContext memory, IEmbeddingGenerator<string, Embedding<float>> embedder, CancellationToken cancellation,
        float confidence = 0, DateTimeOffset? since = null, DateTimeOffset? until = null, int count = 5)
    {
        var asked = (await embedder.GenerateVectorAsync(question, cancellationToken: cancellation)).ToArray();
        var episodes = memory.Episodes.Where(e => e.Confidence >= confidence);
        episodes = since is { } first ? episodes.Where(e => e.Time >= first) : episodes;
        episodes = until is { } last ? episodes.Where(e => e.Time <= last) : episodes;
        return TypedResults.Ok(await episodes
            .OrderBy(e => EF.Functions.CosineDistance(e.Embedding, asked))
            .Take(Math.Clamp(count, 1, CountMax))
            .Select(e => new Recalled(e.Id, EF.Functions.CosineSimilarity(e.Embedding, asked), e.Confidence, e.Time, e.Text))
            .ToListAsync(cancellation));
    }

    public static async Task<Results<NoContent, NotFound>> ForgetAsync(long id, MemoryContext memory, CancellationToken cancellation)
        => await memory.Episodes.Where(e => e.Id == id).ExecuteDeleteAsync(cancellation) > 0 ? TypedResults.NoContent() : TypedResults.NotFound();

    /// <summary>Forgets what is older than a time and less sure than a confidence: one statement, whatever the number.</summary>
    public static async Task<Ok<int>> FadeAsync(DateTimeOffset before, float below, MemoryContext memory, CancellationToken cancellation)
        => TypedResults.Ok(await memory.Episodes.Where(e => e.Time < before && e.Confidence < below).ExecuteDeleteAsync(cancellation));
}
