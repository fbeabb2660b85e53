using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using static Engram.Data.Tests.Query.Execution.OperatorTests;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>What reads tables: scans, index probes, the nearest vectors.</summary>
public sealed class ScanTests
{
    private const int Dimensions = 5;

    private static readonly DataType VectorType = DataType.Vector(Dimensions);

    private static readonly TableDefinition Table = new(new TableId(1), "public", "Episode",
    [
        new(new ColumnId(1), "Id", DataType.Int32),
        new(new ColumnId(2), "Author", DataType.Text),
        new(new ColumnId(3), "Embedding", VectorType),
    ])
    {
        Indexes = [new(new IndexId(1), "pk", [new(new ColumnId(1))]) { IsUnique = true }, new(new IndexId(2), "author", [new(new ColumnId(2))])],
    };

    private static readonly ImmutableArray<ColumnId> AllColumns = [ColumnId.RowId, new(1), new(2), new(3)];

    [Fact]
    public void A_scan_gives_the_visible_rows_that_pass()
    {
        var rows = RandomRows(500);
        using var store = new FakeStore();
        store.Add(Table, rows);
        var plan = new ScanPlan(Output(DataType.Int64, DataType.Int32, DataType.Text, VectorType), Table, AllColumns);
        var context = Context(store.OpenSnapshot());
        AssertSame(rows.Select((r, i) => (object?[])[i + 1L, r[0], r[1]]), [.. Run(plan, context).Select(r => r[..3])]);
        var filtered = plan with
        {
            Filter = new BoundLogical(true, [Call("=", Col(DataType.Text, 2), Text("b")), Call(">=", Col(DataType.Int32, 1), Int(100))]),
            Bounds = [(new ColumnId(1), ZoneComparison.GreaterOrEqual, Int(100))],
        };
        AssertSame(rows.Select((r, i) => (object?[])[i + 1L, r[0], r[1]]).Where(r => r[2] is "b" && r[1] is >= 100), [.. Run(filtered, context).Select(r => r[..3])]);
        Assert.Empty(Run(filtered with { Bounds = [(new ColumnId(1), ZoneComparison.GreaterOrEqual, Int(null))] }, context));
    }

    [Fact]
    public void A_probe_gives_each_row_once()
    {
        var rows = RandomRows(500);
        using var store = new FakeStore();
        store.Add(Table, rows);
        var context = Context(store.OpenSnapshot());
        var plan = new IndexProbePlan(
            Output(DataType.Int64, DataType.Int32, DataType.Text), Table, Table.Indexes[1], [[Text("b")], [Text("a")], [Text("b")], [Text(null)], [Text("none")]], [.. AllColumns[..3]]);
        var expected = rows.Select((r, i) => (object?[])[i + 1L, r[0], r[1]]).Where(r => r[2] is "a" or "b");
        AssertSame(expected, Run(plan, context));
        AssertSame(expected.Where(r => r[1] is > 450), Run(plan with { Filter = Call(">", Col(DataType.Int32, 1), Int(450)) }, context));
    }

    [Theory]
    [InlineData("Cosine", "<=>")]
    [InlineData("L2", "<->")]
    [InlineData("InnerProduct", "<#>")]
    [InlineData("L1", "<+>")]
    public void The_nearest_rows_are_those_of_a_sort_by_distance(string name, string symbol)
    {
        var metric = Enum.Parse<VectorMetric>(name);
        var rows = RandomRows(700);
        using var store = new FakeStore();
        store.Add(Table, rows);
        var context = Context(store.OpenSnapshot());
        var query = new[] { 1f, -1f, 0.5f, 0f, 2f };
        var filter = Call("<>", Col(DataType.Text, 0), Text("b"));
        var distances = EvalRows(Call(symbol, Col(VectorType, 0), Const(VectorType, query)), [VectorType], [.. rows.Select(r => new[] { r[2] })]);
        var all = rows.Select((r, i) => (Row: (object?[])[i + 1L, r[0], distances[i]], Author: r[1]))
            .OrderBy(r => r.Row[2] is null).ThenBy(r => (double?)r.Row[2]).ThenBy(r => (long)r.Row[0]!).ToList();
        foreach (var (limit, offset, isFiltered) in new (long?, int?, bool)[] { (5, null, false), (5, 3, true), (690, null, false), (null, 2, true), (0, null, false), (1000, 900, false) })
        {
            var plan = new VectorTopKPlan(
                Output(DataType.Int64, DataType.Int32, DataType.Double), Table, [.. AllColumns[..2]], new ColumnId(3), metric, Const(VectorType, query),
                Const(DataType.Int64, limit), offset is null ? null : Int(offset))
            {
                OutputDistance = true,
                Filter = isFiltered ? filter : null,
                FilterColumns = isFiltered ? [new ColumnId(2)] : [],
            };
            var expected = all.Where(r => !isFiltered || r.Author is not (null or "b")).Select(r => r.Row).Skip(offset ?? 0).Take((int)(limit ?? int.MaxValue));
            AssertSame(expected, Run(plan, context));
        }
    }

    [Fact]
    public void A_query_of_other_dimensions_is_refused_by_the_columns_name()
    {
        using var store = new FakeStore();
        store.Add(Table, RandomRows(3));
        var plan = new VectorTopKPlan(
            Output(DataType.Int32), Table, [new(1)], new ColumnId(3), VectorMetric.Cosine, Const(DataType.Vector(0), new[] { 1f }), Int(5), null);
        var error = Assert.Throws<EngramException>(() => Run(plan, Context(store.OpenSnapshot())));
        Assert.Equal("22000", error.SqlState);
        Assert.StartsWith("Column 'Episode.Embedding' stores vectors of 5 dimensions; this value has 1.", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, Run(plan with { Query = Const(VectorType, null) }, Context(store.OpenSnapshot())).Count);
    }

    private static List<object?[]> RandomRows(int count)
    {
        var random = new Random(17);
        // Few distinct elements, so that distances tie.
        return [.. Enumerable.Range(0, count).Select(i => new object?[]
        {
            i, random.Next(6) == 0 ? null : "abc"[random.Next(3)].ToString(),
            random.Next(9) == 0 ? null : Enumerable.Range(0, Dimensions).Select(_ => (float)random.Next(-1, 2)).ToArray(),
        })];
    }
}
