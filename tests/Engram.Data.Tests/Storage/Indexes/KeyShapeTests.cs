using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Tests.Storage.Indexes;

/// <summary>Keys as bytes order as ORDER BY does, and ranges of bytes are ranges of values.</summary>
public sealed class KeyShapeTests
{
    private const int Rows = 120;

    public static TheoryData<string> OrderedTypes => [.. RandomColumns.Types.Where(KeyShape.IsOrdered).Select(t => t.ToString()).Distinct()];

    [Theory]
    [MemberData(nameof(OrderedTypes))]
    public void Bytes_compare_as_values_do(string name)
    {
        var type = TypeOf(name);
        var random = new Random(4);
        foreach (var isDescending in new[] { false, true })
        {
            var shape = Shape((type, isDescending));
            using var values = RandomColumns.Make(random, type, Rows, 0.1);
            var keys = Encode(shape, [values.Column]);
            using var comparer = KeyComparer.For(type);
            for (var a = 0; a < Rows; a++)
            {
                for (var b = 0; b < Rows; b++)
                {
                    var expected = Math.Sign(comparer.Compare(values.Column, a, values.Column, b)) * (isDescending ? -1 : 1);
                    Assert.Equal(expected, Math.Sign(keys[a].AsSpan().SequenceCompareTo(keys[b])));
                    Assert.False(keys[a].Length < keys[b].Length && keys[b].AsSpan().StartsWith(keys[a]));
                }
            }
        }
    }

    [Fact]
    public void Keys_of_several_columns_compare_column_by_column()
    {
        var random = new Random(5);
        var types = RandomColumns.Types.Where(KeyShape.IsOrdered).ToArray();
        for (var round = 0; round < 60; round++)
        {
            var parts = Enumerable.Range(0, random.Next(2, 4)).Select(_ => (Type: types[random.Next(types.Length)], IsDescending: random.Next(2) == 0)).ToArray();
            var shape = Shape(parts);
            var buffers = parts.Select(p => RandomColumns.Make(random, p.Type, Rows, 0.3, isConstant: random.Next(2) == 0)).ToArray();
            var comparers = parts.Select(p => KeyComparer.For(p.Type)).ToArray();
            var keys = Encode(shape, [.. buffers.Select(b => b.Column)]);
            for (var a = 0; a < Rows; a++)
            {
                for (var b = 0; b < Rows; b++)
                {
                    var expected = 0;
                    for (var i = 0; i < parts.Length && expected == 0; i++)
                    {
                        expected = Math.Sign(comparers[i].Compare(buffers[i].Column, a, buffers[i].Column, b)) * (parts[i].IsDescending ? -1 : 1);
                    }

                    Assert.Equal(expected, Math.Sign(keys[a].AsSpan().SequenceCompareTo(keys[b])));
                }
            }
        }
    }

    [Fact]
    public void A_range_of_bytes_is_the_range_of_values()
    {
        var random = new Random(6);
        var types = RandomColumns.Types.Where(KeyShape.IsOrdered).ToArray();
        for (var round = 0; round < 400; round++)
        {
            var type = types[random.Next(types.Length)];
            var shape = Shape((DataType.Int32, random.Next(2) == 0), (type, random.Next(2) == 0), (DataType.Text, false));
            using var firsts = new ColumnBuffer(DataType.Int32, Rows);
            for (var i = 0; i < Rows; i++)
            {
                firsts.Append(random.Next(2));
            }

            using var values = RandomColumns.Make(random, type, Rows, 0.2);
            using var rest = RandomColumns.Make(random, DataType.Text, Rows, 0.2);
            using var bounds = RandomColumns.Make(random, type, 2, 0);
            using var comparer = KeyComparer.For(type);
            using var from = One(bounds, 0);
            using var to = One(bounds, 1);
            var (hasFrom, hasTo, includesFrom, includesTo) = (random.Next(4) > 0, random.Next(4) > 0, random.Next(2) == 0, random.Next(2) == 0);
            using var zero = new ColumnBuffer(DataType.Int32);
            zero.Append(0);
            var range = new KeyRange();
            range.SetEqual(shape, [zero.Column], 0);
            range.Narrow(shape, 1, hasFrom ? from.Column : null, includesFrom, hasTo ? to.Column : null, includesTo);
            var keys = Encode(shape, [firsts.Column, values.Column, rest.Column]);
            for (var i = 0; i < Rows; i++)
            {
                var low = hasFrom ? comparer.Compare(values.Column, i, from.Column, 0) : 1;
                var high = hasTo ? comparer.Compare(values.Column, i, to.Column, 0) : -1;
                var isIn = firsts.Column.Get<int>(i) == 0 && !values.Column.IsNull(i)
                    && (includesFrom ? low >= 0 : low > 0) && (includesTo ? high <= 0 : high < 0);
                Assert.Equal(isIn, range.Compare(keys[i]) == 0);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Texts_that_begin_alike_are_a_range(bool isDescending)
    {
        var shape = Shape((DataType.Text, isDescending));
        string[] texts = ["", "a", "ab", "ab\0", "ab\0c", "abc", "ab\uFFFF", "ac", "b", "AB"];
        using var values = new ColumnBuffer(DataType.Text);
        foreach (var text in texts)
        {
            values.AppendText(text);
        }

        var keys = Encode(shape, [values.Column], texts.Length);
        foreach (var start in new[] { "", "a", "ab", "ab\0", "b", "c" })
        {
            var range = new KeyRange();
            range.SetAll();
            range.NarrowToStart(shape, 0, System.Text.Encoding.UTF8.GetBytes(start));
            Assert.Equal(texts.Where(t => t.StartsWith(start, StringComparison.Ordinal)), texts.Where((_, i) => range.Compare(keys[i]) == 0));
        }
    }

    private static DataType TypeOf(string name) => RandomColumns.Types.First(t => t.ToString() == name);

    private static KeyShape Shape(params (DataType Type, bool IsDescending)[] parts)
    {
        var columns = parts.Select((p, i) => new ColumnDefinition(new ColumnId(i + 1), $"c{i}", p.Type)).ToImmutableArray();
        var table = new TableDefinition(new TableId(1), "public", "t", columns);
        return KeyShape.Of(table, new IndexDefinition(new IndexId(1), "i", [.. parts.Select((p, i) => new IndexColumn(new ColumnId(i + 1), p.IsDescending))]));
    }

    private static byte[][] Encode(KeyShape shape, Column[] columns, int rows = Rows)
    {
        var buffer = new KeyBuffer();
        return [.. Enumerable.Range(0, rows).Select(i =>
        {
            shape.Encode(columns, i, buffer);
            return buffer.Span.ToArray();
        })];
    }

    private static ColumnBuffer One(ColumnBuffer source, int row)
    {
        var one = new ColumnBuffer(source.Type, 1);
        one.AppendFrom(source.Column, row);
        return one;
    }
}
