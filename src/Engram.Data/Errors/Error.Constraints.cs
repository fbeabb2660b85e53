namespace Engram.Data;

/// <summary>Rows that break a rule of their table.</summary>
internal static partial class Error
{
    public static EngramException CheckFailed(string table, string? check)
        => new(check is null
            ? $"A row of table '{table}' does not meet a check constraint. Correct the row."
            : $"A row of table '{table}' does not meet its check '{check}'. Correct the row.", SqlStates.CheckViolation);

    /// <param name="key">Columns and values, such as <c>(BlogId) = (5)</c>.</param>
    public static EngramException ForeignKeyMissing(string table, string constraint, string key, string referencedTable)
        => new($"A row of table '{table}' refers by {key} to a row of table '{referencedTable}' that is not there (foreign key '{constraint}'). Insert that row first, or correct the value.",
            SqlStates.ForeignKeyViolation);

    public static EngramException ForeignKeyInUse(string referencedTable, string key, string table, string constraint)
        => new($"The row of table '{referencedTable}' with {key} is referred to by table '{table}' (foreign key '{constraint}'). Delete or change those rows first, or declare ON DELETE CASCADE.",
            SqlStates.ForeignKeyViolation);

    public static EngramException SequenceExhausted(string sequence, long end)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Sequence '{sequence}' has reached its end, {end}. Widen it with ALTER SEQUENCE, RESTART it, or let it CYCLE."), SqlStates.SequenceLimitExceeded);

    public static EngramException IdentityExhausted(string table, string column, string type)
        => new($"The numbers of identity column '{table}.{column}' have reached the end of {type}. Use a wider type, or give numbers of your own.", SqlStates.SequenceLimitExceeded);
}
