namespace Engram.Data.Query.Execution.Operators;

/// <summary>What an operator that reads a table has read, for EXPLAIN ANALYZE. Complete once it has been disposed or reset.</summary>
internal interface IScanMeasure
{
    long BlocksTotal { get; }

    long BlocksSkipped { get; }

    long BytesRead { get; }
}
