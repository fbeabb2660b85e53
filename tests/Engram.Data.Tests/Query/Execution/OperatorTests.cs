using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>Operators over random rows against LINQ and nested loops.</summary>
public sealed class OperatorTests
{
    private static readonly DataType[] Types = [DataType.Int32, DataType.Text, DataType.Double];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5000)]
    public void Values_come_out_as_they_are(int count)
    {
        var rows = RandomRows(count, 1);
        AssertSame(rows, Run(Values(Types, rows)));
    }

    [Fact]
    public void Values_may_be_expressions_parameters_and_casts()
    {
        var context = Context(null, null, (DataType.Text, "7"), (DataType.Int32, 3));
        var parameter = new BoundParameter(DataType.Text, 0);
        ImmutableArray<BoundExpression> first = [Cast(parameter, DataType.Int32), Call("+", new BoundParameter(DataType.Int32, 1), Int(1))];
        ImmutableArray<BoundExpression> second = [Cast(Text("8"), DataType.Int32), new BoundParameter(DataType.Int32, 1)];
        var output = Output(DataType.Int32, DataType.Int32);
        AssertSame([[7, 4], [8, 3]], Run(new ValuesPlan(output, [first, second]), context));
        AssertSame([[7, 4]], Run(new ValuesPlan(output, [first]), context));
        AssertSame([[]], Run(new ValuesPlan([], [[]]), context));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(0L, 0L)]
    [InlineData(10L, null)]
    [InlineData(10L, 3000L)]
    [InlineData(4000L, 100L)]
    [InlineData(null, 4990L)]
    [InlineData(10L, 9000L)]
    public void Limit_and_offset_cut(long? limit, long? offset)
    {
        var rows = RandomRows(5000, 2);
        var plan = new LimitPlan(Values(Types, rows), Const(DataType.Int64, limit), Const(DataType.Int64, offset));
        AssertSame(rows.Skip((int)(offset ?? 0)).Take((int)(limit ?? int.MaxValue)), Run(plan));
        Assert.Equal("2201W", StateOf(() => Run(plan with { Limit = Int(-1) })));
        Assert.Equal("2201X", StateOf(() => Run(plan with { Offset = Int(-1), Limit = Int(5) })));
    }

    [Fact]
    public void Filter_project_distinct_and_union_follow_one_another()
    {
        var rows = RandomRows(5000, 3);
        var filter = new FilterPlan(Values(Types, rows), new BoundLogical(true, [
            Call(">", Col(DataType.Int32, 0), Int(10)),
            new BoundIsNull(Col(DataType.Text, 1), true),
            Call("<=", Col(DataType.Double, 2), Const(DataType.Double, 5.0)),
        ]));
        var expected = rows.Where(r => r[0] is > 10 && r[1] is not null && r[2] is <= 5.0).ToList();
        AssertSame(expected, Run(filter));
        Assert.InRange(expected.Count, 100, 4000);

        var project = new ProjectPlan(Output(DataType.Text, DataType.Int32), filter, [Col(DataType.Text, 1), Call("%", Col(DataType.Int32, 0), Int(7))]);
        var projected = expected.Select(r => new[] { r[1], (int)r[0]! % 7 }).ToList();
        AssertSame(projected, Run(project));

        var union = new UnionAllPlan(project.Output, [project, project]);
        AssertSame(projected.Concat(projected), Run(union));
        AssertSame(projected.DistinctBy(r => (r[0], r[1])), Run(new DistinctPlan(union)));
        AssertSame(RandomRows(3000, 4).DistinctBy(r => (r[0], r[1], r[2])), Run(new DistinctPlan(Values(Types, RandomRows(3000, 4)))));
    }

    [Theory]
    [InlineData(false, true, null, null)]
    [InlineData(true, false, null, null)]
    [InlineData(true, true, 10, null)]
    [InlineData(false, false, 10, 5)]
    [InlineData(false, true, 3000, 100)]
    [InlineData(true, false, 9999999, 4999)]
    [InlineData(false, true, 0, null)]
    public void Sort_is_stable_and_keeps_what_the_limit_asks_for(bool isDescending, bool nullsFirst, int? limit, int? offset)
    {
        // The fourth column tells equal rows apart.
        var rows = RandomRows(20000, 5).Select((r, i) => r.Append(i).ToArray()).ToList();
        DataType[] types = [.. Types, DataType.Int32];
        for (var column = 0; column < 3; column++)
        {
            BoundExpression[] keys = [Col(types[column], column), column == 0 ? Call("-", Col(types[0], 0)) : Call("length", Col(types[1], 1))];
            var plan = new SortPlan(Values(types, rows), [new SortKey(keys[0], isDescending, nullsFirst), new SortKey(keys[1], !isDescending, !nullsFirst)])
            {
                Limit = limit is null ? null : Int(limit),
                Offset = offset is null ? null : Int(offset),
            };
            var c = column;
            var sorted = rows.Order(new RowComparer((a, b) => Compare(a[c], b[c], isDescending, nullsFirst) is var order && order != 0 ? order
                : Compare(Second(a, c), Second(b, c), !isDescending, !nullsFirst)));
            AssertSame(sorted.Skip(offset ?? 0).Take(limit ?? int.MaxValue), Run(plan));
        }

        static object? Second(object?[] row, int column) => column == 0 ? -(int?)row[0] : ((string?)row[1])?.EnumerateRunes().Count();
    }

    [Fact]
    public void Aggregates_agree_with_linq_for_groups_and_for_all_rows()
    {
        var rows = RandomRows(7000, 6);
        BoundAggregate[] aggregates =
        [
            Aggregate("count"), Aggregate("count", Col(DataType.Text, 1)), Aggregate("sum", Col(DataType.Int32, 0)), Aggregate("avg", Col(DataType.Int32, 0)),
            Aggregate("min", Col(DataType.Text, 1)), Aggregate("max", Col(DataType.Text, 1)), Aggregate("min", Col(DataType.Double, 2)),
            Aggregate("max", Col(DataType.Int32, 0)), Aggregate("count", Col(DataType.Int32, 0)) with { IsDistinct = true },
            Aggregate("sum", Col(DataType.Int32, 0)) with { Filter = Call("=", Col(DataType.Text, 1), Text("ab")) },
            Aggregate("bool_and", Call(">", Col(DataType.Int32, 0), Int(-3))),
            Aggregate("bool_or", Call(">", Col(DataType.Int32, 0), Int(38))),
        ];
        object?[] Expected(IReadOnlyCollection<object?[]> group)
        {
            var ints = group.Select(r => r[0]).OfType<int>().ToList();
            var texts = group.Select(r => r[1]).OfType<string>().Order(StringComparer.Ordinal).ToList();
            var filtered = group.Where(r => r[1] is "ab").Select(r => r[0]).OfType<int>().ToList();
            return
            [
                (long)group.Count, (long)texts.Count, ints.Count == 0 ? null : ints.Sum(i => (long)i), ints.Count == 0 ? null : ints.Average(i => (decimal)i),
                texts.FirstOrDefault(), texts.LastOrDefault(), group.Select(r => r[2]).OfType<double>().Select(d => (double?)d).Min(),
                ints.Count == 0 ? null : ints.Max(), (long)ints.Distinct().Count(), filtered.Count == 0 ? null : filtered.Sum(i => (long)i),
                ints.Count == 0 ? null : ints.All(i => i > -3), ints.Count == 0 ? null : ints.Any(i => i > 38),
            ];
        }

        var output = Output([.. aggregates.Select(a => a.Type)]);
        var input = Values(Types, rows);
        AssertSame([Expected(rows)], Run(new AggregatePlan(output, input, [], [.. aggregates])));
        AssertSame([Expected([])], Run(new AggregatePlan(output, Values(Types, []), [], [.. aggregates])));
        AssertSame([], Run(new AggregatePlan(output, Values(Types, []), [Col(DataType.Int32, 0)], [.. aggregates])));
        foreach (var keys in new BoundExpression[][] { [Col(DataType.Text, 1)], [Col(DataType.Int32, 0), Col(DataType.Text, 1)], [Col(DataType.Double, 2)] })
        {
            var groups = rows.GroupBy(r => string.Join('|', keys.Select(k => r[((BoundColumn)k).Ordinal] ?? "NULL")));
            var expected = groups.Select(g => keys.Select(k => g.First()[((BoundColumn)k).Ordinal]).Concat(Expected([.. g])).ToArray());
            AssertSame(expected, Run(new AggregatePlan([.. Output([.. keys.Select(k => k.Type)]), .. output], input, [.. keys], [.. aggregates])));
        }
    }

    [Fact]
    public void Sums_are_exact_and_overflow_is_an_error()
    {
        DataType[] types = [DataType.Int64, DataType.Decimal];
        var plan = Values(types, [[long.MaxValue, 1.10m], [long.MaxValue, 2.205m], [null, null]]);
        AssertSame(
            [[2m * long.MaxValue, 3.305m, (decimal)long.MaxValue, 1.6525m]],
            Run(Over(plan, Aggregate("sum", Col(types[0], 0)), Aggregate("sum", Col(types[1], 1)), Aggregate("avg", Col(types[0], 0)), Aggregate("avg", Col(types[1], 1)))));
        var great = Values([DataType.Decimal], [[decimal.MaxValue], [decimal.MaxValue]]);
        Assert.Equal("22003", StateOf(() => Run(Over(great, Aggregate("sum", Col(DataType.Decimal, 0))))));
        var floats = Values([DataType.Single], [[0.5f], [0.25f], [null]]);
        AssertSame([[0.75f, 0.375]], Run(Over(floats, Aggregate("sum", Col(DataType.Single, 0)), Aggregate("avg", Col(DataType.Single, 0)))));
    }

    [Fact]
    public void Instants_group_by_instant_and_show_the_first_rows_offset()
    {
        var first = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.FromHours(2));
        var later = first.AddHours(1).ToOffset(TimeSpan.FromHours(-5));
        var plan = Values([DataType.TimestampTz], [[first], [first.ToOffset(TimeSpan.Zero)], [later], [null], [null]]);
        var column = Col(DataType.TimestampTz, 0);
        var rows = Run(new AggregatePlan(Output(column.Type, DataType.Int64), plan, [column], [Aggregate("count")]));
        AssertSame([[first, 2L], [later, 1L], [null, 2L]], rows);
        Assert.Equal(TimeSpan.FromHours(2), ((DateTimeOffset)rows[0][0]!).Offset);
        var max = (DateTimeOffset)Run(Over(plan, Aggregate("max", column)))[0][0]!;
        Assert.Equal((later, later.Offset), (max, max.Offset));
    }

    [Fact]
    public void Collecting_aggregates_take_rows_in_their_order_or_in_that_asked_for()
    {
        object?[][] rows = [[1, "b", 2.0], [2, "x", 1.0], [1, "a", 1.0], [1, null, 0.0], [1, "b", 3.0]];
        var (text, comma) = (Col(DataType.Text, 1), Text(","));
        var join = Aggregate("string_agg", text, comma);
        var sorted = join with { OrderBy = [new SortKey(Col(DataType.Double, 2), false, true)] };
        var distinct = join with { IsDistinct = true, OrderBy = [new SortKey(text, true, true)] };
        var array = Aggregate("array_agg", text);
        var plan = new AggregatePlan(
            Output(DataType.Int32, DataType.Text, DataType.Text, DataType.Text, array.Type), Values(Types, rows), [Col(DataType.Int32, 0)], [join, sorted, distinct, array]);
        var result = Run(plan);
        Assert.Equal([1, "b,a,b", "a,b,b", "b,a"], result[0][..4]);
        Assert.Equal(new[] { "b", "a", null, "b" }, result[0][4]);
        Assert.Equal([2, "x", "x", "x"], result[1][..4]);
        Assert.Equal("a,b,b,x", Run(Over(plan.Input, sorted with { OrderBy = [new SortKey(text, false, true)] }))[0][0]);
    }

    private static AggregatePlan Over(Plan input, params BoundAggregate[] aggregates)
        => new(Output([.. aggregates.Select(a => a.Type)]), input, [], [.. aggregates]);

    private static List<object?[]> RandomRows(int count, int seed)
    {
        var random = new Random(seed);
        string[] words = ["", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgi", "é", "🙂", "z"];
        return [.. Enumerable.Range(0, count).Select(_ => new object?[]
        {
            random.Next(9) == 0 ? null : random.Next(-5, 40),
            random.Next(9) == 0 ? null : words[random.Next(words.Length)],
            random.Next(9) == 0 ? null : (double)random.Next(-20, 20) / 4,
        })];
    }

    private static int Compare(object? a, object? b, bool isDescending, bool nullsFirst)
        => a is null || b is null
            ? ((a is null ? 0 : 1) - (b is null ? 0 : 1)) * (nullsFirst ? 1 : -1)
            : ExpressionTests.Order(a, b) * (isDescending ? -1 : 1);

    internal static void AssertSame(IEnumerable<object?[]> expected, IReadOnlyList<object?[]> found)
    {
        var wanted = expected.ToList();
        Assert.Equal(wanted.Count, found.Count);
        for (var i = 0; i < wanted.Count; i++)
        {
            Assert.True(wanted[i].Zip(found[i]).All(p => !ExpressionTests.Differs(p.First, p.Second)) && wanted[i].Length == found[i].Length,
                $"row {i}: expected ({string.Join(", ", wanted[i].Select(ClrValue.Describe))}), found ({string.Join(", ", found[i].Select(ClrValue.Describe))})");
        }
    }

    private sealed class RowComparer(Comparison<object?[]> comparison) : IComparer<object?[]>
    {
        public int Compare(object?[]? x, object?[]? y) => comparison(x!, y!);
    }
}
