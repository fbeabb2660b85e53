using System.Collections;

namespace Engram.Data.Tests.Ado;

/// <summary>BitArray and EngramSparseVector through parameters, readers, bulk copies and reopening.</summary>
public sealed class BitAndSparseTests : AdoTest
{
    private static readonly EngramSparseVector Sparse = new([new(0, 1.5f), new(999_999_999, -2f)], 1_000_000_000);

    [Fact]
    public async Task Values_come_back_through_parameters_segments_and_reopening()
    {
        var bits = new BitArray([.. Enumerable.Range(0, 1000).Select(i => i % 3 == 0)]);
        var connectionString = $"Data Source={DiskPath}";
        using (var connection = Open(connectionString))
        {
            Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, b bit(1000), v bit varying, s sparsevec)");
            Execute(connection, "INSERT INTO t VALUES (1, $1, $2, $3)", bits, new BitArray(0), Sparse);
            Execute(connection, "INSERT INTO t VALUES (2, $1, $2, $3)", null, new BitArray([true, false]), null);
            AssertRows(connection, bits);
            Execute(connection, "CHECKPOINT");
            AssertRows(connection, bits);
        }

        ClearPool(connectionString);
        using var reopened = Open(connectionString);
        AssertRows(reopened, bits);
        Assert.True((await reopened.VerifyAsync()).IsIntact);
    }

    [Fact]
    public void Parameters_take_the_type_of_their_place_and_wrong_lengths_are_refused()
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY, b bit(3), s sparsevec(4))");
        Execute("INSERT INTO t VALUES (1, $1, $2)", "101", "{2:1}/4");
        Execute("INSERT INTO t VALUES (2, $1, $2)", new BitArray([true, false, false]), new[] { 0f, 0f, 7f, 0f });

        Assert.Equal(1, Scalar("SELECT id FROM t WHERE b = $1", new BitArray([true, false, true])));
        Assert.Equal(1.0, Scalar("SELECT b <~> $1 FROM t WHERE id = 2", new BitArray([true, false, true])));
        Assert.Equal(2, Scalar("SELECT id FROM t WHERE s = $1", EngramSparseVector.Parse("{3:7}/4")));
        Assert.Equal(49.0, Scalar("SELECT (s <-> $1) * 7 FROM t WHERE id = 2", EngramSparseVector.Parse("{}/4")));
        Assert.Equal("22026", Assert.Throws<EngramException>(() => Execute("INSERT INTO t VALUES (3, $1, NULL)", new BitArray(2))).SqlState);
        Assert.Equal("22000", Assert.Throws<EngramException>(() => Execute("INSERT INTO t VALUES (3, NULL, $1)", EngramSparseVector.Parse("{}/5"))).SqlState);
        Assert.Throws<EngramException>(() => Execute("INSERT INTO t VALUES (3, $1, NULL)", "1x1"));
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20_000)]
    public void A_bulk_copy_takes_them_and_refuses_wrong_lengths(int count)
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY, b bit(20), s sparsevec(1000))");
        new EngramBulkCopy(Connection, "t").WriteToServer(Enumerable.Range(0, count).Select(i => new object?[]
        {
            i, i % 7 == 0 ? null : new BitArray([.. Enumerable.Range(0, 20).Select(bit => (i >> bit & 1) != 0)]), i % 5 == 0 ? null : new EngramSparseVector([new(i % 1000, i)], 1000),
        }));

        Assert.Equal((long)Enumerable.Range(0, count).Count(i => i % 7 != 0 && int.PopCount(i) == 2), Scalar("SELECT count(*) FROM t WHERE bit_count(b) = 2"));
        Assert.Equal(9, Scalar("SELECT id FROM t WHERE s IS NOT NULL ORDER BY s <-> '{10:9}/1000' LIMIT 1"));
        foreach (var wrong in new object[] { new BitArray(19), new BitArray(21) })
        {
            Assert.Equal("22026", Assert.Throws<EngramException>(() => new EngramBulkCopy(Connection, "t").WriteToServer([[-1, wrong, null]])).SqlState);
        }

        Assert.Equal((long)count, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_key_of_bits_is_found_in_rows_and_segments()
    {
        Execute("CREATE TABLE t (b bit(12) PRIMARY KEY, n integer)");
        Execute("INSERT INTO t SELECT n::bit(12), n FROM generate_series(0, 999) AS g (n)");
        Execute("CHECKPOINT");
        Execute("INSERT INTO t SELECT n::bit(12), n FROM generate_series(1000, 1999) AS g (n)");

        foreach (var n in new[] { 0, 7, 999, 1000, 1999 })
        {
            Assert.Equal(n, Scalar($"SELECT n FROM t WHERE b = {n}::bit(12)"));
        }

        Assert.Equal("23505", Assert.Throws<EngramException>(() => Execute("INSERT INTO t VALUES (B'000000000111', 1)")).SqlState);
        Assert.Equal(1999, Scalar("SELECT n FROM t ORDER BY b DESC LIMIT 1"));
        Assert.Equal(1, Execute("DELETE FROM t WHERE b = B'000000000111'"));
        Assert.Null(Scalar("SELECT n FROM t WHERE b = B'000000000111'"));
    }

    private static void AssertRows(EngramConnection connection, BitArray bits)
    {
        using var command = Command(connection, "SELECT b, v, s FROM t ORDER BY id");
        using var reader = command.ExecuteReader();
        Assert.Equal(["bit(1000)", "bit varying", "sparsevec"], Enumerable.Range(0, 3).Select(reader.GetDataTypeName));
        Assert.Equal([typeof(BitArray), typeof(BitArray), typeof(EngramSparseVector)], Enumerable.Range(0, 3).Select(reader.GetFieldType));
        Assert.True(reader.Read());
        Assert.Equal(bits.Cast<bool>(), reader.GetFieldValue<BitArray>(0).Cast<bool>());
        Assert.Empty(((BitArray)reader.GetValue(1)).Cast<bool>());
        Assert.Equal(Sparse, reader.GetFieldValue<EngramSparseVector>(2));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<byte[]>(0));
        Assert.True(reader.Read());
        Assert.True(reader.IsDBNull(0));
        Assert.Equal([true, false], reader.GetFieldValue<BitArray>(1).Cast<bool>());
        Assert.True(reader.IsDBNull(2));
        Assert.False(reader.Read());
    }
}
