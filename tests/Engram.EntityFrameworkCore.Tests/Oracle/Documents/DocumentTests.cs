using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Engram.EntityFrameworkCore.Tests.Oracle.Translations;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Documents;

/// <summary>Queries into documents and arrays give what LINQ-to-Objects gives.</summary>
public sealed class DocumentTests(DocumentFixture fixture) : IClassFixture<DocumentFixture>
{
    private static readonly QueryCases<IQueryable<Blog>> All = new() { DocumentShapes, ArrayShapes };

    private static QueryCases<IQueryable<Blog>> DocumentShapes => new()
    {
        { "json: whole rows", q => q.AsNoTracking().OrderBy(b => b.Id) },
        { "json: scalar of a complex document", q => q.OrderBy(b => b.Id).Select(b => b.Details.Age) },
        { "json: scalars of every type", q => q.OrderBy(b => b.Id).Select(b => new { b.Details.Age, b.Details.Motto, b.Details.Price, b.Details.Score, b.Details.IsPublic, b.Details.Kind, b.Details.At, b.Details.Key, b.Details.Maybe }) },
        { "json: scalars of an owned document", q => q.OrderBy(b => b.Id).Select(b => new { Age = (int?)b.Owned!.Age, b.Owned.Motto, Price = (decimal?)b.Owned.Price, At = (DateTime?)b.Owned.At }) },
        { "json: nested scalar", q => q.OrderBy(b => b.Id).Select(b => b.Details.Place.City) },
        { "json: nested nullable", q => q.OrderBy(b => b.Id).Select(b => b.Details.Place.Zip) },
        { "json: nested of owned", q => q.OrderBy(b => b.Id).Select(b => b.Owned!.Place.City) },
        { "json: filter", q => q.Where(b => b.Details.Age > 50).Select(b => b.Id) },
        { "json: filter by text", q => q.Where(b => b.Details.Motto!.Contains("\"3")).Select(b => b.Id) },
        { "json: filter by boolean", q => q.Where(b => b.Details.IsPublic && !b.Owned!.IsPublic).Select(b => b.Id) },
        { "json: filter by enum", q => q.Where(b => b.Details.Kind == Kind.Bad).Select(b => b.Id) },
        { "json: filter by time", q => q.Where(b => b.Details.At > new DateTime(2024, 2, 6)).Select(b => b.Id) },
        { "json: filter by decimal", q => q.Where(b => b.Details.Price < 60.5m).Select(b => b.Id) },
        { "json: filter by guid", q => q.Where(b => b.Details.Key == new Guid(3, 1, 2, new byte[8])).Select(b => b.Id) },
        { "json: filter by null", q => q.Where(b => b.Details.Maybe == null).Select(b => b.Id) },
        { "json: filter by not equal", q => q.Where(b => b.Details.Maybe != 3).Select(b => b.Id) },
        { "json: filter by nested", q => q.Where(b => b.Details.Place.City == "City2" && b.Details.Place.Zip != null).Select(b => b.Id) },
        { "json: document is null", q => q.Where(b => b.Owned == null).Select(b => b.Id) },
        { "json: document is not null", q => q.Where(b => b.Owned != null).Select(b => b.Id) },
        { "json: nested document is null", q => q.Where(b => b.Details.Side == null).Select(b => b.Id) },
        { "json: nested document is not null", q => q.Where(b => b.Owned!.Side != null).Select(b => b.Id) },
        { "json: nested document of null", q => q.Where(b => b.Owned!.Side == null).Select(b => b.Id) },
        { "json: length of time of days", q => q.OrderBy(b => b.Id).Select(b => b.Details.Length) },
        { "json: filter by length of time", q => q.Where(b => b.Details.Length > TimeSpan.FromDays(1)).Select(b => b.Id) },
        { "json: element of a list of numbers", q => q.Where(b => b.Details.Marks!.Count > 1 && b.Details.Marks[1] > 5).Select(b => b.Id) },
        { "json: element of a list of numbers, by column", q => q.Where(b => b.Details.Marks!.Count > b.Id % 4 - 1 && b.Details.Marks.Count > 0 && b.Details.Marks[b.Id % 4 - 1] > 5).Select(b => b.Id) },
        { "json: list of numbers that may be null", q => q.OrderBy(b => b.Id).Select(b => new { N = (int?)b.Details.Marks!.Count, Max = b.Details.Marks.Max(m => (int?)m), Any = b.Details.Marks.Any(m => m % 2 == 0) }) },
        { "json: list of numbers is null", q => q.Where(b => b.Details.Marks == null).Select(b => b.Id) },
        { "json: list of numbers contains", q => q.Where(b => b.Details.Marks!.Contains(7)).Select(b => b.Id) },
        { "json: two documents compared", q => q.Where(b => b.Details.Age > b.Owned!.Age).Select(b => b.Id) },
        { "json: order", q => q.OrderBy(b => b.Details.Score).ThenBy(b => b.Id).Select(b => b.Id) },
        { "json: group", q => q.GroupBy(b => b.Details.Place.City).Select(g => new { g.Key, N = g.Count(), Max = g.Max(b => b.Details.Price) }) },
        { "json: aggregate", q => q.Sum(b => b.Details.Price) },
        { "json: aggregate of integers", q => q.Max(b => b.Details.Age) },
        { "json: distinct", q => q.Select(b => b.Details.Kind).Distinct() },
        { "json: project a document", q => q.AsNoTracking().OrderBy(b => b.Id).Select(b => b.Details) },
        { "json: project a nested document", q => q.AsNoTracking().OrderBy(b => b.Id).Select(b => b.Details.Place) },
        { "json: project an owned document", q => q.AsNoTracking().OrderBy(b => b.Id).Select(b => b.Owned) },
        { "json: project a list of documents", q => q.AsNoTracking().OrderBy(b => b.Id).Select(b => b.Posts) },
        { "json: element of a list", q => q.OrderBy(b => b.Id).Where(b => b.Id % 4 == 3).Select(b => b.Posts[1].Title) },
        { "json: element by a parameter", q => { var i = 1; return q.OrderBy(b => b.Id).Where(b => b.Id % 4 == 3).Select(b => b.Posts[i].Likes); } },
        { "json: element in a filter", q => q.Where(b => b.Posts.Count > 0 && b.Posts[0].Likes > 20).Select(b => b.Id) },
        { "json: count of a list", q => q.OrderBy(b => b.Id).Select(b => b.Posts.Count) },
        { "json: any of a list", q => q.Where(b => b.Posts.Any()).Select(b => b.Id) },
        { "json: any with a filter", q => q.Where(b => b.Posts.Any(p => p.Likes > 40)).Select(b => b.Id) },
        { "json: all with a filter", q => q.Where(b => b.Posts.All(p => p.Likes > 10)).Select(b => b.Id) },
        { "json: count with a filter", q => q.OrderBy(b => b.Id).Select(b => b.Posts.Count(p => p.Likes > 25)) },
        { "json: sum over a list", q => q.OrderBy(b => b.Id).Select(b => b.Posts.Sum(p => p.Likes)) },
        { "json: max over a list", q => q.OrderBy(b => b.Id).Select(b => b.Posts.Max(p => (int?)p.Likes)) },
        { "json: projected list", q => q.AsNoTracking().OrderBy(b => b.Id).Select(b => b.Posts.Where(p => p.Likes > 10).Select(p => p.Title).ToList()) },
        { "json: ordered list", q => q.OrderBy(b => b.Id).Select(b => b.Posts.OrderByDescending(p => p.Likes).ThenBy(p => p.Title).Select(p => p.Title).FirstOrDefault()) },
        { "json: flattened list", q => q.AsNoTracking().SelectMany(b => b.Posts, (b, p) => new { b.Id, p.Title, p.At }) },
        { "json: list within a list", q => q.Where(b => b.Posts.Any(p => p.Comments.Any(c => c.Score > 3))).Select(b => b.Id) },
        { "json: count of a list within a list", q => q.Where(b => b.Posts.Any(p => p.Comments.Count == 2)).Select(b => b.Id) },
        { "json: flattened twice", q => q.AsNoTracking().SelectMany(b => b.Posts).SelectMany(p => p.Comments).Select(c => c.Text + c.Score) },
    };

