// Takes a database with rows through three versions of its schema, back to the first and forward again, and shows that every row is kept.
//
//   dotnet run --project samples/Migrations                 100,000 notes
//   dotnet run --project samples/Migrations -- 1000000      as many as you like

using System.Diagnostics;
using System.Globalization;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Migrations;

var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var scratch = Directory.CreateTempSubdirectory("migrations");
var path = Path.Combine(scratch.FullName, "notes.engram");
string[] topics = ["garden", "house", "travel", "work"];

using (var notebook = new Notebook(path))
{
    MigrateTo(notebook, Versions.First);
    Fill(notebook);
    var fingerprint = Fingerprint(notebook);

    MigrateTo(notebook, Versions.Wider);
    Expect(notebook, fingerprint);
    MigrateTo(notebook, Versions.Topics);
    Expect(notebook, fingerprint);

    foreach (var topic in notebook.Notes.GroupBy(n => n.Topic!.Name).Select(g => new { Name = g.Key, Notes = g.Count() }).OrderBy(g => g.Name))
    {
        Console.WriteLine($"              topic {topic.Name}: {topic.Notes} notes");
    }

    MigrateTo(notebook, Versions.First);
    Expect(notebook, fingerprint);

    // What an application does when it starts: whatever is missing is applied, in order. It does nothing when the schema is up to date.
    var clock = Stopwatch.StartNew();
    notebook.Database.Migrate();
    Show("Migrate()", clock);
    Expect(notebook, fingerprint);
    Console.WriteLine($"Applied       {string.Join(", ", notebook.Database.GetAppliedMigrations())}");
}

EngramConnection.ClearAllPools();
scratch.Delete(recursive: true);

static void MigrateTo(Notebook notebook, string version)
{
    var clock = Stopwatch.StartNew();
    notebook.GetService<IMigrator>().Migrate(version);
    Show(version, clock);
}

static void Show(string what, Stopwatch clock)
    => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMilliseconds,9:0.0} ms  {what}"));

// Version 1 has no class any more: its rows come as they would from an import.
void Fill(Notebook notebook)
{
    notebook.Database.OpenConnection();
    var clock = Stopwatch.StartNew();
    using var copy = new EngramBulkCopy((EngramConnection)notebook.Database.GetDbConnection(), "Notes");
    copy.ColumnMappings.Add(new(0, "Title"));
    copy.ColumnMappings.Add(new(1, "Weight"));
    copy.WriteToServer(Enumerable.Range(0, count).Select(i => new object?[] { $"{topics[i % topics.Length]} {i}", i % 8 * 0.25f }));
    Show($"{count} notes loaded", clock);
}

// What every version has: a number for each title and weight, added up. float and double hold quarters exactly.
static string Fingerprint(Notebook notebook)
    => notebook.Database.SqlQuery<string>(
        $"""SELECT count(*) || ' notes, ' || coalesce(sum(length("Title")), 0) || ' letters, weight ' || coalesce(sum(CAST("Weight" AS double precision)), 0) || ', ids ' || coalesce(sum("Id"), 0) AS "Value" FROM "Notes" """).Single();

static void Expect(Notebook notebook, string fingerprint)
{
    var found = Fingerprint(notebook);
    if (found != fingerprint)
    {
        throw new InvalidOperationException($"The rows have changed: {found} instead of {fingerprint}.");
    }

    Console.WriteLine($"              kept: {found}");
}
