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

    [Fact]
    public void Behind_more_than_the_maximum_comes_no_further_record_until_some_are_taken_back()
    {
        var chunks = new ByteChunks(16, chunkSizeBytes: 64, sizeBytesMax: 1000);
        chunks.Writer.WriteRaw(new byte[1000]);
        chunks.Writer.WriteRaw(new byte[5000]);
        var error = Assert.Throws<EngramException>(() => chunks.Writer);
        Assert.Equal(SqlStates.ProgramLimitExceeded, error.SqlState);
        Assert.Equal(6000, chunks.Length);
        chunks.Truncate(1000);
        chunks.Writer.WriteRaw(new byte[7]);
        Assert.Equal(1007, chunks.Length);
        Assert.Throws<EngramException>(() => chunks.Writer);
        chunks.Free();
    }

    [Fact]
    public void Without_memory_for_the_next_array_none_is_there_twice()
    {
        // No array has such a size: in place of memory that there is none of.
        var chunks = new ByteChunks(16, chunkSizeBytes: -8);
        Assert.Throws<ArgumentOutOfRangeException>(() => chunks.Writer);
        Assert.Single(chunks.All());
        Assert.False(chunks.IsLarge);
    }
}
