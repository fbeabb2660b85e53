using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>What tables and segments take: read from headers and versions in memory, no page of a column.</summary>
internal sealed partial class StoreSnapshot
{
    public override IEnumerable<TableDescription> DescribeTables()
    {
        foreach (var id in catalog.Tables.Keys)
        {
            var version = Version(id);
            var segments = version.Segments.Where(s => s.HasBegun(horizon)).ToList();
            var segmentRows = segments.Sum(s => (long)s.Segment.RowCount);
            var rows = segmentRows - segments.Sum(CountDeleted) + CountDeltaRows(version);
            yield return new TableDescription(
                id, rows, segments.Count, segmentRows, segments.SelectMany(s => s.Segment.Info.Files).Sum(f => f.FileLength), version.Deltas.Sum(d => d.RowCount),
                version.Deltas.Sum(d => d.SizeBytes) + segments.Sum(s => s.SizeBytes));
        }
    }

    public override IEnumerable<SegmentDescription> DescribeSegments()
    {
        foreach (var id in catalog.Tables.Keys.OrderBy(t => t.Value))
        {
            foreach (var extent in Version(id).Segments.Where(s => s.HasBegun(horizon)))
            {
                yield return new SegmentDescription(id, extent.Segment.Info.Name, extent.Segment.RowCount, CountDeleted(extent), DescribeColumns(extent.Segment), extent.Segment.ClusteredBy);
            }
        }
    }

    public override IEnumerable<VectorIndexDescription> DescribeVectorIndexes()
    {
        foreach (var table in catalog.Tables.Values)
        {
            foreach (var index in table.VectorIndexes)
            {
                if (GraphShapes.Of(table, index) is { } shape)
                {
                    var states = Version(table.Id).Segments.Where(s => s.HasBegun(horizon)).Select(s => s.DescribeGraph(index.Id, shape)).OfType<GraphState>().ToList();
                    yield return new VectorIndexDescription(
                        table.Id, index.Id, states.Count(s => s.IsThere), states.Sum(s => s.RowCount), states.Where(s => s.IsThere).Sum(s => s.RowCount), states.Sum(s => s.LinkedCount),
                        states.Sum(s => s.SizeBytes));
                }
            }
        }
    }

    private static ImmutableArray<SegmentColumnDescription> DescribeColumns(Segment segment)
    {
        var columns = ImmutableArray.CreateBuilder<SegmentColumnDescription>();
        foreach (var id in segment.Info.Columns.Concat(segment.Info.Replacements.Select(r => r.ReplacedColumn)).Distinct())
        {
            if (!segment.TryFindColumn(id, out var ordinal))
            {
                continue;
            }

            var bytes = 0L;
            var encodings = new SortedDictionary<string, int>(StringComparer.Ordinal);
            for (var block = 0; block < segment.BlockCount; block++)
            {
                bytes += segment.BytesOf(ordinal, block);
                var encoding = segment.EncodingOf(ordinal, block).ToString().ToLowerInvariant();
                encodings[encoding] = encodings.GetValueOrDefault(encoding) + 1;
            }

            columns.Add(new SegmentColumnDescription(
                id, bytes, string.Join(", ", encodings.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Key} {e.Value}")))));
        }

        return columns.ToImmutable();
    }

    private long CountDeleted(SegmentExtent extent)
    {
        var deleted = 0L;
        for (var block = 0; block < extent.Segment.BlockCount; block++)
        {
            if (extent.FindVersions(block) is not { Ends: not null } versions)
            {
                continue;
            }

            for (var row = 0; row < extent.Segment.RowsInBlock(block); row++)
            {
                deleted += versions.IsEnded(row, horizon) ? 1 : 0;
            }
        }

        return deleted;
    }

    private long CountDeltaRows(TableVersion version)
    {
        var rows = 0L;
        foreach (var delta in version.Deltas)
        {
            for (var i = 0; i < delta.ChunkCount; i++)
            {
                var chunk = delta.Chunk(i);
                for (var row = 0; row < chunk.Count; row++)
                {
                    rows += chunk.HasBegun(row, horizon) && !chunk.Versions.IsEnded(row, horizon) ? 1 : 0;
                }
            }
        }

        return rows;
    }
}
