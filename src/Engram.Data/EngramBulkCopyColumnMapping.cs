namespace Engram.Data;

/// <summary>Which field of the source goes to which column of the table.</summary>
public sealed class EngramBulkCopyColumnMapping
{
    /// <summary>Maps a field by its place, counted from 0.</summary>
    public EngramBulkCopyColumnMapping(int sourceOrdinal, string destinationColumn)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sourceOrdinal);
        ArgumentException.ThrowIfNullOrEmpty(destinationColumn);
        SourceOrdinal = sourceOrdinal;
        DestinationColumn = destinationColumn;
    }

    /// <summary>Maps a field by its name, for a source that has names: a data reader.</summary>
    public EngramBulkCopyColumnMapping(string sourceColumn, string destinationColumn)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourceColumn);
        ArgumentException.ThrowIfNullOrEmpty(destinationColumn);
        SourceOrdinal = -1;
        SourceColumn = sourceColumn;
        DestinationColumn = destinationColumn;
    }

    /// <summary>The field's place, -1 when it is found by <see cref="SourceColumn"/>.</summary>
    public int SourceOrdinal { get; }

    /// <summary>The field's name, exact or the only one that differs in case; null when it is found by <see cref="SourceOrdinal"/>.</summary>
    public string? SourceColumn { get; }

    /// <summary>The column's name, exact or the only one that differs in case.</summary>
    public string DestinationColumn { get; }
}

/// <summary>How far a bulk copy is.</summary>
public sealed class EngramRowsCopiedEventArgs(long rowsCopied) : EventArgs
{
    /// <summary>Rows of the call so far.</summary>
    public long RowsCopied { get; } = rowsCopied;

    /// <summary>Set to end the copy: nothing of it stays, and it throws 57014.</summary>
    public bool Abort { get; set; }
}
