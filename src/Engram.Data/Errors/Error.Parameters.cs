using System.Data;
using System.Globalization;

namespace Engram.Data;

/// <summary>Parameters of a command: their names, types and values.</summary>
internal static partial class Error
{
    public static ArgumentException UnknownTypeName(string name, EngramException cause)
        => new($"'{name}' is not the name of a SQL type. See docs/types.md for the types; an array is written with brackets, as in integer[].", cause);

    public static ArgumentException OnlyInputParameters(ParameterDirection direction)
        => new($"A parameter's direction cannot be {direction}: there are only input parameters. Read results with RETURNING or SELECT.");

    public static EngramException UnknownParameterType(string parameter, Type type)
        => new($"Parameter '{parameter}' has a value of type {type.Name}, which no SQL type holds. Convert it first, or see docs/types.md for the types that are known.", SqlStates.DatatypeMismatch);

    public static EngramException MissingParameter(string parameter, IEnumerable<string> given)
    {
        var known = string.Join(", ", given);
        return new($"The statement names parameter '{parameter}', but the command has {(known.Length == 0 ? "no parameters" : "only: " + known)}. Add it to Parameters.", SqlStates.UndefinedParameter);
    }

    public static EngramException ParameterNotConvertible(string parameter, Type type, string shown, string expected)
        => new($"Parameter '{parameter}' must be {expected} in this statement; the value {shown} of type {type.Name} cannot be converted to that.", SqlStates.DatatypeMismatch);

    public static EngramException ParameterOutOfRange(string parameter, string shown, string expected)
        => new($"Parameter '{parameter}' must be {expected} in this statement; the value {shown} does not fit. Use a wider type.", SqlStates.NumericValueOutOfRange);

    public static EngramException ParameterTextUnreadable(string parameter, string shown, string expected)
        => new($"Parameter '{parameter}' must be {expected} in this statement; the text {shown} cannot be read as one.", SqlStates.InvalidTextRepresentation);

    public static EngramException UnspecifiedKind(string parameter)
        => new($"Parameter '{parameter}' is a timestamptz in this statement; a DateTime of Kind Unspecified does not say which instant it is. Pass a DateTimeOffset, or a DateTime of Kind Utc.", SqlStates.DatatypeMismatch);

    public static EngramException LoneSurrogate(string parameter, int index)
        => new(string.Create(CultureInfo.InvariantCulture, $"Parameter '{parameter}' holds half of a surrogate pair at index {index}, which no UTF-8 text can. Repair the string, for example where it was cut."), SqlStates.UntranslatableCharacter);

    public static EngramException VectorDimensions(string parameter, int expected, int found)
        => new(string.Create(CultureInfo.InvariantCulture, $"Parameter '{parameter}' must be a vector of {expected} dimensions in this statement; this value has {found}. Use the model that the column was created for."), SqlStates.DataException);

    public static EngramException VectorNotFinite(string parameter, int index)
        => new(string.Create(CultureInfo.InvariantCulture, $"Parameter '{parameter}' is a vector whose element {index} is not a finite number. Vectors hold finite numbers only."), SqlStates.DataException);

    public static EngramException TooManyParameters(int count, int countMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"The command has {count} parameters; the most is {countMax}. Split it, or pass an array."), SqlStates.ProgramLimitExceeded);

    public static EngramException BulkFieldCount(string table, int expected, int found)
        => new(string.Create(CultureInfo.InvariantCulture, $"Table '{table}' has {expected} columns that take values; the rows to copy have {found}. Add a mapping to ColumnMappings for each column that is copied."), SqlStates.SyntaxError);

    public static EngramException BulkFieldMissing(string field, string column, int count)
        => new(string.Create(CultureInfo.InvariantCulture, $"Column '{column}' is mapped to field '{field}', and a row to copy has {count} fields without it. Correct the mapping, or give each row all fields."), SqlStates.SyntaxError);
}
