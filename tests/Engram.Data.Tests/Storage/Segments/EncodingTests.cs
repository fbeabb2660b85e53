using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Segments;

/// <summary>Columns whose values are spread in every way that an encoding looks for come back bit by bit, and in the room that they should take.</summary>
public sealed class EncodingTests : IDisposable
{
    private const string Name = "segments/t7-1.seg";

    private readonly MemoryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(70)]
    [InlineData(2048)]
    [InlineData(4100)]
    public void Columns_of_every_type_and_distribution_come_back(int rowCount)
    {
        var random = new Random(rowCount);
        foreach (var distribution in Enum.GetValues<Distribution>())
        {
            foreach (var nullShare in new[] { 0, 0.1, 0.99 })
            {
                using var sample = new SegmentSample
                {
                    Columns = [.. DistributedColumns.Types.Select((t, i) => (new ColumnId(i + 1), t))],
                    Values = [.. DistributedColumns.Types.Select(t => DistributedColumns.Make(random, t, rowCount, distribution, nullShare))],
                    RowIds = [.. Enumerable.Range(0, rowCount).Select(i => (long)i * (distribution == Distribution.Constant ? 1 : 3))],
                };
                var name = $"segments/{distribution}-{nullShare}.seg";
                using var segment = Segment.Open(directory, sample.Write(directory, name, random));
                sample.AssertStoredIn(segment, random);
                AssertSound(segment);
            }
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(40)]
    public void Predicates_find_the_same_rows_in_packed_blocks(int bits)
    {
        var random = new Random(bits);
        using var values = new ColumnBuffer(DataType.Int64, 2048);
        for (var i = 0; i < 2048; i++)
        {
            values.Append(random.NextInt64(1L << bits) - 1000);
        }

        using var sample = Sample(values);
        using var segment = Segment.Open(directory, sample.Write(directory, Name, random));
        Assert.Equal(BlockEncoding.Packed, segment.EncodingOf(1, 0));
        var target = new Column(DataType.Int64);
        using var scratch = new ColumnBuffer(DataType.Int64);
        segment.Load(1, 0, null, target, scratch);
        var (expected, actual) = (new ulong[32], new ulong[32]);
        foreach (var kind in Enum.GetValues<ComparisonKind>())
        {
            foreach (var constant in new[] { values.Column.Get<long>(5), long.MinValue, long.MaxValue, 0 })
            {
                Compare.WithConstant<long>(values.Column.Values<long>(2048), constant, kind, expected);
                Compare.WithConstant<long>(target.Values<long>(2048), constant, kind, actual);
                Assert.Equal(expected, actual);
            }
        }
    }

    /// <summary>Bytes a block of 2,048 rows, where every saving that the format promises can be counted.</summary>
    [Fact]
    public void Packed_blocks_take_the_bits_that_their_range_needs()
    {
        var start = new DateTime(2026, 5, 1).Ticks;
        Assert.Equal((BlockEncoding.Packed, 256), Stored(DataType.Boolean, (b, r, _) => b.Append((byte)r.Next(2))));
        Assert.Equal((BlockEncoding.Packed, 2048 * 7 / 8), Stored(DataType.Int64, (b, r, i) => b.Append(long.MaxValue - r.Next(101) - (i == 0 ? 27 : 0))));
        Assert.Equal((BlockEncoding.Packed, 2048 * 20 / 8), Stored(DataType.Int32, (b, _, i) => b.Append((i % 2) * ((1 << 20) - 1) - 500_000)));
        Assert.Equal((BlockEncoding.Plain, 2048 * 4), Stored(DataType.Int32, (b, _, i) => b.Append((i % 2) * int.MaxValue)));
        Assert.Equal((BlockEncoding.Plain, 2048 * 8), Stored(DataType.Int64, (b, r, _) => b.Append(r.NextInt64(long.MinValue, long.MaxValue))));
        // Whole seconds of one hour, whole days of a year, cents.
        Assert.Equal((BlockEncoding.Packed, 2048 * 12 / 8), Stored(DataType.Timestamp, (b, r, i) => b.Append(start + (TimeSpan.TicksPerSecond * (i * 3599 / 2047)))));
        Assert.Equal((BlockEncoding.Packed, 2048 * 17 / 8), Stored(DataType.Timestamp, (b, r, i) => b.Append(start + (TimeSpan.TicksPerDay * (i % 365)))));
        Assert.Equal((BlockEncoding.Packed, 2048 * 14 / 8), Stored(DataType.Decimal, (b, r, i) => b.Append((decimal)(i * 10_000 / 2047) / 100 + 0.00m)));
        // Numbers of two scales have no common unit; minus zero has no digits of its own.
        Assert.Equal((BlockEncoding.Plain, 2048 * 16), Stored(DataType.Decimal, (b, r, i) => b.Append(i == 0 ? 1.0m : i / 100m + 0.00m)));
        Assert.Equal((BlockEncoding.Plain, 2048 * 16), Stored(DataType.Decimal, (b, r, i) => b.Append(i == 0 ? -0.00m : i / 100m + 0.00m)));
    }

    [Fact]
    public void Values_that_repeat_are_stored_once()
    {
        string[] topics = ["dreams", "errands", "memory", "the sea", "work"];
        var topicsSize = 64 + topics.Sum(t => t.Length);
        Assert.Equal((BlockEncoding.Dictionary, (2048 * 3 / 8) + topicsSize), Stored(DataType.Text, (b, r, i) => b.AppendText(topics[i % 5])));
        // A NULL repeats the first value, and says so in the mask.
        Assert.Equal((BlockEncoding.Dictionary, 64 + 64 + 256), Stored(DataType.Text, (b, r, i) =>
        {
            if (i == 0)
            {
                b.AppendNull();
            }
            else
            {
                b.AppendText("x");
            }
        }));
        Assert.Equal((BlockEncoding.Dictionary, (2048 * 9 / 8) + (512 * 16)), Stored(DataType.Uuid, (b, r, i) => b.Append(new Guid(i % 512, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))));
        Assert.Equal((BlockEncoding.Plain, 2048 * 16), Stored(DataType.Uuid, (b, r, i) => b.Append(new Guid(i % 513, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))));
        Assert.Equal((BlockEncoding.Dictionary, (2048 / 8) + 32), Stored(DataType.Decimal, (b, r, i) => b.Append(i % 2 == 0 ? 1.0m : 1.00m)));
        // Where all values differ, ends of two bytes do for the texts of most blocks.
        Assert.Equal((BlockEncoding.ShortBytes, (2048 * 2) + (2048 * 5)), Stored(DataType.Text, (b, r, i) => b.AppendText(i % 2 == 0 ? $"{i:D4}" : $"{i:D6}")));
        Assert.Equal((BlockEncoding.PlainBytes, (2048 * 4) + (2048 * 50)), Stored(DataType.Text, (b, r, i) => b.AppendText(i % 2 == 0 ? $"{i:D49}" : $"{i:D51}")));
        Assert.Equal((BlockEncoding.Stride, 2048 * 5), Stored(DataType.Text, (b, r, i) => b.AppendText($"{i:D5}")));
    }

    private (BlockEncoding Encoding, int Size) Stored(DataType type, Action<ColumnBuffer, Random, int> append)
    {
        using var values = new ColumnBuffer(type, 2048);
        var random = new Random(1);
        for (var i = 0; i < 2048; i++)
        {
            append(values, random, i);
        }

        using var sample = Sample(values);
        using var segment = Segment.Open(directory, sample.Write(directory, Name, random));
        sample.AssertStoredIn(segment, random);
        AssertSound(segment);
        var stored = (segment.EncodingOf(1, 0), (int)segment.BytesOf(1, 0));
        segment.Dispose();
        directory.Delete(Name);
        return stored;
    }

    private static SegmentSample Sample(ColumnBuffer values) => new()
    {
        Columns = [(new ColumnId(1), values.Type)],
        Values = [values],
        RowIds = [.. Enumerable.Range(0, values.Count).Select(i => (long)i)],
    };

    private static void AssertSound(Segment segment)
    {
        var target = new Column(DataType.Int64);
        for (var ordinal = 0; ordinal < segment.ColumnCount; ordinal++)
        {
            using var scratch = new ColumnBuffer(segment.TypeOf(ordinal));
            for (var block = 0; block < segment.BlockCount; block++)
            {
                Assert.Null(segment.CheckBlock(ordinal, block, target, scratch));
            }
        }
    }
}
