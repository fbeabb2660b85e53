using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Segments;

/// <summary>Rows to be written to a segment, kept for comparison.</summary>
internal sealed class SegmentSample : IDisposable
{
    public static readonly TableId Table = new(7);

    public required ImmutableArray<(ColumnId Id, DataType Type)> Columns { get; init; }

    public required ColumnBuffer[] Values { get; init; }

    public required long[] RowIds { get; init; }

    /// <summary>A column of every type that can be stored, and ids with gaps now and then.</summary>
    public static SegmentSample OfAllTypes(Random random, int rowCount, double nullShare)
        => Of(random, rowCount, nullShare, RandomColumns.Types);

    public static SegmentSample Of(Random random, int rowCount, double nullShare, params DataType[] types)
    {
        var rowId = random.NextInt64(1_000_000);
        var rowIds = new long[rowCount];
        for (var i = 0; i < rowCount; i++)
        {
            rowIds[i] = rowId += random.Next(50) == 0 ? random.Next(1, 100) : 1;
        }

        return new SegmentSample
        {
            Columns = [.. types.Select((t, i) => (new ColumnId(i + 1), t))],
            Values = [.. types.Select(t => RandomColumns.Make(random, t, rowCount, nullShare, isConstant: random.Next(6) == 0))],
            RowIds = rowIds,
        };
    }

    /// <summary>Writes the rows in batches of random size, some of them with selections over rows that do not count.</summary>
    public SegmentInfo Write(DataDirectory directory, string name, Random random)
    {
        using var writer = SegmentWriter.Create(directory, name, Table, Columns);
        for (var first = 0; first < RowIds.Length;)
        {
            var count = Math.Min(RowIds.Length - first, random.Next(3) == 0 ? Batch.RowCountMax : random.Next(1, Batch.RowCountMax + 1));
            var batch = new Batch(Columns.Length) { RowCount = count };
            var selection = random.Next(3) == 0 ? new Selection() : null;
            var buffers = new ColumnBuffer[Columns.Length];
            for (var i = 0; i < buffers.Length; i++)
            {
                buffers[i] = new ColumnBuffer(Columns[i].Type);
                batch.Columns[i] = buffers[i].Column;
            }

            var rowIds = new List<long>();
            var row = 0;
            for (; row < count && first < RowIds.Length; row++)
            {
                var counts = selection is null || random.Next(4) != 0;
                for (var i = 0; i < buffers.Length; i++)
                {
                    // A row that does not count holds anything.
                    buffers[i].AppendFrom(Values[i].Column, counts ? first : 0);
                }

                if (counts)
                {
                    selection?.Add(row);
                    rowIds.Add(RowIds[first++]);
                }
            }

            batch.RowCount = row;
            batch.Selection = selection;
            writer.Append(batch, rowIds.ToArray());
            foreach (var buffer in buffers)
            {
                buffer.Dispose();
            }
        }

        return writer.Finish();
    }

    /// <summary>Loads every block of every column whole and by selections, and compares.</summary>
    public void AssertStoredIn(Segment segment, Random random)
    {
        Assert.Equal(RowIds.Length, segment.RowCount);
        var target = new Column(DataType.Int64);
        for (var c = -1; c < Columns.Length; c++)
        {
            var id = c < 0 ? ColumnId.RowId : Columns[c].Id;
            var type = c < 0 ? DataType.Int64 : Columns[c].Type;
            Assert.True(segment.TryFindColumn(id, out var ordinal));
            Assert.Equal(type, segment.TypeOf(ordinal));
            using var scratch = new ColumnBuffer(type);
            var start = 0;
            for (var block = 0; block < segment.BlockCount; start += segment.RowsInBlock(block++))
            {
                segment.Load(ordinal, block, null, target, scratch);
                Assert.Equal(type, target.Type);
                for (var row = 0; row < segment.RowsInBlock(block); row++)
                {
                    AssertRow(c, start + row, target, row);
                }

                var needed = new Selection();
                for (var row = random.Next(3); row < segment.RowsInBlock(block); row += random.Next(1, 200))
                {
                    needed.Add(row);
                }

                segment.Load(ordinal, block, needed, target, scratch);
                foreach (var row in needed.Rows)
                {
                    AssertRow(c, start + row, target, row);
                }
            }

            Assert.Equal(RowIds.Length, start);
        }
    }

    public void Dispose()
    {
        foreach (var buffer in Values)
        {
            buffer.Dispose();
        }
    }

    private void AssertRow(int column, int row, Column actual, int actualRow)
    {
        if (column < 0)
        {
            Assert.False(actual.IsNull(actualRow));
            Assert.Equal(RowIds[row], actual.Get<long>(actualRow));
        }
        else
        {
            RandomColumns.AssertEqual(Values[column].Column, row, actual, actualRow);
        }
    }
}
