using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

public sealed class FunctionTests
{
    public static TheoryData<string, object?[], object?> Functions => new()
    {
        { "||", ["a", "b"], "ab" },
        { "||", ["a", null], null },
        { "length", ["a🙂é"], 3 },
        { "utf16_length", ["a🙂é"], 4 },
        { "octet_length", ["a🙂é"], 7 },
        { "upper", ["straße é"], "STRAßE É" },
        { "lower", ["ABC Ä"], "abc ä" },
        { "btrim", ["  a b "], "a b" },
        { "btrim", ["éaéé", "é"], "a" },
        { "ltrim", ["xyx", "x"], "yx" },
        { "rtrim", ["xyx", "x"], "xy" },
        { "rtrim", ["   "], "" },
        { "substring", ["a🙂bc", 2], "🙂bc" },
        { "substring", ["a🙂bc", 2, 2], "🙂b" },
        { "substring", ["abc", -1, 3], "a" },
        { "substring", ["abc", 9, 3], "" },
        { "substring", ["abc", 2, int.MaxValue], "bc" },
        { "utf16_substring", ["a🙂bc", 3], "bc" },
        { "utf16_substring", ["a🙂bc", 1, 2], "🙂" },
        { "utf16_substring", ["abc", 5, 2], "" },
        { "utf16_index_of", ["a🙂bc", "b"], 3 },
        { "utf16_index_of", ["abc", "x"], -1 },
        { "utf16_index_of", ["a🙂bab", "b", 4], 5 },
        { "utf16_index_of", ["abc", "a", 1], -1 },
        { "utf16_index_of", ["abc", "", 3], 3 },
        { "utf16_index_of", ["abc", "", 4], -1 },
        { "utf16_last_index_of", ["b🙂bc", "b"], 3 },
        { "utf16_last_index_of", ["🙂", ""], 2 },
        { "utf16_last_index_of", ["abc", "x"], -1 },
        { "ticks", [new DateTime(2024, 2, 29, 1, 2, 3).AddTicks(4)], new DateTime(2024, 2, 29, 1, 2, 3).Ticks + 4 },
        { "ticks", [new TimeOnly(7)], 7L },
        { "ticks", [TimeSpan.MinValue], long.MinValue },
        { "left", ["a🙂bc", 2], "a🙂" },
        { "left", ["abc", -1], "ab" },
        { "left", ["abc", -9], "" },
        { "right", ["a🙂bc", 3], "🙂bc" },
        { "right", ["abc", -1], "bc" },
        { "right", ["abc", 9], "abc" },
        { "strpos", ["a🙂bc", "b"], 3 },
        { "strpos", ["abc", ""], 1 },
        { "strpos", ["abc", "x"], 0 },
        { "position", ["b", "a🙂bc"], 3 },
        { "starts_with", ["abc", "ab"], true },
        { "ends_with", ["abc", "bc"], true },
        { "contains", ["abc", "bx"], false },
        { "contains", ["abc", ""], true },
        { "replace", ["aXbXc", "X", "--"], "a--b--c" },
        { "replace", ["abc", "", "x"], "abc" },
        { "replace", ["aaa", "a", ""], "" },
        { "reverse", ["a🙂é"], "é🙂a" },
        { "repeat", ["ab", 3], "ababab" },
        { "repeat", ["ab", -1], "" },
        { "lpad", ["ab", 5], "   ab" },
        { "lpad", ["ab", 6, "🙂x"], "🙂x🙂xab" },
        { "lpad", ["abc", 2, "x"], "ab" },
        { "rpad", ["ab", 5, "é"], "abééé" },
        { "concat", ["a", null, "b"], "ab" },
        { "concat_ws", ["-", "a", null, "b"], "a-b" },
        { "concat_ws", [null, "a"], null },
        { "abs", [-3], 3 },
        { "sign", [-2.5m], -1m },
        { "round", [2.5], 2.0 },
        { "round", [2.5m], 3m },
        { "round", [2.345m, 2], 2.35m },
        { "round", [1250m, -2], 1300m },
        { "trunc", [-2.7m], -2m },
        { "floor", [-2.5], -3.0 },
        { "ceiling", [2.1m], 3m },
        { "sqrt", [9.0], 3.0 },
        { "sqrt", [-1.0], double.NaN },
        { "power", [2.0, 10.0], 1024.0 },
        { "log", [2.0, 8.0], 3.0 },
        { "mod", [7, -3], 1 },
        { "date_part", ["year", new DateTime(2026, 3, 4)], 2026.0 },
        { "date_part", ["quarter", new DateTime(2026, 4, 1)], 2.0 },
        { "date_part", ["week", new DateTime(2027, 1, 1)], 53.0 },
        { "date_part", ["dow", new DateTime(2026, 3, 1)], 0.0 },
        { "date_part", ["isodow", new DateTime(2026, 3, 1)], 7.0 },
        { "date_part", ["doy", new DateOnly(2026, 2, 1)], 32.0 },
        { "date_part", ["second", new DateTime(2026, 1, 1).AddSeconds(59.5)], 59.5 },
        { "date_part", ["hour", new DateTimeOffset(2026, 1, 1, 5, 0, 0, TimeSpan.FromHours(2))], 5.0 },
        { "date_part", ["timezone", new DateTimeOffset(2026, 1, 1, 5, 0, 0, TimeSpan.FromHours(2))], 7200.0 },
        { "date_part", ["epoch", new DateTimeOffset(1970, 1, 1, 2, 0, 1, TimeSpan.FromHours(2))], 1.0 },
        { "date_part", ["day", TimeSpan.FromHours(50)], 2.0 },
        { "date_part", ["minute", new TimeOnly(3, 4)], 4.0 },
        { "date_trunc", ["month", new DateTime(2026, 3, 4, 5, 6, 7)], new DateTime(2026, 3, 1) },
        { "date_trunc", ["week", new DateTime(2026, 3, 4, 5, 6, 7)], new DateTime(2026, 3, 2) },
        { "date_trunc", ["day", new DateTimeOffset(2026, 1, 1, 1, 30, 0, TimeSpan.FromHours(2))], new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(2)) },
        { "add_months", [new DateTime(2024, 1, 31), 1], new DateTime(2024, 2, 29) },
        { "+", [new DateTime(2026, 1, 1), TimeSpan.FromDays(31)], new DateTime(2026, 2, 1) },
        { "-", [new DateTime(2026, 1, 2), new DateTime(2026, 1, 1)], TimeSpan.FromDays(1) },
        { "+", [new DateOnly(2026, 1, 1), 31], new DateOnly(2026, 2, 1) },
        { "-", [new DateOnly(2026, 2, 1), new DateOnly(2026, 1, 1)], 31 },
        { "+", [new TimeOnly(23, 0), TimeSpan.FromHours(2)], new TimeOnly(1, 0) },
        { "-", [new TimeOnly(1, 0), TimeSpan.FromHours(50)], new TimeOnly(23, 0) },
        { "*", [TimeSpan.FromHours(1), 1.5], TimeSpan.FromMinutes(90) },
        { "vector_dims", [new[] { 1f, 2f, 3f }], 3 },
        { "vector_norm", [new[] { 3f, 4f }], 5.0 },
        { "<->", [new[] { 1f, 2f }, new[] { 4f, 6f }], 5.0 },
        { "<+>", [new[] { 1f, 2f }, new[] { 4f, 6f }], 7.0 },
        { "<#>", [new[] { 1f, 2f }, new[] { 4f, 6f }], -16.0 },
        { "inner_product", [new[] { 1f, 2f }, new[] { 4f, 6f }], 16.0 },
        { "<=>", [new[] { 1f, 0f }, new[] { 0f, 2f }], 1.0 },
        { "cosine_distance", [new[] { 1f, 0f }, new[] { -1f, 0f }], 2.0 },
        { "cosine_similarity", [new[] { 2f, 0f }, new[] { 1f, 0f }], 1.0 },
        { "<=>", [new[] { 0f, 0f }, new[] { 1f, 0f }], 1.0 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Functions_give(string name, object?[] arguments, object? expected)
    {
        var types = arguments.Select(a => TypeOf(a)).ToArray();
        Assert.Equal(expected, Eval(Call(name, [.. arguments.Select((a, i) => Const(types[i], a))])));

        // The same in columns, with a NULL and a row that is not wanted before it.
        object?[][] rows = [new object?[arguments.Length], arguments, arguments];
        Assert.Equal(expected, EvalRows(Call(name, [.. types.Select(Col)]), types, rows)[1]);
        Assert.Equal(expected, EvalRows(Call(name, [.. types.Select(Col)]), types, rows, [2])[2]);
        if (name is not ("concat" or "concat_ws"))
        {
            Assert.Null(EvalRows(Call(name, [.. types.Select(Col)]), types, rows, [0, 2])[0]);
        }
    }

    [Fact]
    public void Functions_refuse_what_they_cannot_do()
    {
        Assert.Equal("22000", StateOf(() => Eval(Call("<=>", Const(DataType.Vector(0), new[] { 1f }), Const(DataType.Vector(0), new[] { 1f, 2f })))));
        Assert.Equal("22008", StateOf(() => Eval(Call("+", Const(DataType.Timestamp, DateTime.MaxValue), Const(DataType.Interval, TimeSpan.FromTicks(1))))));
        Assert.Equal("22008", StateOf(() => Eval(Call("-", Const(DataType.Date, DateOnly.MinValue), Int(1)))));
        Assert.Equal("22008", StateOf(() => Eval(Call("+", Const(DataType.Interval, TimeSpan.MaxValue), Const(DataType.Interval, TimeSpan.MaxValue)))));
        Assert.Equal("22008", StateOf(() => Eval(Call("add_months", Const(DataType.Timestamp, DateTime.MaxValue), Int(1)))));
        Assert.Equal("22P05", StateOf(() => Eval(Call("utf16_substring", Text("🙂"), Int(1)))));
        Assert.Equal("22023", StateOf(() => Eval(Call("substring", Text("abc"), Int(1), Int(-1)))));
        Assert.Equal("22023", StateOf(() => Eval(Call("date_part", Text("nonsense"), Const(DataType.Date, DateOnly.MinValue)))));
        Assert.Equal("54000", StateOf(() => Eval(Call("repeat", Text("abcdefgh"), Int(int.MaxValue)))));
    }

    [Fact]
    public void An_instant_keeps_its_offset_when_it_moves()
    {
        var start = new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(5));
        foreach (var call in new[]
        {
            Call("+", Const(DataType.TimestampTz, start), Const(DataType.Interval, TimeSpan.FromDays(1))),
            Call("+", Const(DataType.Interval, TimeSpan.FromDays(1)), Const(DataType.TimestampTz, start)),
        })
        {
            var moved = Assert.IsType<DateTimeOffset>(Eval(call));
            Assert.Equal((start.AddDays(1), start.Offset), (moved, moved.Offset));
        }

        var late = new DateTimeOffset(9999, 12, 31, 23, 0, 0, TimeSpan.FromHours(5));
        Assert.Equal("22008", StateOf(() => Eval(Call("+", Const(DataType.TimestampTz, late), Const(DataType.Interval, TimeSpan.FromHours(2))))));
    }

