namespace Engram.Data;

/// <summary>Statements that cannot do what they say. Positions are 0-based offsets; exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException MergedTwice(string table)
        => new($"Two rows of the source of MERGE match one row of '{table}', which would be changed twice. Make the source's rows distinct by what ON compares; beside changes in WITH, leave out the rows that these change.", SqlStates.CardinalityViolation);

    public static EngramException NoConflictTarget(string table, string columns, int position)
        => new($"Table '{table}' has no unique index over {columns}, which ON CONFLICT names. Name the columns of a primary key or of a unique index, with its WHERE if it has one.", SqlStates.InvalidColumnReference, position + 1);

    /// <param name="sqlState">As RAISE … USING ERRCODE says; null for that of PL/pgSQL.</param>
    public static EngramException Raised(string message, string? sqlState)
        => new(message, sqlState is { Length: 5 } ? sqlState : SqlStates.RaiseException);

    public static EngramException TransactionHasBegun()
        => new("SET TRANSACTION stands before the first statement of a transaction that reads or writes. Begin the transaction with the level that it is to have.", SqlStates.ActiveTransaction);

    public static EngramException ConflictTwice(string table)
        => new($"ON CONFLICT DO UPDATE would change a row of '{table}' a second time: several proposed rows have one key. Leave the duplicates out, or insert them by statements of their own.", SqlStates.CardinalityViolation);
}
