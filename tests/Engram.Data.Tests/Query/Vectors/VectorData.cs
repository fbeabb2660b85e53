namespace Engram.Data.Tests.Query.Vectors;

/// <summary>Vectors that searches have trouble with, drawn from a seed.</summary>
internal sealed class VectorData(Random random, int dimensions, int kind)
{
    public const int KindCount = 14;

    private readonly float[][] centres = [.. Enumerable.Range(0, 7).Select(_ => Draw(random, dimensions, 1))];
    private readonly float[] offset = Draw(random, dimensions, 100);

    /// <summary>A vector of the kind.</summary>
    public float[] Next() => kind switch
    {
        0 => Draw(random, dimensions, 1),
        // Clusters on the unit sphere, as embeddings are.
        1 => Unit(Add(Centre(), Draw(random, dimensions, 0.3))),
        // Few different ones: equal scores in every result.
        2 => [.. Centre()],
        3 => Draw(random, dimensions, 1e38),
        // Subnormal, most of them.
        4 => Draw(random, dimensions, 1e-40),
        // One bit apart.
        5 => Nudge(Centre()),
        // Far from the origin, close together.
        6 => Add(offset, Draw(random, dimensions, 1e-3)),
        // One coordinate tells all.
        7 => [.. offset[1..], random.Next(50) / 50f],
        8 => random.Next(3) == 0 ? new float[dimensions] : Draw(random, dimensions, 1),
        9 => Draw(random, dimensions, Math.Pow(10, random.Next(-44, 38))),
        10 => [.. Enumerable.Range(0, dimensions).Select(_ => (float)random.Next(-2, 3))],
        11 => OneHot(),
        // Rows of one direction and many lengths: cosine ties but for rounding.
        12 => Scale(Centre(), random.NextDouble() * 100),
        _ => new VectorData(random, dimensions, random.Next(13)).Next(),
    };

    /// <summary>Something to look for: a vector of the kind, one that is there, or an odd one.</summary>
    public float[] Query(IReadOnlyList<float[]> there) => random.Next(8) switch
    {
        0 or 1 when there.Count > 0 => there[random.Next(there.Count)],
        2 when there.Count > 0 => Nudge(there[random.Next(there.Count)]),
        3 => new VectorData(random, dimensions, random.Next(KindCount)).Next(),
        4 when random.Next(4) == 0 => new float[dimensions],
        _ => Next(),
    };

    private static float[] Draw(Random random, int dimensions, double scale)
        => [.. Enumerable.Range(0, dimensions).Select(_ => (float)Math.Clamp((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * scale, -3.4e38, 3.4e38))];

    private static float[] Add(float[] x, float[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static float[] Scale(float[] x, double by) => [.. x.Select(a => (float)(a * by))];

    private static float[] Unit(float[] x)
    {
        var norm = Math.Sqrt(x.Sum(a => (double)a * a));
        return norm == 0 ? x : Scale(x, 1 / norm);
    }

    private float[] Centre() => centres[random.Next(centres.Length)];

    private float[] Nudge(float[] x)
    {
        float[] copy = [.. x];
        var at = random.Next(copy.Length);
        var nudged = random.Next(2) == 0 ? MathF.BitIncrement(copy[at]) : MathF.BitDecrement(copy[at]);
        copy[at] = float.IsFinite(nudged) ? nudged : copy[at];
        return copy;
    }

    private float[] OneHot()
    {
        var vector = new float[dimensions];
        vector[random.Next(dimensions)] = random.Next(4) == 0 ? -1 : 1;
        return vector;
    }
}
