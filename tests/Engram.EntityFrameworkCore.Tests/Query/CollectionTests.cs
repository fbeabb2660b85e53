using System.Collections.Immutable;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>Collections as parameters: of every type, held in every kind of collection, in every mode of translation.</summary>
public sealed class CollectionTests : IDisposable
{
    private readonly LedgerDatabase database = new();

    public CollectionTests()
    {
        using var context = database.CreateContext();
        for (var i = 0; i < 10; i++)
        {
            context.Add(new Sample
            {
                Int = i % 3 == 0 ? null : i, Short = (short)i, ULong = ulong.MaxValue - (ulong)i, Decimal = i + 0.50m, Double = i / 4.0, String = i == 5 ? null : $"s{i}",
                Char = (char)('a' + i), Bytes = [(byte)i], Guid = new Guid(i, 0, 0, new byte[8]), Date = new DateOnly(2024, 1, 1).AddDays(i),
                Time = new TimeOnly(i, 0), DateTime = new DateTime(2024, 1, 1).AddDays(i), Instant = DateTimeOffset.UnixEpoch.AddDays(i), Span = TimeSpan.FromHours(i),
                Level = (Level)(i % 2), Memory = new float[3],
            });
        }

        context.SaveChanges();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public void Every_type_of_element()
    {
        AssertShorts(db => Of<short>([3, 4]) is var p ? db.Where(s => p.Contains(s.Short)) : db, 3, 4);
        AssertShorts(db => Of<int?>([1, null]) is var p ? db.Where(s => p.Contains(s.Int)) : db, 0, 1, 3, 6, 9);
        AssertShorts(db => Of<int>([1, 2]) is var p ? db.Where(s => p.Contains(s.Int!.Value)) : db, 1, 2);
        AssertShorts(db => Of<ulong>([ulong.MaxValue]) is var p ? db.Where(s => p.Contains(s.ULong!.Value)) : db, 0);
        AssertShorts(db => Of<decimal>([1.5m, 2.500m]) is var p ? db.Where(s => p.Contains(s.Decimal!.Value)) : db, 1, 2);
        AssertShorts(db => Of<double>([0.25, 0.5]) is var p ? db.Where(s => p.Contains(s.Double)) : db, 1, 2);
        AssertShorts(db => Of<string?>(["s1", null]) is var p ? db.Where(s => p.Contains(s.String)) : db, 1, 5);
        AssertShorts(db => Of<char>(['b', 'z']) is var p ? db.Where(s => p.Contains(s.Char)) : db, 1);
        AssertShorts(db => Of<byte[]>([[7], [8, 8]]) is var p ? db.Where(s => p.Contains(s.Bytes!)) : db, 7);
        AssertShorts(db => Of<Guid>([new Guid(4, 0, 0, new byte[8])]) is var p ? db.Where(s => p.Contains(s.Guid!.Value)) : db, 4);
        AssertShorts(db => Of<DateOnly>([new DateOnly(2024, 1, 3)]) is var p ? db.Where(s => p.Contains(s.Date!.Value)) : db, 2);
        AssertShorts(db => Of<TimeOnly>([new TimeOnly(9, 0)]) is var p ? db.Where(s => p.Contains(s.Time)) : db, 9);
        AssertShorts(db => Of<DateTime>([new DateTime(2024, 1, 2)]) is var p ? db.Where(s => p.Contains(s.DateTime)) : db, 1);
        AssertShorts(db => Of<DateTimeOffset>([DateTimeOffset.UnixEpoch.AddDays(1).ToOffset(TimeSpan.FromHours(5))]) is var p ? db.Where(s => p.Contains(s.Instant!.Value)) : db, 1);
        AssertShorts(db => Of<TimeSpan>([TimeSpan.FromHours(8)]) is var p ? db.Where(s => p.Contains(s.Span)) : db, 8);
        AssertShorts(db => Of<Level>([Level.High]) is var p ? db.Where(s => p.Contains(s.Level)) : db, 1, 3, 5, 7, 9);
    }

    [Fact]
    public void Every_kind_of_collection()
    {
        HashSet<short> set = [1, 2];
        IEnumerable<short> lazy = new[] { 3, 4 }.Select(i => (short)i);
        IReadOnlyList<short> readOnly = [5];
        var immutable = ImmutableArray.Create<short>(6);
        var sorted = new SortedSet<short> { 7 };
        short[] array = [8];
        AssertShorts(db => db.Where(s => set.Contains(s.Short) || lazy.Contains(s.Short) || readOnly.Contains(s.Short)), 1, 2, 3, 4, 5);
        AssertShorts(db => db.Where(s => immutable.Contains(s.Short) || sorted.Contains(s.Short) || array.Contains(s.Short) || array.Any(a => a + 1 == s.Short)), 6, 7, 8, 9);
    }

    [Fact]
    public void Every_mode_of_translation()
    {
        short[] values = [1, 2];
        foreach (var mode in Enum.GetValues<ParameterTranslationMode>())
        {
            // EF Core's cache of compiled queries does not tell contexts of different modes apart.
            var options = new DbContextOptionsBuilder<LedgerContext>().UseOwnServices()
                .UseEngram(database.ConnectionString, o => o.UseParameterizedCollectionMode(mode)).Options;
            using var context = new LedgerContext(options);
            var query = context.Samples.Where(s => values.Contains(s.Short)).Select(s => s.Short);
            var expected = mode == ParameterTranslationMode.Constant ? "IN (1, 2)" : "= ANY (@values)";
            Assert.Contains(expected, query.ToQueryString(), StringComparison.Ordinal);
            Assert.Equal(2, query.Count());
            Assert.Equal(7, context.Samples.Count(s => values.All(v => v < s.Short)));

            Assert.Contains("= ANY (@values)", context.Samples.Where(s => EF.Parameter(values).Contains(s.Short)).ToQueryString(), StringComparison.Ordinal);
            var constant = context.Samples.Where(s => EF.Constant(values).Contains(s.Short)).ToQueryString();
            Assert.True(constant.Contains("IN (1, 2)", StringComparison.Ordinal), $"{mode}: {constant[^200..]}");
        }
    }

    [Fact]
    public void Values_in_the_query_are_counted_and_compared()
    {
        using var context = database.CreateContext();
        Assert.Equal(9, context.Samples.Count(s => new[] { s.Short, (short)1 }.Max() >= 1 && new[] { s.Short, (short)8 }.Min() < 9 && new[] { (short)9, (short)1 }.Count(v => v > s.Short) > 0));
    }

    private static List<T> Of<T>(List<T> values) => values;

    private void AssertShorts(Func<IQueryable<Sample>, IQueryable<Sample>> query, params short[] expected)
    {
        using var context = database.CreateContext();
        Assert.Equal(expected, query(context.Samples).OrderBy(s => s.Short).Select(s => s.Short));
        var others = Enumerable.Range(0, 10).Select(i => (short)i).Except(expected);
        var found = query(context.Samples);
        Assert.Equal(others, context.Samples.Where(s => !found.Any(f => f.Id == s.Id)).OrderBy(s => s.Short).Select(s => s.Short));
    }
}
