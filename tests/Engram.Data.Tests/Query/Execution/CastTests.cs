using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

public sealed class CastTests
{
    public static TheoryData<string, string, string> RoundTrips => new()
    {
        { "boolean", "yes", "true" },
        { "boolean", " OFF ", "false" },
        { "tinyint", "-128", "-128" },
        { "integer", " +42 ", "42" },
        { "bigint", "-9223372036854775808", "-9223372036854775808" },
        { "ubigint", "18446744073709551615", "18446744073709551615" },
        { "real", "0.1", "0.1" },
        { "double precision", "1e20", "1e+20" },
        { "double precision", "-infinity", "-Infinity" },
        { "double precision", "NaN", "NaN" },
        { "numeric", "1.500", "1.500" },
        { "numeric(10,2)", "1.005", "1.01" },
        { "numeric(10,2)", "-1.005", "-1.01" },
        { "numeric(10,2)", "7", "7.00" },
        { "varchar(3)", "äöü", "äöü" }, { "varchar(3)", "äöüß", "äöü" },
        { "bytea", "\\x00FF", "\\x00ff" },
        { "bytea", "a\\\\b\\001", "\\x615c6201" },
        { "uuid", "{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6f9619ff-8b86-d011-b42d-00c04fc964ff" },
        { "date", "2024-02-29", "2024-02-29" },
        { "date", "2024-02-29 23:00", "2024-02-29" },
        { "time", "7:05", "07:05:00" },
        { "time", "23:59:59.1234567", "23:59:59.1234567" },
        { "timestamp", "2026-01-31T14:30:00.50", "2026-01-31 14:30:00.5" },
        { "timestamp", "2026-01-31", "2026-01-31 00:00:00" },
        { "timestamptz", "2026-01-31 14:30:00+05:30", "2026-01-31 14:30:00+05:30" },
        { "timestamptz", "2026-01-31 14:30Z", "2026-01-31 14:30:00+00" },
        { "timestamptz", "2026-01-31 14:30 -0800", "2026-01-31 14:30:00-08" },
        { "timestamptz", "2026-01-31", "2026-01-31 00:00:00+00" },
        { "interval", "1 day 02:03:04.5", "1 day 02:03:04.5" },
        { "interval", "1:2:03:04.5", "1 day 02:03:04.5" },
        { "interval", "-1:2:03:04.5", "-1 days -02:03:04.5" },
        { "interval", "-1 days -2 hours", "-1 days -02:00:00" },
        { "interval", "90 minutes", "01:30:00" },
        { "interval", "1.5 hours ago", "-01:30:00" },
        { "interval", "P1DT2H", "1 day 02:00:00" },
        { "interval", "3.04:05:06", "3 days 04:05:06" },
        { "interval", "100:00", "4 days 04:00:00" },
        { "interval", "-256204778:48:05.4775808", "-10675199 days -02:48:05.4775808" },
        { "vector(3)", "[1, -2.5,3e-7]", "[1,-2.5,3e-07]" },
        { "vector", "[]", "[]" },
        { "json", "{\"a\":[1,null]}", "{\"a\": [1, null]}" },
        { "integer[]", "{1,NULL, 3}", "{1,NULL,3}" },
        { "integer[]", "{}", "{}" },
        { "text[]", "{a,\"b,\\\"c\",\"null\",\"\"}", "{a,\"b,\\\"c\",\"null\",\"\"}" },
        { "timestamptz[]", "{\"2026-01-31 14:30+02\"}", "{\"2026-01-31 14:30:00+02\"}" },
    };

