using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Ordering, paging, projections, aggregates, groups, joins and collections.</summary>
internal static class ResultShapes
{
    public static IEnumerable<Shape> All => Orders.Concat(Aggregates).Concat(Groups).Concat(Joins);

    private static IEnumerable<Shape> Orders =>
    [
        new("order: whole entities", q => q.Episodes.OrderBy(e => e.Id).ToList()),
        new("order: by instant, then id", q => q.Episodes.OrderBy(e => e.HappenedAt).ThenBy(e => e.Id).Select(e => e.HappenedAt).ToList()),
        new("order: by decimal descending", q => q.Episodes.OrderByDescending(e => e.Cost).ThenBy(e => e.Id).Select(e => new { e.Id, e.Cost }).ToList()),
        new("order: null is smallest", q => q.Episodes.OrderBy(e => e.Tokens).ThenBy(e => e.Id).Select(e => e.Tokens).ToList()),
        new("order: null is last when descending", q => q.Episodes.OrderByDescending(e => e.SeenAt).ThenBy(e => e.Id).Select(e => e.SeenAt).ToList()),
        new("order: by interval, boolean and enum", q => q.Episodes.OrderBy(e => e.Mood).ThenByDescending(e => e.IsPinned).ThenBy(e => e.Duration).ThenBy(e => e.Id).Select(e => e.Id).ToList()),
        new("order: by real and expression", q => q.Episodes.OrderBy(e => e.Confidence).ThenBy(e => -e.Importance).ThenBy(e => e.Id).Select(e => e.Id).ToList()),
        new("order: page", q => q.Episodes.OrderByDescending(e => e.HappenedAt).ThenBy(e => e.Id).Skip(123).Take(45).Select(e => e.Id).ToList()),
        new("order: skip without take", q => q.Episodes.OrderBy(e => e.Id).Skip(4_990).Select(e => e.Id).ToList()),
        new("order: page beyond the end", q => q.Episodes.OrderBy(e => e.Id).Skip(6_000).Take(10).Select(e => e.Id).ToList()),
        new("order: filter after page", q => q.Episodes.OrderBy(e => e.Cost).ThenBy(e => e.Id).Take(100).Where(e => e.IsPinned).OrderBy(e => e.Id).Select(e => e.Id).ToList()),
        new("project: distinct pairs", q => q.Episodes.Select(e => new { e.Mood, e.IsPinned }).Distinct().OrderBy(x => x.Mood).ThenBy(x => x.IsPinned).ToList()),
        new("project: computed", q => q.Episodes.OrderBy(e => e.Id).Select(e => new { Twice = e.Importance * 2, Half = e.Importance / 2, Share = e.Cost / 3m, Level = e.Importance > 10 ? "high" : "low", Number = e.Importance.ToString(), Price = Convert.ToString(e.Cost), Rounded = Convert.ToInt32(e.Cost) }).Take(300).ToList()),
        new("project: rounded", q => q.Episodes.OrderBy(e => e.Id).Select(e => new { A = Math.Round(e.Cost), B = Math.Round(e.Cost, 1), C = Math.Round(e.Confidence * 10.0), D = Math.Truncate(e.Cost), E = Math.Ceiling(e.Cost), F = Math.Sqrt(e.Confidence), G = Math.Sign(e.Importance), H = Math.Pow(e.Importance, 2), I = (int)e.Cost, J = (long)(e.Confidence * 10) }).Take(500).ToList()),
        new("project: times", q => q.Episodes.Where(e => e.SeenAt != null && e.Duration != null).OrderBy(e => e.Id).Select(e => new
        {
            e.HappenedAt.DateTime, e.HappenedAt.Date, e.HappenedAt.TimeOfDay, Seen = e.SeenAt!.Value.Date, SeenTime = e.SeenAt.Value.TimeOfDay, e.HappenedAt.Second,
            Day = DateOnly.FromDateTime(e.SeenAt.Value), Time = TimeOnly.FromDateTime(e.SeenAt.Value), e.Day.DayNumber, Later = e.Day.AddDays(e.Importance),
            Noon = e.Day.ToDateTime(new TimeOnly(12, 30)), Unix = e.HappenedAt.ToUnixTimeSeconds(), Ms = e.HappenedAt.ToUnixTimeMilliseconds(),
            Months = e.HappenedAt.AddMonths(e.Importance), Years = e.SeenAt.Value.AddYears(1), e.Duration!.Value.TotalHours, e.SeenAt.Value.DayOfYear,
        }).Take(500).ToList()),
        new("project: widened", q => q.Episodes.OrderBy(e => e.Id).Select(e => new { A = e.Importance + 3L, B = (double)e.Confidence, C = e.Importance * 1.5 }).Take(300).ToList()),
        new("project: embedding", q => q.Episodes.Where(e => e.Id % 500 == 0).OrderBy(e => e.Id).Select(e => e.Embedding).ToList()),
        new("set: union", q => q.Episodes.Where(e => e.Importance > 15).Select(e => e.Id).Union(q.Episodes.Where(e => e.IsPinned).Select(e => e.Id)).OrderBy(i => i).ToList()),
        new("set: except and intersect", q => q.Episodes.Where(e => e.Importance > 0).Select(e => e.Id).Except(q.Episodes.Where(e => e.IsPinned).Select(e => e.Id)).Intersect(q.Episodes.Where(e => e.Id < 400).Select(e => e.Id)).OrderBy(i => i).ToList()),
        new("set: concat", q => q.Episodes.Where(e => e.Id < 10).Select(e => e.Id).Concat(q.Episodes.Where(e => e.Id < 5).Select(e => e.Id)).OrderBy(i => i).ToList()),
    ];

