using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Query.Execution;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Random queries give the same rows with and without pushed conditions, semi-joins, index probes, hash keys and late projections.</summary>
public sealed class OptimizationTests : IAsyncLifetime
{
    private readonly Store store = Store.Open(new MemoryDirectory(), new StoreOptions(), NullLogger.Instance);

    public async Task InitializeAsync()
    {
        await RunAsync("CREATE TABLE one (id int PRIMARY KEY, n int, s text, k int NOT NULL)");
        await RunAsync("CREATE TABLE two (id int PRIMARY KEY, one_id int, s text)");
        await RunAsync("CREATE INDEX one_n ON one (n)");
        await RunAsync("CREATE INDEX two_one ON two (one_id)");
        await RunAsync("INSERT INTO one VALUES (1, 1, 'a', 5), (2, NULL, 'b', 4), (3, 1, NULL, 3), (4, 5, 'ab', 2), (5, 2, 'b', 1), (6, NULL, 'ba', 0)");
        await RunAsync("INSERT INTO two VALUES (1, 1, 'a'), (2, 1, 'b'), (3, NULL, 'c'), (4, 3, NULL), (5, 5, 'b'), (6, 9, 'a'), (7, 5, 'ax')");
    }

    [Fact]
    public async Task The_nearest_are_the_same_fused_and_sorted()
    {
        const int RowCount = 3000;
        var random = new Random(5);
        string Vector() => $"[{random.Next(-3, 4)},{random.Next(-3, 4)},{random.Next(-3, 4)}]";
        await RunAsync("CREATE TABLE v (id int PRIMARY KEY, e vector(3), c real, g int)");
        await RunAsync("INSERT INTO v VALUES " + string.Join(", ", Enumerable.Range(1, RowCount)
            .Select(i => $"({i}, {(random.Next(10) == 0 ? "NULL" : $"'{Vector()}'")}, {random.Next(10)}, {(random.Next(5) == 0 ? "NULL" : random.Next(4))})")));
        string[] orders = ["e <=> '{0}'", "e <-> '{0}'", "e <#> '{0}'", "e <+> '{0}'", "1 - (e <=> '{0}') DESC", "cosine_similarity(e, '{0}') DESC", "inner_product('{0}', e) DESC"];
        string[] filters = ["", "WHERE c >= 5", "WHERE g = 2", "WHERE g IS NULL AND c < 8", "WHERE id = 7", "WHERE c > 100", "WHERE e IS NULL"];
        for (var i = 0; i < 200; i++)
        {
            var order = string.Format(CultureInfo.InvariantCulture, orders[random.Next(orders.Length)], Vector());
            var sql = $"SELECT id, {order.Replace(" DESC", "", StringComparison.Ordinal)} AS d FROM v {filters[random.Next(filters.Length)]} ORDER BY {order} LIMIT {random.Next(6)} OFFSET {random.Next(3)}";
            Assert.Contains("topk", Shape(sql), StringComparison.Ordinal);
            // Ties break by row id in both: the rows were inserted in the order of their ids, and sorting is stable.
            Assert.Equal(Ordered(sql, optimizes: false), Ordered(sql, optimizes: true));
        }
    }

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Plans_give_the_same_rows_optimized_and_not(int seed)
    {
        const int QueryCount = 250;
        var random = new Random(seed);
        for (var i = 0; i < QueryCount; i++)
        {
            var sql = new QueryGenerator(random).Query();
            var plain = Rows(sql, optimizes: false);
            var optimized = Rows(sql, optimizes: true);
            // As if the tables were large, in either order of size: joins change their places.
            var isOneLarger = i % 2 == 0;
            var looked = Rows(sql, optimizes: true, rowsPerJoinKey: 0, t => t.Value % 2 == 0 == isOneLarger ? 5_000_000 : 20_000);
            Assert.True(plain.SequenceEqual(looked), $"seed {seed}, query {i}, with lookups: {sql}\nplain: {string.Join(" | ", plain)}\nlooked: {string.Join(" | ", looked)}\n{Shape(sql)}");
            Assert.True(plain.SequenceEqual(optimized), $"seed {seed}, query {i}: {sql}\nplain: {string.Join(" | ", plain)}\noptimized: {string.Join(" | ", optimized)}\n{Shape(sql)}");
        }
    }

    /// <summary>The rows in an order of their own, since a query without ORDER BY has none.</summary>
    private List<string> Rows(string sql, bool optimizes, int rowsPerJoinKey = 128, Func<TableId, long>? rowCounts = null) => [.. Ordered(sql, optimizes, rowsPerJoinKey, rowCounts).Order(StringComparer.Ordinal)];

    private List<string> Ordered(string sql, bool optimizes, int rowsPerJoinKey = 128, Func<TableId, long>? rowCounts = null)
    {
        using var snapshot = store.OpenSnapshot();
        var bound = Planner.Plan(Parser.ParseScript(sql).Single(), sql, snapshot.Catalog, new Dictionary<string, DataType>(), optimizes, rowCounts is null ? null : TableStatistics.OfSizes(rowCounts));
        try
        {
            return [.. Statement.Run(bound.Plan, Context(snapshot, rowsPerJoinKey)).Select(r => string.Join(",", r.Select(v => Convert.ToString(v ?? "NULL", CultureInfo.InvariantCulture))))];
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{(optimizes ? "optimized" : "plain")}: {sql}\n{PlanShape.Of(bound.Plan)}", error);
        }
    }

    private static Data.Query.Execution.StatementContext Context(Data.Storage.Transactions.Snapshot snapshot, int rowsPerJoinKey)
        => new(snapshot, null, new Batch(0) { RowCount = 1 }, TimeProvider.System, CancellationToken.None) { RowsPerJoinKey = rowsPerJoinKey };

    private string Shape(string sql)
    {
        using var snapshot = store.OpenSnapshot();
        return PlanShape.Of(Planner.Plan(Parser.ParseScript(sql).Single(), sql, snapshot.Catalog, new Dictionary<string, DataType>()).Plan);
    }

    private async Task RunAsync(string sql)
    {
        await using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        using (var snapshot = transaction.BeginStatement())
        {
            var bound = Planner.Plan(Parser.ParseScript(sql).Single(), sql, transaction.Catalog, new Dictionary<string, DataType>());
            if (bound.Plan is DdlPlan ddl)
            {
                Engram.Data.Query.Execution.Definitions.DdlExecutor.Execute(ddl.Statement, ddl.Text, Statement.Context(snapshot, transaction));
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
