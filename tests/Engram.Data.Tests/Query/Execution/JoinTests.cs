using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using static Engram.Data.Tests.Query.Execution.OperatorTests;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>Joins, lateral joins and subqueries against nested loops.</summary>
public sealed class JoinTests
{
    private static readonly DataType[] Types = [DataType.Int32, DataType.Text];

    public static TheoryData<string, int, int, int> Joins
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (var kind in Enum.GetNames<JoinKind>())
            {
                // The last number is that of distinct keys: few make long chains, many make none.
                data.Add(kind, 60, 50, 8);
                data.Add(kind, 3000, 40, 200);
                data.Add(kind, 20, 3000, 3);
                data.Add(kind, 0, 5, 3);
                data.Add(kind, 5, 0, 3);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Joins))]
    public void Joins_agree_with_nested_loops(string name, int leftCount, int rightCount, int keyCount)
    {
        var kind = Enum.Parse<JoinKind>(name);
        var (left, right) = (RandomRows(leftCount, keyCount, 1), RandomRows(rightCount, keyCount, 2));
        var residual = Call("<>", Col(DataType.Text, 1), Col(DataType.Text, 3));
        Func<object?[], object?[], bool> keysMatch = (l, r) => l[0] is not null && Equals(l[0], r[0]);
        Func<object?[], object?[], bool> residualHolds = (l, r) => l[1] is not null && r[1] is not null && !Equals(l[1], r[1]);

        Check(kind, left, right, true, null, keysMatch);
        Check(kind, left, right, true, residual, (l, r) => keysMatch(l, r) && residualHolds(l, r));
        if (leftCount * rightCount < 100_000)
        {
            Check(kind, left, right, false, residual, residualHolds);
            Check(kind, left, right, false, null, (_, _) => true);
        }
    }

    [Fact]
    public void Two_keys_match_only_together()
    {
        object?[][] left = [[1, "a"], [1, "b"], [2, null], [null, "a"]];
        object?[][] right = [[1, "b"], [1, null], [2, "a"], [1, "b"]];
        BoundExpression[] keys = [Col(DataType.Int32, 0), Col(DataType.Text, 1)];
        var plan = new JoinPlan(Output([.. Types, .. Types]), JoinKind.Inner, Values(Types, left), Values(Types, right), [.. keys], [.. keys], null);
        AssertSame([[1, "b", 1, "b"], [1, "b", 1, "b"]], Run(plan));
    }

    [Theory]
    [InlineData("Inner")]
    [InlineData("Left")]
    public void Apply_runs_the_right_side_for_each_left_row(string name)
    {
        var kind = Enum.Parse<JoinKind>(name);
        var (left, right) = (RandomRows(300, 9, 3), RandomRows(70, 9, 4));
        var slot = new BoundSlot(DataType.Int32, 4);
        var inner = new FilterPlan(Values(Types, right), Call("=", Col(DataType.Int32, 0), slot));
        var plan = new ApplyPlan(Output([.. Types, .. Types]), kind, Values(Types, left), inner, [(Col(DataType.Int32, 0), 4)]);
        AssertSame(Expected(kind, left, right, (l, r) => l[0] is not null && Equals(l[0], r[0])), Run(plan));

        // Two rows each, sorted anew for each left row.
        var top = new SortPlan(inner, [new SortKey(Col(DataType.Text, 1), true, false)]) { Limit = Int(2) };
        var expected = left.SelectMany(l =>
        {
            var found = right.Where(r => l[0] is not null && Equals(l[0], r[0])).OrderByDescending(r => r[1] as string, StringComparer.Ordinal).Take(2).ToList();
            return found.Count == 0 && kind == JoinKind.Left ? [[.. l, null, null]] : found.Select(r => (object?[])[.. l, .. r]);
        });
        AssertSame(expected, Run(plan with { Right = top }));
    }

    [Fact]
    public void Subqueries_that_depend_on_nothing_run_once()
    {
        object?[][] rows = [[1, "a"], [2, "b"], [null, "c"]];
        var one = Values([DataType.Int32], [[2]]);
        var none = Values([DataType.Int32], []);
        var two = Values([DataType.Int32], [[2], [null]]);
        BoundSubquery Of(SubqueryKind kind, Plan plan, bool isNegated = false)
            => new(kind == SubqueryKind.Scalar ? DataType.Int32 : DataType.Boolean, kind, plan, kind == SubqueryKind.In ? Col(DataType.Int32, 0) : null, isNegated, []);

        Assert.Equal([2, 2, 2], EvalRows(Of(SubqueryKind.Scalar, one), Types, rows));
        Assert.Equal([null, null, null], EvalRows(Of(SubqueryKind.Scalar, none), Types, rows));
        Assert.Equal("21000", StateOf(() => EvalRows(Of(SubqueryKind.Scalar, two), Types, rows)));
        Assert.Equal([true, true, true], EvalRows(Of(SubqueryKind.Exists, two), Types, rows));
        Assert.Equal([true, true, true], EvalRows(Of(SubqueryKind.Exists, none, true), Types, rows));
        Assert.Equal([false, true, null], EvalRows(Of(SubqueryKind.In, one), Types, rows));
        Assert.Equal([null, true, null], EvalRows(Of(SubqueryKind.In, two), Types, rows));
        Assert.Equal([null, false, null], EvalRows(Of(SubqueryKind.In, two, true), Types, rows));
        Assert.Equal([false, false, false], EvalRows(Of(SubqueryKind.In, none), Types, rows));
        var array = new BoundSubquery(DataType.ArrayOf(TypeKind.Int32), SubqueryKind.Array, two, null, false, []);
        Assert.Equal(new int?[] { 2, null }, EvalRows(array, Types, rows)[0]);
    }

    [Fact]
    public void Correlated_subqueries_run_for_each_row_wanted()
    {
        var (left, right) = (RandomRows(120, 9, 5), RandomRows(90, 9, 6));
        var slot = new BoundSlot(DataType.Int32, 0);
        var matching = new FilterPlan(Values(Types, right), Call("=", Col(DataType.Int32, 0), slot));
        ImmutableArray<(BoundExpression, int)> outer = [(Col(DataType.Int32, 0), 0)];
        List<object?[]> Matches(object?[] l) => [.. right.Where(r => l[0] is not null && Equals(l[0], r[0]))];
        int[] wanted = [.. Enumerable.Range(0, left.Count).Where(i => i % 3 != 1)];

        var count = new BoundSubquery(
            DataType.Int64, SubqueryKind.Scalar, new AggregatePlan(Output(DataType.Int64), matching, [], [Aggregate("count")]), null, false, outer);
        var counts = EvalRows(count, Types, [.. left], wanted);
        Assert.All(wanted, i => Assert.Equal((long)Matches(left[i]).Count, counts[i]));

        var exists = EvalRows(new BoundSubquery(DataType.Boolean, SubqueryKind.Exists, matching, null, true, outer), Types, [.. left], wanted);
        Assert.All(wanted, i => Assert.Equal(Matches(left[i]).Count == 0, exists[i]));

        var texts = new ProjectPlan(Output(DataType.Text), matching, [Col(DataType.Text, 1)]);
        var isIn = EvalRows(new BoundSubquery(DataType.Boolean, SubqueryKind.In, texts, Col(DataType.Text, 1), false, outer), Types, [.. left], wanted);
        Assert.All(wanted, i =>
        {
            var found = Matches(left[i]).Select(r => r[1]).ToList();
            var expected = found.Count == 0 ? false : left[i][1] is null ? null : found.Contains(left[i][1]) ? true : found.Contains(null) ? null : (bool?)false;
            Assert.Equal(expected, isIn[i]);
        });

        // A subquery within: not correlated to its own query, but to the one outside, so its answer is no constant.
        var nested = new BoundSubquery(DataType.Int32, SubqueryKind.Scalar, new ValuesPlan(Output(DataType.Int32), [[Call("+", slot, Int(1))]]), null, false, []);
        var inner = new ProjectPlan(Output(DataType.Int32), Values(Types, [[1, "a"]]), [nested]);
        var plusOne = EvalRows(new BoundSubquery(DataType.Int32, SubqueryKind.Scalar, inner, null, false, outer), Types, [.. left]);
        Assert.All(Enumerable.Range(0, left.Count), i => Assert.Equal((int?)left[i][0] + 1, plusOne[i]));
    }

    private static void Check(
        JoinKind kind, List<object?[]> left, List<object?[]> right, bool hasKeys, BoundExpression? residual, Func<object?[], object?[], bool> matches)
    {
        var output = kind is JoinKind.Semi or JoinKind.Anti ? Types : [.. Types, .. Types];
        ImmutableArray<BoundExpression> keys = hasKeys ? [Col(DataType.Int32, 0)] : [];
        AssertSame(Expected(kind, left, right, matches), Run(new JoinPlan(Output(output), kind, Values(Types, left), Values(Types, right), keys, keys, residual)));
    }

    private static List<object?[]> Expected(JoinKind kind, List<object?[]> left, List<object?[]> right, Func<object?[], object?[], bool> matches)
    {
        var rows = new List<object?[]>();
        var matched = new HashSet<object?[]>(ReferenceEqualityComparer.Instance);
        foreach (var l in left)
        {
            var found = right.Where(r => matches(l, r)).ToList();
            matched.UnionWith(found);
            if (kind is JoinKind.Semi or JoinKind.Anti)
            {
                rows.AddRange(found.Count > 0 == (kind == JoinKind.Semi) ? [l] : []);
                continue;
            }

            rows.AddRange(found.Select(r => (object?[])[.. l, .. r]));
            if (found.Count == 0 && kind is JoinKind.Left or JoinKind.Full && found.Count == 0)
            {
                rows.Add([.. l, null, null]);
            }
        }

        if (kind is JoinKind.Right or JoinKind.Full)
        {
            rows.AddRange(right.Where(r => !matched.Contains(r)).Select(r => (object?[])[null, null, .. r]));
        }

        return rows;
    }

    private static List<object?[]> RandomRows(int count, int keyCount, int seed)
    {
        var random = new Random(seed);
        string[] words = ["a", "b", "c"];
        return [.. Enumerable.Range(0, count).Select(_ => new object?[]
        {
            random.Next(8) == 0 ? null : random.Next(keyCount),
            random.Next(8) == 0 ? null : words[random.Next(words.Length)],
        })];
    }
}
