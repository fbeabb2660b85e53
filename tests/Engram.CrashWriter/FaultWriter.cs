using System.Globalization;
using Engram.Data;

namespace Engram.CrashWriter;

/// <summary>Writes through ADO.NET while system calls fail, and prints what it is told.</summary>
/// <remarks>
/// Each transaction inserts the two rows of one number; every eighth is followed by a checkpoint. Lines:
/// <code>
///   ack n              the commit of number n returned
///   error STATE what   a call failed
///   read n m           after an error: how many rows a reader sees, and how many numbers were acknowledged to its thread's knowledge
///   again STATE        after an error: what the next write gave, "ok" for success
///   end
/// </code>
/// </remarks>
internal static class FaultWriter
{
    private const int TransactionCount = 40;

    private static readonly Lock s_gate = new();

    public static int Run(string connectionString, int threadCount)
    {
        EngramConnection? keeper = null;
        try
        {
            for (var attempt = 1; keeper is null; attempt++)
            {
                keeper = TryOpen(connectionString, isLast: attempt == 3);
            }
        }
        catch (EngramException)
        {
            Print("end");
            return 0;
        }

        var threads = Enumerable.Range(0, threadCount).Select(thread => new Thread(() => Write(connectionString, thread))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        try
        {
            keeper.Close();
            EngramConnection.ClearPool(keeper);
        }
        catch (EngramException e)
        {
            Print($"error {e.SqlState} close");
        }

        Print("end");
        return 0;
    }

    /// <summary>Opens the database and creates its table; null when a call failed and another attempt may succeed.</summary>
    private static EngramConnection? TryOpen(string connectionString, bool isLast)
    {
        var connection = new EngramConnection(connectionString);
        try
        {
            connection.Open();
            Execute(connection, "CREATE TABLE IF NOT EXISTS pair (number bigint NOT NULL, half integer NOT NULL, body text NOT NULL, PRIMARY KEY (number, half))");
            return connection;
        }
        catch (EngramException e) when (!isLast)
        {
            Print($"error {e.SqlState} open");
            connection.Dispose();
            EngramConnection.ClearPool(connection);
            return null;
        }
    }

    private static void Write(string connectionString, int thread)
    {
        using var connection = new EngramConnection(connectionString);
        connection.Open();
        for (var i = 1; i <= TransactionCount; i++)
        {
            var number = (thread * 1000L) + i;
            try
            {
                Insert(connection, number);
                Print($"ack {number}");
                if (i % 8 == 0)
                {
                    Execute(connection, "CHECKPOINT");
                }
            }
            catch (EngramException e)
            {
                Print($"error {e.SqlState} {number}");
                if (!GoOn(connection, number + 500, e.SqlState))
                {
                    return;
                }
            }
        }
    }

    /// <summary>After an error: reads, and writes once more. False when nothing more can be written.</summary>
    private static bool GoOn(EngramConnection connection, long number, string error)
    {
        try
        {
            using var command = new EngramCommand("SELECT count(*) FROM pair", connection);
            Print($"read {command.ExecuteScalar()}");
        }
        catch (EngramException e)
        {
            Print($"unreadable {e.SqlState}");
        }

        try
        {
            Insert(connection, number);
            Print($"ack {number}");
            Print($"again ok after {error}");
            return true;
        }
        catch (EngramException e)
        {
            Print($"again {e.SqlState} after {error}");
            return e.SqlState is not ("EG003" or "08007");
        }
    }

    private static void Insert(EngramConnection connection, long number)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO pair VALUES ({number}, 1, '{new string('a', (int)(number * 977 % 9000))}')"));
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO pair VALUES ({number}, 2, 'second half')"));
        transaction.Commit();
    }

    private static void Execute(EngramConnection connection, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static void Print(string line)
    {
        lock (s_gate)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
