using System.Text.RegularExpressions;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using static Engram.Data.Tests.Query.Execution.Statement;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>Every operator over random columns with NULLs and random selections, against .NET row by row.</summary>
public sealed class ExpressionTests
{
    private static readonly Dictionary<TypeKind, Func<Random, object>> Generators = new()
    {
        [TypeKind.Boolean] = r => r.Next(2) == 0,
        [TypeKind.Int8] = r => (sbyte)r.Next(-128, 128),
        [TypeKind.Int16] = r => (short)r.Next(-40, 40),
        [TypeKind.Int32] = r => r.Next(-5, 5),
        [TypeKind.Int64] = r => (long)r.Next(-5, 5) << (r.Next(3) * 20),
        [TypeKind.UInt8] = r => (byte)r.Next(256),
        [TypeKind.UInt16] = r => (ushort)r.Next(40),
        [TypeKind.UInt32] = r => (uint)r.Next(40),
        [TypeKind.UInt64] = r => (ulong)r.Next(40) << r.Next(59),
        [TypeKind.Single] = r => new[] { 0f, -0f, 1.5f, -2.25f, float.NaN, float.PositiveInfinity, float.NegativeInfinity }[r.Next(7)],
        [TypeKind.Double] = r => new[] { 0d, -0d, 1.5, -2.25, double.NaN, double.PositiveInfinity, double.NegativeInfinity }[r.Next(7)],
        [TypeKind.Decimal] = r => new decimal(r.Next(-500, 500), 0, 0, false, (byte)r.Next(3)),
        [TypeKind.Text] = r => new[] { "", "a", "ab", "b", "naïve", "🙂", "zz", "Z" }[r.Next(8)],
        [TypeKind.Bytea] = r => new byte[][] { [], [0], [0, 1], [255] }[r.Next(4)],
        [TypeKind.Uuid] = r => new Guid(r.Next(3) - 1, (short)r.Next(-2, 2), 0, [0, 0, 0, 0, 0, 0, 0, (byte)r.Next(3)]),
        [TypeKind.Date] = r => new DateOnly(2026, 1, 1).AddDays(r.Next(5)),
        [TypeKind.Time] = r => new TimeOnly(r.Next(24), r.Next(3), 0),
        [TypeKind.Timestamp] = r => new DateTime(2026, 1, 1).AddHours(r.Next(5)),
        [TypeKind.TimestampTz] = r => new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.FromHours(r.Next(-3, 3))),
        [TypeKind.Interval] = r => TimeSpan.FromMinutes(r.Next(-3, 3)),
    };

    public static TheoryData<string> OrderedKinds => [.. Generators.Keys.Select(k => k.ToString())];

    [Theory]
    [MemberData(nameof(OrderedKinds))]
    public void Comparisons_follow_the_order_of_the_type(string name)
    {
        var kind = Enum.Parse<TypeKind>(name);
        var type = new DataType(kind);
        var random = new Random(7);
        var (rows, selected) = RandomRows(random, 300, type, type);
        foreach (var (symbol, test) in new (string, Func<int, bool>)[]
        {
            ("=", o => o == 0), ("<>", o => o != 0), ("<", o => o < 0), ("<=", o => o <= 0), (">", o => o > 0), (">=", o => o >= 0),
        })
        {
            object? Oracle(object? a, object? b) => a is null || b is null ? null : test(Order(a, b));
            Check(Call(symbol, Col(type, 0), Col(type, 1)), [type, type], rows, selected, r => Oracle(r[0], r[1]));
            var constant = rows.First(r => r[0] is not null)[0];
            Check(Call(symbol, Col(type, 0), Const(type, constant)), [type, type], rows, selected, r => Oracle(r[0], constant));
            Check(Call(symbol, Const(type, constant), Col(type, 1)), [type, type], rows, selected, r => Oracle(constant, r[1]));
            Check(Call(symbol, Col(type, 0), Const(type, null)), [type, type], rows, selected, _ => null);
        }

        Check(new BoundIsDistinct(Col(type, 0), Col(type, 1), false), [type, type], rows, selected, r => Differs(r[0], r[1]));
        Check(new BoundIsDistinct(Col(type, 0), Col(type, 1), true), [type, type], rows, selected, r => !Differs(r[0], r[1]));
        Check(new BoundIsNull(Col(type, 0), false), [type, type], rows, selected, r => r[0] is null);
        Check(Call("greatest", Col(type, 0), Col(type, 1)), [type, type], rows, selected,
            r => r[0] is null ? r[1] : r[1] is null || Order(r[0]!, r[1]!) >= 0 ? r[0] : r[1]);
        Check(Call("least", Col(type, 0), Col(type, 1)), [type, type], rows, selected,
            r => r[0] is null ? r[1] : r[1] is null || Order(r[0]!, r[1]!) <= 0 ? r[0] : r[1]);
        Check(Call("nullif", Col(type, 0), Col(type, 1)), [type, type], rows, selected, r => r[0] is not null && !Differs(r[0], r[1]) ? null : r[0]);
        Check(new BoundCoalesce(type, [Col(type, 0), Col(type, 1)]), [type, type], rows, selected, r => r[0] ?? r[1]);
    }

    [Theory]
    [MemberData(nameof(OrderedKinds))]
    public void In_lists_short_and_long_are_three_valued(string name)
    {
        var type = new DataType(Enum.Parse<TypeKind>(name));
        var random = new Random(11);
        var (rows, selected) = RandomRows(random, 200, type, type);
        foreach (var count in new[] { 1, 3, 20 })
        {
            foreach (var withNull in new[] { false, true })
            {
                var items = Enumerable.Range(0, count).Select(i => withNull && i == 0 ? null : Generators[type.Kind](random)).ToArray();
                foreach (var isNegated in new[] { false, true })
                {
                    var list = new BoundInList(Col(type, 0), [.. items.Select(v => Const(type, v))], isNegated);
                    Check(list, [type, type], rows, selected, r => In(r[0], items, isNegated));
                }
            }
        }

        // Not constant: the second column is an item.
        Check(new BoundInList(Col(type, 0), [Col(type, 1)], false), [type, type], rows, selected, r => In(r[0], [r[1]], false));
    }

    [Fact]
    public void Arithmetic_is_that_of_dotnet()
    {
        var random = new Random(3);
        var int32 = DataType.Int32;
        var (rows, selected) = RandomRows(random, 500, int32, int32);
        rows = [.. rows.Select(r => r[1] is 0 ? new[] { r[0], 3 } : r)];
        Check(Call("+", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a + b));
        Check(Call("-", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a - b));
        Check(Call("*", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a * b));
        Check(Call("/", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a / b));
        Check(Call("%", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a % b));
        Check(Call("#", Col(int32, 0), Col(int32, 1)), [int32, int32], rows, selected, Both<int>((a, b) => a ^ b));

        var type = DataType.Double;
        (rows, selected) = RandomRows(random, 500, type, type);
        Check(Call("/", Col(type, 0), Col(type, 1)), [type, type], rows, selected, Both<double>((a, b) => a / b));
        Check(Call("-", Col(type, 0)), [type, type], rows, selected, r => r[0] is double d ? -d : null);

        type = DataType.Decimal;
        (rows, selected) = RandomRows(random, 500, type, type);
        Check(Call("*", Col(type, 0), Col(type, 1)), [type, type], rows, selected, Both<decimal>((a, b) => a * b));
    }

    [Fact]
    public void Numbers_that_leave_their_range_are_errors()
    {
        Assert.Equal("22003", StateOf(() => Eval(Call("+", Int(int.MaxValue), Int(1)))));
        Assert.Equal("22003", StateOf(() => Eval(Call("-", Const(DataType.UInt8, (byte)0), Const(DataType.UInt8, (byte)1)))));
        Assert.Equal("22003", StateOf(() => Eval(Call("/", Const(DataType.Int8, sbyte.MinValue), Const(DataType.Int8, (sbyte)-1)))));
        Assert.Equal("22003", StateOf(() => Eval(Call("/", Int(int.MinValue), Int(-1)))));
        Assert.Equal("22003", StateOf(() => Eval(Call("-", Int(int.MinValue)))));
        Assert.Equal("22003", StateOf(() => Eval(Call("*", Const(DataType.Decimal, decimal.MaxValue), Const(DataType.Decimal, 2m)))));
        Assert.Equal("22012", StateOf(() => Eval(Call("/", Int(1), Int(0)))));
        Assert.Equal("22012", StateOf(() => Eval(Call("%", Const(DataType.Decimal, 1m), Const(DataType.Decimal, 0m)))));
        Assert.Equal(0, Eval(Call("%", Int(int.MinValue), Int(-1))));
        Assert.Equal(double.PositiveInfinity, Eval(Call("/", Const(DataType.Double, 1.0), Const(DataType.Double, 0.0))));
    }

    [Fact]
    public void Rows_that_are_not_wanted_or_NULL_raise_no_error()
    {
        var type = DataType.Int32;
        object?[][] rows = [[1, 0], [6, 2], [7, null], [null, 0]];
        var division = Call("/", Col(type, 0), Col(type, 1));
        Assert.Equal([null, 3, null, null], EvalRows(division, [type, type], rows, [1, 2, 3]));
        Assert.Equal("22012", StateOf(() => EvalRows(division, [type, type], rows)));

        var isZero = Call("=", Col(type, 1), Int(0));
        var guarded = new BoundCase(type, [(isZero, Int(-1))], division);
        Assert.Equal([-1, 3, null, -1], EvalRows(guarded, [type, type], rows));
        var and = new BoundLogical(true, [new BoundNot(isZero), Call(">", division, Int(0))]);
        Assert.Equal([false, true, null, false], EvalRows(and, [type, type], rows));
        var or = new BoundLogical(false, [isZero, Call(">", division, Int(0))]);
        Assert.Equal([true, true, null, true], EvalRows(or, [type, type], rows));
        var coalesce = new BoundCoalesce(type, [Call("nullif", Col(type, 1), Int(0)), division]);
        Assert.Equal("22012", StateOf(() => EvalRows(coalesce, [type, type], rows)));
        Assert.Equal([null, 2, null, null], EvalRows(coalesce, [type, type], rows, [1, 2, 3]));
    }

    [Fact]
    public void And_or_not_are_three_valued()
    {
        var type = DataType.Boolean;
        bool?[] values = [true, false, null];
        var rows = (from a in values from b in values from c in values select new object?[] { a, b, c }).ToArray();
        DataType[] types = [type, type, type];
        BoundExpression[] columns = [Col(type, 0), Col(type, 1), Col(type, 2)];
        Check(new BoundLogical(true, [.. columns]), types, rows, null, r => r.Contains(false) ? false : r.Contains(null) ? null : true);
        Check(new BoundLogical(false, [.. columns]), types, rows, null, r => r.Contains(true) ? true : r.Contains(null) ? null : false);
        Check(new BoundNot(columns[0]), types, rows, null, r => r[0] is bool b ? !b : null);
        Check(new BoundLogical(true, [columns[0], Const(type, null), columns[1]]), types, rows, null, r => r[0] is false || r[1] is false ? false : null);
        Check(new BoundLogical(false, [columns[0], Const(type, true)]), types, rows, null, _ => true);
        var choice = new BoundCase(type, [(columns[0], columns[1]), (columns[1], columns[2])], Const(type, null));
        Check(choice, types, rows, null, r => r[0] is true ? r[1] : r[1] is true ? r[2] : null);
    }

    [Fact]
    public void Like_agrees_with_a_regular_expression()
    {
        var random = new Random(5);
        for (var i = 0; i < 3000; i++)
        {
            var pattern = RandomString(random, ["a", "b", "%", "_", "é", "\\%", "\\_"], 7);
            var text = RandomString(random, ["a", "b", "é", "%", "_", "A"], 8);
            var regex = "^" + Regex.Replace(pattern, @"\\(.)|(.)", m => m.Groups[1].Success ? Regex.Escape(m.Groups[1].Value)
                : m.Value == "%" ? ".*" : m.Value == "_" ? "." : Regex.Escape(m.Value)) + "$";
            Assert.True(Equals(Regex.IsMatch(text, regex, RegexOptions.Singleline), Eval(Call("like", Text(text), Text(pattern)))), $"{text} like {pattern}");
            Assert.Equal(Regex.IsMatch(text, regex, RegexOptions.Singleline | RegexOptions.IgnoreCase), Eval(Call("ilike", Text(text), Text(pattern))));
        }

        Assert.Equal(true, Eval(Call("like", Text("50%"), Text("50!%"), Text("!"))));
        Assert.Equal(true, Eval(Call("like", Text(@"a\b"), Text(@"a\b"), Text(""))));
        Assert.Equal("22023", StateOf(() => Eval(Call("like", Text("a"), Text("a\\")))));
    }

    [Fact]
    public void Any_equal_looks_into_arrays()
    {
        var type = DataType.Int32;
        var array = DataType.ArrayOf(TypeKind.Int32);
        Array[] arrays = [new[] { 1, 2 }, Array.Empty<int>(), new int?[] { 3, null }];
        object?[] values = [1, 3, 4, null];
        var rows = (from v in values from a in arrays.Append(null) select new object?[] { v, a }).ToArray();
        object? Oracle(object? value, object? items) => items is Array a ? In(value, [.. a.Cast<object?>()], false) : null;
        Check(Call("any_equal", Col(type, 0), Col(array, 1)), [type, array], rows, null, r => Oracle(r[0], r[1]));
        foreach (var constant in arrays.Append(null))
        {
            Check(Call("any_equal", Col(type, 0), Const(array, constant)), [type, array], rows, [0, 2, 3, 5, 11], r => Oracle(r[0], constant));
        }

        Check(Call("array_element", Col(array, 1), Col(type, 0)), [type, array], rows, [1, 4, 5],
            r => r[0] is int i && r[1] is Array a && i <= a.Length ? a.GetValue(i - 1) : null);
        Assert.Equal(new int?[] { 4, null }, Eval(Call("array", Int(4), Int(null))));
        Assert.Equal(new[] { "x", "y" }, EvalRows(Call("array", Col(DataType.Text, 0), Text("y")), [DataType.Text], [["a"], ["x"]], [1])[1]);
        Assert.Equal(5000, Eval(Call("cardinality", Const(array, Enumerable.Range(0, 5000).ToArray()))));
        Assert.Equal(true, Eval(Call("any_equal", Int(4999), Const(array, Enumerable.Range(0, 5000).ToArray()))));
        Assert.Equal(true, Eval(Call("=", Const(array, new[] { 1, 2 }), Const(array, new[] { 1, 2 }))));
        Assert.Equal(true, Eval(Call("<>", Const(array, new[] { 1, 2 }), Const(array, new[] { 1 }))));
    }

    internal static object RandomValue(Random random, TypeKind kind) => Generators[kind](random);

    internal static int Order(object a, object b) => (a, b) switch
    {
        (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
        (string x, string y) => System.Text.Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(y)),
        // NaN is the greatest here, the least for .NET.
        (double x, double y) when double.IsNaN(x) || double.IsNaN(y) => double.IsNaN(x).CompareTo(double.IsNaN(y)),
        (float x, float y) when float.IsNaN(x) || float.IsNaN(y) => float.IsNaN(x).CompareTo(float.IsNaN(y)),
        (Guid x, Guid y) => string.CompareOrdinal(x.ToString(), y.ToString()),
        _ => Comparer<object>.Default.Compare(a, b),
    };

    internal static bool Differs(object? a, object? b) => a is null || b is null ? a is not null || b is not null : Order(a, b) != 0;

    private static bool? In(object? value, object?[] items, bool isNegated)
        => items.Length == 0 ? isNegated
            : value is null ? null
            : items.Any(i => i is not null && Order(value, i) == 0) ? !isNegated
            : items.Contains(null) ? null : isNegated;

    private static Func<object?[], object?> Both<T>(Func<T, T, T> function)
        where T : struct
        => r => r[0] is T a && r[1] is T b ? function(a, b) : null;

    private static string RandomString(Random random, string[] parts, int countMax)
        => string.Concat(Enumerable.Range(0, random.Next(countMax)).Select(_ => parts[random.Next(parts.Length)]));

    private static (object?[][] Rows, int[] Selected) RandomRows(Random random, int count, params DataType[] types)
    {
        var rows = Enumerable.Range(0, count).Select(_ => types.Select(t => random.Next(5) == 0 ? null : Generators[t.Kind](random)).ToArray()).ToArray();
        return (rows, [.. Enumerable.Range(0, count).Where(_ => random.Next(3) > 0)]);
    }

    private static void Check(BoundExpression expression, DataType[] types, object?[][] rows, int[]? selected, Func<object?[], object?> oracle)
    {
        foreach (var wanted in new[] { null, selected })
        {
            var result = EvalRows(expression, types, rows, wanted);
            foreach (var row in wanted ?? [.. Enumerable.Range(0, rows.Length)])
            {
                var expected = oracle(rows[row]);
                Assert.True(!Differs(expected, result[row]), $"row {row}: expected {ClrValue.Describe(expected)}, found {ClrValue.Describe(result[row])} for {expression}");
            }
        }
    }
}
