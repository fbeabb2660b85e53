namespace Engram.Data;

/// <summary>Changes of tables that the rows which are there do not allow. Positions are 0-based offsets; exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException NullsInTheWay(string table, string column, long count)
        => new($"Column '{table}.{column}' is NULL in {count} {(count == 1 ? "row" : "rows")} and so cannot become NOT NULL. Give {(count == 1 ? "it" : "them")} a value first: UPDATE … SET {column} = … WHERE {column} IS NULL.",
            SqlStates.NotNullViolation);

    /// <param name="row">Which row is the first, such as <c> with (Id)=(5)</c>; empty when nothing names it.</param>
    public static EngramException CheckNotMet(string table, string check, string row)
        => new($"Check '{check}' cannot be added to table '{table}': the row{row} does not meet it. Correct the rows first.", SqlStates.CheckViolation);

    public static EngramException CheckNoLongerMet(string table, string check, string row)
        => new($"The change of table '{table}' is refused: afterwards the row{row} would not meet check '{check}'.", SqlStates.CheckViolation);

    public static EngramException ForeignKeyNotMet(string table, string constraint, string key, string referencedTable)
        => new($"Foreign key '{constraint}' cannot be added to table '{table}': {key} is not in table '{referencedTable}'. Insert those rows first, or correct the values.",
            SqlStates.ForeignKeyViolation);

    public static EngramException NoConversion(string column, string from, string to, int position)
        => new($"Column '{column}' is of type {to} after the change, and no value of type {from} becomes one by itself. Say how: ALTER COLUMN … TYPE {to} USING (expression).",
            SqlStates.DatatypeMismatch, position + 1);

    public static EngramException ColumnInUse(string column, string dependent, int position)
        => new($"Column '{column}' cannot be changed: {dependent}. Drop that first, and add it again afterwards.", SqlStates.DependentObjectsStillExist, position + 1);
}
