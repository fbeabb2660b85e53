using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Tests.Query.Execution;

public sealed class AnswerCacheTests
{
    [Fact]
    public void A_large_answer_is_not_kept_and_drives_no_other_out()
    {
        using var cache = new AnswerCache(DataType.Text, null);
        using var key = new ColumnBuffer(DataType.Int32, 2);
        using var answers = new ColumnBuffer(DataType.Text, 2);
        key.Append(1);
        key.Append(2);
        answers.AppendBytes("small"u8);
        answers.AppendBytes(new byte[5 * 1024 * 1024]);
        Assert.False(Knows(cache, key, 0));
        cache.Add(answers.Column, 0);
        Assert.False(Knows(cache, key, 1));
        cache.Add(answers.Column, 1);
        Assert.False(Knows(cache, key, 1));
        Assert.True(Knows(cache, key, 0));
    }

    private static bool Knows(AnswerCache cache, ColumnBuffer key, int row)
    {
        cache.BeginKey();
        cache.AddToKey(key.Column, row);
        return cache.TryGet(out _, out _);
    }
}
