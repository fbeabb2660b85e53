using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Translations;

/// <summary>Each expression has its translation, with .NET's result for every row, where rows are shown and where they are filtered or ordered.</summary>
public sealed class TranslationTests(BasicFixture fixture) : IClassFixture<BasicFixture>
{
    private static readonly Dictionary<string, TranslationCase> All = new[]
    {
        TextTranslations.All, NumberTranslations.Mathematics, NumberTranslations.Operators, NumberTranslations.Conversions, TimeTranslations.Points, TimeTranslations.Lengths,
        FurtherTranslations.Text, FurtherTranslations.Times, FurtherTranslations.Others,
    }.SelectMany(t => t).ToDictionary(c => c.Name);

    public static TheoryData<RowState, string> Cases => QueryCases.InBothStates(All.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_equal_those_of_NET(RowState state, string name)
    {
        var expected = fixture.Answer(name, () => All[name].Values(fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<Basic>.AssertEqual(expected, All[name].Values(context.Basics));
    }

    /// <summary>Where the database must compute the expression: what is only shown, EF Core may compute itself.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Order_and_filter_equal_those_of_NET(RowState state, string name)
    {
        var expected = fixture.Answer("order " + name, () => All[name].Order(fixture.InMemory));
        using var context = fixture.CreateContext(state);
        QueryCases<Basic>.AssertEqual(expected, All[name].Order(context.Basics));
    }
}
