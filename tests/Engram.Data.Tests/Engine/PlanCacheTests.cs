using Engram.Data.Engine;

namespace Engram.Data.Tests.Engine;

public sealed class PlanCacheTests
{
    [Fact]
    public void The_same_text_is_parsed_once()
    {
        var cache = new PlanCache();
        var first = cache.GetOrParse("SELECT 1; SELECT 2");
        Assert.Same(first, cache.GetOrParse("SELECT 1; SELECT 2"));
        Assert.Equal(2, first.Statements.Length);
        Assert.NotSame(first, cache.GetOrParse("SELECT 1; SELECT 3"));
    }

    [Fact]
    public void The_number_of_texts_is_bounded_and_what_is_used_stays()
    {
        var cache = new PlanCache();
        var used = cache.GetOrParse("SELECT 'used'");
        for (var i = 0; i < 5000; i++)
        {
            cache.GetOrParse($"SELECT {i}");
            if (i % 100 == 0)
            {
                Assert.Same(used, cache.GetOrParse("SELECT 'used'"));
            }
        }

        Assert.InRange(cache.Count, 1, 1024);
    }

    [Fact]
    public void A_text_of_a_data_load_is_not_kept()
    {
        var cache = new PlanCache();
        cache.GetOrParse("SELECT '" + new string('x', 300_000) + "'");
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void A_mistake_is_not_kept()
    {
        var cache = new PlanCache();
        Assert.Equal("42601", Assert.Throws<EngramException>(() => cache.GetOrParse("SELEC 1")).SqlState);
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Many_threads_may_ask_at_once()
    {
        var cache = new PlanCache();
        Parallel.For(0, 2000, i => Assert.Equal($"SELECT {i % 700}", cache.GetOrParse($"SELECT {i % 700}").Text));
    }
}
