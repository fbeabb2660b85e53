using System.Globalization;

namespace Engram.Benchmarks.Workloads;

/// <summary>The rows that every subject stores: the same ones in each run.</summary>
internal static class Episodes
{
    public const int Dimensions = 768;

    public static readonly DateTimeOffset FirstMoment = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Unit vectors around <paramref name="clusters"/> centres, since embeddings of real texts are not spread evenly.</summary>
    public static float[][] Embeddings(int count, int clusters = 64, int seed = 1)
    {
        var random = new Random(seed);
        var centres = Enumerable.Range(0, clusters).Select(_ => Gaussian(random, 1)).ToArray();
        var embeddings = new float[count][];
        for (var i = 0; i < count; i++)
        {
            // Noise of 0.7 against a centre of 1: neighbours have a cosine of about 0.67.
            var centre = centres[random.Next(clusters)];
            var embedding = Gaussian(random, 0.7f);
            var norm = 0.0;
            for (var d = 0; d < Dimensions; d++)
            {
                embedding[d] += centre[d];
                norm += (double)embedding[d] * embedding[d];
            }

            var scale = (float)(1 / Math.Sqrt(norm));
            for (var d = 0; d < Dimensions; d++)
            {
                embedding[d] *= scale;
            }

            embeddings[i] = embedding;
        }

        return embeddings;
    }

    /// <summary>Spread over 0 to 1 and the same for the same key.</summary>
    public static float Confidence(long key) => (uint)(key * 2_654_435_761) % 1000 / 1000f;

    public static DateTimeOffset Moment(long key) => FirstMoment.AddSeconds(key % 31_536_000);

    public static string Content(long key) => string.Create(CultureInfo.InvariantCulture, $"Episode {key}: the deploy of build {key % 977} was rolled back after {key % 53} minutes");

    /// <summary>Box-Muller.</summary>
    private static float[] Gaussian(Random random, float deviation)
    {
        var values = new float[Dimensions];
        for (var i = 0; i < Dimensions; i += 2)
        {
            var radius = deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            var (sin, cos) = Math.SinCos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(radius * cos);
            values[i + 1] = (float)(radius * sin);
        }

        return values;
    }
}
