using Microsoft.Extensions.AI;

namespace QuickStart;

/// <summary>Turns text into a vector without a model: each word, pair of words and run of three letters adds or subtracts 1 at a hashed place.</summary>
/// <remarks>
/// Deterministic, needs no network and no download, and good enough to find texts that share words or parts of words. It knows nothing of
/// meaning: "crash" and "failure" are strangers to it. A real model plugs in where Program.cs makes this one.
/// </remarks>
public sealed class HashedNgramEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    public const int Dimensions = 256;

    private const float WordWeight = 1f;
    private const float PairWeight = 0.6f;
    private const float GramWeight = 0.25f;
    private const int GramLength = 3;

    private static readonly HashSet<string> StopWords =
    [
        "a", "an", "and", "are", "as", "at", "be", "by", "did", "do", "does", "for", "from", "has", "have", "how", "i", "in", "is", "it", "its", "not",
        "of", "on", "or", "so", "that", "the", "their", "them", "then", "there", "this", "to", "was", "we", "were", "what", "when", "where", "which",
        "who", "why", "will", "with",
    ];

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        => Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(v => new Embedding<float>(Embed(v)))));

    public object? GetService(Type serviceType, object? serviceKey = null)
        => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    /// <summary>A vector of length 1, or all zeros for a text without words.</summary>
    public static float[] Embed(string text)
    {
        var vector = new float[Dimensions];
        var previous = "";
        foreach (var word in Words(text))
        {
            Add(vector, word, WordWeight);
            if (previous.Length > 0)
            {
                Add(vector, previous + " " + word, PairWeight);
            }

            for (var i = 0; i + GramLength <= word.Length && word.Length > GramLength; i++)
            {
                Add(vector, word.AsSpan(i, GramLength), GramWeight);
            }

            previous = word;
        }

        // A word said ten times does not matter ten times as much: the square root flattens, the norm makes lengths comparable.
        var sum = 0.0;
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = MathF.CopySign(MathF.Sqrt(MathF.Abs(vector[i])), vector[i]);
            sum += vector[i] * (double)vector[i];
        }

        for (var i = 0; sum > 0 && i < vector.Length; i++)
        {
            vector[i] = (float)(vector[i] / Math.Sqrt(sum));
        }

        return vector;
    }

    /// <summary>Runs of letters and digits in lower case, split where camelCase has a hump, without stop words.</summary>
    private static IEnumerable<string> Words(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            var inWord = i < text.Length && char.IsLetterOrDigit(text[i]);
            var atHump = inWord && i > start && char.IsUpper(text[i]) && char.IsLower(text[i - 1]);
            if (inWord && !atHump)
            {
                continue;
            }

            if (i > start)
            {
                var word = text[start..i].ToLowerInvariant();
                if (!StopWords.Contains(word))
                {
                    yield return word;
                }
            }

            start = atHump ? i : i + 1;
        }
    }

    private static void Add(Span<float> vector, ReadOnlySpan<char> feature, float weight)
    {
        // FNV-1a, then a final mix so that the low bits depend on all of them. string.GetHashCode differs from process to process.
        var hash = 2166136261u;
        foreach (var c in feature)
        {
            hash = (hash ^ c) * 16777619u;
        }

        hash ^= hash >> 15;
        hash *= 2246822519u;
        hash ^= hash >> 13;
        vector[(int)(hash % Dimensions)] += (hash & 0x8000_0000u) == 0 ? weight : -weight;
    }
}
