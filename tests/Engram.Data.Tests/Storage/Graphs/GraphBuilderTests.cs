using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Tests.Query.Vectors;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Graphs;

public sealed class GraphBuilderTests
{
    private const int Dimensions = 24;

    /// <summary>The same rows give the same graph, to the last byte, on one thread and on several, time after time.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(1, 13)]
    public unsafe void The_graph_depends_on_the_rows_alone(int metric, int kind)
    {
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, 1200, kind);
        CodeFile.Write(directory, segment, new ColumnId(1), Dimensions);
        using var codes = CodeFile.TryOpen(new IndexFiles(directory, NullLogger.Instance), segment, new ColumnId(1), Dimensions);
        var shape = new GraphShape(new ColumnId(1), Dimensions, (GraphMetric)metric, 8, 32);
        byte[]? first = null;
        foreach (var threadCount in (int[])[1, 2, 5, 1])
        {
            var memory = GraphBuilder.Build(segment, codes!, shape, threadCount, _ => true);
            Assert.NotNull(memory);
            var bytes = new ReadOnlySpan<byte>(memory.Pointer, (int)memory.Length).ToArray();
            memory.Release();
            first ??= bytes;
            Assert.True(first.AsSpan().SequenceEqual(bytes), $"{threadCount} threads");
        }
    }

    private static Segment Write(DataDirectory directory, int rowCount, int kind)
    {
        var data = new VectorData(new Random(kind), Dimensions, kind);
        using var vectors = new ColumnBuffer(DataType.Vector(Dimensions));
        using var writer = SegmentWriter.Create(directory, "segments/t1-00000001-0000.seg", new TableId(1), [(new ColumnId(1), DataType.Vector(Dimensions))]);
        for (var row = 0; row < rowCount; row++)
        {
            if (row % 97 == 5)
            {
                vectors.AppendNull();
            }
            else
            {
                vectors.AppendBytes(MemoryMarshal.AsBytes(data.Next().AsSpan()));
            }

            if (vectors.Count == 500 || row == rowCount - 1)
            {
                var batch = new Batch(1) { RowCount = vectors.Count };
                batch.Columns[0] = vectors.Column;
                writer.Append(batch, [.. Enumerable.Range(row + 1 - vectors.Count, vectors.Count).Select(id => (long)id)]);
                vectors.Clear();
            }
        }

        return Segment.Open(directory, writer.Finish());
    }
}
