using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Puts vectors into numbered groups of similar ones, so that neighbouring numbers are similar too.</summary>
/// <remarks>
/// <para>Two levels of k-means: g groups cost about 2√g distances a vector, not g. Centres are learnt from a sample; centres of each level are numbered along a path from each to the nearest that is left.</para>
/// <para>A group says nothing that anybody relies on: it only decides where rows lie. The same sample gives the same groups. Near is meant by Euclidean distance, whatever the
/// metric of an index: of unit vectors all metrics agree about who is near.</para>
/// </remarks>
internal sealed unsafe class SimilarityGroups : IDisposable
{
    /// <summary>Bytes of the sample that centres are learnt from.</summary>
    public const long SampleSizeBytesMax = 32L * 1024 * 1024;

    private const int CountMax = 256;
    private const int Rounds = 5;

    private readonly int dimensions;
    private readonly Centres coarse;
    private readonly Centres[] fine;
    private readonly int fineCount;

    /// <param name="sample">Vectors, one after the other.</param>
    /// <param name="groupCount">About how many groups, 1 to 256.</param>
    public SimilarityGroups(NativeBlock sample, int sampleCount, int dimensions, int groupCount, Action pace)
    {
        this.dimensions = dimensions;
        groupCount = Math.Clamp(groupCount, 1, CountMax);
        var coarseCount = (int)Math.Ceiling(Math.Sqrt(groupCount));
        fineCount = (groupCount + coarseCount - 1) / coarseCount;
        var all = Enumerable.Range(0, sampleCount).ToArray();
        coarse = Centres.Learn((float*)sample.Pointer, all, dimensions, coarseCount, pace);
        var members = all.ToLookup(i => coarse.Nearest((float*)sample.Pointer + ((long)i * dimensions)));
        fine = new Centres[coarse.Count];
        for (var i = 0; i < fine.Length; i++)
        {
            fine[i] = Centres.Learn((float*)sample.Pointer, [.. members[i]], dimensions, fineCount, pace);
        }
    }

    /// <summary>The number of the group, 1 or more: 0 is left for rows without a vector.</summary>
    public ushort GroupOf(float* vector)
    {
        var first = coarse.Nearest(vector);
        return (ushort)(1 + (first * fineCount) + fine[first].Nearest(vector));
    }

    public void Dispose()
    {
        coarse.Dispose();
        foreach (var centres in fine)
        {
            centres?.Dispose();
        }
    }

    public override string ToString() => $"{coarse.Count} × {fineCount} groups of {dimensions} dimensions";

    /// <summary>Centres of one level.</summary>
    private sealed class Centres(NativeBlock memory, int count, int dimensions) : IDisposable
    {
        public int Count => count;

        private float* At(int centre) => (float*)memory.Pointer + ((long)centre * dimensions);

        public static Centres Learn(float* sample, int[] members, int dimensions, int count, Action pace)
        {
            count = Math.Clamp(count, 1, Math.Max(members.Length, 1));
            var centres = new Centres(new NativeBlock((long)count * dimensions * sizeof(float)), count, dimensions);
            for (var i = 0; i < count && members.Length > 0; i++)
            {
                // Evenly out of the sample: chance would give no better start, and other groups each time.
                new ReadOnlySpan<float>(sample + ((long)members[(long)i * members.Length / count] * dimensions), dimensions).CopyTo(new Span<float>(centres.At(i), dimensions));
            }

            var sums = new double[count * dimensions];
            var sizes = new int[count];
            for (var round = 0; round < Rounds && count > 1; round++)
            {
                pace();
                centres.Move(sample, members, sums, sizes);
            }

            centres.Arrange();
            return centres;
        }

        public int Nearest(float* vector)
        {
            var (best, least) = (0, double.PositiveInfinity);
            for (var i = 0; i < count && count > 1; i++)
            {
                var distance = VectorScore.L2Squared(vector, At(i), dimensions);
                if (distance < least)
                {
                    (best, least) = (i, distance);
                }
            }

            return best;
        }

        public void Dispose() => memory.Release();

        /// <summary>Moves each centre to the mean of those that are nearest to it; one without any stays.</summary>
        private void Move(float* sample, int[] members, double[] sums, int[] sizes)
        {
            Array.Clear(sums);
            Array.Clear(sizes);
            foreach (var member in members)
            {
                var vector = new ReadOnlySpan<float>(sample + ((long)member * dimensions), dimensions);
                var nearest = Nearest(sample + ((long)member * dimensions));
                sizes[nearest]++;
                var sum = sums.AsSpan(nearest * dimensions, dimensions);
                for (var i = 0; i < sum.Length; i++)
                {
                    sum[i] += vector[i];
                }
            }

            for (var centre = 0; centre < count; centre++)
            {
                for (var i = 0; i < dimensions && sizes[centre] > 0; i++)
                {
                    At(centre)[i] = (float)(sums[(centre * dimensions) + i] / sizes[centre]);
                }
            }
        }

        /// <summary>Orders the centres along a path from the first, each time to the nearest that is left.</summary>
        private void Arrange()
        {
            var swap = new float[dimensions];
            for (var i = 1; i < count - 1; i++)
            {
                var (best, least) = (i, double.PositiveInfinity);
                for (var j = i; j < count; j++)
                {
                    var distance = VectorScore.L2Squared(At(i - 1), At(j), dimensions);
                    if (distance < least)
                    {
                        (best, least) = (j, distance);
                    }
                }

                var here = new Span<float>(At(i), dimensions);
                var there = new Span<float>(At(best), dimensions);
                here.CopyTo(swap);
                there.CopyTo(here);
                swap.CopyTo(there);
            }
        }
    }
}
