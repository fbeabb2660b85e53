using System.Globalization;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Execution.Parallel;

/// <summary>Queries on one thread and on several over the same data: small, but cut as if it were large.</summary>
public abstract class ParallelTest : AdoTest
{
    /// <summary>Splits everything, a block at a time, and asks for help at once.</summary>
    internal static readonly Parallelism Four = new() { MaxThreadCount = 4, RowCountMin = 1, MorselBlockCount = 1, HelpDelay = TimeSpan.Zero };

    internal static void SetParallelism(EngramConnection connection, Parallelism parallelism) => connection.Session.Settings.Parallelism = parallelism;

    /// <summary>All rows as text, floats to the last bit.</summary>
    internal static string[] Run(EngramConnection connection, Parallelism parallelism, string sql, params object?[] values)
    {
        SetParallelism(connection, parallelism);
        using var command = Command(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) switch
            {
                DBNull => "NULL",
                float f => BitConverter.SingleToInt32Bits(f).ToString("X8", CultureInfo.InvariantCulture),
                double d => BitConverter.DoubleToInt64Bits(d).ToString("X16", CultureInfo.InvariantCulture),
                DateTimeOffset t => t.ToString("O", CultureInfo.InvariantCulture),
                var v => Convert.ToString(v, CultureInfo.InvariantCulture)!,
            })));
        }

        return [.. rows];
    }

    internal static void AssertSame(EngramConnection connection, string sql, params object?[] values)
    {
        var expected = Run(connection, Parallelism.Off, sql, values);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected, Run(connection, Four, sql, values));
        }
    }

    /// <summary>A table e of so many rows in segments and delta, of which some were updated and deleted since, half of these in a transaction that is still open when
    /// <paramref name="open"/> says so.</summary>
    internal void Fill(EngramConnection connection, int rows, int seed, bool open = false)
    {
        Execute(connection, """
            CREATE TABLE e (id bigint PRIMARY KEY, topic int, name text, score real, weight double precision, price numeric(18, 4), at timestamptz, day date, flag boolean)
            """);
        var random = new Random(seed);
        var half = rows / 2;
        new EngramBulkCopy(connection, "e").WriteToServer(Enumerable.Range(0, half).Select(Row));
        Execute(connection, "CHECKPOINT");
        new EngramBulkCopy(connection, "e").WriteToServer(Enumerable.Range(half, half / 2).Select(Row));
        Execute(connection, "CHECKPOINT");
        foreach (var chunk in Enumerable.Range(half + (half / 2), rows - half - (half / 2)).Chunk(500))
        {
            using var command = Command(connection, "");
            var texts = new List<string>();
            foreach (var id in chunk)
            {
                var row = Row(id);
                var names = row.Select(v =>
                {
                    command.Parameters.AddWithValue(null, v);
                    return $"${command.Parameters.Count}";
                });
                texts.Add($"({string.Join(", ", names)})");
            }

            command.CommandText = "INSERT INTO e VALUES " + string.Join(", ", texts);
            command.ExecuteNonQuery();
        }

        Execute(connection, "UPDATE e SET score = score + 1, name = 'changed' WHERE id % 97 = 3");
        if (open)
        {
            Execute(connection, "BEGIN");
        }

        Execute(connection, "DELETE FROM e WHERE id % 53 = 5");
        Execute(connection, "UPDATE e SET topic = 7, weight = 0.1 WHERE id % 101 = 7");

        object?[] Row(int id) =>
        [
            (long)id, id % 13 == 0 ? null : random.Next(40), random.Next(9) == 0 ? null : $"name {random.Next(300)}", (float)random.NextDouble(),
            random.Next(20) switch { 0 => null, 1 => 1e17 * random.NextDouble(), 2 => -1e-30, _ => random.NextDouble() },
            random.Next(1_000_000) / 10_000m, new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.FromHours(random.Next(-3, 4))).AddSeconds(id / 7 * 3600),
            new DateOnly(2024, 1, 1).AddDays(id / 500), id % 3 == 0,
        ];
    }
}
