using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Graphs;

namespace Engram.Data.Storage.Transactions;

/// <summary>A run of a scan's blocks that a graph leads through. Valid until the snapshot is disposed.</summary>
/// <param name="FirstBlock">As for <see cref="TableScan.Restrict"/>.</param>
/// <param name="RowCount">Visible or not; the graph numbers them.</param>
/// <param name="IsPlain">Whether every row is as it was stored, and nobody deleted one.</param>
internal readonly record struct GraphPart(int FirstBlock, int BlockCount, int RowCount, SegmentGraph Graph, SegmentCodes Codes, bool IsPlain);
