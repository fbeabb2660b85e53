using System.Data.Common;
using System.Globalization;
using Engram.Data;
using Engram.Differential.Scripts;
using Npgsql;

namespace Engram.Differential;

/// <summary>Compares the engine with a PostgreSQL server: random tables, rows, changes and queries in both, from one seed.</summary>
/// <remarks>
/// What is compared are rows as multisets, or in their order where ORDER BY names every column; floats to some digits, all else exactly. Text compares by
/// code point in both, so the server's database has the collation C; its schema public is emptied for each seed. Statements that both refuse, that the engine
/// says it does not support (0A000) or that PostgreSQL alone refuses are counted, not reported. All else is a finding, and makes the exit code 1.
/// </remarks>
internal static class Program
{
    private static readonly SortedDictionary<string, (int Count, string Sample)> Tally = new(StringComparer.Ordinal);
    private static int queries, same, findings, filled;
    private static long rows;

    private static int Main(string[] args)
    {
        if (args.Length > 2 && args[0] == "reference")
        {
            return ReferenceCommand.Run(int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture), args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 100);
        }

        var server = Environment.GetEnvironmentVariable("ENGRAM_POSTGRES");
        if (server == null || args.Length < (args is ["scripts", ..] ? 1 : 2))
        {
            Console.Error.WriteLine("""
                ENGRAM_POSTGRES=<connection string of Npgsql> Engram.Differential <first seed> <seeds> [queries for each seed]
                ENGRAM_POSTGRES=<connection string of Npgsql> Engram.Differential -f <file with one statement a line>
                ENGRAM_POSTGRES=<connection string of Npgsql> Engram.Differential scripts [part of a name] [directory]
                ENGRAM_POSTGRES=<connection string of Npgsql> Engram.Differential make <file of SQL> <script>
                Engram.Differential reference <first seed> <seeds> [queries for each seed]        without a server, against an evaluator of our own
                All schemas of that database are dropped.
                """);
            return 2;
        }

        if (args[0] == "scripts")
        {
            return ScriptCommand.Run(args.Length > 2 ? args[2] : "tests/Engram.Data.Tests/Scripts", args.Length > 1 ? args[1] : null, server);
        }

        if (args[0] == "make")
        {
            return ScriptMaker.Run(args[1], args[2], server);
        }

        using var postgres = new NpgsqlConnection(server);
        postgres.Open();
        if (args[0] == "-f")
        {
            return Script.Run(args[1], postgres);
        }

        var first = int.Parse(args[0], CultureInfo.InvariantCulture);
        var count = int.Parse(args[1], CultureInfo.InvariantCulture);
        var perSeed = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 60;
        for (var seed = first; seed < first + count; seed++)
        {
            Run(seed, perSeed, postgres);
            if ((seed - first) % 20 == 19)
            {
                Console.WriteLine($"seeds to {seed}: queries {queries}, same {same}, findings {findings}");
            }
        }

        Console.WriteLine($"queries {queries}, same {same} ({filled} with rows, {rows} rows), findings {findings}");
        foreach (var (key, (n, sample)) in Tally)
        {
            Console.WriteLine($"{n,6} {key}\n         {sample}");
        }

