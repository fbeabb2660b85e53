namespace Engram.Data;

/// <summary>What functions of text cannot work with.</summary>
internal static partial class Error
{
    public static EngramException InvalidRegex(string pattern, string what)
        => new($"The regular expression '{(pattern.Length > 40 ? pattern[..40] + "…" : pattern)}' is invalid: {what}", SqlStates.InvalidRegularExpression);

    public static EngramException ArrayTrim(int count, int length)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"trim_array: {count} elements cannot be cut off an array of {length}. Pass a number from 0 to {length}."), SqlStates.ArrayElement);

    public static EngramException InvalidRegexFlag(char flag)
        => new($"'{flag}' is no flag of a regular expression. There are i, c, n, m, s, p, w, x, t, q, and g where every match is meant.", SqlStates.InvalidParameterValue);
}
