using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Levels;

/// <summary>Chains of references that may be missing, and of collections, through four levels give what LINQ-to-Objects gives.</summary>
public sealed class LevelTests(LevelFixture fixture) : IClassFixture<LevelFixture>
{
    private static readonly QueryCases<LevelModel> All = new() { Keys, References, Collections, Joins, Includes, Pages };

    private static QueryCases<LevelModel> Keys => new()
    {
        { "key: by name of a property", t => t.Ones.Where(l => EF.Property<int>(l.Required!, "Id") > 7) },
        { "key: by name, nested", t => t.Ones.Where(l => EF.Property<int>(EF.Property<Two>(l, "Required"), "Id") == 7) },
        { "key: by name, then member", t => t.Ones.Where(l => EF.Property<Two>(l, "Required").Id == 7) },
        { "key: equal to a new entity", t => t.IsOracle ? t.Twos.Where(l => l.RequiredOne.Id == 1) : t.Twos.Where(l => l.RequiredOne == new One { Id = 1 }) },
        { "key: equal to one of two new entities", t => t.IsOracle ? t.Ones.Where(l => l.Required!.Id == 1 || l.Required.Id == 2) : t.Ones.Where(l => l.Required == new Two { Id = 1 } || l.Required == new Two { Id = 2 }) },
        { "key: optional compared", t => t.Twos.Where(l => l.OptionalOne!.Id > 5).Select(l => l.Id) },
        { "key: reference compared with null", t => t.Ones.Where(l => l.Optional == null).Select(l => l.Id) },
        { "key: reference of reference compared with null", t => t.Ones.Where(l => l.Optional!.Optional != null).Select(l => l.Id) },
        { "key: two references compared", t => t.Ones.Where(l => l.Optional == l.Required).Select(l => l.Id) },
        { "key: two references not equal", t => t.Ones.Where(l => l.Optional != l.Required).Select(l => l.Id) },
        { "key: reference compared with a first", t => t.Ones.Where(l => l.Required == t.Twos.OrderBy(x => x.Id).First()).Select(l => l.Id) },
        { "key: a nullable key of a missing one", t => t.Ones.OrderBy(l => l.Id).Select(l => (int?)l.Optional!.Optional!.Id) },
        { "key: contains in keys", t => { var ids = new[] { 1, 3, 5 }; return t.Ones.Where(l => ids.Contains(l.Optional!.Id)).Select(l => l.Id); } },
        { "key: entity contained in a list", t => { var some = t.Ones.Where(x => x.Id < 4).ToList(); return t.IsOracle ? t.Ones.Where(l => l.Id < 4).Select(l => l.Id) : t.Ones.Where(l => some.Contains(l)).Select(l => l.Id); } },
    };

