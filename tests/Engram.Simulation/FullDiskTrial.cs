using System.Collections.Concurrent;
using System.Globalization;
using Engram.Data;

namespace Engram.Simulation;

/// <summary>One database on a file system that is filled and emptied around it.</summary>
internal sealed class FullDiskTrial(string path, int seed)
{
    private const int RoundCount = 3;
    private const int WriterCount = 3;
    private const int RowsInTransaction = 3;
    private const long BallastSizeBytes = 160L * 1024 * 1024;

    private readonly string _connectionString = $"Data Source={path}/full.engram;Keep Alive=30";
    private readonly string _ballast = System.IO.Path.Combine(path, "ballast");
    private readonly ConcurrentDictionary<long, bool> _acknowledged = new();
    private int _numberLast;
    private int _refusals;
    private int _checkpoints;
    private int _refusedCheckpoints;
    private int _refusedOpenings;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{_acknowledged.Count} transactions acknowledged, {_refusals} refused with 53100, {_checkpoints} checkpoints done and {_refusedCheckpoints} refused, {_refusedOpenings} openings refused");

    /// <exception cref="InvalidOperationException">What went wrong.</exception>
    public void Run()
    {
        WriteBallast();
        using (var connection = Open(_connectionString))
        {
            Execute(connection, "CREATE TABLE filler (number bigint NOT NULL, part integer NOT NULL, body text NOT NULL, PRIMARY KEY (number, part))");
            for (var round = 1; round <= RoundCount; round++)
            {
                RunRound(connection);
            }
        }

        Reopen();
    }

    /// <summary>Lets go of the database, whatever became of it.</summary>
    public void Release()
    {
        using var connection = new EngramConnection(_connectionString);
        EngramConnection.ClearPool(connection);
    }

    /// <summary>Deletes the database, once it is let go of, and the ballast.</summary>
    public void Delete()
    {
        Directory.Delete(System.IO.Path.Combine(path, "full.engram"), recursive: true);
        File.Delete(_ballast);
    }

    private void RunRound(EngramConnection connection)
    {
        WriteUntilFull();
        Check(connection, "on the full disk");
        TryCheckpoint(connection);
        Check(connection, "after a checkpoint on the full disk");
        WriteUntilFull();
        Check(connection, "on the disk that is full again");

        File.Delete(_ballast);
        // The same open database: had anything been poisoned, this would be EG003.
        for (var i = 0; i < 5; i++)
        {
            Require(TryInsert(connection, new Random(seed)), "There is room again, and a commit was still refused.");
        }

        // It writes all rows once more, beside log files that are larger each time: there may be too little room even now.
        TryCheckpoint(connection);
        Check(connection, "with room again");
        // With nothing to write it must go through. It deletes the log, so that there is something to fill again.
        Execute(connection, "DELETE FROM filler");
        _acknowledged.Clear();
        Require(TryCheckpoint(connection), "There is room again, and a checkpoint of an empty table was still refused.");
        WriteBallast();
    }

    /// <summary>Opens the database on the full disk, read-only too, and then with room.</summary>
    private void Reopen()
    {
        WriteUntilFull();
        Release();
        using (var connection = Open($"Data Source={path}/full.engram;Mode=ReadOnly;Keep Alive=0"))
        {
            Check(connection, "opened read-only on the full disk");
        }

        try
        {
            using var connection = Open(_connectionString);
            Check(connection, "reopened on the full disk");
        }
        catch (EngramException e) when (e.SqlState == "53100")
        {
            _refusedOpenings++;
        }

        Release();
        File.Delete(_ballast);
        using (var connection = Open(_connectionString))
        {
            Check(connection, "reopened with room");
            Require(TryInsert(connection, new Random(seed)), "There is room again, and the reopened database refused a commit.");
            Check(connection, "after the last commit");
        }
    }

    private void WriteUntilFull()
    {
        var failures = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, WriterCount).Select(writer => new Thread(() =>
        {
            try
            {
                var random = new Random(seed + writer);
                using var connection = Open(_connectionString);
                for (var refusals = 0; refusals < 3;)
                {
                    refusals += TryInsert(connection, random) ? 0 : 1;
                }
            }
            catch (EngramException e)
            {
                failures.Enqueue(e);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Require(failures.IsEmpty, $"A writer on a full disk was told something else than 53100: {failures.FirstOrDefault()}");
    }

    private bool TryInsert(EngramConnection connection, Random random)
    {
        var number = Interlocked.Increment(ref _numberLast);
        try
        {
            using var transaction = connection.BeginTransaction();
            for (var part = 0; part < RowsInTransaction; part++)
            {
                using var command = new EngramCommand("INSERT INTO filler VALUES ($1, $2, $3)", connection);
                command.Parameters.Add(new EngramParameter { Value = (long)number });
                command.Parameters.Add(new EngramParameter { Value = part });
                command.Parameters.Add(new EngramParameter { Value = RandomText(random, random.Next(100, 60_000)) });
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            _acknowledged[number] = true;
            return true;
        }
        catch (EngramException e) when (e.SqlState == "53100")
        {
            Interlocked.Increment(ref _refusals);
            return false;
        }
    }

    private bool TryCheckpoint(EngramConnection connection)
    {
        try
        {
            Execute(connection, "CHECKPOINT");
            _checkpoints++;
            return true;
        }
        catch (EngramException e) when (e.SqlState == "53100")
        {
            _refusedCheckpoints++;
            return false;
        }
    }

    /// <summary>Exactly the acknowledged transactions are there, whole: a refused one left nothing.</summary>
    private void Check(EngramConnection connection, string when)
    {
        using var command = new EngramCommand("SELECT number, count(*), min(length(body)) FROM filler GROUP BY number", connection);
        using var reader = command.ExecuteReader();
        var found = 0;
        while (reader.Read())
        {
            found++;
            var number = reader.GetInt64(0);
            Require(_acknowledged.ContainsKey(number), $"Transaction {number} was refused, and is there {when}.");
            Require(reader.GetInt64(1) == RowsInTransaction, $"Of transaction {number} {reader.GetInt64(1)} rows are there {when}.");
        }

        Require(found == _acknowledged.Count, $"{_acknowledged.Count} transactions were acknowledged, and {found} are there {when}.");
    }

    private void WriteBallast()
    {
        using var file = new FileStream(_ballast, FileMode.Create);
        var block = new byte[64 * 1024];
        try
        {
            for (var length = 0L; length < BallastSizeBytes; length += block.Length)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // As much as there is room for.
            return;
        }
    }

    private static string RandomText(Random random, int length) => string.Create(length, random, static (span, random) =>
    {
        foreach (ref var character in span)
        {
            character = (char)('a' + random.Next(26));
        }
    });

    private static EngramConnection Open(string connectionString)
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        return connection;
    }

    private static void Execute(EngramConnection connection, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }
}
