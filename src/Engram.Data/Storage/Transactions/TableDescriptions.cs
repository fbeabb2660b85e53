using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Transactions;

/// <summary>What a table takes, as a snapshot shows it.</summary>
/// <param name="RowCount">Rows that were not deleted.</param>
internal readonly record struct TableDescription(
    TableId Table, long RowCount, int SegmentCount, long SegmentRowCount, long SegmentSizeBytes, long MemoryRowCount, long MemorySizeBytes);

/// <summary>One segment of a table.</summary>
/// <param name="Name">Its file.</param>
/// <param name="ClusteredBy">What its rows are ordered by; none for the order in which they came.</param>
internal sealed record SegmentDescription(
    TableId Table, string Name, long RowCount, long DeletedRowCount, ImmutableArray<SegmentColumnDescription> Columns, ImmutableArray<ColumnId> ClusteredBy);

/// <param name="SizeBytes">In the file, encoded.</param>
/// <param name="Encodings">Names of the encodings of its blocks, each with how many blocks have it.</param>
internal readonly record struct SegmentColumnDescription(ColumnId Column, long SizeBytes, string Encodings);

/// <summary>The graphs of a vector index.</summary>
/// <param name="RowCount">Rows of segments that have graphs or are to have them.</param>
/// <param name="GraphRowCount">Those whose graph is there.</param>
/// <param name="LinkedRowCount">Those too that are linked in a graph that is being built.</param>
internal readonly record struct VectorIndexDescription(TableId Table, IndexId Index, int GraphCount, long RowCount, long GraphRowCount, long LinkedRowCount, long SizeBytes);
