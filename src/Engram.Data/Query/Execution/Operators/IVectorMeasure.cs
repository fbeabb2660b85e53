namespace Engram.Data.Query.Execution.Operators;

/// <summary>How an operator found the nearest rows, for EXPLAIN ANALYZE. Complete once it has been disposed.</summary>
internal interface IVectorMeasure
{
    /// <summary>Rows that were judged by their codes.</summary>
    long CodesRead { get; }

    /// <summary>Rows that were scored from their vectors: those that codes did not pass over, and those that had none.</summary>
    long RowsScored { get; }

    /// <summary>The most queries that were looked for in one pass over the table.</summary>
    int Queries { get; }

    /// <summary>The most threads that one run was on; 0 when it was not split.</summary>
    int Workers { get; }
}
