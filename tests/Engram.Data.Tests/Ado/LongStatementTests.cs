using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Tests.Ado;

/// <summary>Statements that would run for hours end when they are cancelled, whatever they are doing: each of these never reaches its first row.</summary>
public sealed class LongStatementTests : AdoTest
{
    [Theory]
    [InlineData("SELECT count(*) FROM l AS a, l AS b, l AS c, l AS d")]
    [InlineData("SELECT sum(a.i) FROM l AS a, l AS b, l AS c, l AS d WHERE a.i + b.i + c.i + d.i < 0")]
    [InlineData("SELECT a.i FROM l AS a, l AS b, l AS c, l AS d WHERE a.i < 0 OR b.i < 0 OR c.i + d.i < 0")]
    [InlineData("SELECT a.i FROM l AS a JOIN l AS b ON a.i + b.i < 0 JOIN l AS c ON c.i <> b.i JOIN l AS d ON d.i <> c.i")]
    [InlineData("SELECT a.i % 7, count(*) FROM l AS a, l AS b, l AS c, l AS d GROUP BY a.i % 7")]
    [InlineData("SELECT a.i FROM l AS a, l AS b, l AS c, l AS d ORDER BY a.i * b.i - c.i LIMIT 5")]
    [InlineData("SELECT count(*) FROM l AS a WHERE (SELECT count(*) FROM l AS b, l AS c, l AS d WHERE b.i <> a.i) < 0")]
    [InlineData("SELECT count(*) FROM l AS a, LATERAL (SELECT sum(b.i) AS s FROM l AS b, l AS c, l AS d WHERE b.i <> a.i) AS x")]
    [InlineData("SELECT count(DISTINCT a.i + b.i % 3) FROM l AS a, l AS b, l AS c, l AS d")]
    [InlineData("SELECT DISTINCT a.i % 3 FROM l AS a, l AS b, l AS c, l AS d WHERE a.i + b.i + c.i + d.i < 0")]
    [InlineData("SELECT a.i FROM l AS a WHERE EXISTS (SELECT 1 FROM l AS b, l AS c, l AS d WHERE b.i + c.i + d.i + a.i < 0)")]
    [InlineData("SELECT a.i FROM l AS a LEFT JOIN (SELECT b.i FROM l AS b, l AS c, l AS d WHERE b.i + c.i < 0) AS x ON x.i = a.i")]
    public async Task A_statement_that_would_run_for_hours_ends_when_it_is_cancelled(string sql)
    {
        Execute("CREATE TABLE l (i int)");
        new EngramBulkCopy(Connection, "l").WriteToServer(Enumerable.Range(1, 3_000).Select(i => new object?[] { i }));
        foreach (var threads in new[] { 1, 4 })
        {
            Execute($"SET max_parallelism = {threads}");
            using var command = Command(sql);
            command.CommandTimeout = 0;
            using var canceller = new Timer(_ => command.Cancel(), null, 60, 60);
            var error = await Assert.ThrowsAsync<EngramException>(() => Task.Run(() =>
            {
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                }
            })).WaitAsync(TimeSpan.FromMinutes(2));
            Assert.Equal(SqlStates.QueryCanceled, error.SqlState);
        }
    }

    [Theory]
    [InlineData("reverse")]
    [InlineData("md5")]
    [InlineData("strpos")]
    [InlineData("replace")]
    [InlineData("regexp_replace")]
    public void A_function_of_long_values_looks_between_them_whether_it_is_cancelled(string name)
    {
        using var source = new CancellationTokenSource();
        using var text = new ColumnBuffer(DataType.Text);
        for (var i = 0; i < 6; i++)
        {
            text.AppendText(new string('a', 200_000) + i);
        }

        var batch = new Batch(1) { RowCount = text.Count };
        batch.Columns[0] = text.Column;
        BoundExpression[] arguments = [new BoundColumn(DataType.Text, 0, "t"), new BoundConstant(DataType.Text, "ba"), new BoundConstant(DataType.Text, "x")];
        var call = Query.Execution.Statement.Call(name, arguments[..(name is "reverse" or "md5" ? 1 : name == "strpos" ? 2 : 3)]);
        var context = new StatementContext(null!, null, new Batch(0) { RowCount = 1 }, TimeProvider.System, source.Token);
        using var evaluator = EvaluatorFactory.Create(call, context);
        evaluator.Evaluate(batch, null);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => evaluator.Evaluate(batch, null));
    }

    [Theory]
    [InlineData("SELECT a + 1 FROM t WHERE a = 1 OR a = 2")]
    [InlineData("UPDATE t SET a = a + 1 WHERE a IN (1, 2)")]
    [InlineData("SELECT count(*) FROM t AS x JOIN t AS y ON x.a = y.a")]
    public void Parsing_and_planning_look_whether_they_are_cancelled(string sql)
    {
        Execute("CREATE TABLE t (a integer)");
        var cancelled = new CancellationToken(canceled: true);
        var plans = new Data.Engine.PlanCache();
        Assert.Throws<OperationCanceledException>(() => plans.GetOrParse(sql, cancelled));
        var statement = plans.GetOrParse(sql).Statements[0];
        var catalog = Connection.Session.ReadCatalog();
        Assert.Throws<OperationCanceledException>(() => statement.Bind(catalog, Data.Engine.ParameterList.Empty, optimizes: true, cancelled));

        // The thread remembers nothing of it.
        Assert.NotNull(statement.Bind(catalog, Data.Engine.ParameterList.Empty, optimizes: true, CancellationToken.None));
    }

    [Fact]
    public void An_expression_of_many_parts_looks_between_them_whether_it_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        var context = new StatementContext(null!, null, new Batch(0) { RowCount = 1 }, TimeProvider.System, source.Token);
        var batch = new Batch(1) { RowCount = 3 };
        using var column = new ColumnBuffer(DataType.Int32);
        for (var i = 0; i < batch.RowCount; i++)
        {
            column.Append(i);
        }

        batch.Columns[0] = column.Column;
        var isNull = new BoundIsNull(new BoundColumn(DataType.Int32, 0, "i"), IsNegated: false);
        using var evaluator = EvaluatorFactory.Create(new BoundLogical(false, [isNull, isNull]), context);
        Assert.False(evaluator.Evaluate(batch, null).Get<bool>(0));
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => evaluator.Evaluate(batch, null));
    }

    [Fact]
    public void A_unique_index_whose_keys_are_being_checked_can_be_cancelled()
    {
        Execute("CREATE TABLE t (a integer); INSERT INTO t SELECT i FROM generate_series(1, 10) AS s(i)");
        var store = Connection.Session.Database.Store;
        using (var writer = store.BeginWrite(TimeSpan.FromMinutes(2), null, CancellationToken.None))
        {
            writer.BeginStatement().Dispose();
            var table = writer.Catalog.Tables.Values.Single(x => x.Name == "t");
            var index = new Data.Storage.Catalog.IndexDefinition(new IndexId(writer.Catalog.IndexIdNext), "u", [new(table.Columns[0].Id, false)]) { IsUnique = true };
            writer.Cancellation = new CancellationToken(canceled: true);
            Assert.Throws<OperationCanceledException>(() => writer.PutTable(table with { Indexes = [index] }));
            writer.RollbackStatement();
        }

        Execute("INSERT INTO t VALUES (1)");
        AssertState("23505", () => Execute("CREATE UNIQUE INDEX u ON t (a)"));
        Execute("DELETE FROM t WHERE a = 1; CREATE UNIQUE INDEX u ON t (a)");
    }

    [Fact]
    public void A_long_value_is_not_copied_for_each_row_that_is_made_of_it()
    {
        // 10,000 copies of it would be 1 GB.
        Assert.Equal(["10001,90000,10001"], Rows("SELECT count(*), sum(length(x.s)), count(b.t) FROM (SELECT repeat('abcdefghij', 10000) AS t) AS b, LATERAL regexp_split_to_table(b.t, 'a') AS x (s)"));
    }

    [Fact]
    public void A_sort_of_many_rows_ends_when_it_is_cancelled()
    {
        // Counted, not timed: the token is cancelled before the sort begins, which gives up within its first piece.
        var column = new ColumnBuffer(DataType.Int32);
        for (var i = 0; i < 200_000; i++)
        {
            column.Append((i * 7919) % 200_003);
        }

        using var source = new CancellationTokenSource();
        using var sorter = new RowSorter(
            [new SortKey(new BoundColumn(DataType.Int32, 0, "i"), IsDescending: false, NullsFirst: true)], source.Token);
        Assert.Equal(200_000, sorter.Sort([column.Column], column.Count).Length);
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => sorter.Sort([column.Column], column.Count));
        column.Dispose();
    }

    [Fact]
    public void A_scan_that_gives_few_rows_allocates_little_however_many_it_reads()
    {
        Execute("CREATE TABLE w (id bigint PRIMARY KEY, value double precision, topic int)");
        new EngramBulkCopy(Connection, "w").WriteToServer(Enumerable.Range(1, 250_000).Select(i => new object?[] { (long)i, i % 1000 * 0.001, i % 50 }));
        Execute("CHECKPOINT");
        foreach (var threads in new[] { 1, 4 })
        {
            Execute($"SET max_parallelism = {threads}");
            using var command = Command("SELECT id, value, topic FROM w WHERE value > 0.9985 AND topic = 49 AND id % 25000 = 24999");
            Assert.Equal(10, Count());
            Count();
            var before = GC.GetAllocatedBytesForCurrentThread();
            Count();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 64 * 1024, $"{allocated} bytes with {threads} threads");

            int Count()
            {
                using var reader = command.ExecuteReader();
                var count = 0;
                while (reader.Read())
                {
                    count += reader.GetInt64(0) > 0 ? 1 : 0;
                }

                return count;
            }
        }
    }
}
