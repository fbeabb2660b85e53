using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Engine;
using Engram.Data.Query.Planning;

namespace Engram.Data.Tests.Engine;

public sealed class ParameterBatchTests
{
    private enum Small : byte
    {
        One = 1,
    }

    public static TheoryData<object, string, object> Conversions => new()
    {
        { 5, "bigint", 5L }, { 5L, "integer", 5 }, { (byte)5, "ubigint", 5UL }, { 5UL, "smallint", (short)5 }, { Small.One, "integer", 1 },
        { 5, "double precision", 5d }, { 5, "numeric", 5m }, { 1.5f, "double precision", 1.5d }, { 0.1d, "real", 0.1f }, { 3d, "integer", 3 },
        { 3.00m, "integer", 3 }, { 1.25m, "double precision", 1.25d }, { "12", "integer", 12 }, { "1.5", "numeric", 1.5m }, { (Half)1.5, "real", 1.5f },
        { 'x', "text", "x" }, { "{\"b\":1,\"a\":2}", "json", "{\"a\": 2, \"b\": 1}" }, { new[] { 'a', 'b' }, "text", "ab" }, { "👍", "text", "👍" }, { "true", "boolean", true },
        { new DateTime(2024, 2, 3, 4, 5, 6), "timestamp", new DateTime(2024, 2, 3, 4, 5, 6) },
        { new DateTime(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc), "timestamptz", new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero) },
        { new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromHours(-3)), "timestamptz", new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromHours(-3)) },
        { new DateTime(2024, 2, 3, 4, 5, 6), "date", new DateOnly(2024, 2, 3) }, { "2024-02-03", "date", new DateOnly(2024, 2, 3) },
        { new DateOnly(2024, 2, 3), "timestamp", new DateTime(2024, 2, 3) }, { new TimeOnly(4, 5), "interval", new TimeSpan(4, 5, 0) },
        { new TimeSpan(4, 5, 0), "time", new TimeOnly(4, 5) }, { TimeSpan.FromDays(-400), "interval", TimeSpan.FromDays(-400) },
        { Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff") },
        { "00112233-4455-6677-8899-aabbccddeeff", "uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff") },
        { new byte[] { 1, 2 }, "bytea", new byte[] { 1, 2 } }, { new ReadOnlyMemory<byte>([1, 2, 3], 1, 2), "bytea", new byte[] { 2, 3 } },
        { new MemoryStream([7, 8]), "bytea", new byte[] { 7, 8 } }, { new float[] { 1, 2 }, "vector", new float[] { 1, 2 } },
        { new ReadOnlyMemory<float>([1, 2, 3], 1, 2), "vector(2)", new float[] { 2, 3 } }, { new List<double> { 1, 2 }, "vector", new float[] { 1, 2 } },
        { new float[] { 1, 2 }, "real[]", new float[] { 1, 2 } }, { new List<int> { 1, 2 }, "bigint[]", new long[] { 1, 2 } },
        { new int?[] { 1, null }, "integer[]", new int?[] { 1, null } }, { new[] { "a", null }, "text[]", new[] { "a", null } },
        { new HashSet<long> { 4 }, "integer[]", new[] { 4 } }, { new[] { Small.One }, "integer[]", new[] { 1 } }, { Array.Empty<object>(), "integer[]", Array.Empty<int>() },
    };

    [Theory]
    [MemberData(nameof(Conversions))]
    public void A_value_becomes_what_the_plan_expects(object value, string type, object expected)
    {
        using var batch = Create(value, type);
        Assert.Equal(1, batch.Batch.RowCount);
        var column = batch.Batch.Columns[0];
        Assert.True(column.IsConstant);
        Assert.Equal(expected, ClrValue.Read(column, 0));
        Assert.Equal(expected, ClrValue.Read(column, 2047));
    }

    [Theory]
    [InlineData("integer")]
    [InlineData("text")]
    [InlineData("timestamptz")]
    [InlineData("vector(3)")]
    public void Null_is_null_of_any_type(string type)
    {
        using var batch = Create(null, type);
        Assert.True(batch.Batch.Columns[0].IsNull(0));
        Assert.True(batch.Batch.Columns[0].IsNull(2047));
        using var other = Create(DBNull.Value, type);
        Assert.True(other.Batch.Columns[0].IsNull(77));
    }

    public static TheoryData<object, string, string, string> Refusals => new()
    {
        { 300, "utinyint", "22003", "utinyint" }, { -1, "ubigint", "22003", "ubigint" }, { 1.5d, "integer", "22003", "integer" }, { 1.5m, "bigint", "22003", "bigint" },
        { double.NaN, "integer", "22003", "integer" }, { 1e300, "real", "22003", "real" }, { 1e300, "numeric", "22003", "numeric" },
        { "abc", "integer", "22P02", "'abc'" }, { "abc", "uuid", "22P02", "uuid" }, { "abc", "timestamp", "22P02", "timestamp" },
        { 5, "text", "42804", "Int32" }, { true, "integer", "42804", "Boolean" }, { 1, "boolean", "42804", "boolean" }, { 5, "uuid", "42804", "uuid" },
        { new DateTime(2024, 1, 1), "timestamptz", "42804", "Unspecified" }, { TimeSpan.FromDays(1), "time", "22003", "time" },
        { DateTimeOffset.UnixEpoch, "timestamp", "42804", "timestamp" }, { new int[2, 2], "integer[]", "42804", "Int32[,]" },
        { new float[3], "vector(4)", "22000", "4 dimensions" }, { new[] { 1f, float.NaN }, "vector", "22000", "element 1" },
        { 5, "bytea", "42804", "bytea" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_does_not_fit_is_refused_by_name(object value, string type, string sqlState, string mention)
    {
        var error = Assert.Throws<EngramException>(() => Create(value, type));
        Assert.Equal(sqlState, error.SqlState);
        Assert.Contains("'p'", error.Message, StringComparison.Ordinal);
        Assert.Contains(mention, error.Message, StringComparison.Ordinal);
    }

    // Facts, since the runner sends the arguments of theories as UTF-8.
    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.Contains("index 1", Refuse("a\uD800b", "text"), StringComparison.Ordinal);
        Assert.Contains("index 0", Refuse("\uDC00", "text"), StringComparison.Ordinal);
        Assert.Contains("index 2", Refuse("ab\uD83D", "json"), StringComparison.Ordinal);
        Assert.Contains("index 2", Refuse("\uD83D\uDC4D\uD83D\uD83D", "text"), StringComparison.Ordinal);
        Assert.Contains("index 0", Refuse(new[] { "\uD800" }, "text[]"), StringComparison.Ordinal);

        static string Refuse(object value, string type)
        {
            var error = Assert.Throws<EngramException>(() => Create(value, type));
            Assert.Equal("22P05", error.SqlState);
            return error.Message;
        }
    }

    [Fact]
    public void A_missing_parameter_is_named_with_those_that_are_there()
    {
        var given = new ParameterList([new ParameterInput("a", 1, DataType.Int32), new ParameterInput("b", 1, DataType.Int32)]);
        var error = Assert.Throws<EngramException>(() => ParameterBatch.Create([new StatementParameter("c", DataType.Int32)], given));
        Assert.Equal("42P02", error.SqlState);
        Assert.Contains("'c'", error.Message, StringComparison.Ordinal);
        Assert.Contains("a, b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void Names_are_found_exactly_then_in_any_case_then_by_place(int count)
    {
        var inputs = Enumerable.Range(0, count).Select(i => new ParameterInput($"p{i}", i, DataType.Int32)).ToArray();
        inputs[1] = new ParameterInput("P0", 1, DataType.Int64);
        var list = new ParameterList(inputs);
        Assert.Equal(0, list.IndexOf("p0", guess: 2));
        Assert.Equal(1, list.IndexOf("P0"));
        Assert.Equal(2, list.IndexOf("P2"));
        Assert.Equal(2, list.IndexOf("3"));
        Assert.Equal(-1, list.IndexOf("0"));
        Assert.Equal(-1, list.IndexOf((count + 1).ToString()));
        Assert.Equal(-1, list.IndexOf("none"));
        Assert.True(list.TryGetValue("P0", out var type));
        Assert.Equal(DataType.Int64, type);
        Assert.True(list.Matches(list.ToSignature()));
        Assert.False(ParameterList.Empty.Matches(list.ToSignature()));
    }

    [Fact]
    public void Vectors_lie_aligned_for_kernels()
    {
        using var batch = Create(new float[] { 1, 2, 3 }, "vector");
        unsafe
        {
            Assert.Equal(0, (nint)batch.Batch.Columns[0].Get<Bytes>(0).Pointer % 64);
        }
    }

    private static ParameterBatch Create(object? value, string type)
        => ParameterBatch.Create(
            [new StatementParameter("p", Engram.Data.Query.Syntax.TypeNames.Resolve(type))],
            new ParameterList([new ParameterInput("p", value, ParameterTypes.FromValue(value, "p"))]));
}
