using System.Diagnostics;
using System.Globalization;
using Engram.Data;

namespace Engram.Fuzzing;

/// <summary>Gives inputs to a database in memory and looks at what comes back: rows, or an error that is one of ours.</summary>
/// <remarks>
/// What must not be: an exception of another kind, an internal error (XX000), damage (XX001), a syntax error or position that points nowhere, a statement that
/// goes on long after its time is over, memory that is far beyond the limit. A crash of the process cannot be caught: the seed is written to a file first.
/// </remarks>
internal sealed class FuzzRun(IReadOnlyList<IReadOnlyList<string>> corpus, string? lastSeedPath) : IDisposable
{
    private const int InputsPerDatabase = 100;
    private const int TimeoutSeconds = 2;
    private const int RowsMax = 5000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string[] Setup =
    [
        "CREATE TABLE a (id integer PRIMARY KEY, n integer, s text, d date DEFAULT DATE '2024-01-01', j json, tags text[])",
        "CREATE TABLE b (id integer PRIMARY KEY, n integer REFERENCES a (id), t timestamptz, m numeric(10, 2))",
        "CREATE TABLE c (id bigint, v vector(3), r double precision)",
        "CREATE INDEX a_s ON a (s, n)",
        "INSERT INTO a (id, n, s, tags) VALUES (1, 10, 'one', '{x,y}'), (2, NULL, NULL, NULL), (3, 30, 'three', '{}')",
        "CHECKPOINT",
        "INSERT INTO b VALUES (1, 1, '2024-01-01 00:00+02', 1.5), (2, NULL, NULL, NULL), (3, 3, '2024-06-01 00:00Z', -2)",
        "INSERT INTO c VALUES (1, '[1,2,3]', 0.5), (2, NULL, 'NaN')",
    ];

    private static int databases;
    private EngramConnection? connection;
    private IReadOnlyList<string> group = [];
    private int inputs;
    private int resets;

    /// <summary>Inputs that gave rows or changed something.</summary>
    public int Succeeded { get; private set; }

    /// <summary>Inputs by the error that they ended with.</summary>
    public SortedDictionary<string, int> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Is told of every error; for looking at what inputs are refused for.</summary>
    public Action<string>? Shown { get; init; }

    public List<string> Findings { get; } = [];

    /// <summary>One input, made from its seed.</summary>
    public void Run(int seed)
    {
        if (connection is null || ++inputs % InputsPerDatabase == 0)
        {
            Reset();
        }

        var input = new InputMaker(group, seed).Next();
        if (input.AsSpan().Trim().IsEmpty)
        {
            // Not a statement: an InvalidOperationException by the contract of ADO.NET.
            return;
        }

        if (lastSeedPath is not null)
        {
            File.WriteAllText(lastSeedPath, seed.ToString(CultureInfo.InvariantCulture));
        }

        var watch = Stopwatch.StartNew();
        try
        {
            Execute(input);
            Succeeded++;
        }
        catch (EngramException e)
        {
            Shown?.Invoke($"[{seed}] {e.SqlState} {e.Message}\n    {input[..Math.Min(input.Length, 300)]}");
            Errors[e.SqlState] = Errors.GetValueOrDefault(e.SqlState) + 1;
            // The path is a value, met while the statement runs: its message says where in the path.
            var isOfValue = e.Message.StartsWith("The json path '", StringComparison.Ordinal) || e.Message.StartsWith("unistr", StringComparison.Ordinal);
            if (e.SqlState is "XX000" or "XX001" || e.Position < 0 || e.Position > input.Length + 1 || (e.SqlState == "42601" && e.Position == 0 && !isOfValue))
            {
                Report(seed, input, $"{e.SqlState} at {e.Position}: {e}");
            }
        }
        catch (Exception e)
        {
            Report(seed, input, e.ToString());
        }

        if (watch.Elapsed > Patience)
        {
            Report(seed, input, $"took {watch.Elapsed}");
        }

        EndTransaction();
    }

    public void Dispose() => connection?.Dispose();

    private void Execute(string input)
    {
        using var command = connection!.CreateCommand();
        command.CommandText = input;
        command.CommandTimeout = TimeoutSeconds;
        command.Parameters.AddWithValue("p", inputs % 3 == 0 ? "text" : inputs % 3 == 1 ? 7 : DBNull.Value);
        using var reader = command.ExecuteReader();
        do
        {
            for (var rows = 0; rows < RowsMax && reader.Read(); rows++)
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    _ = reader.GetValue(i);
                }
            }
        }
        while (reader.NextResult());
    }

    /// <summary>What an input began, and what it set, ends with it.</summary>
    private void EndTransaction()
    {
        foreach (var sql in (string[])["SET statement_timeout = 0", "ROLLBACK"])
        {
            using var command = connection!.CreateCommand();
            command.CommandText = sql;
            try
            {
                command.ExecuteNonQuery();
            }
            catch (EngramException e) when (e.SqlState == "25P01")
            {
                // Mostly there is none to end.
                return;
            }
        }
    }

    private void Reset()
    {
        connection?.Dispose();
        connection = new EngramConnection($"Data Source=fuzz-{Environment.ProcessId}-{Interlocked.Increment(ref databases)};Mode=Memory;Memory Limit=64");
        connection.Open();
        foreach (var sql in Setup)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        // The tables of one script, so that what is made of its queries finds them; names that both have stay as they are above.
        group = corpus[resets++ % corpus.Count];
        foreach (var sql in group.Where(s => s.StartsWith("CREATE TABLE", StringComparison.Ordinal) || s.StartsWith("INSERT", StringComparison.Ordinal)))
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            try
            {
                command.ExecuteNonQuery();
            }
            catch (EngramException e)
            {
                Errors["set up " + e.SqlState] = Errors.GetValueOrDefault("set up " + e.SqlState) + 1;
            }
        }
    }

    private void Report(int seed, string input, string message)
    {
        Findings.Add($"seed {seed}: {(input.Length > 2000 ? input[..2000] + "…" : input)}\n--> {message[..Math.Min(message.Length, 1500)]}");
        Reset();
    }
}
