namespace Engram.Data.Tests.Query;

/// <summary>Errors in a statement point at the word at which PostgreSQL points: each line of <see cref="Statements"/> has the SQLSTATE, the position and the statement.</summary>
public sealed partial class ErrorPositionTests
{
    private const string Setup = """
        CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text, c numeric(5,2), d date, e boolean, f double precision, j jsonb, s smallint, v varchar(3), g integer GENERATED ALWAYS AS (a * 2) STORED, CHECK (a > 0));
        CREATE TABLE u (id integer PRIMARY KEY, t integer REFERENCES t, b text UNIQUE, n integer GENERATED ALWAYS AS IDENTITY);
        CREATE VIEW w AS SELECT id, a FROM t;
        CREATE VIEW wg AS SELECT a, count(*) FROM t GROUP BY a;
        CREATE SEQUENCE sq;
        CREATE INDEX t_b ON t (b);
        CREATE SCHEMA other;
        INSERT INTO t VALUES (1, 1, 'x', 1.5, '2020-01-01', true, 1.5, '{"a": 1}', 1, 'abc'), (2, 2, 'y', 2, NULL, false, 0, '[1]', 2, 'b');
        INSERT INTO u VALUES (1, 1, 'x');
        """;

    [Fact]
    public void An_error_points_at_the_word_that_is_wrong()
    {
        using var connection = new EngramConnection("Data Source=error-positions;Mode=Memory");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Setup;
        command.ExecuteNonQuery();
        var wrong = new List<string>();
        foreach (var line in Statements.Split('\n', StringSplitOptions.TrimEntries))
        {
            var parts = line.Split(' ', 3);
            command.CommandText = parts[2];
            var found = "no error";
            try
            {
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                }
            }
            catch (EngramException e)
            {
                found = $"{e.SqlState} {e.Position}";
            }

            if (found != $"{parts[0]} {parts[1]}")
            {
                wrong.Add($"{line}\n    found {found}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void A_name_with_half_of_a_surrogate_pair_is_refused_where_it_stands()
    {
        using var connection = new EngramConnection("Data Source=error-surrogates;Mode=Memory");
        connection.Open();
        using var command = connection.CreateCommand();
        foreach (var (text, position) in new[] { ("SELECT 1 AS \"a\ud83d\"", 13), ("CREATE TABLE \ude00b (a integer)", 14), ("SELECT 1 AS \"\ud83d\ude00\", x\ud83d", 19) })
        {
            command.CommandText = text;
            var error = Assert.Throws<EngramException>(() => command.ExecuteNonQuery());
            Assert.Contains(error.SqlState, new[] { "22021", "42601" });
            Assert.Equal(position, error.Position);
        }
    }
}
