using System.Globalization;

namespace Engram.Data;

/// <summary>Values that an expression cannot compute with.</summary>
internal static partial class Error
{
    public static EngramException NumericOutOfRange(string type)
        => new($"A number leaves the range of {type}. Cast an operand to a wider type, or correct the value.", SqlStates.NumericValueOutOfRange);

    public static EngramException DivisionByZero()
        => new("Division by zero. Guard the divisor, for example with NULLIF(divisor, 0).", SqlStates.DivisionByZero);

    public static EngramException NoByteAt(int place, int length)
        => new($"There is no byte at place {place}: the value has {length}, and the first is at 0. Compare octet_length first.", SqlStates.NumericValueOutOfRange);

    public static EngramException DateTimeOutOfRange(string type)
        => new($"A value leaves the range of {type}, which is that of .NET (years 1 to 9999 for dates). Check the arithmetic.", SqlStates.DatetimeFieldOverflow);

    public static EngramException VectorDimensionsDiffer(int left, int right)
        => new(string.Create(CultureInfo.InvariantCulture, $"A vector of {left} dimensions cannot be compared with one of {right}. Use embeddings of one model on both sides."),
            SqlStates.DataException);

    /// <param name="target">The column that the value is for, or null when it is only a cast.</param>
    public static EngramException VectorDimensionsExpected(string? target, int expected, int found)
        => new(target is null
            ? string.Create(CultureInfo.InvariantCulture, $"vector({expected}) stores vectors of {expected} dimensions; this value has {found}. Use an embedding of {expected} dimensions.")
            : string.Create(CultureInfo.InvariantCulture, $"Column '{target}' stores vectors of {expected} dimensions; this value has {found}. Use the model that the column was created for, or alter the column."),
            SqlStates.DataException);

    public static EngramException VectorNotFinite()
        => new("A vector has an element that is NaN or infinite. Elements are finite numbers: check what computed the embedding.", SqlStates.DataException);

    public static EngramException HalfVectorOverflow(float element)
        => new(string.Create(CultureInfo.InvariantCulture, $"{element:R} is too large for an element of a halfvec, whose elements are at most 65504. Store it in a vector."), SqlStates.NumericValueOutOfRange);

    public static EngramException InvalidText(string type, string text)
        => new($"'{(text.Length > 40 ? text[..40] + "…" : text)}' cannot be read as {type}. Correct the text.", SqlStates.InvalidTextRepresentation);

    /// <param name="target">The column that the value is for, or null when it is only a cast.</param>
    public static EngramException TextTooLong(string? target, int lengthMax, int length)
        => new(string.Create(CultureInfo.InvariantCulture,
            $"{(target is null ? "varchar" : $"Column '{target}' of type varchar")}({lengthMax}) takes texts of at most {lengthMax} characters; this one has {length}. Shorten it, or widen the column."),
            SqlStates.StringDataRightTruncation);

    public static EngramException NumericPrecision(string? target, int precision, int scale, decimal value)
        => new(string.Create(CultureInfo.InvariantCulture,
            $"{value} does not fit numeric({precision},{scale}){(target is null ? "" : $" of column '{target}'")}, which holds {precision - scale} digits before the point. Widen the column, or correct the value."),
            SqlStates.NumericValueOutOfRange);

    public static EngramException CannotCast(string from, string to)
        => new($"No cast leads from {from} to {to}. Convert the value in the application.", SqlStates.CannotCoerce);

    public static EngramException InvalidArgument(string function, string what)
        => new($"{function}: {what}", SqlStates.InvalidParameterValue);

    public static EngramException TooManyKeys(int countMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"The statement groups or joins by more than {countMax:N0} distinct keys. Narrow it with WHERE."), SqlStates.ProgramLimitExceeded);

    public static EngramException SubqueryHasManyRows()
        => new("A subquery in place of one value returned more than one row. Add LIMIT 1, or aggregate.", SqlStates.CardinalityViolation);

    public static EngramException NegativeLimit(long count)
        => new(string.Create(CultureInfo.InvariantCulture, $"LIMIT {count} is negative. Pass 0 or more, or NULL for no limit."), SqlStates.InvalidLimit);

    public static EngramException NegativeOffset(long count)
        => new(string.Create(CultureInfo.InvariantCulture, $"OFFSET {count} is negative. Pass 0 or more."), SqlStates.InvalidOffset);

    public static EngramException HalfSurrogate()
        => new("The place lies within a character that takes two UTF-16 code units; half of it has no UTF-8 form. Cut before or after it.", SqlStates.UntranslatableCharacter);

    public static EngramException ValueTooLarge(long sizeBytes, long sizeBytesMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"A value of {sizeBytes:N0} bytes is larger than the greatest, {sizeBytesMax:N0} bytes."), SqlStates.ProgramLimitExceeded);

    public static EngramException BatchTooLarge(long sizeBytes, long sizeBytesMax, bool isOfSeveralValues)
        => new(string.Create(CultureInfo.InvariantCulture, $"The values that an expression makes at a time take {sizeBytes:N0} bytes, which is more than {sizeBytesMax:N0}. Make smaller values."), SqlStates.ProgramLimitExceeded) { IsOfSeveralValues = isOfSeveralValues };

    public static EngramException ComputedValuesTooLarge(long sizeBytes, long sizeBytesMax, bool isOfSeveralValues)
        => new(string.Create(CultureInfo.InvariantCulture, $"The values that an expression makes at a time take {sizeBytes:N0} bytes, which is more than the {sizeBytesMax:N0} bytes of 'Memory Limit'. Make smaller values, or raise 'Memory Limit'."), SqlStates.OutOfMemory) { IsOfSeveralValues = isOfSeveralValues };

    public static EngramException ProcessOutOfMemory(OutOfMemoryException cause)
        => new("The process has no more memory for the statement. Narrow it with WHERE or LIMIT, or lower 'Memory Limit', so that a statement is refused before.", SqlStates.OutOfMemory, cause);

    public static EngramException TooManyRows(int countMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"The statement sorts or joins more than {countMax:N0} rows in memory. Narrow it with WHERE."), SqlStates.ProgramLimitExceeded);
}
