using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Tests.Query.Execution.Rows;

public sealed class RowSorterTests
{
    [Theory]
    [InlineData("ascending")]
    [InlineData("descending")]
    [InlineData("equal")]
    [InlineData("few values")]
    [InlineData("random")]
    [InlineData("up and down")]
    [InlineData("with nulls")]
    public void The_first_rows_are_those_of_the_whole_order(string shape)
    {
        var random = new Random(11);
        foreach (var count in new[] { 1, 4, 17, 100, 5000, 40_000 })
        {
            var values = Enumerable.Range(0, count).Select(i => shape switch
            {
                "ascending" => (object?)(long)i,
                "descending" => (long)-i,
                "equal" => 7L,
                "few values" => (long)random.Next(5),
                "random" => random.NextInt64(long.MinValue, long.MaxValue),
                "up and down" => (long)Math.Min(i, count - i),
                _ => random.Next(3) == 0 ? null : (long)random.Next(1000),
            }).ToList();
            var ties = Enumerable.Range(0, count).Select(_ => (object?)$"a common start of some length {random.Next(20)}").ToList();
            using var numbers = Fill(DataType.Int64, values);
            using var texts = Fill(DataType.Text, ties);
            foreach (var isDescending in new[] { false, true })
            {
                using var sorter = new RowSorter([new SortKey(new BoundColumn(DataType.Int64, 0, "n"), isDescending, isDescending), new SortKey(new BoundColumn(DataType.Text, 1, "t"), false, true)]);
                var all = sorter.Sort([numbers.Column, texts.Column], count);
                Assert.Equal(Enumerable.Range(0, count), all.Order());
                foreach (var kept in new[] { 0, 1, 3, count / 10, count / 4, count / 2, count })
                {
                    Assert.Equal(all.Take(kept), sorter.SortFirst([numbers.Column, texts.Column], count, kept));
                }
            }
        }
    }

    private static ColumnBuffer Fill(DataType type, IEnumerable<object?> values)
    {
        var buffer = new ColumnBuffer(type);
        foreach (var value in values)
        {
            ClrValue.Append(buffer, value);
        }

        return buffer;
    }
}