    [Fact]
    public void The_clock_stands_still_and_random_values_do_not()
    {
        Assert.Equal(Now, Eval(Call("now")));
        Assert.Equal(DateOnly.FromDateTime(Now.DateTime), Eval(Call("current_date")));
        var random = EvalRows(Call("random"), [DataType.Int32], [[1], [2], [3]]);
        Assert.Equal(3, random.Distinct().Count());
        Assert.Equal(3, EvalRows(Call("gen_random_uuid"), [DataType.Int32], [[1], [2], [3]]).Distinct().Count());
    }

    [Fact]
    public void Every_overload_has_what_makes_it_run()
    {
        foreach (var function in FunctionRegistry.All)
        {
            Assert.NotEmpty(function.Summary);
            Assert.Equal(function.Kind == FunctionKind.Scalar, function.CreateEvaluator is not null);
            Assert.Equal(function.Kind == FunctionKind.Aggregate, function.CreateAggregator is not null);
            Assert.Equal(function.Kind == FunctionKind.Table, function.CreateTable is not null);
            Assert.Equal(function.Kind == FunctionKind.Window, function.CreateWindow is not null);
            Assert.Equal(function.Name, function.Name.ToLowerInvariant());
        }

        // No two overloads take the same arguments.
        Assert.Empty(FunctionRegistry.All.GroupBy(f => (f.Name, f.Kind, string.Join(',', f.ParameterTypes), f.ArrayElement)).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    internal static DataType TypeOf(object? value) => value switch
    {
        int => DataType.Int32,
        long => DataType.Int64,
        double => DataType.Double,
        decimal => DataType.Decimal,
        DateTime => DataType.Timestamp,
        DateTimeOffset => DataType.TimestampTz,
        DateOnly => DataType.Date,
        TimeOnly => DataType.Time,
        TimeSpan => DataType.Interval,
        float[] => DataType.Vector(0),
        _ => DataType.Text,
    };
}
