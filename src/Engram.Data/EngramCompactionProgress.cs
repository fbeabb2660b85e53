namespace Engram.Data;

/// <summary>How far <see cref="EngramConnection.CompactAsync"/> has come. Immutable.</summary>
/// <param name="RowsDone">Rows that are in their new places.</param>
/// <param name="RowsTotal">Rows that will be written in all; 0 when there is nothing to do.</param>
public readonly record struct EngramCompactionProgress(long RowsDone, long RowsTotal);
