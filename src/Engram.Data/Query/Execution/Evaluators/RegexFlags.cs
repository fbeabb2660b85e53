namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>How a regular expression is read and matched.</summary>
[Flags]
internal enum RegexFlags
{
    None = 0,
    IgnoreCase = 1,
    /// <summary>A dot and negated classes do not match a line end.</summary>
    NotNewline = 2,
    /// <summary>^ and $ match at line ends.</summary>
    LineAnchors = 4,
    /// <summary>Blanks and comments in the pattern are left out.</summary>
    Expanded = 8,
    /// <summary>The pattern is a plain text.</summary>
    Literal = 16,
    /// <summary>Every match, not only the first.</summary>
    Global = 32,
    /// <summary>The pattern is .NET's, not PostgreSQL's.</summary>
    DotNet = 64,
}

internal static class RegexFlag
{
    /// <summary>Reads letters such as 'gi'; later ones override earlier ones.</summary>
    public static RegexFlags Parse(ReadOnlySpan<char> letters, RegexFlags flags, bool isGlobalAllowed)
    {
        foreach (var letter in letters)
        {
            flags = letter switch
            {
                'i' => flags | RegexFlags.IgnoreCase,
                'c' => flags & ~RegexFlags.IgnoreCase,
                // .NET's two flags are independent of each other.
                'm' when flags.HasFlag(RegexFlags.DotNet) => flags | RegexFlags.LineAnchors,
                's' when flags.HasFlag(RegexFlags.DotNet) => flags & ~RegexFlags.NotNewline,
                'n' or 'm' => flags | RegexFlags.NotNewline | RegexFlags.LineAnchors,
                's' => flags & ~(RegexFlags.NotNewline | RegexFlags.LineAnchors),
                'p' => (flags | RegexFlags.NotNewline) & ~RegexFlags.LineAnchors,
                'w' => (flags | RegexFlags.LineAnchors) & ~RegexFlags.NotNewline,
                'x' => flags | RegexFlags.Expanded,
                't' => flags & ~RegexFlags.Expanded,
                'q' => flags | RegexFlags.Literal,
                // Basic and extended expressions, the older kinds, are not distinguished.
                'e' => flags,
                'g' when isGlobalAllowed => flags | RegexFlags.Global,
                _ => throw Error.InvalidRegexFlag(letter),
            };
        }

        return flags;
    }
}
