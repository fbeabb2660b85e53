using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Ado;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Statistics;

/// <summary>How many different values columns have: from files beside segments, from segments without one, and from rows in none.</summary>
public sealed class SketchFileTests : AdoTest
{
    private const int RowCount = 70_000;

    private string Folder => Path.Combine(DiskPath, "indexes");

    private string SketchPath => Assert.Single(Directory.GetFiles(Folder, "*.sketches"));

    [Theory]
    [InlineData("whole")]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("flipped")]
    [InlineData("analyzed")]
    public void Estimates_are_near_with_a_sketch_file_and_without(string damage)
    {
        using (var connection = Open("Data Source=" + DiskPath))
        {
            Run(connection, "CREATE TABLE t (id int PRIMARY KEY, few int, half text, none int, wide vector(3))");
            Run(connection, $"INSERT INTO t SELECT i, i % 40, 'v' || i / 2, CAST(NULL AS int), CAST(NULL AS vector(3)) FROM generate_series(1, {RowCount}) AS g (i)");
            Run(connection, "CHECKPOINT");
            Run(connection, $"INSERT INTO t SELECT i, i % 50, 'v' || i / 2, 1, CAST(NULL AS vector(3)) FROM generate_series({RowCount + 1}, {RowCount + 4000}) AS g (i)");
            connection.Close();
            EngramConnection.ClearPool(connection);
        }

        var bytes = File.ReadAllBytes(SketchPath);
        switch (damage)
        {
            case "missing" or "analyzed":
                File.Delete(SketchPath);
                break;
            case "cut":
                File.WriteAllBytes(SketchPath, bytes[..^9]);
                break;
            case "flipped":
                bytes[bytes.Length / 2] ^= 4;
                File.WriteAllBytes(SketchPath, bytes);
                break;
        }

        using var store = Store.Open(new DiskDirectory(DiskPath), new StoreOptions(), NullLogger.Instance);
        using var snapshot = store.OpenSnapshot();
        var table = snapshot.Catalog.Tables.Values.Single();
        if (damage == "analyzed")
        {
            snapshot.MakeSketches(table.Id, default);
        }

        ColumnId Id(string column) => table.Columns.Single(c => c.Name == column).Id;
        double? Distinct(string column) => snapshot.EstimateDistinct(table.Id, Id(column));
        var slack = damage is "whole" or "analyzed" ? 1.12 : 2.5;
        Assert.InRange(Distinct("id")!.Value, RowCount / slack, (RowCount + 4000) * slack);
        Assert.InRange(Distinct("few")!.Value, 38, 60);
        Assert.InRange(Distinct("half")!.Value, RowCount / 2 / slack, (RowCount + 4000) * slack / (damage is "whole" or "analyzed" ? 2 : 1));
        Assert.InRange(Distinct("none")!.Value, 0, 2);
        Assert.Null(Distinct("wide"));
        Assert.Equal(1, snapshot.EstimateNullFraction(table.Id, Id("none")));
        Assert.Equal(0, snapshot.EstimateNullFraction(table.Id, Id("few")));
    }

    [Fact]
    public void A_checkpoint_writes_what_is_missing_and_a_segment_that_is_gone_takes_its_file_along()
    {
        using var connection = Open("Data Source=" + DiskPath);
        Run(connection, "CREATE TABLE t (id int, s text)");
        Run(connection, $"INSERT INTO t SELECT i, 'x' FROM generate_series(1, {RowCount}) AS g (i)");
        Run(connection, "CHECKPOINT");
        var before = SketchPath;
        connection.Close();
        EngramConnection.ClearPool(connection);
        File.Delete(before);
        using var again = Open("Data Source=" + DiskPath);
        Run(again, "INSERT INTO t VALUES (0, 'y')");
        Run(again, "CHECKPOINT");
        Assert.Equal(before, SketchPath);
        Run(again, "DELETE FROM t");
        Run(again, "CHECKPOINT");
        Assert.Empty(Directory.GetFiles(Folder, "*.sketches"));
    }

    [Theory]
    [InlineData(2000, 2000, 90_000, 90_000)]
    [InlineData(1000, 32_000, 1_000_000, 1000)]
    [InlineData(500, 500, 500, 500)]
    public void Samples_are_extrapolated(double found, long read, long total, double expected)
        => Assert.InRange(StoreSnapshot.Extrapolate(found, read, total), expected * 0.9, expected * 1.1);

    private static void Run(EngramConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
