using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Squads;

/// <summary>Queries over a hierarchy, optional references, many-to-many and owned values give what LINQ-to-Objects gives, however the hierarchy is stored.</summary>
public abstract class SquadTests(SquadFixture fixture)
{
    private static readonly QueryCases<SquadModel> All = new()
    {
        { "type: whole hierarchy", t => t.Soldiers.OrderBy(s => s.Id) },
        { "type: OfType", t => t.Soldiers.OfType<Officer>().OrderBy(s => s.Id) },
        { "type: OfType of a leaf", t => t.Soldiers.OfType<General>() },
        { "type: OfType twice", t => t.Soldiers.OfType<Officer>().OfType<General>() },
        { "type: OfType, scalar of the derived", t => t.Soldiers.OfType<Medic>().Where(m => m.Kits > 2).Select(m => new { m.Name, m.Kits }) },
        { "type: is", t => t.Soldiers.Where(s => s is Officer) },
        { "type: is not", t => t.Soldiers.Where(s => !(s is Officer)).Select(s => s.Id) },
        { "type: is projected", t => t.Soldiers.OrderBy(s => s.Id).Select(s => s is Medic) },
        { "type: is or", t => t.Soldiers.Where(s => s is Medic || s is General).Select(s => s.Name) },
        { "type: cast in a filter", t => t.Soldiers.Where(s => s is Officer && ((Officer)s).Medals > 2).Select(s => s.Id) },
        { "type: as in a projection", t => t.Soldiers.OrderBy(s => s.Id).Select(s => (int?)(s as Officer)!.Medals) },
        { "type: conditional on a type", t => t.Soldiers.OrderBy(s => s.Id).Select(s => s is Officer ? ((Officer)s).Medals : s is Medic ? ((Medic)s).Kits : -1) },
        { "type: GetType", t => t.Soldiers.Where(s => s.GetType() == typeof(Soldier)).Select(s => s.Id) },
        { "type: GetType not", t => t.Soldiers.Where(s => s.GetType() != typeof(Officer)).Select(s => s.Id) },
        { "type: collection of the derived", t => t.Soldiers.OfType<Officer>().OrderBy(o => o.Id).Select(o => new { o.Id, N = o.Reports.Count }) },
        { "type: collection of the derived, cast", t => t.Soldiers.OrderBy(o => o.Id).Where(s => s is Officer).Select(s => ((Officer)s).Reports.Select(r => r.Name).ToList()) },
        { "type: is over a navigation", t => t.Weapons.Where(w => w.Owner is Officer).Select(w => w.Id) },
        { "type: derived member over a navigation", t => t.Weapons.Where(w => ((Medic)w.Owner!).Kits > 3).Select(w => w.Id) },
        { "type: group by type", t => t.Soldiers.GroupBy(s => s is Officer).Select(g => new { g.Key, N = g.Count() }) },
        { "type: order by derived", t => t.Soldiers.OfType<Officer>().OrderBy(o => o.Medals).ThenBy(o => o.Id).Select(o => o.Name) },
        { "type: union of derived", t => t.Soldiers.OfType<Officer>().Select(o => o.Name).Union(t.Soldiers.OfType<Medic>().Select(m => m.Name)) },
        { "type: concat of entities", t => t.Soldiers.Where(s => s.Id < 5).Concat(t.Soldiers.Where(s => s is General)) },
        { "type: include collection of the derived", t => t.Soldiers.OfType<Officer>().Include(o => o.Reports).OrderBy(o => o.Id).ToList().Select(o => o.Reports.Select(r => r.Name).ToList()).ToList() },
        { "type: include through a cast", t => t.Soldiers.Include(s => ((Officer)s).Reports).OrderBy(o => o.Id).ToList().Select(o => (o as Officer)?.Reports.Count).ToList() },
        { "type: EF.Property of the derived", t => t.Soldiers.OfType<Medic>().Select(m => EF.Property<string?>(m, "Speciality")) },
        { "owned: scalar", t => t.Soldiers.OrderBy(s => s.Id).Select(s => (int?)s.Position!.Latitude) },
        { "owned: filter", t => t.Soldiers.Where(s => s.Position!.Latitude > 20).Select(s => s.Id) },
        { "owned: is null", t => t.Soldiers.Where(s => s.Position == null).Select(s => s.Id) },
        { "owned: nullable member", t => t.Soldiers.Where(s => s.Position!.Longitude == null).Select(s => s.Id) },
        { "owned: projected", t => t.Soldiers.AsNoTracking().OrderBy(s => s.Id).Select(s => s.Position) },
        { "owned: aggregate", t => t.Soldiers.Sum(s => s.Position!.Longitude) },
        { "owned: through a navigation", t => t.Weapons.Where(w => w.Owner!.Position!.Latitude > 20).Select(w => w.Id) },
        { "optional: reference is null", t => t.Soldiers.Where(s => s.Squad == null).Select(s => s.Id) },
        { "optional: scalar of null", t => t.Soldiers.OrderBy(s => s.Id).Select(s => s.Squad!.Name) },
        { "optional: compared with null scalar", t => t.Soldiers.Where(s => s.City!.Nation == null).Select(s => s.Id) },
        { "optional: not equal", t => t.Soldiers.Where(s => s.City!.Nation != "Tyrus").Select(s => s.Id) },
        { "optional: leader's city", t => t.Soldiers.Where(s => s.Leader!.City!.Name == "Jacinto").Select(s => s.Id) },
        { "optional: leader's leader", t => t.Soldiers.OrderBy(s => s.Id).Select(s => s.Leader!.Leader!.Name) },
        { "optional: one to one", t => t.Soldiers.OrderBy(s => s.Id).Select(s => s.Badge!.Note) },
        { "optional: one to one, other side", t => t.Badges.OrderBy(b => b.Id).Select(b => b.Soldier!.Name) },
        { "optional: one to one is null", t => t.Soldiers.Where(s => s.Badge == null).Select(s => s.Id) },
        { "optional: note compared", t => t.Badges.Where(b => b.Note != b.Soldier!.Name).Select(b => b.Id) },
        { "optional: length of null", t => t.Badges.OrderBy(b => b.Id).Select(b => (int?)b.Soldier!.Name.Length) },
        { "optional: text methods over null", t => t.Badges.Where(b => b.Soldier!.Name.StartsWith("B")).Select(b => b.Id) },
        { "optional: negated text methods over null", t => t.Badges.Where(b => b.Note!.Contains("adge") && b.Soldier!.City!.Name.EndsWith("o")).Select(b => b.Id) },
        { "optional: boolean of null", t => t.Weapons.Where(w => w.Owner!.IsActive).Select(w => w.Id) },
        { "optional: boolean of null compared", t => t.Weapons.Where(w => w.Owner!.IsActive == true).Select(w => w.Id) },
        { "optional: synergy", t => t.Weapons.OrderBy(w => w.Id).Select(w => new { w.Name, Owner = w.Synergy!.Owner!.Name }) },
        { "optional: synergy compared", t => t.Weapons.Where(w => w.Synergy!.Owner == w.Owner).Select(w => w.Id) },
        { "optional: coalesce", t => t.Weapons.OrderBy(w => w.Id).Select(w => w.Owner!.Squad!.Name ?? w.Owner.CityName ?? "?") },
        { "optional: conditional on null", t => t.Weapons.OrderBy(w => w.Id).Select(w => w.Owner == null ? "none" : w.Owner.Name) },
        { "optional: order by null scalar", t => t.Weapons.OrderBy(w => w.Owner!.Squad!.Name).ThenBy(w => w.Id).Select(w => w.Id) },
        { "optional: group by null scalar", t => t.Weapons.GroupBy(w => w.Owner!.CityName).Select(g => new { g.Key, N = g.Count() }) },
        { "optional: sum through null", t => t.Weapons.Sum(w => (int?)w.Owner!.Id) },
        { "flags: HasFlag", t => t.Soldiers.Where(s => s.Rank.HasFlag(Rank.Corporal)).Select(s => s.Id) },
        { "flags: and", t => t.Soldiers.Where(s => (s.Rank & Rank.Sergeant) > 0).Select(s => s.Id) },
        { "flags: and equals", t => t.Soldiers.Where(s => (s.Rank & (Rank.Private | Rank.Captain)) == (Rank.Private | Rank.Captain)).Select(s => s.Id) },
        { "flags: or", t => t.Soldiers.Where(s => (s.Rank | Rank.Private) == s.Rank).Select(s => s.Id) },
        { "flags: parameter", t => { var rank = Rank.Captain; return t.Soldiers.Where(s => s.Rank.HasFlag(rank)).Select(s => s.Id); } },
        { "flags: of a subquery", t => t.Soldiers.Where(s => s.Rank == t.Soldiers.OrderBy(x => x.Id).First().Rank).Select(s => s.Id) },
        { "flags: converted", t => t.Soldiers.OrderBy(s => s.Id).Select(s => (int)s.Rank * 2) },
        { "many: through", t => t.Squads.SelectMany(s => s.Missions, (s, m) => new { s.Name, m.CodeName }) },
        { "many: count", t => t.Squads.OrderBy(s => s.Id).Select(s => s.Missions.Count) },
        { "many: any", t => t.Missions.Where(m => m.Squads.Any(s => s.Name == "Kilo")).Select(m => m.Id) },
        { "many: all", t => t.Missions.Where(m => m.Squads.All(s => s.Name == "Kilo")).Select(m => m.Id) },
        { "many: members of missions", t => t.Missions.SelectMany(m => m.Squads).SelectMany(s => s.Members).Select(s => s.Name).Distinct() },
        { "many: first of each", t => t.Squads.OrderBy(s => s.Id).Select(s => s.Missions.OrderByDescending(m => m.Id).Select(m => m.CodeName).FirstOrDefault()) },
        { "many: include", t => t.Squads.Include(s => s.Missions).OrderBy(s => s.Id).ToList().Select(s => s.Missions.Select(m => m.Id).ToList()).ToList() },
        { "many: include split", t => t.Squads.Include(s => s.Missions).Include(s => s.Members).ThenInclude(m => m.Weapons).AsSplitQuery().OrderBy(s => s.Id).ToList().Select(s => new { M = s.Missions.Count, W = s.Members.Sum(x => x.Weapons.Count) }).ToList() },
        { "many: include other side", t => t.Missions.Include(m => m.Squads).ThenInclude(s => s.Members).AsNoTracking().OrderBy(m => m.Id).ToList().Select(m => m.Squads.Sum(s => s.Members.Count)).ToList() },
        { "many: filtered include", t => t.Squads.Include(s => s.Missions.Where(m => m.Id > 2)).AsNoTracking().OrderBy(s => s.Id).ToList().Select(s => s.Missions.Count(m => m.Id > 2)).ToList() },
        { "many: contains", t => t.Squads.Where(s => s.Missions.Contains(t.Missions.First(m => m.Id == 2))).Select(s => s.Id) },
        { "many: projected collections", t => t.Missions.OrderBy(m => m.Id).Select(m => m.Squads.Select(s => new { s.Name, N = s.Members.Count(x => x is Officer) }).ToList()) },
        { "deep: weapons of squads", t => t.Squads.OrderBy(s => s.Id).Select(s => s.Members.SelectMany(m => m.Weapons).Count(w => w.IsAutomatic)) },
        { "deep: weapons of reports", t => t.Soldiers.OfType<Officer>().OrderBy(o => o.Id).Select(o => new { o.Name, W = o.Reports.SelectMany(r => r.Weapons).Select(w => w.Name).ToList() }) },
        { "deep: three collections", t => t.Squads.OrderBy(s => s.Id).Select(s => new { s.Name, M = s.Members.OrderBy(m => m.Id).Select(m => new { m.Name, W = m.Weapons.Where(w => w.IsAutomatic).Select(w => w.Id).ToList() }).ToList(), X = s.Missions.Select(x => x.CodeName).ToList() }) },
        { "deep: any of any", t => t.Squads.Where(s => s.Members.Any(m => m.Weapons.Any(w => w.Synergy != null))).Select(s => s.Id) },
        { "deep: correlated to grandparent", t => t.Soldiers.OfType<Officer>().OrderBy(o => o.Id).Select(o => o.Reports.Where(r => r.Weapons.Any(w => w.IsAutomatic == o.IsActive)).Select(r => r.Id).ToList()) },
        { "deep: max of a collection of a reference", t => t.Weapons.OrderBy(w => w.Id).Select(w => w.Owner!.Squad!.Members.Max(m => (int?)m.Id)) },
        { "deep: join on a navigation", t => from w in t.Weapons join b in t.Badges on w.Owner!.Id equals b.SoldierId select new { w.Id, b.Note } },
        { "deep: left join on composite", t => from s in t.Soldiers join w in t.Weapons on new { A = (int?)s.Id, B = s.IsActive } equals new { A = w.OwnerId, B = w.IsAutomatic } into ws from w in ws.DefaultIfEmpty() select new { s.Id, W = (int?)w.Id } },
        { "deep: group by reference", t => t.Soldiers.Where(s => s.Squad != null).GroupBy(s => s.Squad!.Name).Select(g => new { g.Key, N = g.Count(), Officers = g.Count(s => s is Officer) }) },
        { "deep: include chain", t => t.Weapons.Include(w => w.Owner).ThenInclude(o => o!.Squad).ThenInclude(s => s!.Missions).Include(w => w.Owner!.City).OrderBy(w => w.Id).ToList().Select(w => new { w.Id, w.Owner?.Squad?.Name, C = w.Owner?.City?.Nation, M = w.Owner?.Squad?.Missions.Count }).ToList() },
        { "time: offset compared", t => t.Missions.Where(m => m.Start > new DateTimeOffset(2, 3, 4, 8, 0, 0, TimeSpan.Zero)).Select(m => m.Id) },
        { "time: end of a mission", t => t.Missions.OrderBy(m => m.Id).Select(m => m.Start + m.Duration) },
        { "time: parts", t => t.Missions.OrderBy(m => m.Id).Select(m => new { m.Start.Year, m.Start.Hour, m.Duration.Hours, m.Duration.TotalMinutes }) },
        { "set: soldiers by city or squad", t => t.Cities.SelectMany(c => c.Born).Select(s => s.Name).Intersect(t.Squads.SelectMany(s => s.Members).Select(s => s.Name)) },
        { "subquery: first with a type", t => t.Squads.OrderBy(s => s.Id).Select(s => s.Members.OfType<Officer>().OrderBy(o => o.Id).Select(o => (int?)o.Medals).FirstOrDefault()) },
        { "subquery: weapon named after its owner", t => t.Weapons.Where(w => w.Name.StartsWith(w.Owner!.Name)).Select(w => w.Id) },
        { "subquery: count equals count", t => t.Soldiers.Where(s => s.Weapons.Count == s.Weapons.Count(w => w.IsAutomatic)).Select(s => s.Id) },
        { "subquery: distinct inside", t => t.Cities.OrderBy(c => c.Name).Select(c => c.Born.Select(s => s.SquadId).Where(x => x != null).Distinct().Count()) },
    };

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<SquadModel>.AssertEqual(expected, All[name](SquadModel.Of(context)));
    }

    /// <summary>What a class inherits stands in another table than the one that tells which rows are of it.</summary>
    [Fact]
    public void Inherited_properties_are_updated_by_query()
    {
        using var context = fixture.CreateContext(RowState.Delta);
        using var transaction = context.Database.BeginTransaction();
        var before = context.Set<Soldier>().AsNoTracking().ToDictionary(s => s.Id);
        var generals = before.Values.OfType<General>().ToList();
        Assert.True(generals.Count > 0 && before.Count > generals.Count);
        Assert.Equal(generals.Count, context.Set<General>().ExecuteUpdate(s => s.SetProperty(g => g.Name, g => g.Name + "!")));
        Assert.Equal(generals.Count, context.Set<General>().ExecuteUpdate(s => s.SetProperty(g => g.Medals, g => g.Medals + g.Id)));
        Assert.Equal(generals.Count, context.Set<General>().Where(g => g.Army != "none").ExecuteUpdate(s => s.SetProperty(g => g.LeaderId, (int?)null)));
        foreach (var after in context.Set<Soldier>().AsNoTracking().ToList())
        {
            var (was, isGeneral) = (before[after.Id], after is General);
            Assert.Equal(was.Name + (isGeneral ? "!" : ""), after.Name);
            Assert.Equal(isGeneral ? null : was.LeaderId, after.LeaderId);
            Assert.Equal(was is Officer officer ? officer.Medals + (isGeneral ? officer.Id : 0) : null, (after as Officer)?.Medals);
        }
    }
}

public sealed class OneTableTests(OneTableFixture fixture) : SquadTests(fixture), IClassFixture<OneTableFixture>;

public sealed class TableForEachClassTests(TableForEachClassFixture fixture) : SquadTests(fixture), IClassFixture<TableForEachClassFixture>;

public sealed class TableForEachConcreteClassTests(TableForEachConcreteClassFixture fixture) : SquadTests(fixture), IClassFixture<TableForEachConcreteClassFixture>;
