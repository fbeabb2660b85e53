using System.Data;
using System.Data.Common;

namespace Engram.Data.Tests.Ado;

public sealed class DataReaderTests : AdoTest
{
    private enum Level : short
    {
        Low = 1,
        High = 300,
    }

    /// <summary>Type, a value of its canonical CLR type, and the zero-like value that must not be taken for NULL.</summary>
    public static TheoryData<string, object, object> Types => new()
    {
        { "boolean", true, false }, { "tinyint", sbyte.MinValue, (sbyte)0 }, { "smallint", short.MaxValue, (short)0 }, { "integer", int.MinValue, 0 },
        { "bigint", long.MaxValue, 0L }, { "utinyint", byte.MaxValue, (byte)0 }, { "usmallint", ushort.MaxValue, (ushort)0 }, { "uinteger", uint.MaxValue, 0u },
        { "ubigint", ulong.MaxValue, 0UL }, { "real", 0.1f, 0f }, { "double precision", double.Epsilon, 0d }, { "numeric", decimal.MaxValue, 0m },
        { "numeric(18,4)", -12.3456m, 0m }, { "text", "héllo 👍\n", "" }, { "varchar(3)", "abc", "" }, { "json", "{\"a\": 1}", "null" },
        { "bytea", new byte[] { 0, 255 }, Array.Empty<byte>() }, { "uuid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Guid.Empty },
        { "date", DateOnly.MaxValue, DateOnly.MinValue }, { "time", new TimeOnly(TimeOnly.MaxValue.Ticks), TimeOnly.MinValue },
        { "timestamp", new DateTime(2024, 2, 3, 4, 5, 6).AddTicks(7), DateTime.MinValue },
        { "timestamptz", new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.FromMinutes(-90)).AddTicks(7), DateTimeOffset.MinValue },
        { "interval", TimeSpan.MinValue, TimeSpan.Zero }, { "vector(3)", new[] { 1f, -2f, 0.5f }, new float[3] },
        { "integer[]", new[] { 1, 2, 3 }, Array.Empty<int>() }, { "text[]", new[] { "a", "b" }, Array.Empty<string>() },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_comes_back_as_it_went_in(string type, object value, object zero)
    {
        Execute($"CREATE TABLE v (k integer, x {type})");
        Assert.Equal(3, Execute("INSERT INTO v VALUES (1, $1), (2, $2), (3, NULL)", value, zero));
        using var reader = Command("SELECT x FROM v ORDER BY k").ExecuteReader();
        Assert.Equal(type, reader.GetDataTypeName(0));
        Assert.Equal(value.GetType(), reader.GetFieldType(0));
        Assert.True(reader.Read());
        Assert.Equal(value, reader.GetValue(0));
        Assert.False(reader.IsDBNull(0));
        Assert.True(reader.Read());
        Assert.Equal(zero, reader.GetValue(0));
        Assert.False(reader.IsDBNull(0));
        Assert.True(reader.Read());
        Assert.Equal(DBNull.Value, reader.GetValue(0));
        Assert.True(reader.IsDBNull(0));
        Assert.False(reader.Read());
        if (type != "json")
        {
            Assert.Equal(1, Scalar("SELECT k FROM v WHERE x = $1", value));
        }
    }

    [Fact]
    public void Numbers_are_read_as_any_type_that_they_fit()
    {
        using var reader = Read("SELECT 200::bigint, 1.5::real, 12::numeric, 3::utinyint, 70000::integer, 2.25::numeric(5,2)");
        Assert.Equal(200, reader.GetInt32(0));
        Assert.Equal((short)200, reader.GetInt16(0));
        Assert.Equal((byte)200, reader.GetByte(0));
        Assert.Equal(200UL, reader.GetFieldValue<ulong>(0));
        Assert.Equal(200m, reader.GetDecimal(0));
        Assert.Equal(200d, reader.GetDouble(0));
        Assert.Equal(1.5d, reader.GetDouble(1));
        Assert.Equal(1.5f, reader.GetFloat(1));
        Assert.Equal(12L, reader.GetInt64(2));
        Assert.Equal(3, reader.GetInt32(3));
        Assert.Equal(3u, reader.GetFieldValue<uint>(3));
        Assert.Equal(2.25m, reader.GetDecimal(5));
        Assert.Equal(2.25d, reader.GetDouble(5));
        Assert.Contains("70000", Assert.Throws<InvalidCastException>(() => reader.GetInt16(4)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<sbyte>(0));
        Assert.Throws<InvalidCastException>(() => reader.GetInt32(5));
        Assert.Throws<InvalidCastException>(() => reader.GetInt32(1));
        Assert.Throws<InvalidCastException>(() => reader.GetDecimal(1));
    }

    [Fact]
    public void A_wrong_getter_names_the_column_its_type_and_the_right_getter()
    {
        using var reader = Read("SELECT 'x' AS word");
        var message = Assert.Throws<InvalidCastException>(() => reader.GetInt32(0)).Message;
        Assert.Contains("'word'", message, StringComparison.Ordinal);
        Assert.Contains("text", message, StringComparison.Ordinal);
        Assert.Contains("GetFieldValue<String>", message, StringComparison.Ordinal);
        Assert.Throws<InvalidCastException>(() => reader.GetBoolean(0));
        Assert.Throws<InvalidCastException>(() => reader.GetGuid(0));
        Assert.Throws<InvalidCastException>(() => reader.GetDateTime(0));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<float[]>(0));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<Uri>(0));
        Assert.Throws<InvalidCastException>(() => reader.GetBytes(0, 0, null, 0, 0));
    }

