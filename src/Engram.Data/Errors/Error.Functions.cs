namespace Engram.Data;

/// <summary>What functions of text cannot work with.</summary>
internal static partial class Error
{
    public static EngramException InvalidRegex(string pattern, string what)
        => new($"The regular expression '{(pattern.Length > 40 ? pattern[..40] + "…" : pattern)}' is invalid: {what}", SqlStates.InvalidRegularExpression);

    public static EngramException InvalidRegexFlag(char flag)
        => new($"'{flag}' is no flag of a regular expression. There are i, c, n, m, s, p, w, x, t, q, and g where every match is meant.", SqlStates.InvalidParameterValue);
}
