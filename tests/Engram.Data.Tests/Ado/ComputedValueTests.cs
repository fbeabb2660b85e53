namespace Engram.Data.Tests.Ado;

/// <summary>Values that functions make, where they would be more than <c>Memory Limit</c>: an error at once, and the connection goes on.</summary>
public sealed class ComputedValueTests : AdoTest
{
    [Theory]
    [InlineData("SELECT length(repeat('x', 30000000))")]
    [InlineData("SELECT length(lpad('x', 30000000))")]
    [InlineData("SELECT length(rpad('x', 30000000, 'ab'))")]
    [InlineData("SELECT length(regexp_replace(repeat('x', 10000), 'x', repeat('y', 10000), 'g'))")]
    [InlineData("SELECT length(replace(repeat('x', 10000), 'x', repeat('y', 10000)))")]
    [InlineData("SELECT length(format('%s%s%s', repeat('x', 9000000), repeat('x', 9000000), repeat('x', 9000000)))")]
    [InlineData("SELECT length(repeat('x', 12000000) || repeat('y', 12000000))")]
    [InlineData("SELECT length(array_to_string(array_fill(repeat('x', 10000), ARRAY[1500]), repeat('y', 10000)))")]
    [InlineData("SELECT cardinality(string_to_array(repeat('x,', 5000000), ','))")]
    [InlineData("SELECT cardinality(regexp_split_to_array(repeat('x,', 300), ',')) + cardinality(array_fill(repeat('x', 10000), ARRAY[3000]))")]
    [InlineData("SELECT cardinality(ARRAY(SELECT i FROM generate_series(1, 3000000) AS i))")]
    [InlineData("SELECT count(*) FROM generate_series(1, 3) AS i WHERE (i + 0, 1) = (1, 1) OR i IN (SELECT i + j FROM generate_series(1, 1000000) AS j)")]
    [InlineData("SELECT max(length(repeat('x', 20000000) || i)) FROM generate_series(1, 2) AS i")]
    public void Too_much_is_refused(string sql)
    {
        using var connection = Open("Data Source=:memory:;Memory Limit=16");
        AssertState(SqlStates.OutOfMemory, () => Rows(connection, sql));
        Assert.Equal(["3"], Rows(connection, "SELECT 1 + 2"));
    }

    [Fact]
    public void What_fits_is_made()
    {
        using var connection = Open("Data Source=:memory:;Memory Limit=16");
        Assert.Equal(["10000000"], Rows(connection, "SELECT length(repeat('x', 10000000))"));
        Assert.Equal(["abcabcabx,xabcabcab,xéüéüé,éüéüéüx"], Rows(connection, "SELECT lpad('x', 9, 'abc') || ',' || rpad('x', 9, 'abc') || ',' || rpad('x', 6, 'éü') || ',' || lpad('x', 7, 'éü')"));
        Assert.Equal(["20004"], Rows(connection, "SELECT max(length(repeat('x', 20000) || i)) FROM generate_series(1, 2000) AS i"));
        Assert.Equal(["1000"], Rows(connection, "SELECT length(lpad('', 1000, 'abcdefg'))"));
        Assert.Equal(["true,true"], Rows(connection, "SELECT replace(repeat('abcdefg', 500000), 'abcdefg', '') = '', replace(rpad('', 3500000, 'abcdefg'), 'abcdefg', '') = ''").Select(r => r.ToLowerInvariant()));
        Assert.Equal(["true,5400003"], Rows(connection, "SELECT replace(repeat(u, 3), u, '') = '', length(rpad('', 5400003, u)) FROM (SELECT repeat('ab', 900000) || 'c' AS u) AS q").Select(r => r.ToLowerInvariant()));
        Assert.Equal(["b-b-b"], Rows(connection, "SELECT regexp_replace('a-a-a', 'a', 'b', 'g')"));
        Assert.Equal(["5"], Rows(connection, "SELECT cardinality(ARRAY(SELECT i FROM generate_series(1, 5) AS i))"));
    }

    [Fact]
    public void One_name_stands_for_one_query_of_WITH()
        => AssertState("42712", () => Rows("WITH a AS (SELECT 1), A AS (SELECT 2) SELECT * FROM a"));
}
