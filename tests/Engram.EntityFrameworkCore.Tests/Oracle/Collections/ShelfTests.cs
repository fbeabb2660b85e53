using System.Collections.Frozen;
using System.Collections.Immutable;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Collections;

/// <summary>Collections in columns, in parameters and written out in a query give what LINQ-to-Objects gives.</summary>
public sealed class ShelfTests(ShelfFixture fixture) : IClassFixture<ShelfFixture>
{
    private static readonly List<int> StaticList = [3, 99];
    private static readonly FrozenSet<int> StaticSet = [3, 99];
    private static readonly ImmutableArray<int> StaticArray = [3, 99];

    private static readonly QueryCases<IQueryable<Shelf>> All = new() { Inline, Parameters, Columns, Sets, Projections };

    private static QueryCases<IQueryable<Shelf>> Inline => new()
    {
        { "inline: contains", q => q.Where(s => new[] { 3, 99 }.Contains(s.Int)) },
        { "inline: contains of nullable", q => q.Where(s => new int?[] { 3, 99 }.Contains(s.MaybeInt)) },
        { "inline: contains null", q => q.Where(s => new int?[] { null, 5 }.Contains(s.MaybeInt)) },
        { "inline: not contains null", q => q.Where(s => !new int?[] { null, 5 }.Contains(s.MaybeInt)) },
        { "inline: count of nothing", q => q.Where(s => new int[0].Count(i => i > s.Id) == 1) },
        { "inline: count of one", q => q.Where(s => new[] { 2 }.Count(i => i > s.Id) == 1) },
        { "inline: count of two", q => q.Where(s => new[] { 2, 99 }.Count(i => i > s.Id) == 1) },
        { "inline: contains of nothing", q => q.Where(s => new int[0].Contains(s.Id)) },
        { "inline: contains of one", q => q.Where(s => new[] { 2 }.Contains(s.Id)) },
        { "inline: contains of parameters", q => { var (i, j) = (2, 9); return q.Where(s => new[] { i, j }.Contains(s.Id)); } },
        { "inline: contains of constant and parameter", q => { var j = 9; return q.Where(s => new[] { 2, j }.Contains(s.Id)); } },
        { "inline: contains of mixed", q => { var i = 4; return q.Where(s => new[] { 99, i, s.Id, s.Id + s.Int }.Contains(s.Int)); } },
        { "inline: contains of a mixed list", q => { var i = 4; return q.Where(s => new List<int> { 99, i, s.Id, s.Id + s.Int }.Contains(s.Int)); } },
        { "inline: contains as any", q => q.Where(s => new[] { 2, 9 }.Any(i => i == s.Id)) },
        { "inline: not contains as all", q => q.Where(s => new[] { 2, 9 }.All(i => i != s.Id)) },
        { "inline: min", q => q.Where(s => new[] { 3, s.Int }.Min() == 3) },
        { "inline: min of a list", q => q.Where(s => new List<int> { 3, s.Int }.Min() == 3) },
        { "inline: max", q => q.Where(s => new[] { 3, s.Int }.Max() == 3) },
        { "inline: min of three", q => { var i = 2; return q.Where(s => new[] { 3, s.Int, i }.Min() == 2); } },
        { "inline: max of a list of three", q => { var i = 2; return q.Where(s => new List<int> { 3, s.Int, i }.Max() == 3); } },
        { "inline: min of nullable", q => { int? i = 2; return q.Where(s => new[] { 3, s.Int, i }.Min() == 2); } },
        { "inline: min with null", q => { int? i = null; return q.Where(s => new[] { 3, s.MaybeInt, i }.Min() == 3); } },
        { "inline: max with null", q => { int? i = null; return q.Where(s => new[] { 3, s.MaybeInt, i }.Max() == 3); } },
        { "inline: one parameter", q => { var i = 2; return q.Where(s => new[] { i }.Contains(s.Id)); } },
        { "inline: one parameter counted", q => { var i = 5; return q.Where(s => new[] { i }.Count(x => x > s.Id) == 1); } },
        { "inline: index by column", q => q.Where(s => s.Int <= 2 && new[] { 1, 2, 3 }[s.Int] == 1) },
        { "inline: index by column, with values", q => q.Where(s => s.Int <= 2 && new[] { 1, s.Int, 3 }[s.Int] == 1) },
        { "inline: index of a list by column", q => q.Where(s => s.Int <= 2 && new List<int> { 1, s.Int, 3 }[s.Int] == 1) },
        { "inline: any without a predicate", q => q.Where(s => new[] { s.Int, 1 }.Any()) },
        { "inline: sum", q => q.Select(s => new[] { s.Int, s.Id, 1 }.Sum()) },
        { "inline: average", q => q.Select(s => new[] { s.Int, s.Id }.Average()) },
        { "inline: ordered first", q => q.Select(s => new[] { s.Int, s.Id, 4 }.OrderByDescending(i => i).First()) },
        { "inline: distinct count", q => q.Select(s => new[] { s.Int, s.Id, 4 }.Distinct().Count()) },
        { "inline: of text", q => q.Where(s => new[] { "t1", s.MaybeText }.Contains(s.Text)) },
        { "inline: projected", q => q.OrderBy(s => s.Id).Select(s => new[] { s.Text, "foo" }) },
        { "inline: list projected", q => q.OrderBy(s => s.Id).Select(s => new List<int> { s.Int, s.Id }) },
        { "inline: enum values counted", q => q.Where(s => Enum.GetValues<Grade>().Cast<int>().Count(y => y == s.Int) > 0) },
        { "inline: conditional within contains", q => q.Where(s => new[] { "one", "three" }.Contains(new[] { 1, 2 }.Contains(s.Int) ? "one" : "two")) },
    };

