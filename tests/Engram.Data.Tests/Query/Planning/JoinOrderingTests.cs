using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Query.Execution;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Inner joins run in the order that costs least, with the same rows.</summary>
public sealed class JoinOrderingTests : IAsyncLifetime
{
    private readonly Store store = Store.Open(new MemoryDirectory(), new StoreOptions(), NullLogger.Instance);

    public async Task InitializeAsync()
    {
        await RunAsync("CREATE TABLE facts (id int PRIMARY KEY, place_id int, day_id int, v int)");
        await RunAsync("CREATE TABLE places (id int PRIMARY KEY, country_id int, name text)");
        await RunAsync("CREATE TABLE countries (id int PRIMARY KEY, name text)");
        await RunAsync("CREATE TABLE days (id int PRIMARY KEY, month int)");
        await RunAsync("CREATE INDEX facts_place ON facts (place_id)");
        await RunAsync("INSERT INTO countries SELECT i, 'c' || i FROM generate_series(1, 5) AS g (i)");
        await RunAsync("INSERT INTO places SELECT i, 1 + i % 5, 'p' || i FROM generate_series(1, 40) AS g (i)");
        await RunAsync("INSERT INTO days SELECT i, 1 + i % 12 FROM generate_series(1, 30) AS g (i)");
        await RunAsync("INSERT INTO facts SELECT i, 1 + i % 40, 1 + i % 30, i % 7 FROM generate_series(1, 2000) AS g (i)");
    }

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Theory]
    [InlineData("SELECT c.name, f.v FROM countries c JOIN places p ON p.country_id = c.id JOIN facts f ON f.place_id = p.id", "facts places countries")]
    [InlineData("SELECT f.v FROM places p, facts f WHERE f.place_id = p.id", "facts places")]
    [InlineData("SELECT f.v FROM facts f JOIN places p ON f.place_id = p.id WHERE p.id = 3", "places facts")]
    [InlineData("SELECT count(*) FROM days d, countries c, facts f, places p WHERE f.day_id = d.id AND f.place_id = p.id AND p.country_id = c.id AND f.v > 2", null)]
    [InlineData("SELECT f.id FROM countries c JOIN days d ON d.month = c.id JOIN facts f ON f.day_id = d.id AND f.v = c.id", null)]
    [InlineData("SELECT * FROM days d JOIN facts f ON f.day_id = d.id UNION ALL SELECT * FROM days d JOIN facts f ON f.day_id = d.id", null)]
    [InlineData("SELECT p.name, x.n FROM places p JOIN (SELECT f.place_id, count(*) AS n FROM days d JOIN facts f ON f.day_id = d.id GROUP BY f.place_id) AS x ON x.place_id = p.id", null)]
    [InlineData("SELECT p.name FROM countries c JOIN places p ON p.country_id = c.id LEFT JOIN facts f ON f.place_id = p.id AND f.v = 3 JOIN days d ON d.id = c.id", null)]
    [InlineData("SELECT d.id FROM days d CROSS JOIN countries c JOIN facts f ON f.id = d.id + c.id", null)]
    public void Joins_are_put_in_order(string sql, string? order)
    {
        using var snapshot = store.OpenSnapshot();
        var names = snapshot.Catalog.Tables.Values.ToDictionary(t => t.Id, t => t.Name);
        long Count(TableId table) => names[table] switch { "facts" => 1_000_000, "places" => 5000, "countries" => 200, _ => 400 };
        var plain = Bind(sql, snapshot.Catalog, false, null).Plan;
        var ordered = Bind(sql, snapshot.Catalog, true, Count).Plan;
        if (order is not null)
        {
            Assert.Equal(order, string.Join(" ", Tables(ordered)));
        }

        Assert.Equal(plain.Output.Select(o => (o.Name, o.Type)), ordered.Output.Select(o => (o.Name, o.Type)));
        Assert.Equal(Rows(plain, snapshot), Rows(ordered, snapshot));
    }

    [Fact]
    public void Small_tables_stay_in_the_order_of_the_text_and_a_plan_is_made_anew_when_they_have_grown()
    {
        const string Sql = "SELECT f.v FROM places p JOIN facts f ON f.place_id = p.id";
        using var snapshot = store.OpenSnapshot();
        var bound = Bind(Sql, snapshot.Catalog, true, _ => 100);
        Assert.Equal(["places", "facts"], Tables(bound.Plan));
        Assert.Equal(2, bound.RowCounts.Length);
        Assert.True(bound.Fits(snapshot));
        Assert.False(Bind(Sql, snapshot.Catalog, true, _ => 1_000_000).Fits(snapshot));
    }

    [Fact]
    public void More_joins_than_can_be_tried_are_ordered_too()
    {
        var sql = "SELECT count(*) FROM " + string.Join(", ", Enumerable.Range(0, 12).Select(i => i == 11 ? "facts AS t11" : $"places AS t{i}"))
            + " WHERE " + string.Join(" AND ", Enumerable.Range(1, 11).Select(i => i == 11 ? "t11.place_id = t10.id" : $"t{i}.id = t{i - 1}.id"));
        using var snapshot = store.OpenSnapshot();
        var ordered = Bind(sql, snapshot.Catalog, true, t => snapshot.EstimateRowCount(t) * 1000).Plan;
        Assert.Equal(12, Tables(ordered).Count());
        Assert.Equal(["2000"], Rows(ordered, snapshot));
    }

    private static IEnumerable<string> Tables(Plan plan) => plan switch
    {
        ScanPlan p => [p.Table.Name],
        IndexProbePlan p => [p.Table.Name],
        _ => Engram.Data.Query.Execution.PlanWalker.Inputs(plan).SelectMany(Tables),
    };

    private static List<string> Rows(Plan plan, Data.Storage.Transactions.Snapshot snapshot)
        => [.. Statement.Run(plan, Statement.Context(snapshot)).Select(r => string.Join(",", r.Select(v => v ?? "NULL"))).Order(StringComparer.Ordinal)];

    private static BoundStatement Bind(string sql, DatabaseCatalog catalog, bool optimizes, Func<TableId, long>? rowCounts)
        => Planner.Plan(Parser.ParseScript(sql).Single(), sql, catalog, new Dictionary<string, DataType>(), optimizes, rowCounts is null ? null : TableStatistics.OfSizes(rowCounts));

    private async Task RunAsync(string sql)
    {
        await using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        using (var snapshot = transaction.BeginStatement())
        {
            var bound = Bind(sql, transaction.Catalog, true, null);
            if (bound.Plan is DdlPlan ddl)
            {
                Data.Query.Execution.Definitions.DdlExecutor.Execute(ddl.Statement, ddl.Text, Statement.Context(snapshot, transaction));
            }
            else
            {
                Statement.Run(bound.Plan, Statement.Context(snapshot, transaction));
            }
        }

        transaction.EndStatement();
        await transaction.CommitAsync();
    }
}
