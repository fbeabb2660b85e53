using Microsoft.EntityFrameworkCore;

namespace QuickStart;

/// <summary>What is asked: most like this text, at least this sure, from this time.</summary>
public sealed record Question(string Text, float ConfidenceMin, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>What this program asks when nobody asks it anything.</summary>
    public static IEnumerable<Question> Own(DateTimeOffset oldest, DateTimeOffset newest) =>
    [
        new("What happens to committed data after a crash?", 0.5f, oldest, newest),
        new("Which tests were added, and what do they show?", 0.7f, oldest, newest),
        new("What was made faster?", 0.6f, newest.AddDays(-7), newest),
    ];

    /// <summary>The whole search is one LINQ query; the database filters, scores and keeps the five nearest in one pass.</summary>
    public IQueryable<Answer> In(Memory memory, float[] embedding)
    {
        // Range variables become parameters of the SQL, so the plan is made once and used for every question.
        var (confidenceMin, from, until) = (ConfidenceMin, From, Until);
        return memory.Episodes
            .Where(e => e.Confidence >= confidenceMin && e.Time >= from && e.Time <= until)
            .OrderBy(e => EF.Functions.CosineDistance(e.Embedding, embedding))
            .Take(5)
            .Select(e => new Answer(EF.Functions.CosineSimilarity(e.Embedding, embedding), e.Confidence, e.Time, e.Author, e.Message));
    }
}

/// <summary>One row of the result. The embedding itself stays in the database: nothing but its score was asked for.</summary>
public sealed record Answer(double Similarity, float Confidence, DateTimeOffset Time, string Author, string Message);