    private static QueryCases<IQueryable<Shelf>> Parameters => new()
    {
        { "parameter: count", q => { var ids = new[] { 2, 99 }; return q.Where(s => ids.Count(i => i > s.Id) == 1); } },
        { "parameter: contains in a set", q => { var set = new HashSet<int> { 3, 99 }; return q.Where(s => !set.Contains(s.Int)); } },
        { "parameter: contains in a frozen set", q => { var set = FrozenSet.Create(3, 99); return q.Where(s => set.Contains(s.Int)); } },
        { "parameter: contains in an immutable array", q => { var set = ImmutableArray.Create(3, 99); return q.Where(s => !set.Contains(s.Int)); } },
        { "parameter: contains of a nullable's value", q => { var ints = new[] { 3, 99 }; return q.Where(s => s.MaybeInt != null && ints.Contains(s.MaybeInt.Value)); } },
        { "parameter: nullables contain a value", q => { var ints = new int?[] { 3, null }; return q.Where(s => !ints.Contains(s.Int)); } },
        { "parameter: nullables contain a nullable", q => { var ints = new int?[] { null, 4 }; return q.Where(s => ints.Contains(s.MaybeInt)); } },
        { "parameter: nullables do not contain a nullable", q => { var ints = new int?[] { null, 4 }; return q.Where(s => !ints.Contains(s.MaybeInt)); } },
        { "parameter: structs contain", q => { var marks = new List<Mark> { new(2), new(3) }; return q.Where(s => marks.Contains(s.Mark)); } },
        { "parameter: structs do not contain", q => { var marks = new List<Mark> { new(2), new(3) }; return q.Where(s => !marks.Contains(s.Mark)); } },
        { "parameter: structs contain a nullable's value", q => { var marks = new List<Mark> { new(2), new(3) }; return q.Where(s => s.MaybeMark != null && marks.Contains(s.MaybeMark.Value)); } },
        { "parameter: nullable structs contain", q => { var marks = new List<Mark?> { null, new Mark(2) }; return q.Where(s => marks.Contains(s.Mark)); } },
        { "parameter: nullable structs contain a nullable", q => { var marks = new List<Mark?> { null, new Mark(2) }; return q.Where(s => marks.Contains(s.MaybeMark)); } },
        { "parameter: nullable structs do not contain a nullable", q => { var marks = new List<Mark?> { null, new Mark(2) }; return q.Where(s => !marks.Contains(s.MaybeMark)); } },
        { "parameter: texts contain", q => { var texts = new[] { "t1", "t9" }; return q.Where(s => texts.Contains(s.Text)); } },
        { "parameter: texts contain a nullable", q => { var texts = new[] { "t1", "t9" }; return q.Where(s => !texts.Contains(s.MaybeText)); } },
        { "parameter: nullable texts contain a nullable", q => { var texts = new string?[] { null, "t1" }; return q.Where(s => !texts.Contains(s.MaybeText)); } },
        { "parameter: times contain", q => { var times = new[] { new DateTime(2020, 1, 2, 12, 30, 0, DateTimeKind.Utc) }; return q.Where(s => times.Contains(s.Times.Length > 0 ? s.Times[0] : default)); } },
        { "parameter: enums contain", q => { var grades = new[] { Grade.Low, Grade.High }; return q.Where(s => grades.Contains(s.Grade)); } },
        { "parameter: null", q => { int[]? ints = null; return q.Where(s => ints != null && ints.Contains(s.Int)); } },
        { "parameter: empty", q => { var ints = Array.Empty<int>(); return q.Where(s => !ints.Contains(s.Int)); } },
        { "parameter: static list", q => q.Where(s => !StaticList.Contains(s.Int)) },
        { "parameter: static frozen set", q => q.Where(s => StaticSet.Contains(s.Int)) },
        { "parameter: static immutable array", q => q.Where(s => StaticArray.Contains(s.Int)) },
        { "parameter: index by column", q => { var ints = new[] { 0, 2, 3, 3, 9, 9 }; return q.Where(s => ints[s.Int] == s.Int); } },
        { "parameter: index by column, constant", q => { var ints = new[] { 1, 2, 3, 1, 1, 7 }; return q.Where(s => ints[s.Int] == 1); } },
        { "parameter: index without a type", q => { string[] values = ["one", "two"]; return q.Select(s => s.Id != 0 ? values[s.Int % 2] : "foo"); } },
        { "parameter: any of a row", q => { var ints = new[] { 1, 4 }; return q.Where(s => ints.Any(i => i == s.Int && i < s.Id)); } },
        { "parameter: all of a row", q => { var ints = new[] { 1, 4 }; return q.Where(s => ints.All(i => i < s.Id)); } },
        { "parameter: where and count", q => { var ints = new[] { 1, 4, 7 }; return q.Select(s => ints.Where(i => i > s.Int).Count()); } },
        { "parameter: max below", q => { var ints = new[] { 1, 4, 7 }; return q.Select(s => ints.Where(i => i <= s.Id).Max(i => (int?)i)); } },
        { "parameter: joined", q => { var ints = new[] { 1, 4, 4 }; return q.Join(ints, s => s.Int, i => i, (s, i) => new { s.Id, i }); } },
        { "parameter: select many", q => { var ints = new[] { 1, 4 }; return q.SelectMany(s => ints.Where(i => i > s.Int), (s, i) => new { s.Id, i }); } },
        { "parameter: nested contains of lists", q => { var ints = new List<int> { 1, 2, 3 }; var texts = new List<string> { "one", "three" }; return q.Where(s => texts.Contains(ints.Contains(s.Int) ? "one" : "two")); } },
        { "parameter: text ends with any", q => { var ends = new[] { "1", "3" }; return q.Where(s => ends.Any(e => s.Text.EndsWith(e))); } },
        { "parameter: skipped union", q => { var ints = new[] { 1, 4, 7 }; return q.Where(s => ints.Skip(1).Union(s.Ints).Count() == 3); } },
        { "parameter: skipped union, nested", q => { var ints = new[] { 1, 4 }; return q.Where(s => ints.Skip(1).Union(s.Ints.OrderBy(x => x).Skip(1).Distinct().OrderByDescending(x => x).Take(20)).Count() == 3); } },
    };

