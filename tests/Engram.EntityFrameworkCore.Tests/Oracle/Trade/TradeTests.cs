using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

/// <summary>Queries over customers, orders, lines, products and employees give what LINQ-to-Objects gives.</summary>
public sealed class TradeTests(TradeFixture fixture) : IClassFixture<TradeFixture>
{
    private static readonly QueryCases<TradeModel> All = new() { TradeFilters.All, TradeSelections.All, TradeAggregates.All, TradeGroups.All, TradeJoins.All, TradeSets.All, TradePages.All, TradeMiscellany.All };

    /// <summary>EF Core writes an aggregate of the other query than the one it means: by the standard it belongs to the query whose columns it is over.</summary>
    private static readonly HashSet<string> OfOuterColumns = ["aggregate: sum over outer columns alone", "group: subquery compares aggregate of outer"];

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Names.Except(OfOuterColumns));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name](fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<TradeModel>.AssertEqual(expected, All[name](TradeModel.Of(context)));
    }
}
