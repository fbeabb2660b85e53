using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Tests.Oracle.Harness;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Nulls;

/// <summary>A null compared, computed with and looked for behaves as C#'s null, in conditions, in results, and negated.</summary>
public sealed class NullTests(FactFixture fixture) : IClassFixture<FactFixture>
{
    private static readonly string? NoText = null;
    private static readonly bool? NoFlag = null;
    private static readonly int? NoNumber = null;

    private static readonly QueryCases<IQueryable<Fact>> All = Of(
    [
        f => f.N1 == f.N2,
        f => f.N1 != f.N2,
        f => !(f.N1 == f.N2),
        f => !(f.N1 != f.N2),
        f => f.B1 == f.N1,
        f => f.B1 != f.N1,
        f => !(f.B1 == f.N1),
        f => f.N1 == !f.N2,
        f => f.N1 != !f.N2,
        f => !f.N1 == f.B1,
        f => (f.N1 == f.N2) == f.B1,
        f => (f.N1 == f.N2) != (f.B1 == f.N1),
        f => (f.N1 != f.N2) == f.N1,
        f => (f.M1 == f.M2) == (f.T1 == f.T2),
        f => !((f.M1 == f.M2) == (f.T1 == f.T2)),
        f => (f.M1 == null) == (f.T1 == null),
        f => (f.M1 != null) != (f.M2 == null),
        f => f.M1 == f.M2,
        f => f.M1 != f.M2,
        f => f.I1 == f.M1,
        f => f.I1 != f.M1,
        f => !(f.I1 == f.M1 && f.M1 == f.M2),
        f => !(f.I1 == f.M1 || f.M1 != f.M2),
        f => f.M1 == null || f.M2 == null,
        f => !(f.M1 == null || f.M2 == null),
        f => (!(f.M1 > f.M2) ? f.I1 : 2) == f.I1,
        f => (!(f.M1 <= 1) ? f.S1 : f.T1) != f.S1,
        f => f.M1 > f.M2,
        f => !(f.M1 > f.M2),
        f => f.M1 >= f.I1 || f.M2 < f.I1,
        f => !(f.M1 >= f.I1 && f.M2 < f.I1),
        f => f.T1 == f.T2,
        f => f.T1 != f.T2,
        f => !(f.T1 == f.T2),
        f => f.S1 == f.T1,
        f => f.S1 != f.T1,
        f => f.T1 == NoText,
        f => f.T1 != NoText,
        f => f.S1 == NoText,
        f => f.N1 == NoFlag,
        f => f.N1 != NoFlag,
        f => f.M1 == NoNumber,
        f => !(f.M1 == NoNumber),
        f => f.T1 == "Foo",
        f => f.T1 != "Foo",
        f => !(f.T1 == "Foo"),
        f => f.T1 == "Foo" == (f.T2 == "Foo"),
        f => f.M1 + f.M2 == 1,
        f => f.M1 + f.M2 != 1,
        f => !(f.M1 + f.I1 == f.M2),
        f => f.M1 + f.M2 == null,
        f => f.M1 * f.M2 != f.M1,
        f => -f.M1 == f.M2,
        f => f.M1 - f.M1 == 0,
        f => f.T1 + f.T2 == "Foo",
        f => f.T1 + f.T2 != "Foo",
        f => f.T1 + "x" == f.T2 + "x",
        f => (f.M1 ?? 0) == (f.M2 ?? 0),
        f => (f.M1 ?? f.M2) == f.I1,
        f => (f.M1 ?? f.M2) != f.I1,
        f => (f.M1 ?? f.M2) == null,
        f => (f.N1 ?? f.B1) == f.N2,
        f => f.N1 ?? false,
        f => !(f.N1 ?? true),
        f => (f.T1 ?? f.T2 ?? "Foo") != f.T1,
        f => (f.N1 ?? f.N2) != null,
        f => (f.N1 == f.N2 ? f.T1 : f.T2) == f.S1,
        f => (f.B1 ? f.M1 : f.M2) != f.I1,
        f => (f.N1 == true ? f.M1 : (int?)null) == f.M2,
        f => f.M1 == null ? f.B1 : f.M1 == f.M2,
        f => (f.T1 != null ? f.T1 : "none") == "none",
        f => f.N1 == null ? f.B1 : f.N1.Value,
        f => (f.M1.HasValue ? f.M1.Value : -1) == f.I1,
        f => f.N1 == true,
        f => f.N1 == false,
        f => f.N1 != true,
        f => f.N1 != false,
        f => !(f.N1 == true),
        f => f.N1.HasValue,
        f => !f.N1.HasValue && f.M1.HasValue,
        f => f.N1.GetValueOrDefault(),
        f => !f.M1.GetValueOrDefault().Equals(1),
        f => (f.N1 & f.N2) == true,
        f => (f.N1 | f.N2) == false,
        f => (f.N1 ^ f.B1) == true,
        f => f.T1!.Contains("o"),
        f => !f.T1!.Contains("o"),
        f => f.T1!.StartsWith(f.T2!),
        f => !f.T1!.EndsWith("o"),
        f => !(f.T1!.StartsWith("F") && f.T2!.StartsWith("F")),
        f => f.T1!.Length == f.M1,
        f => f.T1!.Length != f.M1,
        f => f.T1!.ToUpper() == f.T2!.ToUpper(),
        f => f.T1!.ToUpper() != f.T2!.ToUpper(),
        f => f.T1!.Replace("o", "0") != "F00",
        f => f.T1!.Substring(0, f.T1.Length) == f.T2,
        f => string.IsNullOrEmpty(f.T1) == string.IsNullOrEmpty(f.T2),
        f => f.T1!.IndexOf("o") == f.M1 || f.T1 == null,
        f => string.Equals(f.T1, f.T2),
        f => !string.Equals(f.T1, f.T2),
        f => f.M1.Equals(f.M2),
        f => !f.M1.Equals(f.M2),
        f => object.Equals(f.M1, f.M2),
        f => !object.Equals(f.M1, null),
        f => new int?[] { 1, null }.Contains(f.M1),
        f => !new int?[] { 1, null }.Contains(f.M1),
        f => !new int?[] { 1, 2 }.Contains(f.M1),
        f => new[] { f.M1, f.M2 }.Contains(1),
        f => !new[] { f.M1, f.M2 }.Contains(1),
        f => new[] { f.M1, null }.Contains(f.M2),
        f => !new[] { f.T1, "Foo", null }.Contains(f.T2),
        f => new[] { "Foo", f.T2 }.Contains(f.T1),
        f => new bool?[] { true, null }.Contains(f.N1) == f.B1,
        f => new[] { f.I1, 1 }.Contains(f.M1!.Value),
        f => !new[] { f.I1, 1 }.Contains(f.M1 ?? 7),
        f => Math.Max(f.M1 ?? 0, f.I1) == f.M2,
        f => Math.Abs(f.M1!.Value) == f.I1,
        f => (f.B1 && f.N1 == f.N2) || !f.B2,
        f => f.B1 ? f.N1 == f.N2 : f.N1 != f.N2,
        f => (f.M1 == f.M2) & f.B1,
        f => (f.M1 == f.M2) | (f.N1 == true),
        f => (f.M1 == f.M2) ^ (f.T1 == f.T2),
    ]);

    private static QueryCases<IQueryable<Fact>> Of(Expression<Func<Fact, bool>>[] conditions)
    {
        var cases = new QueryCases<IQueryable<Fact>>();
        foreach (var condition in conditions.DistinctBy(c => c.ToString()))
        {
            var name = condition.Body.ToString();
            var negated = Expression.Lambda<Func<Fact, bool>>(Expression.Not(condition.Body), condition.Parameters);
            cases.Add("where " + name, q => q.Where(condition).Select(f => f.Id));
            cases.Add("select " + name, q => q.OrderBy(f => f.Id).Select(condition));
            cases.Add("count " + name, q => q.Count(condition) + (100 * q.Count(negated)));
        }

        return cases;
    }

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<IQueryable<Fact>>.AssertEqual(expected, All[name](context.Facts));
    }
}
