using Microsoft.Extensions.AI;

namespace QuickStart;

/// <summary>Turns text into a vector without a model: each beginning of a word, pair of them and run of three letters adds to, or takes from, a hashed place.</summary>
/// <remarks>
/// Deterministic, needs no network and no download, and good enough to find texts that share words or parts of words. It knows nothing of
/// meaning: "crash" and "failure" are strangers to it. A real model plugs in where Program.cs makes this one.
/// </remarks>
public sealed class HashedNgramEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    public const int Dimensions = 768;

    // "crash", "crashes" and "crashed" are one word to us: what follows the first four letters is mostly grammar.
    private const int StemLength = 4;
    private const int GramLength = 3;
    private const float StemWeight = 1f;
    private const float PairWeight = 0.4f;
    private const float GramWeight = 0.15f;

    private static readonly HashSet<string> StopWords =
    [
        "a", "an", "and", "are", "as", "at", "be", "by", "can", "did", "do", "does", "for", "from", "happen", "happens", "has", "have",
        "how", "i", "if", "in", "is", "it", "its", "not", "of", "on", "or", "so", "that", "the", "their", "them", "then", "there", "this",
        "to", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with",
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
            var stem = word[..Math.Min(word.Length, StemLength)];
            Add(vector, stem, StemWeight);
            if (previous.Length > 0)
            {
                Add(vector, previous + " " + stem, PairWeight);
            }

            for (var i = 0; i + GramLength <= word.Length; i++)
            {
                Add(vector, string.Concat("~", word.AsSpan(i, GramLength)), GramWeight);
            }

            previous = stem;
        }

        var length = Math.Sqrt(vector.Sum(x => x * (double)x));
        for (var i = 0; length > 0 && i < vector.Length; i++)
        {
            vector[i] = (float)(vector[i] / length);
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
