using Engram.EntityFrameworkCore.Tests.Model;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Filters over every type of column, and over null.</summary>
internal static class FilterShapes
{
    private static readonly DateTimeOffset Since = new(2024, 5, 1, 12, 30, 0, TimeSpan.FromHours(2));
    private static readonly List<int> Importances = [-3, 0, 7, 19];
    private static readonly string?[] NamesWithNull = ["Ada", "Ω", null];
    private static readonly string[] Names = ["Ada", "Grace", ""];
    private static readonly Mood[] Moods = [Mood.Calm, Mood.Worried];

    public static IEnumerable<Shape> All =>
    [
        Ids("confidence at least", q => q.Where(e => e.Confidence >= 0.7f)),
        Ids("confidence at least a parameter", q =>
        {
            var least = 0.7f;
            return q.Where(e => e.Confidence >= least);
        }),
        Ids("confidence equals", q => q.Where(e => e.Confidence == 0.3f)),
        Ids("time range by instant", q => q.Where(e => e.HappenedAt >= Since && e.HappenedAt < Since.AddDays(30))),
        Ids("confidence and time range", q => q.Where(e => e.Confidence > 0.5f && e.HappenedAt > Since && e.IsPinned)),
        Ids("decimal range", q => q.Where(e => e.Cost > 10.5m && e.Cost <= 99.9999m)),
        Ids("decimal equals whatever its scale", q => q.Where(e => e.Cost == 12.0m || e.Cost * 2 == 3m)),
        Ids("nullable long compared", q => q.Where(e => e.Tokens > 0)),
        Ids("nullable long negated comparison", q => q.Where(e => !(e.Tokens > 0))),
        Ids("nullable long is null", q => q.Where(e => e.Tokens == null)),
        Ids("nullable long has value", q => q.Where(e => e.Tokens.HasValue && e.Tokens.Value % 2 == 0)),
        Ids("nullable timestamp not equal", q => q.Where(e => e.SeenAt != new DateTime(2024, 3, 1))),
        Ids("nullable timestamp range", q => q.Where(e => e.SeenAt > new DateTime(2024, 9, 1) || e.SeenAt == null)),
        Ids("interval compared", q => q.Where(e => e.Duration > TimeSpan.FromHours(-3) && e.Duration < TimeSpan.FromDays(1))),
        Ids("date range", q => q.Where(e => e.Day > new DateOnly(2024, 6, 1) && e.Day <= new DateOnly(2025, 1, 1))),
        Ids("boolean", q => q.Where(e => e.IsPinned)),
        Ids("boolean negated and xor", q => q.Where(e => !e.IsPinned ^ e.Importance > 3)),
        Ids("enum equals", q => q.Where(e => e.Mood == Mood.Curious)),
        Ids("enum in list", q => q.Where(e => Moods.Contains(e.Mood))),
        Ids("guid compared", q =>
        {
            var key = q.OrderBy(e => e.Id).Select(e => e.Key).First();
            return q.Where(e => e.Key == key);
        }),
        Ids("integers in list", q => q.Where(e => Importances.Contains(e.Importance))),
        Ids("integers not in list", q => q.Where(e => !Importances.Contains(e.Importance))),
        Ids("integers in constant list", q => q.Where(e => new[] { 1, 2, 3 }.Contains(e.Importance))),
        Ids("nullable text in list", q => q.Where(e => Names.Contains(e.Author))),
        Ids("nullable text not in list", q => q.Where(e => !Names.Contains(e.Author))),
        Ids("nullable text in list with null", q => q.Where(e => NamesWithNull.Contains(e.Author))),
        Ids("nullable text not in list with null", q => q.Where(e => !NamesWithNull.Contains(e.Author))),
        Ids("long list", q =>
        {
            var ids = Enumerable.Range(0, 2_000).Select(i => i * 3).ToList();
            return q.Where(e => ids.Contains(e.Id));
        }),
        Ids("empty list", q =>
        {
            var none = Array.Empty<int>();
            return q.Where(e => none.Contains(e.Id) || e.Id == 7);
        }),
        Ids("integer arithmetic", q => q.Where(e => (e.Importance / 3 * 3) + (e.Importance % 3) == e.Importance && e.Importance / 7 == -1)),
        Ids("bits", q => q.Where(e => (e.Importance & 5) == 5 || (e.Importance ^ 3) == 0 || (e.Importance | 8) == 12)),
        Ids("math", q => q.Where(e => Math.Abs(e.Importance) > 15 && Math.Max(e.Importance, 3) == 3 && Math.Floor(e.Cost) < 40m)),
        Ids("conditional", q => q.Where(e => (e.IsPinned ? e.Importance : -e.Importance) > 12)),
        Ids("coalesce", q => q.Where(e => (e.Author ?? "none") == "none" || (e.Tokens ?? 1) > 4_000_000_000)),
        Ids("two nullable columns compared", q => q.Where(e => e.Author == e.Text || e.Tokens == e.Importance)),
        Ids("time difference", q => q.Where(e => e.HappenedAt - Since > TimeSpan.FromDays(200.5))),
        Ids("time moved", q => q.Where(e => e.HappenedAt.AddDays(10) > Since && e.HappenedAt + TimeSpan.FromHours(1) < Since.AddDays(40))),
        Ids("parts of a time", q => q.Where(e => e.HappenedAt.Year == 2024 && e.HappenedAt.Month > 6 && e.HappenedAt.Hour < 5)),
        Ids("parts of a date", q => q.Where(e => e.Day.Month == 2 && e.Day.Day > 20 && e.Day.DayOfWeek == DayOfWeek.Monday)),
    ];

    private static Shape Ids(string name, Func<IQueryable<Episode>, IQueryable<Episode>> filter)
        => new("filter: " + name, q => filter(q.Episodes).OrderBy(e => e.Id).Select(e => e.Id).ToList());
}
