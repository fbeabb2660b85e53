using Engram.Data.Storage;

namespace Engram.Data.Tests.Storage;

public sealed class ByteChunksTests
{
    [Fact]
    public void Records_and_cuts_between_them_give_the_bytes_that_one_array_would_have()
    {
        var random = new Random(17);
        for (var round = 0; round < 50; round++)
        {
            var chunks = new ByteChunks(random.Next(1, 100), 64);
            var model = new List<byte>();
            var ends = new List<int> { 0 };
            for (var step = 0; step < 60; step++)
            {
                if (random.Next(6) == 0)
                {
                    var at = random.Next(ends.Count);
                    chunks.Truncate(ends[at]);
                    model.RemoveRange(ends[at], model.Count - ends[at]);
                    ends.RemoveRange(at + 1, ends.Count - at - 1);
                }
                else
                {
                    var record = new byte[random.Next(0, 90)];
                    random.NextBytes(record);
                    chunks.Writer.WriteRaw(record);
                    model.AddRange(record);
                    ends.Add(model.Count);
                }

                Assert.Equal(model.Count, chunks.Length);
                Assert.Equal(model, chunks.All().SelectMany(c => c));
                if (!chunks.IsLarge)
                {
                    Assert.Equal(model, chunks.Written.ToArray());
                }
            }
        }
    }
}
