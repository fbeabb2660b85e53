using Engram.Data.Tests.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>Columns of tables with rows are added and changed: the result is that of a table made anew and filled by a query.</summary>
public sealed class AlterColumnTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private EngramConnection connection;

    public AlterColumnTests() => connection = Open();

    /// <summary>Where the rows lie when the table is changed.</summary>
    public enum Place
    {
        Delta,
        Segment,
        SegmentWithChanges,
        Mixed,
        Compacted,
    }

    private static readonly (string Change, string Type, string Value)[] Changes =
    [
        ("ADD COLUMN z int NOT NULL DEFAULT 7", "int", "7"),
        ("ADD COLUMN z bigint DEFAULT NULL", "bigint", "NULL::bigint"),
        ("ADD COLUMN z text DEFAULT 'a' || 'b'", "text", "'ab'"),
        ("ADD COLUMN z numeric(10,3) DEFAULT 1.5", "numeric(10,3)", "1.500"),
        ("ADD COLUMN z timestamptz NOT NULL DEFAULT '2026-01-02 03:04:05+02'", "timestamptz", "timestamptz '2026-01-02 03:04:05+02'"),
        ("ADD COLUMN z vector(3) NOT NULL DEFAULT '[1,2,3]'", "vector(3)", "'[1,2,3]'::vector(3)"),
        ("ADD COLUMN z int[] DEFAULT ARRAY[1,2]", "int[]", "ARRAY[1,2]"),
        ("ADD COLUMN z bigint GENERATED ALWAYS AS (i * 2) STORED", "bigint", "i * 2"),
        ("ALTER COLUMN i TYPE bigint", "bigint", "i"),
        ("ALTER COLUMN s TYPE integer", "integer", "s"),
        ("ALTER COLUMN u TYPE bigint", "bigint", "u"),
        ("ALTER COLUMN r TYPE double precision", "double precision", "r"),
        ("ALTER COLUMN n TYPE numeric(14,4)", "numeric(14,4)", "n"),
        ("ALTER COLUMN n TYPE numeric(12,2)", "numeric(12,2)", "n"),
        ("ALTER COLUMN n TYPE numeric", "numeric", "n"),
        ("ALTER COLUMN v TYPE varchar(40)", "varchar(40)", "v"),
        ("ALTER COLUMN v TYPE text", "text", "v"),
        ("ALTER COLUMN i TYPE text", "text", "i"),
        ("ALTER COLUMN i TYPE real", "real", "i"),
        ("ALTER COLUMN n TYPE integer", "integer", "n"),
        ("ALTER COLUMN v TYPE integer USING length(v)", "integer", "length(v)"),
        ("ALTER COLUMN i TYPE smallint USING (i % 5)::smallint", "smallint", "(i % 5)::smallint"),
        ("ALTER COLUMN i TYPE integer USING i + id", "integer", "i + id"),
        ("ALTER COLUMN e TYPE vector(3) USING (CASE WHEN e IS NULL THEN NULL ELSE '[9,9,9]' END)::vector(3)", "vector(3)", "(CASE WHEN e IS NULL THEN NULL ELSE '[9,9,9]' END)::vector(3)"),
    ];

    public static TheoryData<int, Place> Cases()
    {
        var data = new TheoryData<int, Place>();
        for (var i = 0; i < Changes.Length; i++)
        {
            foreach (var place in Enum.GetValues<Place>())
            {
                data.Add(i, place);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_are_those_of_a_table_made_anew(int change, Place place)
    {
        var (sql, type, value) = Changes[change];
        Create("t");
        Fill(place);
        var column = sql.Split(' ')[2];
        var isAdded = sql.StartsWith("ADD", StringComparison.Ordinal);
        Execute($"CREATE TABLE oracle (id int, z {type}, i bigint)");
        Execute($"INSERT INTO oracle SELECT id, {value}, i FROM t");
        var before = Rows("SELECT id, i, s, u, r, n, v, e FROM t ORDER BY id");

        using (var other = Open())
        {
            // A reader that began before goes on with what it knew.
            Execute(other, "BEGIN ISOLATION LEVEL SNAPSHOT");
            Assert.Equal(before.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), Rows(other, "SELECT count(*) FROM t").Single());
            Execute("ALTER TABLE t " + sql);
            Assert.Equal(before, Rows(other, "SELECT id, i, s, u, r, n, v, e FROM t ORDER BY id"));
            Execute(other, "COMMIT");
        }

        var expected = Rows("SELECT id, z FROM oracle ORDER BY id");
        void Check(string moment)
        {
            Assert.Equal(expected, Rows($"SELECT id, {column} FROM t ORDER BY id"));
            Assert.Equal(Rows("SELECT count(DISTINCT z), min(id) FROM oracle WHERE z IS NOT NULL"), Rows($"SELECT count(DISTINCT {column}), min(id) FROM t WHERE {column} IS NOT NULL"));
            Assert.True(Rows($"SELECT t.id FROM t JOIN oracle ON t.id = oracle.id WHERE t.{column} IS DISTINCT FROM oracle.z").Count == 0, moment);
            Assert.Empty(connection.VerifyAsync().GetAwaiter().GetResult().Problems.Select(p => moment + p.What));
        }

        Check("changed");
        Execute("CHECKPOINT");
        Check("checkpoint");
        Reopen();
        Check("reopened");
        if (!isAdded || !sql.Contains("GENERATED", StringComparison.Ordinal))
        {
            Execute($"UPDATE t SET {column} = {column} WHERE id % 7 = 0; INSERT INTO t (id, {column}) SELECT 100000 + id, {column} FROM t WHERE id % 50 = 1");
            Execute("INSERT INTO oracle (id, z) SELECT 100000 + id, z FROM oracle WHERE id % 50 = 1");
        }

        expected = Rows("SELECT id, z FROM oracle ORDER BY id");
        Check("written");
        Reopen();
        Check("recovered");
        Execute("VACUUM; CHECKPOINT");
        Check("compacted");
    }

    [Fact]
    public void Damage_is_told_by_the_names_of_table_and_column()
    {
        Execute("CREATE TABLE \"Episode\" (id int PRIMARY KEY, v text); INSERT INTO \"Episode\" (id, v) SELECT i, 'text number ' || i FROM (VALUES (1), (2), (3)) s (i)");
        Execute("CHECKPOINT");
        connection.Dispose();
        var file = Directory.GetFiles(Path.Combine(directory.Path, "db", "segments"), "*.seg").Single();
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf("text number 2"u8)] ^= 1;
        File.WriteAllBytes(file, bytes);
        connection = Open();
        Execute("ALTER TABLE \"Episode\" RENAME COLUMN v TO \"Text\"");
        var error = Assert.Throws<EngramException>(() => Rows("SELECT \"Text\" FROM \"Episode\""));
        Assert.Equal("XX001", error.SqlState);
        Assert.Contains("of table 'Episode' cannot be read for rows 0 to 2", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c7", error.Message.Split("cannot be read")[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_is_given_again_and_again_can_be_read_after_reopening()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, a numeric(5,0)); INSERT INTO t VALUES (1, 1); ALTER TABLE t ALTER COLUMN a TYPE numeric(7,1)");
        for (var i = 0; i < 70; i++)
        {
            Execute("ALTER TABLE t ALTER COLUMN a TYPE numeric(7,1)");
        }

        Execute("CHECKPOINT");
        Reopen();
        Assert.Equal(["1|1.0"], Rows("SELECT id, a FROM t"));
    }

    public void Dispose()
    {
        connection.Dispose();
        directory.Dispose();
    }

    private EngramConnection Open()
    {
        var opened = new EngramConnection($"Data Source={Path.Combine(directory.Path, "db")};Keep Alive=0");
        opened.Open();
        return opened;
    }

    private void Reopen()
    {
        connection.Dispose();
        connection = Open();
    }

    private void Create(string name) => Execute(
        $"CREATE TABLE {name} (id int PRIMARY KEY, i int, s smallint, u utinyint, r real, n numeric(10,2), v varchar(20), e vector(2)); CREATE INDEX {name}_i ON {name} (i); CREATE INDEX {name}_s ON {name} (s DESC, id)");

    private void Insert(int first, int count)
    {
        var rows = Enumerable.Range(first, count).Select(id => id % 11 == 0
            ? $"({id}, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
            : $"({id}, {(id * 37) % 1000 - 500}, {id % 100 - 50}, {id % 200}, {id}.25, {id}.5, 'v{id % 97}', '[{id},1]')");
        Execute("INSERT INTO t VALUES " + string.Join(", ", rows));
    }

    private void Fill(Place place)
    {
        Insert(1, 3000);
        if (place != Place.Delta)
        {
            Execute("CHECKPOINT");
        }

        if (place >= Place.SegmentWithChanges)
        {
            Execute("UPDATE t SET i = -i, s = -s, u = 3, r = 0.5, n = 4.25, v = 'changed', e = '[7,7]' WHERE id BETWEEN 100 AND 120; DELETE FROM t WHERE id BETWEEN 2040 AND 2060");
        }

        if (place >= Place.Mixed)
        {
            Execute("CHECKPOINT");
            Insert(5000, 300);
            Execute("UPDATE t SET i = 4, v = NULL WHERE id % 500 = 0; DELETE FROM t WHERE id = 5100");
        }

        if (place == Place.Compacted)
        {
            Execute("CHECKPOINT; VACUUM");
        }
    }

    private int Execute(string sql) => Execute(connection, sql);

    private static int Execute(EngramConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private List<string> Rows(string sql) => Rows(connection, sql);

    private static List<string> Rows(EngramConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join("|", Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) switch
            {
                DBNull => "",
                Array array => string.Join(",", array.Cast<object>()),
                DateTimeOffset instant => instant.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
                var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
            })));
        }

        return rows;
    }
}