    private static IEnumerable<Shape> Aggregates =>
    [
        new("aggregate: counts", q => new { All = q.Episodes.Count(), Pinned = q.Episodes.Count(e => e.IsPinned), Long = q.Episodes.LongCount(e => e.Tokens != null) }),
        new("aggregate: sums", q => new { Int = q.Episodes.Sum(e => e.Importance), Long = q.Episodes.Sum(e => e.Tokens), Decimal = q.Episodes.Sum(e => e.Cost), Float = q.Episodes.Sum(e => e.Confidence) }),
        new("aggregate: averages", q => new { Int = q.Episodes.Average(e => e.Importance), Long = q.Episodes.Average(e => e.Tokens), Decimal = Math.Round(q.Episodes.Average(e => e.Cost), 20), Float = q.Episodes.Average(e => e.Confidence) }),
        new("aggregate: extremes", q => new { A = q.Episodes.Min(e => e.Cost), B = q.Episodes.Max(e => e.Tokens), C = q.Episodes.Min(e => e.SeenAt), D = q.Episodes.Max(e => e.Duration), E = q.Episodes.Max(e => e.Day) }),
        new("aggregate: extremes of instants", q => new { First = q.Episodes.Min(e => e.HappenedAt).UtcTicks, Last = q.Episodes.Max(e => e.HappenedAt).UtcTicks }),
        new("aggregate: of nothing", q => new { Sum = q.Episodes.Where(e => e.Id < 0).Sum(e => e.Importance), Count = q.Episodes.Count(e => e.Id < 0), Max = q.Episodes.Where(e => e.Id < 0).Max(e => (int?)e.Importance) }),
        new("aggregate: any and all", q => new { Any = q.Episodes.Any(e => e.Cost > 149m), None = q.Episodes.Any(e => e.Importance > 20), All = q.Episodes.All(e => e.Confidence >= 0f), NotAll = q.Episodes.All(e => e.IsPinned) }),
        new("aggregate: first and single", q => new { First = q.Episodes.OrderBy(e => e.Cost).ThenBy(e => e.Id).First().Id, Last = q.Episodes.OrderBy(e => e.Cost).ThenBy(e => e.Id).Last().Id, Single = q.Episodes.Single(e => e.Id == 77).Text, Missing = q.Episodes.FirstOrDefault(e => e.Id < 0) }),
        new("aggregate: contains", q => new { Yes = q.Episodes.Select(e => e.Id).Contains(42), No = q.Episodes.Select(e => e.Id).Contains(-1) }),
        new("aggregate: distinct count", q => q.Episodes.Select(e => e.Author).Distinct().Count()),
    ];

    private static IEnumerable<Shape> Groups =>
    [
        new("group: count by text", q => q.Episodes.GroupBy(e => e.Author).Select(g => new { g.Key, Count = g.Count() }).OrderBy(x => x.Key).ToList()),
        new("group: every aggregate", q => q.Episodes.GroupBy(e => e.Mood)
            .Select(g => new { g.Key, Sum = g.Sum(e => e.Importance), Average = g.Average(e => e.Confidence), Cost = g.Sum(e => e.Cost), First = g.Min(e => e.Day), Last = g.Max(e => e.Id) }).OrderBy(x => x.Key).ToList()),
        new("group: by two, having", q => q.Episodes.GroupBy(e => new { e.Author, e.IsPinned }).Where(g => g.Count() > 100)
            .Select(g => new { g.Key.Author, g.Key.IsPinned, Count = g.Count(), Max = g.Max(e => e.Tokens) }).OrderBy(x => x.Author).ThenBy(x => x.IsPinned).ToList()),
        new("group: by expression", q => q.Episodes.GroupBy(e => e.Importance / 5).Select(g => new { g.Key, Count = g.Count(), Pinned = g.Count(e => e.IsPinned) }).OrderByDescending(x => x.Count).ThenBy(x => x.Key).ToList()),
        new("group: filtered, then paged", q => q.Episodes.Where(e => e.Confidence > 0.2f).GroupBy(e => e.Day).Select(g => new { g.Key, Count = g.Count() }).OrderByDescending(x => x.Count).ThenBy(x => x.Key).Skip(3).Take(10).ToList()),
        new("group: by day of an instant", q => q.Episodes.GroupBy(e => e.HappenedAt.Date).Select(g => new { g.Key, Count = g.Count(), Best = g.Max(e => e.Confidence) }).OrderBy(x => x.Key).ToList()),
        new("group: by constant", q => q.Episodes.GroupBy(e => 1).Select(g => new { Count = g.Count(), Sum = g.Sum(e => e.Cost) }).Single()),
        new("group: joined text", q => q.Episodes.Where(e => e.Id < 100).GroupBy(e => e.Mood).Select(g => new { g.Key, Length = string.Join("; ", g.Select(e => e.Author)).Length }).OrderBy(x => x.Key).ToList()),
        new("group: distinct inside", q => q.Episodes.GroupBy(e => e.Mood).Select(g => new { g.Key, Authors = g.Select(e => e.Author).Where(a => a != null).Distinct().Count() }).OrderBy(x => x.Key).ToList()),
    ];

