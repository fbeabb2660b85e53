using System.Globalization;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Engram.EntityFrameworkCore.Tests.Oracle.Trade;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Generated;

/// <summary>
/// Random queries give what LINQ-to-Objects gives. <c>ENGRAM_LINQ_SEEDS=1:20000</c> says which seeds are taken; without it the first 500 are.
/// </summary>
public sealed class RandomQueryTests(TradeFixture fixture) : IClassFixture<TradeFixture>
{
    private const int PartCount = 10;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Random_queries_give_what_LINQ_to_Objects_gives(int part)
    {
        var (first, last) = Seeds();
        var failures = new List<string>();
        var (all, refused) = (0, 0);
        for (var seed = first + part; seed <= last; seed += PartCount)
        {
            all++;
            try
            {
                Check(seed);
            }
            catch (InvalidOperationException e) when (e.Message.Contains("could not be translated", StringComparison.Ordinal) || e.Message.Contains("encountered in 'SqlNullabilityProcessor'", StringComparison.Ordinal))
            {
                // Shapes that EF Core itself gives up: counted, so that a translation that is lost is seen.
                refused++;
            }
            catch (EngramException e) when (e.SqlState is "0A000" or "42803")
            {
                // An aggregate over columns of the outer query alone (docs/limitations.md).
                refused++;
            }
            catch (Exception e)
            {
                failures.Add($"seed {seed}: {e.Message}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {all} failed:\n" + string.Join("\n\n", failures.Take(4)));
        Assert.True(refused * 5 <= all, $"{refused} of {all} were not translated.");
    }

    private static (int First, int Last) Seeds()
    {
        var text = Environment.GetEnvironmentVariable("ENGRAM_LINQ_SEEDS") ?? "1:500";
        var parts = text.Split(':').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        return (parts[0], parts[^1]);
    }

    private void Check(int seed)
    {
        // A query that overflows in .NET proves nothing.
        List<Row> expected;
        try
        {
            expected = [.. new QueryGenerator(fixture.InMemory, seed).Next()];
        }
        catch (OverflowException)
        {
            return;
        }

        using var context = fixture.CreateContext(seed % 2 == 0 ? RowState.Delta : RowState.Segments);
        var query = new QueryGenerator(TradeModel.Of(context), seed).Next();
        try
        {
            Assert.Equal(Canonical.Rows(expected).Order(StringComparer.Ordinal), Canonical.Rows(query).Order(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException or EngramException { SqlState: not ("0A000" or "42803") })
        {
            throw new Xunit.Sdk.XunitException($"{e.Message}\n{query.ToQueryString()}");
        }
    }
}
