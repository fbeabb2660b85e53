using System.Globalization;
using Engram.Data.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>Queries over encoded blocks give what they give over the same rows as they were inserted: filters, keys and sums, with patches and without.</summary>
public sealed class EncodedQueryTests : AdoTest
{
    private const int RowCount = 5000;

    private static readonly string[] s_words = ["", "alpha", "alphabet", "beta", "béta", "gamma", "a_b", "delta", "10 %"];

    private static readonly string[] s_filters =
    [
        "w = 'beta'", "'beta' = w", "w <> 'beta'", "w < 'b'", "'b' >= w", "w IN ('beta', 'gamma', 'none')", "w NOT IN ('beta', 'gamma')", "w LIKE 'al%'", "w = 'beta' AND q > 50",
        "q > 90 AND w = 'gamma'", "w IS NULL", "NOT (w = 'beta')", "w = ANY (ARRAY['alpha', 'beta'])", "w = v", "v = 'y'", "v <> 'x' AND w IS NOT NULL", "u = '00000003-0000-0000-0000-000000000000'",
        "u > '00000003-0000-0000-0000-000000000000'", "p = 1.5", "p BETWEEN 2 AND 7.25", "z = 1.50", "z < 1.5", "q BETWEEN 10 AND 20", "q = -3", "d = '2026-02-03'", "at >= '2026-01-01 00:00:30+00'", "b", "NOT b",
        "t BETWEEN '10:00' AND '11:00'", "s IN (1, 5, 7)", "w || v = 'betay'", "length(w) = 4", "coalesce(w, 'beta') = 'beta'", "id = 17", "id IN (3, 2049, 4999)", "w IS DISTINCT FROM 'beta'",
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Encoded_rows_answer_as_plain_ones(int seed, bool isChanged)
    {
        Create("encoded", seed);
        Execute("CHECKPOINT");
        Create("loose", seed);
        var store = (DirectoryStore)Connection.Session.Database.Store;
        Assert.Equal([0, 1], store.Root.Tables.Values.Select(t => t.Segments.Length).Order());
        if (isChanged)
        {
            foreach (var table in new[] { "encoded", "loose" })
            {
                Execute($"UPDATE {table} SET w = 'beta' WHERE id % 13 = 1");
                Execute($"UPDATE {table} SET w = NULL, v = 'y', q = q + 1000, z = 1.5 WHERE id % 17 = 2");
                Execute($"DELETE FROM {table} WHERE id % 7 = 3");
            }
        }

        foreach (var filter in s_filters)
        {
            AssertSame($"SELECT count(*), sum(id), min(w), max(v), sum(p), sum(z), max(u), min(at), max(d), sum(q), max(s) FROM $T WHERE {filter}");
            AssertSame($"SELECT v, count(*), sum(p) FROM $T WHERE {filter} GROUP BY v ORDER BY v");
            AssertSame($"SELECT id, w, v, u, p, z, q, d, at, b, t, s FROM $T WHERE {filter} ORDER BY id LIMIT 40");
        }

        foreach (var key in new[] { "w", "v", "u", "z", "p", "b", "d", "w, v", "z, u" })
        {
            AssertSame($"SELECT {key}, count(*), min(id) FROM $T GROUP BY {key} ORDER BY min(id)");
            AssertSame($"SELECT {key}, count(*), min(id) FROM $T WHERE q > 30 GROUP BY {key} ORDER BY min(id)");
            AssertSame($"SELECT DISTINCT {key} FROM $T WHERE s > 2 ORDER BY {key}");
        }

        AssertSame("SELECT count(*) FROM $T a JOIN (VALUES ('x', 1), ('y', 2)) AS k (name, n) ON k.name = a.v WHERE k.n = 2");
        AssertSame("SELECT count(*), sum(id) FROM $T WHERE w IN (SELECT w FROM $T WHERE q = 50)");
    }

    private void AssertSame(string query)
    {
        var expected = Rows(query.Replace("$T", "loose", StringComparison.Ordinal));
        Assert.True(expected.SequenceEqual(Rows(query.Replace("$T", "encoded", StringComparison.Ordinal))), query);
    }

    private void Create(string table, int seed)
    {
        Execute($"CREATE TABLE {table} (id integer PRIMARY KEY, w text, v text NOT NULL, u uuid NOT NULL, p numeric(10,2), z numeric, q integer NOT NULL, d date, at timestamptz NOT NULL, b boolean NOT NULL, t time NOT NULL, s smallint NOT NULL)");
        var random = new Random(seed);
        for (var first = 0; first < RowCount; first += 500)
        {
            Execute($"INSERT INTO {table} VALUES " + string.Join(", ", Enumerable.Range(first, 500).Select(id => Row(random, id))));
        }
    }

    private static string Row(Random random, int id)
    {
        var word = random.Next(12) == 0 ? "NULL" : $"'{s_words[random.Next(s_words.Length)]}'";
        var price = random.Next(20) == 0 ? "NULL" : $"{random.Next(1000)}.{random.Next(100):D2}";
        // Equal numbers of different scales: groups show the first's.
        string[] numbers = ["1.5", "1.50", "-2", "12345678901234567890123.1"];
        var date = random.Next(9) == 0 ? "NULL" : $"'2026-02-{random.Next(1, 29):D2}'";
        return string.Create(CultureInfo.InvariantCulture,
            $"({id}, {word}, '{(random.Next(3) == 0 ? "x" : "y")}', '{random.Next(9):D8}-0000-0000-0000-000000000000', {price}, {numbers[random.Next(4)]}, {random.Next(-5, 100)}, {date}, '2026-01-01 00:00:{random.Next(60):D2}+{random.Next(2):D2}', {(random.Next(3) == 0 ? "true" : "false")}, '{random.Next(24):D2}:30', {random.Next(9)})");
    }
}