    [Fact]
    public void Null_is_told_from_values()
    {
        using var reader = Read("SELECT NULL::integer AS n, NULL::text AS s, 5 AS v");
        Assert.Contains("'n'", Assert.Throws<InvalidCastException>(() => reader.GetInt32(0)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidCastException>(() => reader.GetString(1));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<int>(0));
        Assert.Null(reader.GetFieldValue<int?>(0));
        Assert.Null(reader.GetFieldValue<Guid?>(0));
        Assert.Null(reader.GetFieldValue<Level?>(0));
        Assert.Equal(5, reader.GetFieldValue<int?>(2));
        Assert.Equal(5L, reader.GetFieldValue<long?>(2));
        Assert.Equal(DBNull.Value, reader.GetFieldValue<object>(0));
    }

    [Fact]
    public void Arrays_of_characters()
    {
        using var reader = Command("SELECT ARRAY['a', 'b'], ARRAY['a', NULL], ARRAY['a', 'bc']").ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(['a', 'b'], reader.GetFieldValue<char[]>(0));
        Assert.Equal(['a', 'b'], reader.GetFieldValue<char?[]>(0));
        Assert.Equal(['a', null], reader.GetFieldValue<char?[]>(1));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<char?[]>(2));
    }

    [Fact]
    public void Field_values_of_every_kind()
    {
        using var command = Command(
            "SELECT @t, @ts, @tz, @d, @time, @span, @g, @b, @v::vector(2), @a, @n, 'x', 300::smallint",
            []);
        var instant = new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.FromHours(2));
        command.Parameters.AddWithValue("t", "text");
        command.Parameters.AddWithValue("ts", new DateTime(2024, 5, 6, 7, 8, 9));
        command.Parameters.AddWithValue("tz", instant);
        command.Parameters.AddWithValue("d", new DateOnly(2024, 5, 6));
        command.Parameters.AddWithValue("time", new TimeOnly(7, 8));
        command.Parameters.AddWithValue("span", TimeSpan.FromHours(30));
        command.Parameters.AddWithValue("g", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
        command.Parameters.AddWithValue("b", new byte[] { 1, 2, 3 });
        command.Parameters.AddWithValue("v", new float[] { 1, 2 });
        command.Parameters.AddWithValue("a", new[] { 1, 2 });
        command.Parameters.AddWithValue("n", new int?[] { 1, null });
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal("text", reader.GetFieldValue<string>(0));
        Assert.Equal("text".ToCharArray(), reader.GetFieldValue<char[]>(0));
        Assert.Equal("text", reader.GetFieldValue<TextReader>(0).ReadToEnd());
        Assert.Equal((DateTimeKind.Unspecified, new DateTime(2024, 5, 6, 7, 8, 9)), (reader.GetDateTime(1).Kind, reader.GetFieldValue<DateTime>(1)));
        Assert.Equal(instant, reader.GetFieldValue<DateTimeOffset>(2));
        Assert.Equal(instant.Offset, reader.GetDateTimeOffset(2).Offset);
        Assert.Equal((DateTimeKind.Utc, instant.UtcDateTime), (reader.GetDateTime(2).Kind, reader.GetDateTime(2)));
        Assert.Equal(new DateOnly(2024, 5, 6), reader.GetFieldValue<DateOnly>(3));
        Assert.Equal(new DateTime(2024, 5, 6), reader.GetDateTime(3));
        Assert.Equal(new TimeOnly(7, 8), reader.GetFieldValue<TimeOnly>(4));
        Assert.Equal(new TimeSpan(7, 8, 0), reader.GetTimeSpan(4));
        Assert.Equal(TimeSpan.FromHours(30), reader.GetFieldValue<TimeSpan?>(5));
        Assert.Equal(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), reader.GetFieldValue<Guid?>(6));
        Assert.Equal(new byte[] { 1, 2, 3 }, reader.GetFieldValue<byte[]>(7));
        Assert.Equal(3, reader.GetFieldValue<Stream>(7).Length);
        Assert.Equal(new float[] { 1, 2 }, reader.GetFieldValue<float[]>(8));
        Assert.Equal(new float[] { 1, 2 }, reader.GetFieldValue<ReadOnlyMemory<float>>(8).ToArray());
        Assert.Equal([1, 2], reader.GetFieldValue<int[]>(9));
        Assert.Equal([1, 2], reader.GetFieldValue<int?[]>(9));
        Assert.Equal([1, null], reader.GetFieldValue<int?[]>(10));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<int[]>(10));
        Assert.Equal('x', reader.GetFieldValue<char>(11));
        Assert.Throws<InvalidCastException>(() => reader.GetChar(0));
        Assert.Equal(Level.High, reader.GetFieldValue<Level>(12));
        Assert.Equal(Level.High, reader.GetFieldValue<Level?>(12));
    }

    [Fact]
    public void Bytes_and_characters_come_in_pieces()
    {
        using var reader = Read("SELECT '\\x0102030405'::bytea, 'abcdef'");
        Assert.Equal(5, reader.GetBytes(0, 0, null, 0, 0));
        var bytes = new byte[4];
        Assert.Equal(3, reader.GetBytes(0, 2, bytes, 1, 3));
        Assert.Equal([0, 3, 4, 5], bytes);
        Assert.Equal(1, reader.GetBytes(0, 4, bytes, 0, 4));
        Assert.Equal(0, reader.GetBytes(0, 9, bytes, 0, 4));
        Assert.Equal(6, reader.GetChars(1, 0, null, 0, 0));
        var chars = new char[3];
        Assert.Equal(2, reader.GetChars(1, 4, chars, 0, 3));
        Assert.Equal("ef\0", new string(chars));
        Assert.Equal("abcdef", new StreamReader(reader.GetStream(1)).ReadToEnd());
    }

    [Fact]
    public void Columns_are_found_by_exact_name_then_in_any_case()
    {
        using var reader = Read("SELECT 1 AS \"Name\", 2 AS name, 3 AS other, 4 AS name");
        Assert.Equal(0, reader.GetOrdinal("Name"));
        Assert.Equal(1, reader.GetOrdinal("name"));
        Assert.Equal(0, reader.GetOrdinal("NAME"));
        Assert.Equal(2, reader.GetOrdinal("OTHER"));
        Assert.Equal(3, reader["Other"]);
        Assert.Contains("Name, name, other", Assert.Throws<IndexOutOfRangeException>(() => reader.GetOrdinal("none")).Message, StringComparison.Ordinal);
        Assert.Throws<IndexOutOfRangeException>(() => reader.GetValue(4));
        Assert.Throws<IndexOutOfRangeException>(() => reader.GetName(-1));
    }

    [Fact]
    public void There_is_no_row_before_the_first_and_after_the_last()
    {
        using var reader = Command("SELECT 1").ExecuteReader();
        Assert.True(reader.HasRows);
        Assert.Throws<InvalidOperationException>(() => reader.GetInt32(0));
        Assert.True(reader.Read());
        Assert.Equal(1, reader.GetInt32(0));
        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.True(reader.HasRows);
        Assert.Throws<InvalidOperationException>(() => reader.GetInt32(0));
        reader.Close();
        reader.Close();
        Assert.True(reader.IsClosed);
        Assert.Throws<InvalidOperationException>(() => reader.FieldCount);
        Assert.Throws<InvalidOperationException>(() => reader.HasRows);
        Assert.Throws<InvalidOperationException>(() => reader.Read());
        Assert.Throws<InvalidOperationException>(() => reader.GetName(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(2049)]
    [InlineData(7000)]
    public void Results_of_any_size_are_read_whole(int rowCount)
    {
        FillTable(rowCount);
        using var reader = Command("SELECT id, name FROM t WHERE id % 3 <> 0 ORDER BY id").ExecuteReader();
        var expected = Enumerable.Range(1, rowCount).Where(i => i % 3 != 0);
        foreach (var id in expected)
        {
            Assert.True(reader.Read());
            Assert.Equal(id, reader.GetInt32(0));
            Assert.Equal($"name {id}", reader.GetString(1));
        }

        Assert.False(reader.Read());
        using var returned = Command("DELETE FROM t WHERE id > 10 RETURNING id").ExecuteReader();
        var count = 0;
        while (returned.Read())
        {
            Assert.True(returned.GetInt32(0) > 10);
            count++;
        }

        Assert.Equal(Math.Max(0, rowCount - 10), count);
        Assert.Equal(count, returned.RecordsAffected);
    }

    [Fact]
    public void Columns_describe_themselves()
    {
        Execute("CREATE TABLE s (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name varchar(20) NOT NULL, price numeric(10,2), code text UNIQUE)");
        using var reader = Command("SELECT id, name AS title, price, price * 2 AS twice, code FROM s").ExecuteReader(CommandBehavior.SchemaOnly);
        var columns = reader.GetColumnSchema();
        Assert.Equal(["id", "title", "price", "twice", "code"], columns.Select(c => c.ColumnName));
        Assert.Equal(("s", "id", true, true, false), (columns[0].BaseTableName, columns[0].BaseColumnName, columns[0].IsKey, columns[0].IsAutoIncrement, columns[0].AllowDBNull));
        Assert.Equal(("name", true, 20, false), (columns[1].BaseColumnName, columns[1].IsAliased, columns[1].ColumnSize, columns[1].AllowDBNull));
        Assert.Equal((10, 2, true), (columns[2].NumericPrecision, columns[2].NumericScale, columns[2].AllowDBNull));
        Assert.Equal((null, true), (columns[3].BaseColumnName, columns[3].IsExpression));
        Assert.True(columns[4].IsUnique);
        Assert.Equal(typeof(decimal), columns[2].DataType);
        var table = reader.GetSchemaTable()!;
        Assert.Equal(5, table.Rows.Count);
        Assert.Equal("title", table.Rows[1][SchemaTableColumn.ColumnName]);
        Assert.Equal(typeof(string), table.Rows[1][SchemaTableColumn.DataType]);
        Assert.Equal("varchar(20)", reader.GetDataTypeName(1));
    }

    [Fact]
    public void A_data_table_loads_itself()
    {
        FillTable(3);
        using var reader = Command("SELECT id, name FROM t ORDER BY id").ExecuteReader();
        var table = new DataTable();
        table.Load(reader);
        Assert.Equal(3, table.Rows.Count);
        Assert.Equal("name 2", table.Rows[1]["name"]);
    }

    [Fact]
    public void Rows_are_enumerated_as_records()
    {
        FillTable(3);
        using var reader = Command("SELECT id, name FROM t ORDER BY id").ExecuteReader();
        Assert.Equal([1, 2, 3], reader.Cast<IDataRecord>().Select(r => r.GetInt32(0)).ToArray());
    }

    private EngramDataReader Read(string sql)
    {
        var reader = Command(sql).ExecuteReader();
        Assert.True(reader.Read());
        return reader;
    }
}
