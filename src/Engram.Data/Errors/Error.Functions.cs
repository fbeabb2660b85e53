namespace Engram.Data;

/// <summary>What functions of text cannot work with.</summary>
internal static partial class Error
{
    public static EngramException InvalidRegex(string pattern, string what)
        => new($"The regular expression '{(pattern.Length > 40 ? pattern[..40] + "…" : pattern)}' is invalid: {what}", SqlStates.InvalidRegularExpression);

    public static EngramException ArrayTrim(int count, int length)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"trim_array: {count} elements cannot be cut off an array of {length}. Pass a number from 0 to {length}."), SqlStates.ArrayElement);

    /// <param name="place">1-based; null for NULL.</param>
    public static EngramException ArrayPlace(int? place, int length)
        => new(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"array_set: {(place is null ? "the place is NULL" : $"there is no place {place}")} in an array of {length} {(length == 1 ? "element" : "elements")}. {(length == 0 ? "Add" : $"Places go from 1 to {length}; add")} elements with array_append."),
            SqlStates.ArrayElement);

    public static EngramException NoCharacter(int code)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"chr: no character has the code point {code}. Pass 1 to 1114111, without 55296 to 57343."), SqlStates.ProgramLimitExceeded);

    public static EngramException SubstringLength(string function, string what)
        => new($"{function}: {what}", SqlStates.SubstringError);

    /// <param name="place">1-based.</param>
    public static EngramException InvalidUnicodeEscape(int place)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"unistr: at character {place} stands no valid escape. They are \\XXXX, \\+XXXXXX, \\uXXXX, \\UXXXXXXXX and \\\\; surrogates come in pairs."), SqlStates.SyntaxError);

    public static EngramException NullIdentifier()
        => new("format: %I writes a name, and its argument is NULL.", SqlStates.NullValueNotAllowed);

    public static EngramException WidthBucket()
        => new("width_bucket: the count is 1 or more, the bounds are finite and differ, and the operand is a number.", SqlStates.WidthBucketArgument);

    public static EngramException DateBinStride()
        => new("date_bin: the stride is greater than zero.", SqlStates.DatetimeFieldOverflow);

    public static EngramException TemplateMismatch(string pattern, string text)
        => new($"'{(text.Length > 40 ? text[..40] + "…" : text)}' has nothing that {pattern} of the template stands for. Correct the text or the template.", SqlStates.InvalidDatetimeFormat);

    public static EngramException BoundNull()
        => new("width_bucket: a bound is NULL. Pass an array of bounds without NULLs, in ascending order.", SqlStates.NullValueNotAllowed);

    public static EngramException UnknownTimeZone(string name)
        => new($"No time zone has the name '{name}'. Pass an IANA name such as Europe/Berlin, UTC, or an offset.", SqlStates.InvalidParameterValue);

    public static EngramException InvalidRegexFlag(char flag)
        => new($"'{flag}' is no flag of a regular expression. There are i, c, n, m, s, p, w, x, t, q, and g where every match is meant.", SqlStates.InvalidParameterValue);
}
