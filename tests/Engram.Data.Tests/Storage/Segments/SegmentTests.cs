using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Tests.Storage.Segments;

public sealed class SegmentTests : IDisposable
{
    private const string Name = "segments/t7-1.seg";

    private readonly MemoryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(2049)]
    [InlineData(5000)]
    public void Rows_of_every_type_come_back(int rowCount)
    {
        var random = new Random(rowCount);
        foreach (var nullShare in new[] { 0, 0.2, 0.999, 1 })
        {
            using var sample = SegmentSample.OfAllTypes(random, rowCount, nullShare);
            var name = $"segments/{nullShare}.seg";
            var info = sample.Write(directory, name, random);
            Assert.Equal((name, SegmentSample.Table, rowCount), (info.Name, info.Table, info.RowCount));
            Assert.Equal((sample.RowIds[0], sample.RowIds[^1]), (info.RowIdMin, info.RowIdMax));
            Assert.Equal([ColumnId.RowId, .. sample.Columns.Select(c => c.Id)], info.Columns.AsEnumerable());

            using var segment = Segment.Open(directory, info);
            Assert.Equal((rowCount + 2047) / 2048, segment.BlockCount);
            sample.AssertStoredIn(segment, random);
        }
    }

    [Fact]
    public void Structures_of_the_footer_have_the_sizes_that_the_format_names()
    {
        Assert.Equal(FooterHeader.Size, Unsafe.SizeOf<FooterHeader>());
        Assert.Equal(ColumnEntry.Size, Unsafe.SizeOf<ColumnEntry>());
        Assert.Equal(BlockEntry.Size, Unsafe.SizeOf<BlockEntry>());
    }

    /// <summary>On a real disk, with extents of more than one piece, through a mapping that outlives the file.</summary>
    [Fact]
    public void A_mapped_segment_is_read_after_its_file_is_deleted()
    {
        using var folder = new TemporaryDirectory();
        using var disk = new DiskDirectory(folder.Path);
        disk.CreateSubdirectory("");
        disk.CreateSubdirectory("segments");
        var random = new Random(5);
        using var sample = SegmentSample.Of(random, 30_000, 0.1, DataType.Vector(80), DataType.Text, DataType.Int64, DataType.TimestampTz);
        var info = sample.Write(disk, Name, random);
        Assert.True(info.FileLength > 8 * 1024 * 1024);

        using var segment = Segment.Open(disk, info);
        var target = new Column(DataType.Int64);
        using var scratch = new ColumnBuffer(DataType.Int64);
        segment.Load(0, 0, null, target, scratch);
        disk.Delete(Name);
        sample.AssertStoredIn(segment, random);
    }

    [Fact]
    public void Threads_that_touch_a_segment_together_all_read_it()
    {
        var random = new Random(6);
        using var sample = SegmentSample.Of(random, 20_000, 0.1, DataType.Vector(16), DataType.Text, DataType.Double);
        var info = sample.Write(directory, Name, random);
        for (var round = 0; round < 5; round++)
        {
            using var segment = Segment.Open(directory, info);
            Parallel.For(0, 4, i => sample.AssertStoredIn(segment, new Random(i)));
        }
    }

    /// <summary>What makes the layout worth its name: values are shown where they lie, at addresses that kernels like.</summary>
    [Fact]
    public unsafe void Plain_columns_and_vectors_are_shown_in_place()
    {
        var random = new Random(7);
        using var sample = SegmentSample.Of(random, 5000, 0.1, DataType.Double, DataType.Vector(8), DataType.Text);
        using var segment = Segment.Open(directory, sample.Write(directory, Name, random));
        var target = new Column(DataType.Double);
        using var doubles = new ColumnBuffer(DataType.Double);
        segment.Load(1, 1, null, target, doubles);
        Assert.Equal(0, (nint)target.Data % 64);
        Assert.NotEqual((nint)doubles.Column.Data, (nint)target.Data);
        Assert.Same(segment, target.Owner);

        using var vectors = new ColumnBuffer(DataType.Vector(8));
        segment.Load(2, 1, null, target, vectors);
        byte* first = null;
        for (var row = 0; row < 2048; row++)
        {
            var value = target.Get<Bytes>(row);
            Assert.Equal(target.IsNull(row) ? 0 : 32, value.Length);
            if (!target.IsNull(row))
            {
                first = first == null ? value.Pointer - (row * 32) : first;
                Assert.Equal((nint)(first + (row * 32)), (nint)value.Pointer);
            }
        }

        Assert.Equal(0, (nint)first % 64);
    }

    [Fact]
    public void Each_block_gets_the_encoding_that_suits_it()
    {
        using var constant = RandomColumns.Make(new Random(1), DataType.Text, 3000, 0, isConstant: true);
        using var nothing = RandomColumns.Make(new Random(1), DataType.Uuid, 3000, 1);
        using var identity = new ColumnBuffer(DataType.Int32);
        using var instants = new ColumnBuffer(DataType.TimestampTz);
        using var hashes = new ColumnBuffer(DataType.Bytea);
        for (var i = 0; i < 3000; i++)
        {
            identity.Append(i + 10);
            instants.AppendInstant(5, (short)(i % 2));
            hashes.AppendBytes(BitConverter.GetBytes(i * 0x9E3779B9L));
        }

        ColumnBuffer[] values = [constant, nothing, identity, instants, hashes];
        using var sample = new SegmentSample
        {
            Columns = [.. values.Select((v, i) => (new ColumnId(i + 1), v.Type))],
            Values = values,
            RowIds = [.. Enumerable.Range(500, 3000).Select(i => (long)i)],
        };
        using var segment = Segment.Open(directory, sample.Write(directory, Name, new Random(2)));
        sample.AssertStoredIn(segment, new Random(3));
        Assert.Equal(
            [BlockEncoding.Sequential, BlockEncoding.Constant, BlockEncoding.Constant, BlockEncoding.Sequential, BlockEncoding.Packed, BlockEncoding.Stride],
            Enumerable.Range(0, 6).Select(i => segment.EncodingOf(i, 1)));
        Assert.Equal([0, constant.Column.Get<Bytes>(0).Length, 0, 0], Enumerable.Range(0, 4).Select(i => (int)segment.BytesOf(i, 0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2049)]
    [InlineData(7000)]
    public void Rows_are_found_by_id(int rowCount)
    {
        var random = new Random(rowCount);
        foreach (var gap in new[] { 0, 5000, 3 })
        {
            var ids = new long[rowCount];
            var id = -500L;
            for (var i = 0; i < rowCount; i++)
            {
                ids[i] = id += gap != 0 && random.Next(gap) == 0 ? random.Next(2, 3000) : 1;
            }

            using var sample = new SegmentSample { Columns = [], Values = [], RowIds = ids };
            using var segment = Segment.Open(directory, sample.Write(directory, $"segments/{gap}.seg", random));
            var positions = ids.Select((rowId, i) => (rowId, i)).ToDictionary(p => p.rowId, p => p.i);
            for (var rowId = ids[0] - 3; rowId <= ids[^1] + 3; rowId += gap == 3 ? random.Next(1, 50) : 1)
            {
                Assert.Equal(positions.GetValueOrDefault(rowId, -1), segment.FindRowPosition(rowId));
            }

            Assert.All(ids, rowId => Assert.Equal(positions[rowId], segment.FindRowPosition(rowId)));
            Assert.Equal(-1, segment.FindRowPosition(long.MinValue));
            Assert.Equal(-1, segment.FindRowPosition(long.MaxValue));
        }
    }

    [Fact]
    public void A_column_that_came_later_is_not_here()
    {
        using var sample = SegmentSample.Of(new Random(1), 10, 0, DataType.Int32);
        using var segment = Segment.Open(directory, sample.Write(directory, Name, new Random(1)));
        Assert.True(segment.TryFindColumn(new ColumnId(1), out _));
        Assert.False(segment.TryFindColumn(new ColumnId(2), out _));
    }

    [Fact]
    public void A_writer_that_is_given_up_leaves_nothing()
    {
        using (var writer = SegmentWriter.Create(directory, Name, SegmentSample.Table, []))
        {
            writer.Append(new Batch(0) { RowCount = 2 }, [1, 2]);
            Assert.Equal(["t7-1.seg"], directory.List("segments"));
        }

        Assert.Empty(directory.List("segments"));
    }

    [Fact]
    public void Rows_out_of_order_are_a_defect()
    {
        using var writer = SegmentWriter.Create(directory, Name, SegmentSample.Table, []);
        writer.Append(new Batch(0) { RowCount = 2 }, [1, 5]);
        foreach (var ids in new long[][] { [5], [4], [6, 6] })
        {
            var error = Assert.Throws<EngramException>(() => writer.Append(new Batch(0) { RowCount = ids.Length }, ids));
            Assert.Equal(SqlStates.InternalError, error.SqlState);
        }
    }
}
