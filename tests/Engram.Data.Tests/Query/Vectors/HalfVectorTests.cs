using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Vectors;

public sealed class HalfVectorTests : AdoTest
{
    private static readonly Half[] Vector = [(Half)0.1f, (Half)(-2), (Half)65504];

    public HalfVectorTests() => Execute("CREATE TABLE t (id bigint PRIMARY KEY, e halfvec(3))");

    [Fact]
    public void Values_come_back_as_they_were_stored()
    {
        Execute("INSERT INTO t VALUES (1, $1), (2, $2), (3, '[0.1,-2,65504]'), (4, NULL), (5, ARRAY[1, 2, 3]), (6, '[1,2,3]'::vector)", Vector, new[] { 0.1f, -2, 65504 });
        Execute("CHECKPOINT");
        foreach (var id in (int[])[1, 2, 3])
        {
            Assert.Equal(Vector, Assert.IsType<Half[]>(Scalar("SELECT e FROM t WHERE id = $1", id)));
            Assert.Equal("[0.1,-2,65500]", ((string)Scalar("SELECT e::text FROM t WHERE id = $1", id)!).Replace("65504", "65500", StringComparison.Ordinal));
        }

        Assert.Equal(DBNull.Value, Scalar("SELECT e FROM t WHERE id = 4"));
        Assert.Equal(3L, Scalar("SELECT count(DISTINCT e) + count(*) FILTER (WHERE e = '[1,2,3]') - 1 FROM t"));
        Assert.Equal(new[] { 1f, 2, 3 }, Scalar("SELECT e::vector FROM t WHERE id = 5"));
        Assert.Equal(new[] { 1f, 2, 3 }, Scalar("SELECT e::real[] FROM t WHERE id = 6"));
        using var command = Command("SELECT e FROM t WHERE id = 1");
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal((typeof(Half[]), "halfvec(3)"), (reader.GetFieldType(0), reader.GetDataTypeName(0)));
        Assert.Equal(Vector, reader.GetFieldValue<Half[]>(0));
        Assert.Equal(Vector, reader.GetFieldValue<ReadOnlyMemory<Half>>(0).ToArray());
    }

    [Fact]
    public void Distances_are_those_of_the_widened_elements()
    {
        Execute("INSERT INTO t VALUES (1, '[1,0,0]'), (2, '[0.1,0.2,0.3]'), (3, NULL)");
        foreach (var symbol in (string[])["<=>", "<->", "<#>", "<+>"])
        {
            var expected = Scalar($"SELECT (SELECT e FROM t WHERE id = 2)::vector {symbol} $1", new[] { 3f, 2, 1 });
            Assert.Equal(expected, Scalar($"SELECT e {symbol} $1 FROM t WHERE id = 2", new[] { 3f, 2, 1 }));
            Assert.Equal(expected, Scalar($"SELECT $1 {symbol} e FROM t WHERE id = 2", (object)new[] { (Half)3, (Half)2, (Half)1 }));
            Assert.Equal(expected, Scalar($"SELECT e {symbol} $1 AS d FROM t WHERE id = 2 ORDER BY d LIMIT 1", (object)new[] { (Half)3, (Half)2, (Half)1 }));
        }

        Assert.Equal(1L, Scalar("SELECT id FROM t ORDER BY e <-> '[0.9,0,0]' LIMIT 1"));
        Assert.Equal(3, Scalar("SELECT vector_dims(e) FROM t WHERE id = 1"));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        AssertRefused("22000", "'t.e' stores vectors of 3 dimensions; this value has 2", "INSERT INTO t VALUES (1, '[1,2]')");
        AssertRefused("22003", "at most 65504", "INSERT INTO t VALUES (1, '[1,2,70000]')");
        AssertRefused("22000", "finite", "INSERT INTO t VALUES (1, $1)", (object)new[] { Half.NaN, (Half)1, (Half)2 });
        AssertRefused("42P16", "halfvec(768)", "CREATE TABLE u (e halfvec)");
    }

    private void AssertRefused(string state, string text, string sql, params object?[] values)
    {
        var error = Assert.Throws<EngramException>(() => Execute(sql, values));
        Assert.Equal(state, error.SqlState);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }
}