    public static TheoryData<string, string, string> Refused => new()
    {
        { "boolean", "maybe", "22P02" },
        { "integer", "1.5", "22P02" },
        { "integer", "2147483648", "22003" },
        { "integer", "", "22P02" },
        { "tinyint", "200", "22003" },
        { "utinyint", "-1", "22003" },
        { "double precision", "1e400", "22003" },
        { "numeric(4,2)", "100", "22003" },
        { "numeric(4,2)", "99.995", "22003" },
        { "numeric", "1e40", "22003" },
        { "uuid", "1", "22P02" },
        { "date", "2023-02-29", "22P02" },
        { "date", "2024-13-01", "22P02" },
        { "time", "24:00", "22P02" },
        { "timestamp", "2024-01-01 10", "22P02" },
        { "timestamptz", "0001-01-01 00:00+01", "22008" },
        { "timestamptz", "2024-01-01 00:00+15", "22P02" },
        { "interval", "1 month", "22023" },
        { "interval", "256204778:48:05.4775808", "22008" },
        { "interval", "999999999:00:00", "22008" },
        { "interval", "1 fortnight", "22P02" },
        { "vector(2)", "[1,2,3]", "22000" },
        { "vector", "[1,NaN]", "22000" },
        { "vector", "1,2", "22P02" },
        { "json", "{a:1}", "22P02" },
        { "integer[]", "{1,", "22P02" },
        { "integer[]", "{1,,2}", "22P02" },
    };

    [Theory]
    [MemberData(nameof(RoundTrips))]
    public void Text_is_read_and_written_as_PostgreSQL_does(string type, string text, string expected)
        => Assert.Equal(expected, Eval(Cast(Cast(Text(text), Type(type)), DataType.Text)));

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_does_not_fit_is_an_error(string type, string text, string state)
        => Assert.Equal(state, StateOf(() => Eval(Cast(Text(text), Type(type)))));

    [Fact]
    public void A_text_is_cut_by_a_written_cast_alone()
        => Assert.Equal("22001", StateOf(() => Eval(new BoundCast(Type("varchar(3)"), Text("äöüß"), false))));

