using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Tests.Query.Execution.Rows;

public sealed class KeyTableTests
{
    [Fact]
    public void A_table_that_one_row_comes_to_is_small()
    {
        using var column = new ColumnBuffer(DataType.Int64);
        column.Append(7L);
        Add(new int[1]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Add(new int[1]);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * 8 * 1024);

        void Add(int[] numbers)
        {
            using var table = new KeyTable([DataType.Int64]);
            table.FindOrAdd([column.Column], 1, null, numbers);
            Assert.Equal(0, numbers[0]);
        }
    }

    [Theory]
    [InlineData(5, 0, 0)]
    [InlineData(1000, -500, 0)]
    [InlineData(16_000, 0, 0)]
    [InlineData(20_000, 0, 0)]
    [InlineData(300, long.MaxValue - 300, 0)]
    [InlineData(300, long.MinValue, 0)]
    [InlineData(300, 0, 3)]
    [InlineData(3000, 1, 500)]
    public void Keys_have_the_numbers_of_their_first_appearance(int range, long least, int outlierEvery)
    {
        var random = new Random(range);
        using var table = new KeyTable([DataType.Int64]);
        var expected = new Dictionary<long, int>();
        var nullNumber = -1;
        var numbers = new int[Batch.RowCountMax];
        for (var round = 0; round < 60; round++)
        {
            var count = round % 7 == 6 ? random.Next(1, 100) : random.Next(256, Batch.RowCountMax + 1);
            var values = new long?[count];
            using var column = new ColumnBuffer(DataType.Int64);
            for (var i = 0; i < count; i++)
            {
                // Later rounds bring values that earlier ones did not have, far ones and, in some, NULL.
                values[i] = round % 5 == 4 && random.Next(50) == 0 ? null
                    : outlierEvery > 0 && random.Next(outlierEvery) == 0 ? random.NextInt64(long.MinValue, long.MaxValue)
                    : least + random.Next(Math.Min(range, range * (round + 2) / 20 + 1));
                ClrValue.Append(column, values[i]);
            }

            var selection = round % 3 == 1 ? new Selection() : null;
            var rows = Enumerable.Range(0, count).Where(_ => selection is null || random.Next(4) > 0).ToList();
            rows.ForEach(row => selection?.Add(row));
            if (round % 4 == 3)
            {
                table.Find([column.Column], count, selection, numbers);
                Assert.Equal(rows.Select(r => values[r] is { } v ? expected.GetValueOrDefault(v, -1) : nullNumber), numbers.Take(rows.Count));
                continue;
            }

            table.FindOrAdd([column.Column], count, selection, numbers);
            foreach (var row in rows)
            {
                if (values[row] is not { } value)
                {
                    nullNumber = nullNumber < 0 ? expected.Count : nullNumber;
                }
                else if (!expected.ContainsKey(value))
                {
                    expected.Add(value, expected.Count + (nullNumber < 0 ? 0 : 1));
                }
            }

            Assert.Equal(rows.Select(r => values[r] is { } v ? expected[v] : nullNumber), numbers.Take(rows.Count));
            if (round == 40)
            {
                table.Clear();
                expected.Clear();
                nullNumber = -1;
            }
        }

        Assert.All(expected, e => Assert.Equal(e.Key, table.Key(0).Get<long>(e.Value)));
    }

    /// <summary>Columns that know their distinct values number them as columns that do not, whichever rows are selected; values of no row get no number.</summary>
    [Fact]
    public unsafe void Dictionaries_give_the_numbers_that_their_values_give()
    {
        var random = new Random(3);
        using var coded = new KeyTable([DataType.Text]);
        using var plain = new KeyTable([DataType.Text]);
        var (expected, actual) = (new int[Batch.RowCountMax], new int[Batch.RowCountMax]);
        for (var round = 0; round < 40; round++)
        {
            using var distinct = new ColumnBuffer(DataType.Text);
            var distinctCount = random.Next(1, 40);
            for (var i = 0; i < distinctCount; i++)
            {
                distinct.AppendText($"{(round * 10) + i}");
            }

            var count = random.Next(1, Batch.RowCountMax + 1);
            using var values = new ColumnBuffer(DataType.Text);
            var codes = new uint[count];
            var selection = round % 3 == 1 ? new Selection() : null;
            for (var i = 0; i < count; i++)
            {
                codes[i] = (uint)random.Next(distinctCount);
                values.AppendFrom(distinct.Column, (int)codes[i]);
                if (random.Next(4) == 0)
                {
                    selection?.Add(i);
                }
            }

            fixed (uint* pointer = codes)
            {
                var column = new Column(DataType.Text) { Data = values.Column.Data };
                column.SetDictionary(pointer, distinct.Column.Data, distinctCount);
                var view = new Column(DataType.Text);
                view.SetView(column);
                Assert.Equal(distinctCount, view.DistinctCount);
                if (round % 4 == 3)
                {
                    coded.Find([view], count, selection, actual);
                    plain.Find([values.Column], count, selection, expected);
                }
                else
                {
                    coded.FindOrAdd([view], count, selection, actual);
                    plain.FindOrAdd([values.Column], count, selection, expected);
                }

                Assert.Equal(expected, actual);
                Assert.Equal(plain.Count, coded.Count);
                column.Data = values.Column.Data;
                Assert.True(column.Codes == null);
            }
        }
    }
}
