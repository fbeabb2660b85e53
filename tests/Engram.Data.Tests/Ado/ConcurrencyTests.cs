using System.Data;

namespace Engram.Data.Tests.Ado;

/// <summary>Money moves between accounts on several threads while others count it: the sum never changes, whatever happens beside it.</summary>
public sealed class ConcurrencyTests : AdoTest
{
    private const int AccountCount = 40;

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted, false)]
    [InlineData(IsolationLevel.Snapshot, false)]
    [InlineData(IsolationLevel.Serializable, false)]
    [InlineData(IsolationLevel.ReadCommitted, true)]
    [InlineData(IsolationLevel.Snapshot, true)]
    public async Task The_sum_of_all_accounts_never_changes(IsolationLevel level, bool onDisk)
    {
        var text = onDisk ? $"Data Source={DiskPath};Durability=None;Default Timeout=300" : ConnectionString + ";Default Timeout=300";
        var connection = onDisk ? Open(text) : Connection;
        Execute(connection, "CREATE TABLE accounts (id integer PRIMARY KEY, money integer NOT NULL); CREATE TABLE moves (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount integer)");
        for (var i = 0; i < AccountCount; i++)
        {
            Execute(connection, "INSERT INTO accounts VALUES ($1, 100)", i);
        }

        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(i => Task.Run(() => Count(text, i, stop.Token))).ToArray();
        var checkpoints = Task.Run(() => Checkpoint(text, stop.Token));
        var moved = await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => Move(text, seed, level))));
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        await checkpoints;

        Assert.Equal(AccountCount * 100L, Scalar(connection, "SELECT sum(money) FROM accounts"));
        Assert.Equal((long)moved.Sum(), Scalar(connection, "SELECT count(*) FROM moves"));
        if (onDisk)
        {
            connection.Close();
            EngramConnection.ClearPool(connection);
            connection.Open();
            Assert.Equal(AccountCount * 100L, Scalar(connection, "SELECT sum(money) FROM accounts"));
            Assert.Equal((long)moved.Sum(), Scalar(connection, "SELECT count(*) FROM moves"));
        }
    }

    [Fact]
    public async Task The_schema_changes_under_readers()
    {
        FillTable(3000);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            using var connection = new EngramConnection(ConnectionString);
            connection.Open();
            while (!stop.IsCancellationRequested)
            {
                using var reader = Command(connection, "SELECT * FROM t ORDER BY id").ExecuteReader();
                var count = 0;
                while (reader.Read())
                {
                    Assert.Equal(++count, reader.GetInt32(0));
                    Assert.Equal($"name {count}", reader.GetString(1));
                    for (var i = 2; i < reader.FieldCount; i++)
                    {
                        Assert.True(reader.IsDBNull(i) || reader.GetInt32(i) == 7);
                    }
                }

                Assert.Equal(3000, count);
            }
        })).ToArray();
        for (var i = 0; i < 20; i++)
        {
            Execute($"ALTER TABLE t ADD COLUMN extra{i} integer");
            Execute($"UPDATE t SET extra{i} = 7 WHERE id % 10 = 0");
            if (i % 2 == 0)
            {
                Execute($"ALTER TABLE t DROP COLUMN extra{i}");
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    private static int Move(string text, int seed, IsolationLevel level)
    {
        var random = new Random(seed);
        using var connection = new EngramConnection(text);
        connection.Open();
        var moved = 0;
        for (var i = 0; i < 20; i++)
        {
            var (from, to, amount) = (random.Next(AccountCount), random.Next(AccountCount), random.Next(1, 20));
            for (var isDone = false; !isDone;)
            {
                using var transaction = connection.BeginTransaction(level);
                try
                {
                    // What was read may be stale by the time of the write at read committed, so the write computes from the row itself.
                    var money = (int)Scalar(connection, "SELECT money FROM accounts WHERE id = $1", from)!;
                    if (money >= amount)
                    {
                        Execute(connection, "UPDATE accounts SET money = money - $1 WHERE id = $2", amount, from);
                        transaction.Save("half");
                        Execute(connection, "UPDATE accounts SET money = money + $1", amount);
                        transaction.Rollback("half");
                        Execute(connection, "UPDATE accounts SET money = money + $1 WHERE id = $2", amount, to);
                        Assert.Equal(1, Execute(connection, "INSERT INTO moves (amount) VALUES ($1)", amount));
                        if (i % 7 == 0)
                        {
                            transaction.Rollback();
                        }
                        else
                        {
                            transaction.Commit();
                            moved++;
                        }
                    }

                    isDone = true;
                }
                catch (EngramException e) when (e.IsTransient)
                {
                    Assert.Equal("40001", e.SqlState);
                }
            }
        }

        return moved;
    }

    private static void Count(string text, int seed, CancellationToken stop)
    {
        using var connection = new EngramConnection(text);
        connection.Open();
        for (var i = seed; !stop.IsCancellationRequested; i++)
        {
            Assert.Equal(AccountCount * 100L, Scalar(connection, "SELECT sum(money) FROM accounts"));
            using var transaction = connection.BeginTransaction(IsolationLevel.Snapshot);
            var moves = Scalar(connection, "SELECT count(*) FROM moves");
            var sum = 0;
            for (var id = 0; id < AccountCount; id++)
            {
                sum += (int)Scalar(connection, "SELECT money FROM accounts WHERE id = $1", id)!;
            }

            Assert.Equal(AccountCount * 100, sum);
            Assert.Equal(moves, Scalar(connection, "SELECT count(*) FROM moves"));
        }
    }

    private static void Checkpoint(string text, CancellationToken stop)
    {
        using var connection = new EngramConnection(text);
        connection.Open();
        while (!stop.IsCancellationRequested)
        {
            Execute(connection, "CHECKPOINT");
        }
    }
}