    private static QueryCases<IQueryable<Blog>> ArrayShapes => new()
    {
        { "array: count", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Count()) },
        { "array: length", q => q.Where(b => b.Numbers.Length > 2).Select(b => b.Id) },
        { "array: count of a list", q => q.Where(b => b.Tags.Count == 2).Select(b => b.Id) },
        { "array: any", q => q.Where(b => b.Tags.Any()).Select(b => b.Id) },
        { "array: contains constant", q => q.Where(b => b.Numbers.Contains(3)).Select(b => b.Id) },
        { "array: contains parameter", q => { var tag = "tag1"; return q.Where(b => b.Tags.Contains(tag)).Select(b => b.Id); } },
        { "array: contains column", q => q.Where(b => b.Numbers.Contains(b.Id)).Select(b => b.Id) },
        { "array: does not contain", q => q.Where(b => !b.Numbers.Contains(3)).Select(b => b.Id) },
        { "array: contains null", q => q.Where(b => b.Holes.Contains(null)).Select(b => b.Id) },
        { "array: contains with holes", q => q.Where(b => b.Holes.Contains(2)).Select(b => b.Id) },
        { "array: does not contain with holes", q => q.Where(b => !b.Holes.Contains(2)).Select(b => b.Id) },
        { "array: contains date", q => q.Where(b => b.Days.Contains(new DateOnly(2024, 1, 5)) || b.Days.Length == 2).Select(b => b.Id) },
        { "array: contains enum", q => q.Where(b => b.Kinds.Contains(Kind.Good)).Select(b => b.Id) },
        { "array: index", q => q.Where(b => b.Numbers.Length > 1).OrderBy(b => b.Id).Select(b => b.Numbers[1]) },
        { "array: index in a filter", q => q.Where(b => b.Numbers.Length > 0 && b.Numbers[0] == 4).Select(b => b.Id) },
        { "array: index by a column", q => q.Where(b => b.Id < 5 && b.Numbers.Length > b.Id % 2 && b.Numbers[b.Id % 2] > 1).Select(b => b.Id) },
        { "array: element at", q => q.Where(b => b.Tags.Count > 1).OrderBy(b => b.Id).Select(b => b.Tags.ElementAt(1)) },
        { "array: first", q => q.Where(b => b.Tags.Count > 0).OrderBy(b => b.Id).Select(b => b.Tags.First()) },
        { "array: first or default", q => q.OrderBy(b => b.Id).Select(b => b.Tags.FirstOrDefault()) },
        { "array: last", q => q.Where(b => b.Tags.Count > 0).OrderBy(b => b.Id).Select(b => b.Tags.Last()) },
        { "array: any with a filter", q => q.Where(b => b.Numbers.Any(n => n > 7)).Select(b => b.Id) },
        { "array: all with a filter", q => q.Where(b => b.Numbers.All(n => n > 3)).Select(b => b.Id) },
        { "array: count with a filter", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Count(n => n % 2 == 0)) },
        { "array: where then count", q => q.Where(b => b.Numbers.Where(n => n > 2).Count() == 2).Select(b => b.Id) },
        { "array: sum", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Sum()) },
        { "array: max", q => q.Where(b => b.Numbers.Length > 0).OrderBy(b => b.Id).Select(b => b.Numbers.Max()) },
        { "array: average", q => q.Where(b => b.Numbers.Length > 0).OrderBy(b => b.Id).Select(b => b.Numbers.Average()) },
        { "array: skip", q => q.Where(b => b.Numbers.Skip(1).Count() == 2).Select(b => b.Id) },
        { "array: take", q => q.Where(b => b.Numbers.Take(2).Contains(3)).Select(b => b.Id) },
        { "array: skip and take", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Skip(1).Take(2).Sum()) },
        { "array: ordered", q => q.Where(b => b.Numbers.Length > 1).OrderBy(b => b.Id).Select(b => b.Numbers.OrderByDescending(n => n).First()) },
        { "array: distinct", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Distinct().Count()) },
        { "array: flattened", q => q.SelectMany(b => b.Numbers) },
        { "array: flattened with its row", q => q.SelectMany(b => b.Tags, (b, t) => new { b.Id, t }) },
        { "array: flattened and filtered", q => q.SelectMany(b => b.Numbers.Where(n => n > 5)) },
        { "array: whole", q => q.OrderBy(b => b.Id).Select(b => b.Numbers) },
        { "array: projected elements", q => q.OrderBy(b => b.Id).Select(b => b.Numbers.Where(n => n > 2).ToList()) },
        { "array: projected expressions", q => q.OrderBy(b => b.Id).Select(b => b.Tags.Select(t => t + "!").ToList()) },
        { "array: joined to a parameter", q => { var wanted = new[] { 2, 3 }; return q.Where(b => b.Numbers.Any(n => wanted.Contains(n))).Select(b => b.Id); } },
        { "array: intersected with a parameter", q => { var wanted = new[] { 2, 3, 5 }; return q.Where(b => b.Numbers.Intersect(wanted).Any()).Select(b => b.Id); } },
        { "array: union with a parameter", q => { var wanted = new[] { 2, 3 }; return q.Where(b => b.Numbers.Union(wanted).Count() == 3).Select(b => b.Id); } },
        { "array: grouped", q => q.SelectMany(b => b.Tags).GroupBy(t => t).Select(g => new { g.Key, N = g.Count() }) },
        { "array: parameter counted", q => { var values = new[] { 2, 999 }; return q.Where(b => values.Count(v => v > b.Id) == 1).Select(b => b.Id); } },
        { "array: parameter indexed", q => { var values = new[] { 2, 9, 13 }; return q.Where(b => b.Id == values[1]).Select(b => b.Id); } },
        { "array: parameter joined", q => { var values = new[] { 2, 9, 13 }; return q.Join(values, b => b.Id, v => v, (b, v) => new { b.Name, v }); } },
        { "array: equal to a parameter", q => { var values = new int[] { }; return q.Where(b => b.Numbers.SequenceEqual(values)).Select(b => b.Id); } },
    };

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<IQueryable<Blog>>.AssertEqual(expected, All[name](context.Blogs));
    }
}
