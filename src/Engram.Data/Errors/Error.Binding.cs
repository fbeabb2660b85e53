namespace Engram.Data;

/// <summary>Names and types in a statement that do not fit the schema. Positions are 0-based offsets; messages and exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException UndefinedTable(string name, string? similar, int position)
        => new($"Table {name} does not exist.{Meant(similar)}", SqlStates.UndefinedTable, position + 1);

    public static EngramException UndefinedColumn(string name, string table, string? similar, int position)
        => new($"Column {name} does not exist in {table}.{Meant(similar)}", SqlStates.UndefinedColumn, position + 1);

    public static EngramException UndefinedColumn(string name, string? similar, int position)
        => new($"Column {name} does not exist in the tables of this query.{Meant(similar)}", SqlStates.UndefinedColumn, position + 1);

    public static EngramException UndefinedQualifier(string name, int position)
        => new($"There is no table {name} in the FROM clause. Add it, or use the alias that the table was given there.", SqlStates.UndefinedTable, position + 1);

    public static EngramException AmbiguousName(string kind, string name, int position)
        => new($"The {kind} name {name} is ambiguous: several differ in case alone. Write it in quotes.", SqlStates.AmbiguousColumn, position + 1);

    public static EngramException AmbiguousColumn(string name, string first, string second, int position)
        => new($"Column {name} is ambiguous: {first} and {second} both have it. Write the table before it.", SqlStates.AmbiguousColumn, position + 1);

    public static EngramException DuplicateCommonTable(string name, int position)
        => new($"The name {name} stands for two queries of one WITH. Give one of them another name.", SqlStates.DuplicateAlias, position + 1);

    public static EngramException DuplicateAlias(string name, int position)
        => new($"The name {name} stands for two tables in one FROM clause. Give one of them an alias.", SqlStates.DuplicateAlias, position + 1);

    public static EngramException UndefinedFunction(string call, string? similar, int position)
        => new($"No function matches {call}.{Meant(similar)} Cast the arguments if the function exists for other types; docs/sql.md lists all.", SqlStates.UndefinedFunction, position + 1);

    public static EngramException UndefinedOperator(string call, int position)
        => new($"No operator matches {call}. Cast an operand to the type of the other.", SqlStates.UndefinedFunction, position + 1);

    public static EngramException AmbiguousFunction(string call, int position)
        => new($"{call} fits several functions equally well. Cast the arguments.", SqlStates.AmbiguousFunction, position + 1);

    public static EngramException DatatypeMismatch(string what, string expected, string found, int position)
        => new($"{what} must be of type {expected}; this is {found}. Cast it.", SqlStates.DatatypeMismatch, position + 1);

    public static EngramException NoCommonType(string what, string first, string second, int position)
        => new($"{what} has values of type {first} and {second}, which do not turn into one another. Cast one of them.", SqlStates.DatatypeMismatch, position + 1);

    public static EngramException CannotAssign(string column, string columnType, string valueType, int position)
        => new($"Column '{column}' is of type {columnType}; a value of type {valueType} does not turn into it. Cast the value.", SqlStates.DatatypeMismatch, position + 1);

    public static EngramException CannotCast(string from, string to, int position)
        => new($"No cast leads from {from} to {to}. Convert the value in the application.", SqlStates.CannotCoerce, position + 1);

    public static EngramException NotGrouped(string column, int position)
        => new($"Column {column} must be in GROUP BY or inside an aggregate, since a group has many values of it.", SqlStates.GroupingError, position + 1);

    public static EngramException AggregateNotAllowed(string where, int position)
        => new($"An aggregate cannot stand in {where}. Filter groups with HAVING, or compute it in a subquery.", SqlStates.GroupingError, position + 1);

    public static EngramException ColumnCount(string what, int expected, int found, int position)
        => new($"{what} must have {expected} columns; it has {found}.", SqlStates.SyntaxError, position + 1);

    public static EngramException OrderByNotSelected(int position)
        => new("With SELECT DISTINCT and with UNION, ORDER BY can name only what is selected. Add the expression to the select list, or order by its name or position.", SqlStates.InvalidColumnReference, position + 1);

    public static EngramException InvalidPosition(int number, int count, string clause, int position)
        => new($"{clause} {number} names no output column; there are {count}.", SqlStates.InvalidColumnReference, position + 1);

    public static EngramException DuplicateColumn(string name, int position)
        => new($"Column {name} is named twice.", SqlStates.DuplicateColumn, position + 1);

    public static EngramException GeneratedColumn(string column, string advice, int position)
        => new($"Column '{column}' is generated always and takes no value of yours. {advice}", SqlStates.GeneratedAlways, position + 1);

    public static EngramException InvalidReference(string what, int position)
        => new(what, SqlStates.InvalidColumnReference, position + 1);

    public static EngramException LoneSurrogateInLiteral(int position)
        => new("A string has half of a surrogate pair, which is no character. Correct the text.", SqlStates.UntranslatableCharacter, position + 1);

    private static string Meant(string? similar) => similar == null ? "" : $" Did you mean {similar}?";
}