    private static QueryCases<IQueryable<Shelf>> Columns => new()
    {
        { "column: contains", q => q.Where(s => s.Ints.Contains(3)) },
        { "column: nullables contain", q => q.Where(s => s.MaybeInts.Contains(3)) },
        { "column: nullables contain null", q => q.Where(s => s.MaybeInts.Contains(null)) },
        { "column: nullables do not contain null", q => q.Where(s => !s.MaybeInts.Contains(null)) },
        { "column: nullables contain a nullable", q => q.Where(s => s.MaybeInts.Contains(s.MaybeInt)) },
        { "column: texts contain null", q => q.Where(s => ((string?[])s.Texts).Contains(null)) },
        { "column: nullable texts contain null", q => q.Where(s => s.MaybeTexts.Contains(null)) },
        { "column: nullable texts contain a column", q => q.Where(s => s.MaybeTexts.Contains(s.MaybeText)) },
        { "column: flags contain", q => q.Where(s => s.Flags.Contains(true)) },
        { "column: enums contain", q => q.Where(s => s.Grades.Contains(s.Grade)) },
        { "column: count method", q => q.Where(s => s.Ints.Count() == 2) },
        { "column: length", q => q.Where(s => s.Ints.Length == 2) },
        { "column: count with a predicate", q => q.Where(s => s.Ints.Count(i => i > 1) == 2) },
        { "column: where and count", q => q.Where(s => s.Ints.Where(i => i > 1).Count() == 2) },
        { "column: index", q => q.Where(s => s.Ints.Length > 1 && s.Ints[1] == 5) },
        { "column: index of text", q => q.Where(s => s.Texts.Length > 1 && s.Texts[1] == "t1") },
        { "column: index of time", q => q.Where(s => s.Times.Length > 1 && s.Times[1] == new DateTime(2020, 1, 3, 12, 30, 0, DateTimeKind.Utc)) },
        { "column: index of a list", q => q.Where(s => s.Longs.Count > 1 && s.Longs[1] == 5) },
        { "column: index against a nullable column", q => q.Where(s => s.MaybeTexts.Length > 2 && s.MaybeTexts[2] == s.MaybeText) },
        { "column: any and index", q => q.Where(s => s.Texts.Any() && s.Texts[0] == s.MaybeText) },
        { "column: element at", q => q.Where(s => s.Ints.Length > 1 && s.Ints.ElementAt(1) == 5) },
        { "column: first", q => q.Where(s => s.Ints.Length > 0 && s.Ints.First() == 1) },
        { "column: first or default", q => q.Where(s => s.Ints.FirstOrDefault() == 0) },
        { "column: last", q => q.Where(s => s.Ints.Length > 0 && s.Ints.Last() == 1) },
        { "column: single", q => q.Where(s => s.Ints.Length == 1 && s.Ints.Single() < 9) },
        { "column: single or default", q => q.Where(s => s.Ints.Length < 2 && s.Ints.SingleOrDefault() == 0) },
        { "column: skip", q => q.Where(s => s.Ints.Skip(1).Count() == 2) },
        { "column: take and contains", q => q.Where(s => s.Ints.Take(2).Contains(5)) },
        { "column: skip, take, contains", q => q.Where(s => s.Ints.Skip(1).Take(2).Contains(5)) },
        { "column: where and skip", q => q.Where(s => s.Ints.Where(i => i > 1).Skip(1).Count() == 3) },
        { "column: where and take", q => q.Where(s => s.Ints.Where(i => i > 1).Take(2).Count() == 2) },
        { "column: where, skip, take", q => q.Where(s => s.Ints.Where(i => i > 1).Skip(1).Take(2).Count() == 1) },
        { "column: where and contains", q => q.Where(s => s.Ints.Where(i => i > 1).Contains(5)) },
        { "column: ordered element at", q => q.Where(s => s.Ints.Length > 0 && s.Ints.OrderByDescending(i => i).ElementAt(0) == 7) },
        { "column: any", q => q.Where(s => s.Ints.Any()) },
        { "column: any with a column", q => q.Where(s => s.Ints.Any(i => i == s.Int)) },
        { "column: distinct count", q => q.Where(s => s.Ints.Distinct().Count() == 3) },
        { "column: sum", q => q.OrderBy(s => s.Id).Select(s => s.Ints.Sum()) },
        { "column: average", q => q.Where(s => s.Ints.Any()).OrderBy(s => s.Id).Select(s => s.Ints.Average()) },
        { "column: max of nullable", q => q.OrderBy(s => s.Id).Select(s => s.MaybeInts.Max()) },
        { "column: sum of nullable", q => q.OrderBy(s => s.Id).Select(s => s.MaybeInts.Sum()) },
        { "column: select many", q => q.SelectMany(s => s.Ints) },
        { "column: select many filtered", q => q.SelectMany(s => s.Ints.Where(i => i > 1)) },
        { "column: select many to objects", q => q.SelectMany(s => s.Ints.Select(i => new { Original = i, Next = i + 1 })) },
        { "column: select many with default", q => q.SelectMany(s => s.MaybeInts.DefaultIfEmpty(), (s, i) => new { s.Id, i }) },
        { "column: grouped", q => q.SelectMany(s => s.Texts, (s, t) => new { s.Int, t }).GroupBy(x => x.t).Select(g => new { g.Key, N = g.Count(), Sum = g.Sum(x => x.Int) }) },
        { "column: group within", q => q.Where(s => s.Ints.GroupBy(i => i).Any(g => g.Count() > 1)) },
        { "column: text joined", q => q.OrderBy(s => s.Id).Select(s => string.Join(",", s.Texts)) },
        { "column: in an order", q => q.OrderBy(s => s.Ints.Length).ThenByDescending(s => s.Ints.Sum()).ThenBy(s => s.Id).Select(s => s.Id) },
        { "column: in a subquery of another row", q => q.Where(s => q.Any(o => o.Id != s.Id && o.Ints.Contains(s.Id))).OrderBy(s => s.Id).Select(s => s.Id) },
    };