    private static IEnumerable<Shape> Joins =>
    [
        new("join: inner", q => q.Episodes.Join(q.Files, e => e.Id, f => f.EpisodeId, (e, f) => new { e.Id, File = f.Id, f.Path }).Where(x => x.Path.Contains("/1")).OrderBy(x => x.File).ToList()),
        new("join: left", q => (from e in q.Episodes
                                join f in q.Files on e.Id equals f.EpisodeId into files
                                from f in files.DefaultIfEmpty()
                                where e.Id < 300
                                orderby e.Id, f == null ? 0 : f.Id
                                select new { e.Id, Path = f == null ? null : f.Path }).ToList()),
        new("join: cross with filter", q => (from a in q.Episodes.Where(e => e.Id < 40)
                                             from b in q.Episodes.Where(e => e.Id < 400)
                                             where a.Importance == b.Importance && a.Id < b.Id
                                             orderby a.Id, b.Id
                                             select new { A = a.Id, B = b.Id }).ToList()),
        new("join: select many", q => q.Episodes.Where(e => e.IsPinned).SelectMany(e => e.Files, (e, f) => new { e.Id, f.LineCount }).OrderBy(x => x.Id).ThenBy(x => x.LineCount).ToList()),
        new("join: filter by collection", q => q.Episodes.Where(e => e.Files.Any(f => f.LineCount > 480) && !e.Files.All(f => f.LineCount > 100)).OrderBy(e => e.Id).Select(e => e.Id).ToList()),
        new("join: aggregates of a collection", q => q.Episodes.OrderBy(e => e.Id).Select(e => new { e.Id, Count = e.Files.Count, Lines = e.Files.Sum(f => f.LineCount), Most = e.Files.Max(f => (int?)f.LineCount) }).ToList()),
        new("join: first of a collection", q => q.Episodes.Where(e => e.Id <= 500).OrderBy(e => e.Id).Select(e => new { e.Id, Top = e.Files.OrderByDescending(f => f.LineCount).ThenBy(f => f.Id).Select(f => f.Path).FirstOrDefault() }).ToList()),
        new("join: two of each collection", q => q.Episodes.Where(e => e.Id <= 200).OrderBy(e => e.Id).SelectMany(e => e.Files.Where(f => f.LineCount > e.Importance).OrderBy(f => f.Id).Take(2), (e, f) => f.Id).OrderBy(i => i).ToList()),
        new("join: subquery in filter", q => q.Episodes.Where(e => e.Importance == q.Episodes.Max(x => x.Importance)).OrderBy(e => e.Id).Select(e => e.Id).ToList()),
        new("include: collection", q => q.Episodes.Include(e => e.Files).Where(e => e.Importance > 17).OrderBy(e => e.Id).ToList()
            .Select(e => new { e.Id, e.Embedding, Files = e.Files.OrderBy(f => f.Id).Select(f => new { f.Id, f.EpisodeId, f.Path }).ToList() }).ToList()),
        new("include: collection of a page", q => q.Episodes.Include(e => e.Files).OrderByDescending(e => e.HappenedAt).ThenBy(e => e.Id).Skip(10).Take(20).ToList()
            .Select(e => new { e.Id, Files = e.Files.OrderBy(f => f.Id).Select(f => f.Id).ToList() }).ToList()),
        new("include: split", q => q.Episodes.Include(e => e.Files).AsSplitQuery().Where(e => e.Id < 50).OrderBy(e => e.Id).ToList()
            .Select(e => new { e.Id, Files = e.Files.OrderBy(f => f.Id).Select(f => f.Id).ToList() }).ToList()),
        new("project: nested collection", q => q.Episodes.Where(e => e.Id < 60).OrderBy(e => e.Id).Select(e => new { e.Id, Paths = e.Files.OrderBy(f => f.Id).Select(f => f.Path).ToList() }).ToList()),
    ];
}