    private static QueryCases<LevelModel> References => new()
    {
        { "reference: method on a missing name", t => t.Ones.Where(l => l.Optional!.Name!.StartsWith("L2")).Select(l => l.Id) },
        { "reference: negated method on a missing name", t => t.Ones.Where(l => !l.Optional!.Name!.StartsWith("L2 0")).Select(l => l.Id) },
        { "reference: nested method on a missing name", t => t.Ones.Where(l => l.Optional!.Name!.ToUpper().StartsWith("L2")).Select(l => l.Id) },
        { "reference: method with itself as argument", t => t.Ones.Where(l => l.Optional!.Name!.StartsWith(l.Optional!.Name!)).Select(l => l.Id) },
        { "reference: date arithmetic on a missing one", t => t.Ones.Where(l => l.Optional!.Date.AddDays(1) > new DateTime(2001, 1, 3)).Select(l => l.Id) },
        { "reference: date arithmetic with a missing argument", t => t.Ones.Where(l => new DateTime(2001, 1, 1).AddDays(15.0) > l.Optional!.Date).Select(l => l.Id) },
        { "reference: length of a missing name", t => t.Ones.OrderBy(l => l.Id).Select(l => (int?)l.Optional!.Name!.Length) },
        { "reference: two in a projection", t => t.Ones.OrderBy(l => l.Id).Select(l => new { l.Id, A = l.Optional!.Name, B = l.Required!.Name }) },
        { "reference: the text of a missing number is empty", t => t.IsOracle ? t.Ones.OrderBy(l => l.Id).Select(l => l.Optional == null ? "" : l.Optional.Id.ToString()) : t.Ones.OrderBy(l => l.Id).Select(l => l.Optional!.Id.ToString()) },
        { "reference: three deep", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional!.Optional!.Optional!.Name) },
        { "reference: three deep, filtered", t => t.Ones.Where(l => l.Optional!.Required!.Optional!.Name == "L4 3").Select(l => l.Id) },
        { "reference: or of two paths", t => t.Ones.Where(l => l.Optional!.Name == "L2 05" || l.Required!.Name == "L2 07").Select(l => l.Name) },
        { "reference: not equal to a text", t => t.Ones.Where(l => l.Optional!.Name != "L2 05").Select(l => l.Id) },
        { "reference: not equal, deep", t => t.Ones.Where(l => l.Optional!.Optional!.Name != "L3 5").Select(l => l.Id) },
        { "reference: null or equal", t => t.Ones.Where(l => l.Optional!.Name == null || l.Optional.Name == "L2 01").Select(l => l.Id) },
        { "reference: conditional over presence", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional != null ? l.Optional.Name : "none") },
        { "reference: conditional deep", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional == null ? null : l.Optional.Optional == null ? "no three" : l.Optional.Optional.Name) },
        { "reference: coalesce", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional!.Name ?? l.Required!.Name ?? "?") },
        { "reference: coalesce in a filter", t => t.Ones.Where(l => (l.Optional!.Name ?? l.Name) == l.Name).Select(l => l.Id) },
        { "reference: projected entity", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional) },
        { "reference: projected entity, filtered", t => t.Ones.OrderBy(l => l.Id).Where(l => l.Optional!.Name != null).Select(l => l.Optional!.Optional) },
        { "reference: projected anonymously, then filtered", t => t.Ones.Select(l => new { l.Id, X = l.Optional }).Where(x => x.X!.Name == "L2 05" || x.X.Name == "L2 07").Select(x => new { x.Id, x.X!.Name }) },
        { "reference: ordered by", t => t.Ones.OrderBy(l => l.Optional!.Name).ThenBy(l => l.Id).Select(l => l.Id) },
        { "reference: ordered by deep", t => t.Twos.OrderBy(l => l.OptionalOne!.Parent!.Name).ThenByDescending(l => l.RequiredOne.Name).Select(l => l.Id) },
        { "reference: grouped by", t => t.Ones.GroupBy(l => l.Optional!.Optional!.Name).Select(g => new { g.Key, N = g.Count() }) },
        { "reference: grouped with having", t => t.Ones.GroupBy(l => l.Required!.Required!.Name, l => new { Id = (int?)l.Required!.Id ?? 0 }).Where(g => g.Min(x => x.Id) > 0).Select(g => g.Count()) },
        { "reference: summed", t => t.Ones.Sum(l => (int?)l.Optional!.Id) },
        { "reference: max", t => t.Ones.Max(l => (int?)l.Optional!.Optional!.Id) },
        { "reference: average with a method", t => t.Ones.Average(l => (double?)l.Optional!.Name!.Length) },
        { "reference: all and any", t => t.Ones.All(l => l.Optional!.Name != "x") && t.Ones.Any(l => l.Optional!.Optional!.Name == null) },
        { "reference: distinct", t => t.Ones.Select(l => l.Optional!.Optional!.Name).Distinct() },
        { "reference: inverse and back", t => t.Twos.OrderBy(l => l.Id).Select(l => new { l.Id, A = l.OptionalOne!.Optional!.Name, B = l.RequiredOne.Parent!.Required!.Name }) },
        { "reference: self", t => t.Ones.Where(l => l.Parent!.Parent != null).Select(l => new { l.Id, l.Parent!.Parent!.Name }) },
        { "reference: flattened twice over", t => t.Threes.Where(l => l.RequiredTwo.RequiredOne.Optional!.Optional!.Name != "L3 1").OrderBy(l => l.Id).Select(l => l.RequiredTwo.RequiredOne.Optional!.Optional!.Name) },
    };

    private static QueryCases<LevelModel> Collections => new()
    {
        { "collection: any of a missing owner", t => t.Ones.Where(l => l.Optional!.Many.Any()).Select(l => l.Id) },
        { "collection: count of a missing owner", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Optional!.Many.Count) },
        { "collection: count compared", t => t.Ones.Where(l => l.Optional!.Many.Count > 1).Select(l => l.Id) },
        { "collection: filtered names", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.Where(x => x.Name != null).Select(x => x.Name).ToList()) },
        { "collection: of a missing owner projected", t => t.Ones.OrderBy(l => l.Id).Where(l => l.Optional != null).Select(l => l.Optional!.Many.Select(x => x.Id).ToList()) },
        { "collection: within a collection", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.Select(x => new { x.Id, Three = x.Many.Select(y => y.Name).ToList() }).ToList()) },
        { "collection: three deep", t => t.Ones.OrderBy(l => l.Id).Select(l => new { l.Id, X = l.ManyOptional.Select(x => new { x.Id, Y = x.Many.Select(y => new { y.Id, Z = y.Many.Select(z => z.Id).ToList() }).ToList() }).ToList() }) },
        { "collection: select many", t => t.Ones.SelectMany(l => l.ManyOptional).Select(x => x.Name) },
        { "collection: select many deep", t => t.Ones.SelectMany(l => l.ManyOptional).SelectMany(x => x.Many).Select(x => new { x.Id, x.Name }) },
        { "collection: select many with default", t => t.Ones.SelectMany(l => l.ManyOptional.DefaultIfEmpty(), (l, x) => new { l.Id, Two = (int?)x!.Id }) },
        { "collection: select many with filter on the outer", t => t.Ones.SelectMany(l => l.ManyOptional.Where(x => x.Id > l.Id).DefaultIfEmpty(), (l, x) => new { l.Id, Two = (int?)x!.Id }) },
        { "collection: select many, then reference", t => t.Ones.SelectMany(l => l.ManyOptional).Where(x => x.Optional!.Name != null).Select(x => x.Optional!.Name) },
        { "collection: select many, ordered and taken within", t => t.Ones.SelectMany(l => l.ManyOptional.OrderByDescending(x => x.Id).Take(2)).Select(x => x.Id) },
        { "collection: select many of a union", t => t.Ones.SelectMany(l => l.ManyOptional.Union(l.ManyRequired)).Select(x => x.Id) },
        { "collection: first's name", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.OrderBy(x => x.Id).Select(x => x.Name).FirstOrDefault()) },
        { "collection: first of a first", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.OrderBy(x => x.Id).FirstOrDefault()!.Many.OrderBy(y => y.Id).FirstOrDefault()!.Name) },
        { "collection: first entity", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.OrderByDescending(x => x.Id).FirstOrDefault()) },
        { "collection: first's reference", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.OrderBy(x => x.Id).FirstOrDefault()!.Optional!.Name) },
        { "collection: first in a filter", t => t.Ones.Where(l => l.ManyOptional.OrderBy(x => x.Id).FirstOrDefault()!.Name == "L2 02").Select(l => l.Id) },
        { "collection: distinct first in a filter", t => t.Ones.Where(l => l.ManyRequired.Select(x => x.Name).Distinct().OrderBy(n => n).FirstOrDefault() != null).Select(l => l.Id) },
        { "collection: sum of counts", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.Sum(x => x.Many.Count)) },
        { "collection: max of a deep name", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.Max(x => x.Optional!.Name)) },
        { "collection: any with a reference", t => t.Ones.Where(l => l.ManyOptional.Any(x => x.Optional!.Name == "L3 1" || x.Many.Any(y => y.Name == l.Name))).Select(l => l.Id) },
        { "collection: all with a reference", t => t.Ones.Where(l => l.ManyOptional.All(x => x.Optional != null)).Select(l => l.Id) },
        { "collection: contains of a projection", t => t.Ones.Where(l => l.ManyOptional.Select(x => x.Id).Contains(l.Id)).Select(l => l.Id) },
        { "collection: concat", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyOptional.Select(x => x.Id).Concat(l.ManyRequired.Select(x => x.Id)).Count()) },
        { "collection: grouped within", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyRequired.GroupBy(x => x.Date).Select(g => new { g.Key, N = g.Count() }).ToList()) },
        { "collection: in a conditional", t => t.Ones.OrderBy(l => l.Id).Select(l => l.Id > 5 ? l.ManyOptional.Count : l.ManyRequired.Count) },
        { "collection: within its own filter", t => t.Ones.Where(l => l.ManyRequired.Count(x => x.Many.Count > 0) > l.ManyOptional.Count(x => x.Name != null)).Select(l => l.Id) },
        { "collection: of a query's rows", t => t.Ones.OrderBy(l => l.Id).Select(l => new { l.Id, Later = t.Twos.Where(x => x.Date > l.Date).OrderBy(x => x.Id).Select(x => x.Id).ToList() }) },
        { "collection: ordered by aggregate", t => t.Ones.OrderByDescending(l => l.ManyRequired.Max(x => (int?)x.Id)).ThenBy(l => l.Id).Select(l => l.Id) },
    };

    private static QueryCases<LevelModel> Joins => new()
    {
        { "join: on an optional key", t => from a in t.Ones join b in t.Twos on a.Id equals b.OptionalOne!.Id select new { A = a.Id, B = b.Id } },
        { "join: on a required key", t => from a in t.Ones join b in t.Twos on a.Id equals b.RequiredOne.Id select new { A = a.Id, B = b.Id } },
        { "join: on navigations of both", t => from a in t.Ones join b in t.Twos on a.Optional!.Name equals b.RequiredOne.Optional!.Name select new { A = a.Id, B = b.Id } },
        { "join: with a nested join", t => from c in t.Threes join x in (from a in t.Ones join b in t.Twos on a.Id equals b.OptionalOne!.Id select new { One = a.Id, Two = b.Id }) on c.RequiredTwoId equals x.Two select new { c.Id, x.One } },
        { "join: left, then left", t => from a in t.Ones join b in t.Twos on a.Id equals b.OptionalOneId into bs from b in bs.DefaultIfEmpty() join c in t.Threes on b.Id equals c.OptionalTwoId into cs from c in cs.DefaultIfEmpty() select new { a.Id, B = b.Name, C = c.Name } },
        { "join: left, then navigation", t => from a in t.Ones join b in t.Twos on a.Id equals b.OptionalOneId into bs from b in bs.DefaultIfEmpty() where b.Optional!.Name != "L3 2" select new { a.Id, b.RequiredOne.Name } },
        { "join: left with a filtered right", t => from a in t.Ones join b in t.Twos.Where(x => x.Name != "L2 01") on a.Id equals b.OptionalOneId into bs from b in bs.DefaultIfEmpty() select new { a.Id, B = (int?)b.Id } },
        { "join: left with an ordered and taken right", t => from a in t.Ones join b in t.Twos.OrderBy(x => x.Name).Take(5) on a.Id equals b.OptionalOneId into bs from b in bs.DefaultIfEmpty() select new { a.Id, B = (int?)b.Id } },
        { "join: group join counted", t => from a in t.Ones join b in t.Twos on a.Id equals b.ManyRequiredOneId into bs select new { a.Id, N = bs.Count(), Max = bs.Max(x => (int?)x.Id) } },
        { "join: group join's first", t => from a in t.Ones join b in t.Twos on a.Id equals b.ManyRequiredOneId into bs select new { a.Id, First = bs.OrderBy(x => x.Id).Select(x => x.Name).FirstOrDefault() } },
        { "join: condition over both", t => from a in t.Ones from b in t.Twos where a.Id == b.RequiredOneId && a.Date <= b.Date select new { A = a.Id, B = b.Id } },
        { "join: cross with navigation", t => from a in t.Ones where a.Id < 4 from b in t.Twos where b.RequiredOne.Name == a.Name || b.OptionalOne!.Name == a.Name select new { A = a.Id, B = b.Id } },
        { "join: subquery in the on", t => from a in t.Ones join b in t.Twos on a.Id equals t.Threes.Where(x => x.RequiredTwoId == b.Id).Select(x => x.Id).FirstOrDefault() select new { A = a.Id, B = b.Id } },
        { "join: LeftJoin", t => t.Ones.LeftJoin(t.Twos, a => (int?)a.Id, b => b.OptionalOneId, (a, b) => new { a.Id, Name = b!.Name }) },
        { "join: composite with null", t => from a in t.Twos join b in t.Threes on new { A = a.Name, B = (int?)a.Id } equals new { A = b.ManyTwo!.Name, B = b.ManyTwoId } select new { A = a.Id, B = b.Id } },
    };

    private static QueryCases<LevelModel> Includes => new()
    {
        { "include: reference of reference", t => t.Ones.Include(l => l.Optional!.Optional!.Optional).OrderBy(l => l.Id).ToList().Select(l => l.Optional?.Optional?.Optional?.Name).ToList() },
        { "include: collection of a reference", t => t.Ones.Include(l => l.Optional!.Many).OrderBy(l => l.Id).ToList().Select(l => l.Optional?.Many.Select(x => x.Id).Order().ToList()).ToList() },
        { "include: three collections deep", t => t.Ones.AsNoTracking().Include(l => l.ManyOptional).ThenInclude(x => x.Many).ThenInclude(y => y.Many).OrderBy(l => l.Id).ToList().Select(l => l.ManyOptional.SelectMany(x => x.Many).SelectMany(y => y.Many).Select(z => z.Id).Order().ToList()).ToList() },
        { "include: three collections deep, split", t => t.Ones.AsNoTracking().AsSplitQuery().Include(l => l.ManyOptional).ThenInclude(x => x.Many).ThenInclude(y => y.Many).OrderBy(l => l.Id).ToList().Select(l => l.ManyOptional.SelectMany(x => x.Many).SelectMany(y => y.Many).Select(z => z.Id).Order().ToList()).ToList() },
        { "include: siblings", t => t.Ones.AsNoTracking().Include(l => l.ManyOptional).ThenInclude(x => x.Optional).Include(l => l.ManyRequired).ThenInclude(x => x.Many).OrderBy(l => l.Id).ToList().Select(l => new { A = l.ManyOptional.Select(x => x.Optional?.Name).Order().ToList(), B = l.ManyRequired.Sum(x => x.Many.Count) }).ToList() },
        { "include: siblings, split", t => t.Ones.AsNoTracking().AsSplitQuery().Include(l => l.ManyOptional).ThenInclude(x => x.Optional).Include(l => l.ManyRequired).ThenInclude(x => x.Many).OrderBy(l => l.Id).ToList().Select(l => new { A = l.ManyOptional.Select(x => x.Optional?.Name).Order().ToList(), B = l.ManyRequired.Sum(x => x.Many.Count) }).ToList() },
        { "include: of a projected reference", t => t.Ones.Include(l => l.Optional!.Many).Select(l => l.Optional).Where(x => x != null).OrderBy(x => x!.Id).ToList().Select(x => x!.Many.Count >= 0).ToList() },
        { "include: filtered within a reference", t => t.Ones.AsNoTracking().Include(l => l.Optional!.Many.Where(x => x.Id > 5)).OrderBy(l => l.Id).ToList().Select(l => (t.IsOracle ? l.Optional?.Many.Where(x => x.Id > 5) : l.Optional?.Many)?.Select(x => x.Id).Order().ToList()).ToList() },
        { "include: filtered twice", t => t.Ones.AsNoTracking().Include(l => l.ManyRequired.Where(x => x.Id != 3).OrderBy(x => x.Name).Take(3)).ThenInclude(x => x.Many.OrderByDescending(y => y.Id).Take(1)).OrderBy(l => l.Id).ToList().Select(l => (t.IsOracle ? l.ManyRequired.Where(x => x.Id != 3).OrderBy(x => x.Name, StringComparer.Ordinal).Take(3) : l.ManyRequired).Select(x => (x.Id, N: Math.Min(x.Many.Count, 1))).Order().Select(x => x.ToString()).ToList()).ToList() },
        { "include: with skip and take within", t => t.Ones.AsNoTracking().Include(l => l.ManyRequired.OrderBy(x => x.Id).Skip(1).Take(1)).ThenInclude(x => x.Optional).OrderBy(l => l.Id).ToList().Select(l => (t.IsOracle ? l.ManyRequired.OrderBy(x => x.Id).Skip(1).Take(1) : l.ManyRequired).Select(x => x.Optional?.Name).ToList()).ToList() },
        { "include: self", t => t.Ones.Include(l => l.Children).ThenInclude(c => c.Children).Include(l => l.Parent).OrderBy(l => l.Id).ToList().Select(l => new { P = l.Parent?.Id, C = l.Children.Select(c => c.Id).Order().ToList() }).ToList() },
        { "include: after select many", t => t.Ones.SelectMany(l => l.ManyOptional).Include(x => x.RequiredOne.Optional).OrderBy(x => x.Id).ToList().Select(x => x.RequiredOne.Optional?.Name).ToList() },
        { "include: with distinct and take", t => t.Ones.Include(l => l.ManyRequired).Distinct().OrderBy(l => l.Id).Take(3).ToList().Select(l => l.ManyRequired.Count).ToList() },
    };

    private static QueryCases<LevelModel> Pages => new()
    {
        { "page: taken, then navigation", t => t.Ones.OrderBy(l => l.Id).Take(5).Select(l => l.Optional!.Name) },
        { "page: taken, then filter over a navigation", t => t.Ones.OrderBy(l => l.Id).Take(9).Where(l => l.Optional!.Name != "L2 04").Select(l => l.Id) },
        { "page: of a page", t => t.Ones.OrderBy(l => l.Id).Skip(1).Take(9).OrderByDescending(l => l.Optional!.Name).ThenBy(l => l.Id).Skip(1).Take(4).Select(l => l.Id) },
        { "page: distinct navigation, taken", t => t.Ones.Select(l => l.Optional!.Name).Distinct().OrderBy(n => n).Take(3) },
        { "page: skip by a column of the outer", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyRequired.OrderBy(x => x.Id).Skip(l.Id - 1).Select(x => x.Id).FirstOrDefault()) },
        { "page: element at of a collection", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyRequired.OrderBy(x => x.Id).Select(x => x.Id).ElementAtOrDefault(2)) },
        { "page: last of a collection", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyRequired.OrderBy(x => x.Id).Select(x => x.Name).LastOrDefault()) },
        { "page: reversed", t => t.Ones.OrderBy(l => l.Optional!.Name).ThenBy(l => l.Id).Reverse().Take(4).Select(l => l.Id) },
        { "page: union of pages", t => t.Ones.OrderBy(l => l.Id).Take(3).Select(l => l.Required!.Name).Union(t.Ones.OrderByDescending(l => l.Id).Take(3).Select(l => l.Optional!.Name)) },
        { "page: taken collection's sum", t => t.Ones.OrderBy(l => l.Id).Select(l => l.ManyRequired.OrderByDescending(x => x.Id).Take(2).Sum(x => x.Id)) },
        { "page: count of a page's collection", t => t.Ones.OrderBy(l => l.Name).Skip(2).Take(5).Select(l => new { l.Id, N = l.ManyRequired.Count(x => x.Many.Any()) }) },
    };

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<LevelModel>.AssertEqual(expected, All[name](LevelModel.Of(context)));
    }
}