    private static QueryCases<IQueryable<Shelf>> Sets => new()
    {
        { "set: column joined with a parameter", q => { var ints = new[] { 5, 7 }; return q.Where(s => s.Ints.Join(ints, i => i, j => j, (i, j) => new { I = i, J = j }).Count() == 2); } },
        { "set: inline joined with a column", q => q.Where(s => new[] { 5, 7 }.Join(s.Ints, i => i, j => j, (i, j) => new { I = i, J = j }).Count() == 2) },
        { "set: parameter concatenated with a column", q => { int[] ints = [5, 7]; return q.Where(s => ((IEnumerable<int>)ints).Concat(s.Ints).Count() == 3); } },
        { "set: column united with a parameter", q => { var ints = new[] { 5, 7 }; return q.Where(s => s.Ints.Union(ints).Count() == 3); } },
        { "set: column intersected with an inline one", q => q.Where(s => s.Ints.Intersect(new[] { 5, 7 }).Count() == 1) },
        { "set: inline except a column", q => q.Where(s => new[] { 5, 7 }.Except(s.Ints).Count(i => i % 2 == 1) == 2) },
        { "set: filtered column united with an inline one", q => q.Where(s => s.Ints.Where(i => i > 4).Union(new[] { 50 }).Count() == 2) },
        { "set: column equal to a parameter", q => { var ints = new[] { 1 }; return q.Where(s => s.Ints.SequenceEqual(ints)); } },
        { "set: converted array equal to a list", q => { List<Grade> grades = [Grade.High]; return q.Where(s => s.Grades.SequenceEqual(grades)).OrderBy(s => s.Id).Select(s => s.Id); } },
        { "set: list equal to an array", q => { long[] longs = []; return q.Where(s => s.Longs.SequenceEqual(longs)).OrderBy(s => s.Id).Select(s => s.Id); } },
        { "set: skipped column united with a parameter", q => { var ints = new[] { 5, 7 }; return q.Where(s => s.Ints.Skip(1).Union(ints).Count() == 3); } },
        { "set: two columns united", q => q.OrderBy(s => s.Id).Select(s => s.Texts.Union(s.MaybeTexts.Where(t => t != null).Select(t => t!)).Count()) },
    };