    [Fact]
    public void Numbers_round_as_PostgreSQL_does_and_never_wrap()
    {
        Assert.Equal(2, Eval(Cast(Const(DataType.Double, 2.5), DataType.Int32)));
        Assert.Equal(4, Eval(Cast(Const(DataType.Double, 3.5), DataType.Int32)));
        Assert.Equal(3, Eval(Cast(Const(DataType.Decimal, 2.5m), DataType.Int32)));
        Assert.Equal(-3L, Eval(Cast(Const(DataType.Decimal, -2.5m), DataType.Int64)));
        Assert.Equal(0.1f, Eval(Cast(Const(DataType.Double, 0.1), DataType.Single)));
        Assert.Equal(0.1m, Eval(Cast(Const(DataType.Double, 0.1), DataType.Decimal)));
        Assert.Equal((double)0.1f, Eval(Cast(Const(DataType.Single, 0.1f), DataType.Double)));
        Assert.Equal(true, Eval(Cast(Int(7), DataType.Boolean)));
        Assert.Equal((short)1, Eval(Cast(Const(DataType.Boolean, true), DataType.Int16)));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Int(200), DataType.Int8))));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Int(-1), DataType.UInt64))));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Const(DataType.Double, double.NaN), DataType.Int32))));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Const(DataType.Double, 1e300), DataType.Single))));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Const(DataType.Double, 1e30), DataType.Decimal))));
        Assert.Equal("22003", StateOf(() => Eval(Cast(Const(DataType.UInt64, ulong.MaxValue), DataType.Int64))));
    }

    [Fact]
    public void Dates_and_times_convert_by_the_clock_that_they_carry()
    {
        var instant = Const(DataType.TimestampTz, new DateTimeOffset(2026, 1, 1, 1, 30, 0, TimeSpan.FromHours(2)));
        Assert.Equal(new DateTime(2026, 1, 1, 1, 30, 0), Eval(Cast(instant, DataType.Timestamp)));
        Assert.Equal(new DateOnly(2026, 1, 1), Eval(Cast(instant, DataType.Date)));
        Assert.Equal(new TimeOnly(1, 30), Eval(Cast(instant, DataType.Time)));
        var back = Assert.IsType<DateTimeOffset>(Eval(Cast(Const(DataType.Timestamp, new DateTime(2026, 1, 1, 5, 0, 0)), DataType.TimestampTz)));
        Assert.Equal((new DateTime(2026, 1, 1, 5, 0, 0), TimeSpan.Zero), (back.DateTime, back.Offset));
        Assert.Equal(new DateTime(2026, 3, 4), Eval(Cast(Const(DataType.Date, new DateOnly(2026, 3, 4)), DataType.Timestamp)));
    }

    [Fact]
    public void Arrays_and_vectors_turn_into_each_other()
    {
        var floats = Const(DataType.ArrayOf(TypeKind.Single), new[] { 1f, 2f });
        Assert.Equal(new[] { 1f, 2f }, Eval(Cast(floats, DataType.Vector(2))));
        Assert.Equal(new[] { 1f, 2f }, Eval(Cast(Const(DataType.ArrayOf(TypeKind.Int32), new[] { 1, 2 }), DataType.Vector(0))));
        Assert.Equal(new[] { 1d, 2d }, Eval(Cast(Const(DataType.Vector(2), new[] { 1f, 2f }), DataType.ArrayOf(TypeKind.Double))));
        Assert.Equal(new[] { "1", "2" }, Eval(Cast(Const(DataType.ArrayOf(TypeKind.Int32), new[] { 1, 2 }), DataType.ArrayOf(TypeKind.Text))));
        Assert.Equal("22000", StateOf(() => Eval(Cast(floats, DataType.Vector(3)))));
        Assert.Equal("22000", StateOf(() => Eval(Cast(Const(DataType.ArrayOf(TypeKind.Double), new[] { double.NaN }), DataType.Vector(0)))));
        Assert.Equal("42846", StateOf(() => Eval(Cast(Int(1), DataType.Date))));
    }

    [Fact]
    public void The_message_names_the_column()
    {
        var cast = new Engram.Data.Query.Binding.BoundCast(DataType.Vector(768), Const(DataType.Vector(0), new float[384]), false) { Target = "Episode.Embedding" };
        Assert.Equal(
            "Column 'Episode.Embedding' stores vectors of 768 dimensions; this value has 384. Use the model that the column was created for, or alter the column.",
            Assert.Throws<EngramException>(() => Eval(cast)).Message);
    }

    [Fact]
    public void Columns_with_NULLs_are_converted_row_by_row()
    {
        object?[][] rows = [["1"], [null], ["x"], ["3"]];
        Assert.Equal([1, null, null, 3], EvalRows(Cast(Col(DataType.Text, 0), DataType.Int32), [DataType.Text], rows, [0, 1, 3]));
        object?[][] arrays = [[new[] { 1 }], [null], [new[] { 2, 3 }]];
        var type = DataType.ArrayOf(TypeKind.Int32);
        var longs = EvalRows(Cast(Col(type, 0), DataType.ArrayOf(TypeKind.Int64)), [type], arrays, [1, 2]);
        Assert.Null(longs[1]);
        Assert.Equal(new long[] { 2, 3 }, longs[2]);
    }

    [Fact]
    public unsafe void What_lies_under_a_null_numeric_is_not_looked_at()
    {
        // As a delta has it: memory that served something else before.
        using var buffer = new ColumnBuffer(DataType.Decimal);
        ClrValue.Append(buffer, 1.5m);
        buffer.AppendNull();
        new Span<byte>((decimal*)buffer.Column.Data + 1, sizeof(decimal)).Fill(0xFF);
        var batch = new Batch(1) { RowCount = 2 };
        batch.Columns[0] = buffer.Column;
        foreach (var type in new[] { DataType.Double, DataType.Single, DataType.Int64 })
        {
            using var evaluator = EvaluatorFactory.Create(Cast(Col(DataType.Decimal, 0), type), Context());
            var result = evaluator.Evaluate(batch, null);
            Assert.False(result.IsNull(0));
            Assert.True(result.IsNull(1));
        }
    }

    private static DataType Type(string name) => Engram.Data.Query.Syntax.TypeNames.Resolve(name);
}
