using System.Diagnostics;
using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.Benchmarks.Workloads;

/// <summary>Operations of migrations that change a table's definition alone: on a table of ten rows, and on one of a million.</summary>
internal sealed class MigrationsWorkload : Workload
{
    private const int FewRows = 10;

    /// <summary>As many columns as there are turns, and one for the turn that is not counted: a column is made wider once.</summary>
    private const int Turns = 40;

    private static readonly (string Name, Action<MigrationBuilder, int> Do, Action<MigrationBuilder, int>? Undo)[] Operations =
    [
        ("add a column", (m, _) => m.AddColumn<int>("New", "Wide", nullable: true), (m, _) => m.DropColumn("New", "Wide")),
        ("add a column with a default", (m, _) => m.AddColumn<string>("New", "Wide", nullable: false, defaultValue: "new"), (m, _) => m.DropColumn("New", "Wide")),
        ("add a computed column", (m, _) => m.AddColumn<int>("New", "Wide", nullable: true, computedColumnSql: "\"C0\" + 1", stored: false), (m, _) => m.DropColumn("New", "Wide")),
        ("drop a column", (m, i) => m.DropColumn(Column(i), "Wide"), (m, i) => m.AddColumn<int>(Column(i), "Wide", nullable: true)),
        ("rename a column", (m, i) => m.RenameColumn(Column(i), "Wide", "Renamed"), (m, i) => m.RenameColumn("Renamed", "Wide", Column(i))),
        ("rename the table", (m, _) => m.RenameTable("Wide", newName: "Renamed"), (m, _) => m.RenameTable("Renamed", newName: "Wide")),
        ("a wider type", (m, i) => m.AlterColumn<long>(Column(i), "Wide", nullable: true, oldClrType: typeof(int), oldNullable: true), null),
        ("another default", (m, _) => m.AlterColumn<long>("C0", "Wide", nullable: true, defaultValue: 7L, oldClrType: typeof(long), oldNullable: true),
            (m, _) => m.AlterColumn<long>("C0", "Wide", nullable: true, oldClrType: typeof(long), oldNullable: true, oldDefaultValue: 7L)),
        ("may be NULL", (m, _) => m.AlterColumn<int>("Id", "Wide", nullable: true, oldClrType: typeof(int)), (m, _) => m.AlterColumn<int>("Id", "Wide", nullable: false, oldClrType: typeof(int), oldNullable: true)),
    ];

    public override string Name => "migrations";

    public override string Description => "operations of migrations that change the definition alone, on 10 rows and on 1,000,000";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 1_000_000;
        using var few = Open(options.NewPath("few.engram"), FewRows);
        using var many = Open(options.NewPath("many.engram"), rows);
        foreach (var (name, apply, undo) in Operations)
        {
            var (ofFew, ofMany) = (new LatencyLog(), new LatencyLog());
            for (var turn = 0; turn <= Turns; turn++)
            {
                // In turns, so that what else the machine does is shared.
                Time(few, apply, undo, turn, ofFew);
                Time(many, apply, undo, turn, ofMany);
            }

            Metric[] few10 = [.. ofFew.ToBestAndMedian()], many10 = [.. ofMany.ToBestAndMedian()];
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{name}, {FewRows} rows"), few10);
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{name}, {rows:N0} rows"), [.. many10, new("median, times that of 10 rows", many10[^1].Value / few10[^1].Value)]);
        }

        Check("rows after all", (long)rows, (long)EpisodeStore.Scalar(many, "SELECT count(\"C1\") FROM \"Wide\" WHERE \"Id\" > 0")! + Missing(many));
        section.Note("Each operation is written by the provider's migrations, and is a commit of its own, synced to the disk; the one that takes it back is not counted.");
    }

    /// <summary>A column that was dropped came back without its values.</summary>
    private static long Missing(EngramConnection connection) => (long)EpisodeStore.Scalar(connection, "SELECT count(*) - count(\"C1\") FROM \"Wide\"")!;

    private static string Column(int turn) => string.Create(CultureInfo.InvariantCulture, $"C{turn}");

    private static EngramConnection Open(string path, int rows)
    {
        var connection = new EngramConnection($"Data Source={path}");
        connection.Open();
        var columns = Enumerable.Range(0, Turns + 1).Select(Column).ToArray();
        EpisodeStore.Execute(connection, $"CREATE TABLE \"Wide\" (\"Id\" integer NOT NULL, {string.Join(", ", columns.Select(c => $"\"{c}\" integer"))})");
        EpisodeStore.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO \"Wide\" SELECT n, {string.Join(", ", columns.Select(_ => "n"))} FROM generate_series(1, {rows}) AS n"));
        EpisodeStore.Execute(connection, "CHECKPOINT");
        return connection;
    }

    private static void Time(EngramConnection connection, Action<MigrationBuilder, int> apply, Action<MigrationBuilder, int>? undo, int turn, LatencyLog log)
    {
        using var context = new DbContext(new DbContextOptionsBuilder().UseEngram(connection).Options);
        var statements = Write(context, apply, turn);
        var before = Stopwatch.GetTimestamp();
        Run(connection, statements);
        if (turn > 0)
        {
            log.Add(Stopwatch.GetTimestamp() - before);
        }

        if (undo is not null)
        {
            Run(connection, Write(context, undo, turn));
        }
    }

    private static string[] Write(DbContext context, Action<MigrationBuilder, int> write, int turn)
    {
        var builder = new MigrationBuilder(context.Database.ProviderName);
        write(builder, turn);
        return [.. context.GetService<IMigrationsSqlGenerator>().Generate(builder.Operations).Select(c => c.CommandText)];
    }

    private static void Run(EngramConnection connection, string[] statements)
    {
        foreach (var statement in statements)
        {
            EpisodeStore.Execute(connection, statement);
        }
    }
}