    private static QueryCases<IQueryable<Shelf>> Projections => new()
    {
        { "project: rows", q => q.AsNoTracking().OrderBy(s => s.Id) },
        { "project: column", q => q.OrderBy(s => s.Id).Select(s => s.Ints) },
        { "project: ordered", q => q.OrderBy(s => s.Id).Select(s => s.Ints.OrderByDescending(x => x).ToList()) },
        { "project: filtered times", q => q.OrderBy(s => s.Id).Select(s => s.Times.Where(x => x.Day != 1).ToList()) },
        { "project: taken nullables", q => q.OrderBy(s => s.Id).Select(s => s.MaybeInts.Take(2).ToList()) },
        { "project: ordered and skipped nullables", q => q.OrderBy(s => s.Id).Select(s => s.MaybeInts.OrderBy(x => x).Skip(1).ToList()) },
        { "project: skipped nullables", q => q.OrderBy(s => s.Id).Select(s => s.MaybeInts.Skip(2).ToList()) },
        { "project: distinct", q => q.OrderBy(s => s.Id).Select(s => s.Ints.Distinct().ToList()) },
        { "project: first of lists", q => q.OrderBy(s => s.Id).Select(s => s.Ints.ToList()).FirstOrDefault() },
        { "project: empty and only null", q => q.OrderBy(s => s.Id).Select(s => new { Empty = s.MaybeInts.Where(x => false).ToList(), OnlyNull = s.MaybeInts.Where(x => x == null).ToList() }) },
        { "project: several", q => q.OrderBy(s => s.Id).Select(s => new { A = s.Ints.ToList(), B = s.Ints.OrderByDescending(x => x).ToList(), C = s.Times.Where(x => x.Day != 1).ToList(), D = s.Texts.Select(t => t + "!").ToArray() }) },
        { "project: elements", q => q.Where(s => s.Ints.Length > 0 && s.Texts.Length > 1 && s.Times.Length > 0).OrderBy(s => s.Id).Select(s => new { A = s.Ints[0], B = s.Times.ElementAt(0), C = s.Texts.AsQueryable().ElementAt(1) }) },
        { "project: inline united with a query", q => q.Where(s => s.Id < 5).Select(s => new { s.Id, Values = new[] { s.Text }.Union(q.OrderBy(o => o.Id).Select(o => o.Text)).ToList() }).OrderBy(x => x.Id) },
        { "project: of a conditional", q => q.OrderBy(s => s.Id).Select(s => s.Int > 2 ? s.Ints : null) },
        { "project: with its count", q => q.OrderBy(s => s.Id).Select(s => new { s.Ints, N = s.Ints.Length, Has = s.Ints.Contains(s.Int) }) },
        { "project: as a set", q => q.OrderBy(s => s.Id).Select(s => s.Grades.Distinct().Count()) },
    };

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<IQueryable<Shelf>>.AssertEqual(expected, All[name](context.Shelves));
    }

    /// <summary>Elements are set in place, each setter of an array seeing it as it was.</summary>
    [Fact]
    public void Elements_of_arrays_are_updated_by_query()
    {
        using var context = fixture.CreateContext(RowState.Delta);
        using var transaction = context.Database.BeginTransaction();
        var (place, value) = (1, 70);
        var full = context.Shelves.Where(s => s.Ints.Length > 2 && s.Texts.Length > 0 && s.Grades.Length > 0 && s.MaybeInts.Length > 1);
        var expected = full.AsNoTracking().OrderBy(s => s.Id).ToList();
        Assert.True(expected.Count > 2);
        Assert.Equal(expected.Count, full.ExecuteUpdate(s => s
            .SetProperty(x => x.Ints[place], value).SetProperty(x => x.Ints[0], x => x.Ints[2] + x.Id).SetProperty(x => x.Texts[0], x => x.Text)
            .SetProperty(x => x.Grades[0], Grade.High).SetProperty(x => x.MaybeInts[1], (int?)null).SetProperty(x => x.Ints[2], x => x.Ints.Length)));
        foreach (var shelf in expected)
        {
            (shelf.Ints[0], shelf.Ints[1], shelf.Texts[0], shelf.Grades[0], shelf.MaybeInts[1]) = (shelf.Ints[2] + shelf.Id, 70, shelf.Text, Grade.High, null);
            shelf.Ints[2] = shelf.Ints.Length;
        }

        var ids = expected.Select(s => s.Id).ToList();
        Assert.Equal(Canonical.Rows(expected), Canonical.Rows(context.Shelves.AsNoTracking().Where(s => ids.Contains(s.Id)).OrderBy(s => s.Id).ToList()));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public void A_place_without_an_element_is_refused(int place)
    {
        using var context = fixture.CreateContext(RowState.Delta);
        using var transaction = context.Database.BeginTransaction();
        context.Shelves.ExecuteUpdate(s => s.SetProperty(x => x.Ints, new[] { 1, 2, 3 }));
        var exception = Assert.Throws<EngramException>(() => context.Shelves.ExecuteUpdate(s => s.SetProperty(x => x.Ints[place], 7)));
        Assert.Equal(place == int.MaxValue ? "22003" : "2202E", exception.SqlState);
    }

    /// <summary>The text of the statement grows with each setter by as much, and no more.</summary>
    [Fact]
    public void Many_elements_of_one_array_are_one_nested_call()
    {
        using var context = fixture.CreateContext(RowState.Delta);
        using var transaction = context.Database.BeginTransaction();
        context.Shelves.ExecuteUpdate(s => s.SetProperty(x => x.Ints, Enumerable.Range(0, 24).ToArray()));
        context.Shelves.ExecuteUpdate(s =>
        {
            for (var i = 0; i < 24; i++)
            {
                var place = i;
                s.SetProperty(x => x.Ints[place], x => x.Ints[23 - place] + 1);
            }
        });
        Assert.All(context.Shelves.Select(s => s.Ints).ToList(), ints => Assert.Equal(Enumerable.Range(1, 24).Reverse(), ints));
    }
}
