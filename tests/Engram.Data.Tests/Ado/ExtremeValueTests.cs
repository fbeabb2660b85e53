using System.Globalization;
using Engram.Data.Engine;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Ado;

/// <summary>Every .NET value that is at an end of its type comes back bit for bit: from parameters, literals and bulk copies; from memory, segments and the log.</summary>
public sealed class ExtremeValueTests : IDisposable
{
    private readonly MemoryDirectory files = new("extremes");
    private readonly DatabaseTarget target = new(Path.Combine(Path.GetTempPath(), $"engram-extremes-{Guid.NewGuid():N}"), IsMemory: false);

    public ExtremeValueTests() => Database.Substitute(target, () => files.Share());

    public static TheoryData<string> Types => [.. Values.Keys];

    private static readonly Dictionary<string, object[]> Values = new()
    {
        ["boolean"] = [true, false],
        ["tinyint"] = [sbyte.MinValue, sbyte.MaxValue, (sbyte)0],
        ["smallint"] = [short.MinValue, short.MaxValue],
        ["integer"] = [int.MinValue, int.MaxValue],
        ["bigint"] = [long.MinValue, long.MaxValue, 0L],
        ["utinyint"] = [byte.MinValue, byte.MaxValue],
        ["usmallint"] = [ushort.MinValue, ushort.MaxValue],
        ["uinteger"] = [uint.MinValue, uint.MaxValue],
        ["ubigint"] = [ulong.MinValue, ulong.MaxValue, (ulong)long.MaxValue + 1],
        ["real"] = [float.MinValue, float.MaxValue, float.Epsilon, -float.Epsilon, float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, 1.17549421e-38f, 16777217f],
        ["double precision"] = [double.MinValue, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0d, 2.2250738585072009e-308, Math.PI, 0.1 + 0.2],
        ["numeric"] = [decimal.MinValue, decimal.MaxValue, 0.0000000000000000000000000001m, -7.9228162514264337593543950335m, 1.00m, 0m, -0.5m, 12345678901234567890.123456789m],
        ["text"] = ["", " ", "\0", "a\u0001\u007f", "naïve 🙂", "\U0010FFFF\U00010000", "\ufeff\u200d", "'\"\\\n\r\t$$--/*", new string('é', 5000)],
        ["bytea"] = [Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 0, 255, 0, 127, 128 }, new byte[70_000]],
        ["uuid"] = [Guid.Empty, Guid.AllBitsSet, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")],
        ["date"] = [DateOnly.MinValue, DateOnly.MaxValue, new DateOnly(1970, 1, 1)],
        ["time"] = [TimeOnly.MinValue, TimeOnly.MaxValue, new TimeOnly(1)],
        ["timestamp"] = [DateTime.MinValue, DateTime.MaxValue, new DateTime(621355968000000001L)],
        ["timestamptz"] = [DateTimeOffset.MinValue, DateTimeOffset.MaxValue, new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(14)), new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(-14)).AddTicks(1), new DateTimeOffset(1, 1, 1, 14, 0, 0, TimeSpan.FromHours(14)), new DateTimeOffset(9999, 12, 31, 9, 59, 59, TimeSpan.FromHours(-14)), new DateTimeOffset(2000, 1, 1, 0, 0, 0, new TimeSpan(5, 45, 0))],
        ["interval"] = [TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.Zero, new TimeSpan(-1)],
        ["integer[]"] = [Array.Empty<int>(), new[] { int.MinValue, int.MaxValue }],
        ["vector(3)"] = [new[] { float.MaxValue, float.Epsilon, -0f }, new[] { 0f, 0f, 0f }],
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Values_come_back_as_they_were(string type)
    {
        var values = Values[type];
        using (var connection = Open())
        {
            Execute(connection, $"CREATE TABLE t (id integer, v {type}, origin text)");
            for (var i = 0; i < values.Length; i++)
            {
                Execute(connection, "INSERT INTO t VALUES ($1, $2, 'parameter')", i, values[i]);
            }

            if (type is not ("bytea" or "integer[]" or "vector(3)"))
            {
                // As text and back: what is written is what is read. NUL has no place in a text of SQL.
                foreach (var i in Enumerable.Range(0, values.Length).Where(i => values[i] is not "\0"))
                {
                    Execute(connection, $"INSERT INTO t VALUES ({i}, CAST((SELECT CAST(v AS text) FROM t WHERE id = {i} AND origin = 'parameter') AS {type}), 'text')");
                }
            }

            new EngramBulkCopy(connection, "t").WriteToServer(values.Select((v, i) => new object?[] { i, v, "copy" }));
            Check(connection);
        }

        using (var connection = Open())
        {
            // Recovered from the log.
            Check(connection);
            Execute(connection, "CHECKPOINT");
            Check(connection);
            Execute(connection, "VACUUM");
            Check(connection);
        }

        void Check(EngramConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT id, v, origin FROM t";
            using var reader = command.ExecuteReader();
            var count = 0;
            while (reader.Read())
            {
                var expected = values[reader.GetInt32(0)];
                Assert.Equal(Bits(expected), Bits(reader.GetValue(1)));
                count++;
            }

            Assert.InRange(count, values.Length * 2, values.Length * 3);
        }
    }

    [Fact]
    public void Lone_surrogates_are_refused()
    {
        using var connection = Open();
        Execute(connection, "CREATE TABLE t (id integer, v text)");
        // Not as data of a theory: test runners write that down as UTF-8.
        foreach (var text in (string[])["\ud800", "a\udc00b", "\udc00\ud800"])
        {
            Assert.Equal("22P05", Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO t VALUES (1, $1)", text)).SqlState);
            Assert.Throws<EngramException>(() => Execute(connection, $"INSERT INTO t VALUES (1, '{text}')"));
            Assert.Throws<EngramException>(() => new EngramBulkCopy(connection, "t").WriteToServer([[1, text]]));
        }

        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        Assert.Equal(0L, command.ExecuteScalar());
    }

    [Fact]
    public void Values_of_64_MiB_come_back()
    {
        const int Size = 64 * 1024 * 1024;
        var bytes = new byte[Size];
        new Random(1).NextBytes(bytes);
        var text = new string('x', Size - 1) + "é";
        using var connection = Open();
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, b bytea, s text)");
        Execute(connection, "INSERT INTO t VALUES (1, $1, NULL)", bytes);
        Execute(connection, "INSERT INTO t VALUES (2, NULL, $1)", text);
        Check();
        Execute(connection, "CHECKPOINT");
        Check();

        void Check()
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT b, s FROM t ORDER BY id";
            using var reader = command.ExecuteReader();
            Assert.True(reader.Read());
            Assert.True(bytes.AsSpan().SequenceEqual((byte[])reader.GetValue(0)));
            Assert.True(reader.Read());
            Assert.True(text == reader.GetString(1));
        }
    }

    /// <summary>What does not fit is an error, never wrapped or cut: for each target, a value beyond each of its ends.</summary>
    [Theory]
    [InlineData("tinyint", "128", "-129")]
    [InlineData("utinyint", "256", "-1")]
    [InlineData("smallint", "32768", "-32769")]
    [InlineData("usmallint", "65536", "-1")]
    [InlineData("integer", "2147483648", "-2147483649")]
    [InlineData("uinteger", "4294967296", "-1")]
    [InlineData("bigint", "9223372036854775808", "-9223372036854775809")]
    [InlineData("ubigint", "18446744073709551616", "-1")]
    public void Numbers_beyond_a_type_are_errors(string type, string above, string below)
    {
        using var connection = Open();
        Execute(connection, $"CREATE TABLE t (v {type})");
        foreach (var number in (string[])[above, below])
        {
            foreach (var source in (string[])["numeric", "double precision", "text"])
            {
                // A double is no nearer than it can be: far enough beyond to stay beyond.
                var literal = source == "double precision" && number.Length > 15 ? number + "0" : number;
                var error = Assert.Throws<EngramException>(() => Execute(connection, $"INSERT INTO t SELECT CAST(CAST('{literal}' AS {source}) AS {type})"));
                Assert.True(error.SqlState is "22003" or "22P02", $"{source} {literal}: {error.SqlState} {error.Message}");
            }

            Assert.Equal("22003", Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO t VALUES ($1)", decimal.Parse(number, CultureInfo.InvariantCulture))).SqlState);
        }

        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        Assert.Equal(0L, command.ExecuteScalar());
    }

    public void Dispose()
    {
        Database.Substitute(target, null);
        files.Dispose();
    }

    private EngramConnection Open()
    {
        var connection = new EngramConnection($"Data Source={target.Path};Keep Alive=0");
        connection.Open();
        return connection;
    }

    private static void Execute(EngramConnection connection, string sql, params object[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(null, value);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>A text that two values share only when they are the same bit for bit: the sign of zero, the scale of a decimal, the offset of an instant. All NaNs are one.</summary>
    private static string Bits(object value) => value switch
    {
        float f => float.IsNaN(f) ? "NaN" : BitConverter.SingleToInt32Bits(f).ToString("x8", CultureInfo.InvariantCulture),
        double d => double.IsNaN(d) ? "NaN" : BitConverter.DoubleToInt64Bits(d).ToString("x16", CultureInfo.InvariantCulture),
        decimal d => string.Join(',', decimal.GetBits(d)),
        DateTime d => d.Ticks.ToString(CultureInfo.InvariantCulture),
        DateTimeOffset d => $"{d.Ticks} {d.Offset.Ticks}",
        DateOnly d => d.DayNumber.ToString(CultureInfo.InvariantCulture),
        TimeOnly t => t.Ticks.ToString(CultureInfo.InvariantCulture),
        TimeSpan t => t.Ticks.ToString(CultureInfo.InvariantCulture),
        byte[] b => Convert.ToHexString(b),
        float[] v => string.Join(',', v.Select(f => Bits(f))),
        ReadOnlyMemory<float> v => Bits(v.ToArray()),
        int[] a => string.Join(',', a),
        _ => $"{value.GetType().Name} {value}",
    };
}
