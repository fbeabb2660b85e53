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
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(10)]
    public unsafe void A_walk_finds_the_same_in_an_array_as_in_heaps(int kind)
    {
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, 3000, kind);
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
                Assert.InRange(found.Length, kind == 0 ? breadth : 1, breadth);
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

    /// <summary>What a candidate is said to be no better than, none is better than.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    [InlineData(3, 9)]
    [InlineData(1, 13)]
    [InlineData(2, 13)]
    [InlineData(3, 13)]
    public void No_candidate_is_nearer_than_it_was_said_to_be(int metric, int kind)
    {
        var random = new Random(3);
        var queries = Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, Dimensions).Select(_ => (2 * random.NextSingle()) - 1).ToArray());
        AssertNoneIsNearer((GraphMetric)metric, Vectors(1500, kind), [.. queries], 50);
    }

    /// <summary>Tags beside a number, which is so much greater that all of them are rounded the same way.</summary>
    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 100)]
    [InlineData(2, 200)]
    [InlineData(2, 768)]
    [InlineData(2, 1536)]
    [InlineData(3, 200)]
    [InlineData(3, 768)]
    public void Nor_where_all_errors_of_rounding_are_one(int metric, int dimensions)
    {
        var random = new Random(dimensions);
        var tags = Enumerable.Range(0, dimensions - 1).Select(_ => (float)random.Next(2)).ToArray();
        float[]?[] stored =
        [
            .. Enumerable.Range(0, 150).Select(_ => (float[])[random.Next(181), .. tags.Select(_ => (float)random.Next(2))]),
            .. Enumerable.Range(0, 50).Select(_ => (float[])[random.Next(180, 300), .. tags.Select(t => random.Next(2) == 0 ? t : 1 - t)]),
            .. Enumerable.Range(0, 50).Select(i => (float[])[200 + i, .. tags]),
        ];
        AssertNoneIsNearer((GraphMetric)metric, stored, [[240, .. tags], [255, .. tags.Select(t => t * 0.9f)], [130, .. tags], [300, .. tags.Select(_ => 1f)], [-190, .. tags]], 250);
    }

    /// <summary>Distances that are no number, or infinite, say nothing: not that a row is far.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nor_where_float32_does_not_hold_the_distance(int metric)
    {
        var random = new Random(7);
        float[]?[] stored = [.. Enumerable.Range(0, 300).Select(i => Enumerable.Range(0, 4).Select(_ => (1 + random.NextSingle()) * (i < 290 ? 1e10f : 1e32f)).ToArray())];
        AssertNoneIsNearer((GraphMetric)metric, stored, [[-1e35f, -1e35f, -1e35f, -1e35f], [1e35f, 1e35f, -1e35f, 1e30f], [1e-40f, 1e-40f, 0, 1e-41f], [1e10f, 1e10f, 1e10f, 1e10f]], 300);
    }

    /// <summary>Nothing is said of as many as are wanted, and of the others no more is taken off than their codes' rounding: or all of them would be scored.</summary>
    [Fact]
    public void Scores_of_candidates_are_bounded_sharply()
    {
        const int Wanted = 5;
        var random = new Random(11);
        float[] Next() => [.. Enumerable.Range(0, Dimensions).Select(_ => (2 * random.NextSingle()) - 1)];
        float[]?[] stored = [.. Enumerable.Range(0, 800).Select(_ => Next())];
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, stored, Dimensions);
        CodeFile.Write(directory, segment, new ColumnId(1), Dimensions);
        using var codes = CodeFile.TryOpen(new IndexFiles(directory, NullLogger.Instance), segment, new ColumnId(1), Dimensions);
        var shape = new GraphShape(new ColumnId(1), Dimensions, GraphMetric.Cosine, 8, 32);
        using var graph = new SegmentGraph(segment, shape, GraphBuilder.Build(segment, codes!, shape, 1, _ => true)!);
        var vector = Next();
        using var query = new Int8Query(vector, hasRest: true);
        Assert.InRange(query.WholeResidual, 0, query.Residual / 50);
        var found = new List<GraphCandidate>();
        var compared = 0L;
        Assert.Equal(GraphAnswer.Found, graph.Find(codes!, query, Wanted, 60, null, long.MaxValue, found, ref compared));
        Assert.All(found.Take(Wanted), c => Assert.Equal(double.NegativeInfinity, c.Least));
        Assert.NotEmpty(found.Skip(Wanted));
        Assert.All(found.Skip(Wanted), c => Assert.InRange(Score(GraphMetric.Cosine, stored[c.Row]!, vector) - c.Least, 0, 0.02));
    }

    private static void AssertNoneIsNearer(GraphMetric metric, float[]?[] stored, float[][] queries, int breadth)
    {
        var dimensions = queries[0].Length;
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        using var segment = Write(directory, stored, dimensions);
        CodeFile.Write(directory, segment, new ColumnId(1), dimensions);
        using var codes = CodeFile.TryOpen(new IndexFiles(directory, NullLogger.Instance), segment, new ColumnId(1), dimensions);
        var shape = new GraphShape(new ColumnId(1), dimensions, metric, 8, 32);
        using var graph = new SegmentGraph(segment, shape, GraphBuilder.Build(segment, codes!, shape, 1, _ => true)!);
        foreach (var vector in queries)
        {
            using var query = new Int8Query(vector, hasRest: true);
            var found = new List<GraphCandidate>();
            var compared = 0L;
            Assert.Equal(GraphAnswer.Found, graph.Find(codes!, query, 0, breadth, null, long.MaxValue, found, ref compared));
            Assert.NotEmpty(found);
            Assert.All(found, c => Assert.InRange(c.Least, double.NegativeInfinity, Score(metric, stored[c.Row]!, vector)));
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

    private static Segment Write(DataDirectory directory, int rowCount, int kind) => Write(directory, Vectors(rowCount, kind), Dimensions);

    private static Segment Write(DataDirectory directory, float[]?[] stored, int dimensions)
    {
        var rowCount = stored.Length;
        using var vectors = new ColumnBuffer(DataType.Vector(dimensions));
        using var writer = SegmentWriter.Create(directory, "segments/t1-00000001-0000.seg", new TableId(1), [(new ColumnId(1), DataType.Vector(dimensions))]);
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
