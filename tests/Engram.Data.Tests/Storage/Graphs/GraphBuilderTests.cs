using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
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

    /// <summary>Without a condition a walk keeps what it finds in one array, with one that all rows satisfy in two heaps: both find the same.</summary>
    [Fact]
    public unsafe void A_walk_finds_the_same_in_an_array_as_in_heaps()
    {
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, 3000, 0);
        CodeFile.Write(directory, segment, new ColumnId(1), Dimensions);
        using var codes = CodeFile.TryOpen(new IndexFiles(directory, NullLogger.Instance), segment, new ColumnId(1), Dimensions);
        var shape = new GraphShape(new ColumnId(1), Dimensions, GraphMetric.L2, 8, 32);
        var memory = GraphBuilder.Build(segment, codes!, shape, 1, _ => true)!;
        var graph = new GraphLayout(memory.Pointer);
        Assert.True(codes!.TryGetAll(out var rows));
        var all = new ulong[(3000 + 63) / 64];
        Array.Fill(all, ulong.MaxValue);
        var walk = new GraphWalk();
        foreach (var breadth in (int[])[1, 2, 10, 77, 512, 513])
        {
            for (var row = 0; row < 3000; row += 311)
            {
                var target = new GraphTarget(rows[row], CodePairs.Sum(rows[row], rows.Stride), 2 * graph.Facts[2L * row], graph.Facts[(2L * row) + 1]);
                Assert.True(walk.Run(graph, rows, target, 0, graph.Entry, breadth, null));
                var (found, compared) = (walk.Keys[..walk.Count], walk.Compared);
                Assert.Equal(breadth, found.Length);
                fixed (ulong* bits = all)
                {
                    Assert.True(walk.Run(graph, rows, target, 0, graph.Entry, breadth, bits));
                }

                Assert.Equal(found, walk.Keys[..walk.Count]);
                Assert.Equal(found, found.Order());
                Assert.All(found, key => Assert.Equal(key, GraphWalk.KeyOf(GraphWalk.DistanceOf(key), GraphWalk.RowOf(key))));
                Assert.True(walk.Compared >= compared);
            }
        }

        memory.Release();
    }

    /// <summary>What a candidate is said to be hardly better than, none is better than.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(1, 13)]
    [InlineData(2, 13)]
    [InlineData(3, 13)]
    public void No_candidate_is_nearer_than_it_was_said_to_be(int metric, int kind)
    {
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, 1500, kind);
        CodeFile.Write(directory, segment, new ColumnId(1), Dimensions);
        using var codes = CodeFile.TryOpen(new IndexFiles(directory, NullLogger.Instance), segment, new ColumnId(1), Dimensions);
        var shape = new GraphShape(new ColumnId(1), Dimensions, (GraphMetric)metric, 8, 32);
        using var graph = new SegmentGraph(segment, shape, GraphBuilder.Build(segment, codes!, shape, 1, _ => true)!);
        var stored = Vectors(1500, kind);
        var random = new Random(3);
        for (var i = 0; i < 20; i++)
        {
            float[] vector = [.. Enumerable.Range(0, Dimensions).Select(_ => (2 * random.NextSingle()) - 1)];
            using var query = new Int8Query(vector);
            var found = new List<GraphCandidate>();
            var compared = 0L;
            Assert.Equal(GraphAnswer.Found, graph.Find(codes!, query, 50, null, long.MaxValue, found, ref compared));
            Assert.NotEmpty(found);
            Assert.All(found, c => Assert.True(Score((GraphMetric)metric, stored[c.Row]!, vector) >= c.Least, $"row {c.Row} by {shape.Metric}"));
        }
    }

    private static double Score(GraphMetric metric, float[] row, float[] query)
    {
        var product = row.Zip(query, (a, b) => (double)a * b).Sum();
        return metric switch
        {
            GraphMetric.Cosine => 1 - (product / Math.Sqrt(row.Sum(a => (double)a * a) * query.Sum(b => (double)b * b))),
            GraphMetric.L2 => Math.Sqrt(row.Zip(query, (a, b) => ((double)a - b) * ((double)a - b)).Sum()),
            _ => -product,
        };
    }

    private static float[]?[] Vectors(int rowCount, int kind)
    {
        var data = new VectorData(new Random(kind), Dimensions, kind);
        return [.. Enumerable.Range(0, rowCount).Select(row => row % 97 == 5 ? null : data.Next())];
    }

    private static Segment Write(DataDirectory directory, int rowCount, int kind)
    {
        var stored = Vectors(rowCount, kind);
        using var vectors = new ColumnBuffer(DataType.Vector(Dimensions));
        using var writer = SegmentWriter.Create(directory, "segments/t1-00000001-0000.seg", new TableId(1), [(new ColumnId(1), DataType.Vector(Dimensions))]);
        for (var row = 0; row < rowCount; row++)
        {
            if (stored[row] is not { } vector)
            {
                vectors.AppendNull();
            }
            else
            {
                vectors.AppendBytes(MemoryMarshal.AsBytes(vector.AsSpan()));
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
