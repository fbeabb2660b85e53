namespace Engram.Data.Query.Execution.Operators;

/// <summary>What an operator did with an index, for EXPLAIN ANALYZE. Complete once it has been disposed.</summary>
internal interface IIndexMeasure
{
    /// <summary>Whether the index was used; when not, the plan below was.</summary>
    bool IsIndexUsed { get; }

    /// <summary>Entries of the index that were looked at.</summary>
    long EntriesRead { get; }

    /// <summary>Rows that were read to test the conditions.</summary>
    long RowsExamined { get; }
}
