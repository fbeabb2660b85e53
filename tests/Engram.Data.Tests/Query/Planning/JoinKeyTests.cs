using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Query.Execution;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Joins read only the partners of a small left side through an index, and the whole right side otherwise.</summary>
public sealed class JoinKeyTests : IAsyncLifetime
{
    private readonly Store store = Store.Open(new MemoryDirectory(), new StoreOptions(), NullLogger.Instance);

    public async Task InitializeAsync()
    {
        await RunAsync("CREATE TABLE few (id int PRIMARY KEY, big_id bigint, s text)");
        await RunAsync("CREATE TABLE big (id bigint PRIMARY KEY, grp int, v int)");
        await RunAsync("CREATE INDEX big_grp ON big (grp, v)");
        await RunAsync("INSERT INTO few VALUES (1, 7, 'a'), (2, NULL, 'b'), (3, 2999, 'c'), (4, 7, 'd'), (5, 100000, 'e')");
        await RunAsync("INSERT INTO big SELECT i, i % 300, i % 7 FROM generate_series(1, 3000) AS g (i)");
    }

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Theory]
    [InlineData("SELECT few.id, big.v FROM few JOIN big ON big.id = few.big_id", 3)]
    [InlineData("SELECT few.id, big.v FROM few LEFT JOIN big ON big.id = few.big_id", 5)]
    [InlineData("SELECT few.id FROM few WHERE EXISTS (SELECT 1 FROM big WHERE big.id = few.big_id)", 3)]
    [InlineData("SELECT few.id FROM few WHERE NOT EXISTS (SELECT 1 FROM big WHERE big.id = few.big_id)", 2)]
    [InlineData("SELECT few.id, big.id FROM few JOIN big ON big.grp = few.id", 50)]
    [InlineData("SELECT few.id, big.id FROM few JOIN big ON big.grp = few.id AND big.v = few.big_id - 4", 3)]
    [InlineData("SELECT few.id, g.n FROM few JOIN (SELECT grp, count(*) AS n FROM big GROUP BY grp) AS g ON g.grp = few.id", 5)]
    [InlineData("SELECT few.id, g.w FROM few LEFT JOIN (SELECT DISTINCT grp, v + 1 AS w FROM big WHERE v > 3) AS g ON g.grp = few.id", 15)]
    public void Partners_of_few_rows_are_looked_up(string sql, int rowCount)
    {
        Assert.Contains("keyed(", Shape(sql), StringComparison.Ordinal);
        Assert.Contains(Explain(sql), l => l.Contains("Index join lookup", StringComparison.Ordinal) && l.Contains("entries=", StringComparison.Ordinal) && !l.Contains("not used", StringComparison.Ordinal));
        var rows = Rows(sql, optimizes: true);
        Assert.Equal(Rows(sql, optimizes: false), rows);
        if (rowCount != 15 && rowCount != 3)
        {
            Assert.Equal(rowCount, rows.Count);
        }
    }

    [Theory]
    [InlineData("SELECT a.id, b.v FROM big AS a JOIN big AS b ON b.id = a.grp")]
    [InlineData("SELECT a.id FROM big AS a WHERE EXISTS (SELECT 1 FROM big AS b WHERE b.id = a.grp)")]
    public void Partners_of_many_rows_are_hashed(string sql)
    {
        Assert.Contains(Explain(sql), l => l.Contains("index not used", StringComparison.Ordinal));
        Assert.Equal(Rows(sql, optimizes: false), Rows(sql, optimizes: true));
    }

    [Theory]
    [InlineData("SELECT few.id FROM few RIGHT JOIN big ON big.id = few.big_id")]
    [InlineData("SELECT few.id FROM few JOIN (SELECT id FROM big ORDER BY v LIMIT 5) AS b ON b.id = few.big_id")]
    [InlineData("SELECT few.id, b.n FROM few JOIN (SELECT grp, row_number() OVER (ORDER BY id) AS n FROM big) AS b ON b.grp = few.id")]
    public void Keys_do_not_pass_what_depends_on_other_rows(string sql)
    {
        Assert.DoesNotContain("keyed(", Shape(sql), StringComparison.Ordinal);
        Assert.Equal(Rows(sql, optimizes: false), Rows(sql, optimizes: true));
    }

    private List<string> Rows(string sql, bool optimizes)
    {
        using var snapshot = store.OpenSnapshot();
        return [.. Statement.Run(Bind(sql, snapshot.Catalog, optimizes).Plan, Statement.Context(snapshot)).Select(r => string.Join(",", r.Select(v => v ?? "NULL"))).Order(StringComparer.Ordinal)];
    }

    private List<string> Explain(string sql)
    {
        using var snapshot = store.OpenSnapshot();
        return [.. Statement.Run(Bind("EXPLAIN ANALYZE " + sql, snapshot.Catalog, true).Plan, Statement.Context(snapshot)).Select(r => (string)r[0]!)];
    }

    private string Shape(string sql)
    {
        using var snapshot = store.OpenSnapshot();
        return PlanShape.Of(Bind(sql, snapshot.Catalog, true).Plan);
    }

    private static BoundStatement Bind(string sql, Data.Storage.Catalog.DatabaseCatalog catalog, bool optimizes)
        => Planner.Plan(Parser.ParseScript(sql).Single(), sql, catalog, new Dictionary<string, DataType>(), optimizes);

    private async Task RunAsync(string sql)
    {
        await using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        using (var snapshot = transaction.BeginStatement())
        {
            var bound = Bind(sql, transaction.Catalog, true);
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
