using Engram.Data.Engine;
using Engram.Data.Tests.Ado;
using Engram.Data.Tests.Storage.Simulation;

namespace Engram.Data.Tests.Query.Execution.Definitions;

/// <summary>Sequences and views across crashes of the simulated disk: definitions are those of the last commit, and no number comes again that must not.</summary>
public sealed class SequenceCrashTests : AdoTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void No_number_that_was_kept_comes_again(int seed)
    {
        var random = new Random(seed);
        var directory = new SimulatedDirectory(seed);
        var used = new Dictionary<string, HashSet<long>>();
        var views = new HashSet<string>();
        for (var life = 0; life < 6; life++)
        {
            var connection = OpenOn(directory, $"{seed}-{life}");
            Execute(connection, "CREATE TABLE IF NOT EXISTS t (s text, n bigint)");
            Check(connection, used, views);
            for (var step = 0; step < 40; step++)
            {
                Step(connection, random, used, views);
            }

            // What was acknowledged is on the disk; of the rest, anything may be.
            var mode = (SurvivalMode)random.Next((int)SurvivalMode.Mixed + 1);
            directory = new SimulatedDirectory(directory.Freeze().Crash(mode, random.Next()), random.Next());
        }

        Check(OpenOn(directory, $"{seed}-last"), used, views);
    }

    private EngramConnection OpenOn(SimulatedDirectory directory, string name)
    {
        var path = DiskPath + name;
        Database.Substitute(new DatabaseTarget(path, IsMemory: false), () => directory);
        return Open($"Data Source={path}");
    }

    private static void Check(EngramConnection connection, Dictionary<string, HashSet<long>> used, HashSet<string> views)
    {
        Assert.Equal(used.Keys.Order(StringComparer.Ordinal), Rows(connection, "SELECT sequence_name FROM information_schema.sequences ORDER BY 1"));
        Assert.Equal(views.Order(StringComparer.Ordinal), Rows(connection, "SELECT table_name FROM information_schema.views ORDER BY 1"));
        foreach (var view in views)
        {
            Assert.Equal(Scalar(connection, "SELECT count(*) FROM t"), Scalar(connection, $"SELECT count(n) FROM {view}"));
        }

        foreach (var (name, numbers) in used)
        {
            Take(numbers, (long)Scalar(connection, $"SELECT nextval('{name}')")!);
        }
    }

    private static void Step(EngramConnection connection, Random random, Dictionary<string, HashSet<long>> used, HashSet<string> views)
    {
        var name = used.Count == 0 ? null : used.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(used.Count));
        switch (random.Next(name is null ? 2 : 12))
        {
            case 0:
                var created = $"s{random.Next(1000)}";
                if (used.TryAdd(created, []))
                {
                    Execute(connection, $"CREATE SEQUENCE {created} INCREMENT {random.Next(1, 4)}");
                }

                break;
            case 1:
                var view = $"v{random.Next(1000)}";
                if (views.Add(view))
                {
                    Execute(connection, $"CREATE VIEW {view} AS SELECT s, n FROM t");
                }

                break;
            case 2 when random.Next(3) == 0:
                Execute(connection, $"DROP SEQUENCE {name}");
                used.Remove(name!);
                break;
            case 3:
                Execute(connection, $"BEGIN; ALTER SEQUENCE {name} RESTART WITH 1; CREATE SEQUENCE undone; CREATE VIEW undone2 AS SELECT 1 AS one; SELECT nextval('undone'); SELECT nextval('{name}'); ROLLBACK");
                break;
            case 4:
                Execute(connection, "CHECKPOINT");
                break;
            case 5:
                Execute(connection, $"ALTER SEQUENCE {name} INCREMENT {random.Next(1, 50)}");
                break;
            case 6:
                // Taken by one whose transaction is undone, and by another, whose is not.
                Execute(connection, $"BEGIN; INSERT INTO t SELECT '{name}', nextval('{name}') FROM (VALUES (1), (2)) x; ROLLBACK");
                break;
            case 7:
                Take(used[name!], (long)Scalar(connection, $"SELECT nextval('{name}')")!);
                break;
            default:
                var count = random.Next(1, 60);
                foreach (var row in Rows(connection, $"INSERT INTO t SELECT '{name}', nextval('{name}') FROM (VALUES {string.Join(", ", Enumerable.Range(0, count).Select(i => $"({i})"))}) x RETURNING n"))
                {
                    Take(used[name!], long.Parse(row, System.Globalization.CultureInfo.InvariantCulture));
                }

                break;
        }
    }

    private static void Take(HashSet<long> numbers, long number) => Assert.True(numbers.Add(number), $"{number} came again");
}
