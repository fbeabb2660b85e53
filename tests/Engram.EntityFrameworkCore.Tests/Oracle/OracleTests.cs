using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Every shape of query gives what LINQ-to-Objects gives, wherever the rows lie.</summary>
public sealed class OracleTests(EpisodeFixture fixture) : IClassFixture<EpisodeFixture>
{
    private static readonly Dictionary<string, Shape> Shapes = FilterShapes.All.Concat(TextShapes.All).Concat(ResultShapes.All).Concat(VectorShapes.All)
        .ToDictionary(s => s.Name);

    public static TheoryData<RowState, string> Cases
    {
        get
        {
            var data = new TheoryData<RowState, string>();
            foreach (var state in Enum.GetValues<RowState>())
            {
                foreach (var name in Shapes.Keys)
                {
                    data.Add(state, name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_equal_those_of_LINQ_to_Objects(RowState state, string shape)
    {
        using var context = fixture.CreateContext(state);
        var expected = fixture.Answer(Shapes[shape]);
        var actual = Shapes[shape].InDatabase(new QuerySource(context.Episodes.AsNoTracking(), context.Files.AsNoTracking()));
        ResultAssert.Equal(expected, actual);
    }

    [Fact]
    public void Rows_lie_where_the_state_says()
    {
        Assert.Equal(0, SegmentCount(RowState.Delta));
        Assert.NotEqual(0, SegmentCount(RowState.Segments));
        Assert.NotEqual(0, SegmentCount(RowState.Reopened));

        int SegmentCount(RowState state)
        {
            using var context = fixture.CreateContext(state);
            var directory = Path.Combine(new Engram.Data.EngramConnectionStringBuilder(context.Database.GetConnectionString()).DataSource, "segments");
            return Directory.Exists(directory) ? Directory.GetFiles(directory).Length : 0;
        }
    }

    [Fact]
    public void A_wrong_result_is_found()
    {
        var expected = new[] { new { Id = 1, Score = 0.5, Text = (string?)"a" }, new { Id = 2, Score = 0.25, Text = (string?)null } };
        ResultAssert.Equal(expected, expected.ToList());
        object[] wrong = [expected[..1], expected.Reverse(), expected.Append(expected[0]), expected.Select(e => e with { Score = 0.51 }), expected.Select(e => e with { Text = "a" })];
        Assert.All(wrong, w => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ResultAssert.Equal(expected, w)));
    }

    [Fact]
    public void There_are_enough_shapes() => Assert.True(Shapes.Count >= 60, $"{Shapes.Count} shapes");

    /// <summary>A filter that no row passes would test nothing.</summary>
    [Fact]
    public void Nothing_in_the_oracle_is_empty()
    {
        var empty = Shapes.Values.Where(s => fixture.Answer(s) is System.Collections.ICollection { Count: 0 }).Select(s => s.Name);
        Assert.Equal(["order: page beyond the end"], empty);
    }
}
