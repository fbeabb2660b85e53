using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class TopKHeapTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Keeps_what_sorting_everything_would_keep(int k)
    {
        var random = new Random(k);
        double[] choices = [double.NegativeInfinity, -1, -0.0, 0.0, 0.25, 0.5, 1, double.PositiveInfinity, double.NaN];
        foreach (var count in (int[])[0, 1, k - 1, k, k + 1, 700])
        {
            if (count < 0)
            {
                continue;
            }

            // Few different scores, so that ties decide often; ids in no order.
            var entries = Enumerable.Range(0, count).Select(i => (Score: choices[random.Next(choices.Length)], Id: (long)i)).ToArray();
            random.Shuffle(entries);
            var expected = entries.Where(e => !double.IsNaN(e.Score)).OrderBy(e => e.Score).ThenBy(e => e.Id).Take(k).ToArray();

            var (scores, ids, slots, payload) = (new double[k], new long[k], new int[k], new long[k]);
            var held = 0;
            foreach (var part in entries.Chunk(97))
            {
                var heap = new TopKHeap(scores, ids, slots, held);
                foreach (var (score, id) in part)
                {
                    var worst = heap.Worst;
                    var accepts = heap.Accepts(score, id);
                    var added = heap.TryAdd(score, id, out var slot);
                    Assert.Equal(accepts, added);
                    Assert.Equal(added, slot >= 0);
                    Assert.False(added && score > worst);
                    if (added)
                    {
                        payload[slot] = id * 10;
                    }
                }

                held = heap.Count;
            }

            var sorted = new TopKHeap(scores, ids, slots, held);
            sorted.SortAscending();
            Assert.Equal(expected.Length, sorted.Count);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], (sorted.Scores[i], sorted.Ids[i]));
                Assert.Equal(expected[i].Id * 10, payload[sorted.Slots[i]]);
            }
        }
    }

    [Fact]
    public void Refuses_NaN_and_reports_the_worst()
    {
        var heap = new TopKHeap(new double[2], new long[2], new int[2]);
        Assert.False(heap.TryAdd(double.NaN, 1));
        Assert.Equal(double.PositiveInfinity, heap.Worst);
        Assert.True(heap.TryAdd(3, 7));
        Assert.Equal(double.PositiveInfinity, heap.Worst);
        Assert.True(heap.TryAdd(1, 8));
        Assert.Equal(3, heap.Worst);
        Assert.False(heap.TryAdd(3, 9));
        Assert.True(heap.TryAdd(3, 6));
        Assert.False(heap.TryAdd(double.NaN, 0));
        Assert.True(heap.TryAdd(2, 100, out var slot));
        Assert.Equal(0, slot);
        Assert.Equal(2, heap.Worst);
    }
}
