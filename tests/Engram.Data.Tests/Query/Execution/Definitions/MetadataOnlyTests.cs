using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Query.Execution.Definitions;

/// <summary>Changes that are definitions alone: a database just opened has read no value of any segment after them, and written no file of one.</summary>
public sealed class MetadataOnlyTests : IDisposable
{
    private readonly Storage.TemporaryDirectory temporary = new();

    public void Dispose() => temporary.Dispose();

    [Theory]
    [InlineData("ADD COLUMN z int", true)]
    [InlineData("ADD COLUMN z int NOT NULL DEFAULT 7", true)]
    [InlineData("ADD COLUMN z timestamptz NOT NULL DEFAULT now()", true)]
    [InlineData("ADD COLUMN z vector(2) DEFAULT '[1,2]'", true)]
    [InlineData("ALTER COLUMN i TYPE bigint", true)]
    [InlineData("ALTER COLUMN r TYPE double precision", true)]
    [InlineData("ALTER COLUMN n TYPE numeric(14,4)", true)]
    [InlineData("ALTER COLUMN v TYPE text", true)]
    [InlineData("ALTER COLUMN i SET NOT NULL", true)]
    [InlineData("ALTER COLUMN i SET DEFAULT 3", true)]
    [InlineData("DROP COLUMN n", true)]
    [InlineData("RENAME COLUMN n TO m", true)]
    [InlineData("RENAME TO t2", true)]
    // What zone maps tell is not read either.
    [InlineData("ADD CONSTRAINT c CHECK (i >= 0)", true)]
    [InlineData("ADD COLUMN z uuid DEFAULT gen_random_uuid()", false)]
    [InlineData("ALTER COLUMN i TYPE text", false)]
    [InlineData("ADD CONSTRAINT c CHECK (length(v) < 9)", false)]
    public async Task A_definition_alone_reads_and_writes_no_segment(string change, bool isDefinition)
    {
        await using (var store = Open())
        {
            Run(store, "CREATE TABLE t (id int PRIMARY KEY, i int, r real, n numeric(10,2), v varchar(20))");
            Run(store, "INSERT INTO t SELECT g, g, g, g, 'x' FROM (VALUES (1), (2), (3), (4)) s (g)");
            // Readings of other blocks are not counted as long as the keys are in a file.
            await store.CheckpointAsync(default);
        }

        await using var opened = (DirectoryStore)Open();
        var before = opened.Directory.List("segments");
        Run(opened, "ALTER TABLE t " + change);
        var isUntouched = opened.Root.Tables.Values.SelectMany(t => t.Segments).All(s => !s.Segment.IsMapped) && opened.Directory.List("segments").Count == before.Count;
        Assert.Equal(isDefinition, isUntouched);
    }

    private Store Open() => Store.Open(
        new DiskDirectory(Path.Combine(temporary.Path, "db")), new StoreOptions { MaintenanceInterval = Timeout.InfiniteTimeSpan, FoldedPatchCountMin = 1 }, NullLogger.Instance);

    private static void Run(Store store, string sql)
    {
        using var transaction = store.BeginWrite(TimeSpan.FromSeconds(120), null, default);
        using (var snapshot = transaction.BeginStatement())
        {
            var context = Statement.Context(snapshot, transaction);
            var bound = Planner.Plan(Parser.ParseScript(sql).Single(), sql, transaction.Catalog, new Dictionary<string, Data.Columns.DataType>());
            if (bound.Plan is DdlPlan ddl)
            {
                DdlExecutor.Execute(ddl.Statement, ddl.Text, context);
            }
            else
            {
                Statement.Run(bound.Plan, context);
            }
        }

        transaction.EndStatement();
        transaction.Commit();
    }
}