        return findings == 0 ? 0 : 1;
    }

    private static void Run(int seed, int perSeed, NpgsqlConnection postgres)
    {
        var dice = new Dice(seed);
        var maker = new SchemaMaker(dice);
        var path = Path.Combine(Path.GetTempPath(), "engram-differential-" + Environment.ProcessId, "db" + seed + ".engram");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connectionString = "Data Source=" + path;
        var engram = new EngramConnection(connectionString);
        engram.Open();
        try
        {
            Plain(postgres, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; SET statement_timeout = '15s'; SET timezone = 'UTC'");
            var statements = maker.Make();
            foreach (var statement in statements)
            {
                Both(statement);
            }

            var queryMaker = new QueryMaker(dice, maker.Tables, maker.HasOffsets, isWide: true);
            foreach (var table in maker.Tables)
            {
                foreach (var insert in maker.Rows(table, 0, table.RowCount * 2 / 3))
                {
                    Both(insert);
                }
            }

            if (!Checkpoint())
            {
                return;
            }

            foreach (var table in maker.Tables)
            {
                foreach (var insert in maker.Rows(table, table.RowCount * 2 / 3, table.RowCount))
                {
                    Both(insert);
                }
            }

            if (!Changes(3) || (dice.Percent(50) && !Checkpoint()) || !Changes(3))
            {
                return;
            }

            foreach (var table in maker.Tables)
            {
                Plain(postgres, "ANALYZE " + table.Name);
            }

            for (var i = 0; i < perSeed; i++)
            {
                if (dice.Percent(8) && !Changes(1))
                {
                    return;
                }

                if (dice.Percent(3) && !Checkpoint())
                {
                    return;
                }

                if (dice.Percent(2))
                {
                    engram.Dispose();
                    EngramConnection.ClearAllPools();
                    engram = new EngramConnection(connectionString);
                    engram.Open();
                }

                var (sql, isOrdered) = queryMaker.Query();
                var found = Answer.Of(engram, null, sql);
                Compare(seed, sql, Answer.Of(postgres, null, sql), found, isOrdered, postgres);
                if (i % 3 == 0 && !found.IsError)
                {
                    // What the optimiser makes of a query is what stands there.
                    Plain(engram, "SET engram.optimizer = off");
                    var plain = Answer.Of(engram, null, sql);
                    Plain(engram, "SET engram.optimizer = on");
                    if (!plain.IsError && Answer.Difference(plain, found, isOrdered) is { } difference)
                    {
                        Report(seed, "optimiser", sql, difference);
                    }
                }
            }

            bool Changes(int n)
            {
                for (var i = 0; i < n; i++)
                {
                    var sql = queryMaker.Change();
                    using var a = postgres.BeginTransaction();
                    using var b = engram.BeginTransaction();
                    var expected = Answer.Of(postgres, a, sql);
                    var found = Answer.Of(engram, b, sql);
                    if (expected.IsError || found.IsError)
                    {
                        a.Rollback();
                        b.Rollback();
                        if (!(expected.IsError && found.IsError && expected.State != found.State && expected.State!.StartsWith("23", StringComparison.Ordinal)))
                        {
                            Compare(seed, sql, expected, found, false);
                        }
                    }
                    else
                    {
                        a.Commit();
                        b.Commit();
                        if (!Compare(seed, sql, expected, found, false))
                        {
                            return false;
                        }

                        if (expected.Affected != found.Affected)
                        {
                            Report(seed, "affected", sql, $"{expected.Affected} rows affected expected, {found.Affected} found");
                        }
                    }

                    foreach (var table in maker.Tables)
                    {
                        var all = "SELECT * FROM " + table.Name;
                        if (!Compare(seed, all, Answer.Of(postgres, null, all), Answer.Of(engram, null, all), false))
                        {
                            Report(seed, "changed", sql, "the table differs after this");
                            return false;
                        }
                    }
                }

                return true;
            }

            bool Checkpoint()
            {
                Plain(engram, "CHECKPOINT");
                return true;
            }

            void Both(string sql)
            {
                Plain(postgres, sql);
                Plain(engram, sql);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Report(seed, "set up", "", e.ToString());
        }
        finally
        {
            engram.Dispose();
            EngramConnection.ClearAllPools();
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private static void Plain(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        command.ExecuteNonQuery();
    }

    private static bool Compare(int seed, string sql, Answer expected, Answer found, bool isOrdered, NpgsqlConnection? postgres = null)
    {
        queries++;
        if (expected.State == "SKIP" || found.State == "SKIP" || expected.State == "57014")
        {
            Count("skipped: " + (expected.Message ?? found.Message), sql);
        }
        else if (found.State is "EXCEPTION" or "XX000" or "XX001" || (found.State == "57014" && expected.State == null))
        {
            Report(seed, "broken", sql, found.State + " " + found.Message);
            return false;
        }
        else if (found.State == "0A000")
        {
            Count("not supported: " + found.Message, sql);
        }
        else if (expected.IsError && found.IsError)
        {
            Count($"both errors: {expected.State} {found.State} {expected.Message}", sql);
        }
        else if (expected.IsError)
        {
            Count($"only PostgreSQL: {expected.State} {expected.Message}", $"[{seed}] {sql}");
        }
        else if (found.State == "22008" && found.Message!.Contains("range of interval", StringComparison.Ordinal))
        {
            // An interval here is a TimeSpan: sums of many days leave it that PostgreSQL still holds.
            Count("only Engram: 22008 beyond the range of interval", $"[{seed}] {sql}");
        }
        else if (found.IsError && postgres != null && Parts.OneFails(postgres, sql, found.State!))
        {
            Count($"only Engram: {found.State} of a part that fails in PostgreSQL too when it is asked for", $"[{seed}] {sql}");
        }
        else if (found.IsError)
        {
            Report(seed, "error", sql, found.State + " " + found.Message);
        }
        else if (Answer.Difference(expected, found, isOrdered) is { } difference)
        {
            Report(seed, "rows", sql, difference);
            return false;
        }
        else
        {
            same++;
            filled += expected.Rows.Count > 0 ? 1 : 0;
            rows += expected.Rows.Count;
        }

        return true;
    }

    private static void Count(string key, string sql)
    {
        var (n, sample) = Tally.GetValueOrDefault(key, (0, sql));
        Tally[key] = (n + 1, sample.Length <= sql.Length ? sample : sql);
    }

    private static void Report(int seed, string what, string sql, string message)
    {
        findings++;
        Console.WriteLine($"=== seed {seed}: {what}\n{sql}\n--> {message[..Math.Min(message.Length, 1500)]}");
    }
}
