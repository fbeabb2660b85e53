using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Nearest embeddings, with and without filters. The oracle computes the scores itself, since the functions are the database's.</summary>
internal static class VectorShapes
{
    /// <summary>A property, since EF Core takes a read-only field for a constant and writes it into the SQL.</summary>
    private static float[] Question { get; } = EpisodeSource.CreateVector(new Random(7));

    public static IEnumerable<Shape> All =>
    [
        new("vector: nearest by cosine", q => q.Episodes.OrderBy(e => EF.Functions.CosineDistance(e.Embedding, Question)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList(),
            q => q.Episodes.OrderBy(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList()),
        new("vector: nearest alone, ties by row", q => q.Episodes.OrderBy(e => EF.Functions.CosineDistance(e.Embedding, Question)).Take(25).Select(e => e.Id).ToList(),
            q => q.Episodes.OrderBy(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(25).Select(e => e.Id).ToList()),
        new("vector: most similar, whole entities", q => q.Episodes.OrderByDescending(e => EF.Functions.CosineSimilarity(e.Embedding, Question)).Take(5).ToList(),
            q => q.Episodes.OrderBy(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(5).ToList()),
        new("vector: the question of the README", q => q.Episodes.Where(e => e.Confidence >= 0.7f && e.HappenedAt > Since)
                .OrderByDescending(e => EF.Functions.CosineSimilarity(e.Embedding, Question)).Take(5)
                .Select(e => new { e.Id, e.Text, Similarity = EF.Functions.CosineSimilarity(e.Embedding, Question) }).ToList(),
            q => q.Episodes.Where(e => e.Confidence >= 0.7f && e.HappenedAt > Since).OrderBy(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(5)
                .Select(e => new { e.Id, e.Text, Similarity = 1 - CosineDistance(e.Embedding) }).ToList()),
        new("vector: filter leaves fewer than k", q => q.Episodes.Where(e => e.Importance == 20 && e.IsPinned).OrderBy(e => EF.Functions.L2Distance(e.Embedding, Question)).Take(500).Select(e => e.Id).ToList(),
            q => q.Episodes.Where(e => e.Importance == 20 && e.IsPinned).OrderBy(e => L2Distance(e.Embedding)).ThenBy(e => e.Id).Take(500).Select(e => e.Id).ToList()),
        new("vector: greatest inner product", q => q.Episodes.OrderByDescending(e => EF.Functions.InnerProduct(e.Embedding, Question)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList(),
            q => q.Episodes.OrderByDescending(e => InnerProduct(e.Embedding)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList()),
        new("vector: page of the nearest", q => q.Episodes.OrderBy(e => EF.Functions.L2Distance(e.Embedding, Question)).ThenBy(e => e.Id).Skip(20).Take(10).Select(e => e.Id).ToList(),
            q => q.Episodes.OrderBy(e => L2Distance(e.Embedding)).ThenBy(e => e.Id).Skip(20).Take(10).Select(e => e.Id).ToList()),
        new("vector: distances of all", q => q.Episodes.OrderBy(e => e.Id).Select(e => EF.Functions.CosineDistance(e.Embedding, Question)).ToList(),
            q => q.Episodes.OrderBy(e => e.Id).Select(e => CosineDistance(e.Embedding)).ToList()),
        new("vector: within a distance", q => q.Episodes.Where(e => EF.Functions.CosineDistance(e.Embedding, Question) < 0.4).OrderBy(e => e.Id).Select(e => e.Id).ToList(),
            q => q.Episodes.Where(e => CosineDistance(e.Embedding) < 0.4).OrderBy(e => e.Id).Select(e => e.Id).ToList()),
        new("vector: farthest first", q => q.Episodes.OrderByDescending(e => EF.Functions.CosineDistance(e.Embedding, Question)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList(),
            q => q.Episodes.OrderByDescending(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(10).Select(e => e.Id).ToList()),
        new("vector: nearest with their files", q => q.Episodes.Include(e => e.Files).OrderBy(e => EF.Functions.CosineDistance(e.Embedding, Question)).Take(6).ToList()
                .Select(e => new { e.Id, Files = e.Files.OrderBy(f => f.Id).Select(f => f.Id).ToList() }).ToList(),
            q => q.Episodes.OrderBy(e => CosineDistance(e.Embedding)).ThenBy(e => e.Id).Take(6).ToList()
                .Select(e => new { e.Id, Files = e.Files.OrderBy(f => f.Id).Select(f => f.Id).ToList() }).ToList()),
    ];

    private static DateTimeOffset Since { get; } = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private static double InnerProduct(float[] vector)
    {
        var sum = 0.0;
        for (var i = 0; i < vector.Length; i++)
        {
            sum += (double)vector[i] * Question[i];
        }

        return sum;
    }

    private static double CosineDistance(float[] vector)
    {
        var norms = vector.Sum(x => (double)x * x) * Question.Sum(x => (double)x * x);
        return norms == 0 ? 1 : 1 - (InnerProduct(vector) / Math.Sqrt(norms));
    }

    private static double L2Distance(float[] vector) => Math.Sqrt(vector.Zip(Question, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
}
