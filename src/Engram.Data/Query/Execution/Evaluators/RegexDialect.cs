using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Turns a regular expression of PostgreSQL (an "advanced" one, ARE) into one of .NET that matches the same texts.</summary>
/// <remarks>
/// <para>What differs is rewritten: <c>$</c> and <c>\Z</c> stand for the very end; <c>\y \Y \m \M</c> are bounds of words, while <c>\b</c> is a backspace and <c>\B</c>
/// a backslash; classes such as <c>[[:alpha:]]</c>; a dot takes line ends, but with the flag n; options in front of the pattern (<c>(?i)</c>, <c>***=</c>).</para>
/// <para>PostgreSQL counts characters and .NET UTF-16 code units. So there are two translations: a short one for texts within the basic plane, and
/// one in which a dot and a negated class take a surrogate pair as one.</para>
/// <para>Patterns run without backtracking, so that no pattern takes more than linear time (RegexOptions.NonBacktracking). The price: no back references and no
/// lookaround (2201B). Of alternatives, the first that leads to a match is taken, as in .NET, not the longest as in POSIX; whether a text matches is the same.</para>
/// </remarks>
internal ref struct RegexDialect
{
    private const string Pair = "[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]";

    private readonly string pattern;
    private readonly bool pairs;
    private readonly StringBuilder target = new();
    private int at;
    private int depth;
    private RegexFlags flags;

    private RegexDialect(string pattern, RegexFlags flags, bool pairs)
    {
        (this.pattern, this.flags, this.pairs) = (pattern, flags, pairs);
    }

    /// <param name="pattern">As PostgreSQL spells it.</param>
    /// <param name="flags">Those given beside the pattern.</param>
    /// <param name="pairs">Whether the texts may have characters beyond the basic plane.</param>
    public static (string Pattern, RegexOptions Options) Translate(string pattern, RegexFlags flags, bool pairs)
    {
        var dialect = new RegexDialect(pattern, flags, pairs);
        dialect.ReadPrefix();
        dialect.Run();
        var options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
        flags = dialect.flags;
        options |= flags.HasFlag(RegexFlags.IgnoreCase) ? RegexOptions.IgnoreCase : 0;
        options |= flags.HasFlag(RegexFlags.LineAnchors) ? RegexOptions.Multiline : 0;
        return (dialect.target.ToString(), options);
    }

    private readonly bool IsEnd => at >= pattern.Length;

    private readonly char Current => at < pattern.Length ? pattern[at] : '\0';

    private readonly char Next => at + 1 < pattern.Length ? pattern[at + 1] : '\0';

    private readonly EngramException Invalid(string what) => Error.InvalidRegex(pattern, what);

    /// <summary>The director *** and options such as (?i) in front.</summary>
    private void ReadPrefix()
    {
        if (pattern.StartsWith("***=", StringComparison.Ordinal))
        {
            at = 4;
            flags |= RegexFlags.Literal;
            return;
        }

        if (pattern.StartsWith("***:", StringComparison.Ordinal))
        {
            at = 4;
        }
        else if (pattern.StartsWith("***", StringComparison.Ordinal))
        {
            throw Invalid("after *** stands = or :.");
        }

        if (!flags.HasFlag(RegexFlags.Literal) && Current == '(' && Next == '?' && at + 2 < pattern.Length && char.IsAsciiLetterLower(pattern[at + 2]))
        {
            var end = pattern.IndexOf(')', at);
            if (end < 0)
            {
                throw Invalid("a parenthesis is not closed.");
            }

            flags = RegexFlag.Parse(pattern.AsSpan(at + 2, end - at - 2), flags, isGlobalAllowed: false);
            at = end + 1;
        }
    }

    private void Run()
    {
        if (flags.HasFlag(RegexFlags.Literal))
        {
            target.Append(Regex.Escape(pattern[at..]));
            return;
        }

        while (!IsEnd)
        {
            Step();
        }

        if (depth > 0)
        {
            throw Invalid("a parenthesis is not closed.");
        }
    }

    private void Step()
    {
        var c = pattern[at];
        switch (c)
        {
            case '\\':
                Escape();
                break;
            case '[':
                Bracket();
                break;
            case '.':
                at++;
                Any();
                break;
            case '$':
                at++;
                target.Append(flags.HasFlag(RegexFlags.LineAnchors) ? "$" : "\\z");
                break;
            case '(':
                Group();
                break;
            case ')':
                depth--;
                if (depth < 0)
                {
                    throw Invalid("a parenthesis is closed that was not opened.");
                }

                at++;
                target.Append(')');
                break;
            case '{' when !char.IsAsciiDigit(Next):
                at++;
                target.Append("\\{");
                break;
            case ' ' or '\t' or '\n' or '\r' or '#' when flags.HasFlag(RegexFlags.Expanded):
                SkipBlank();
                break;
            case '{':
                var close = pattern.IndexOf('}', at);
                var count = close < 0 ? throw Invalid("a number of repetitions is not closed.") : pattern.AsSpan(at..(close + 1));
                target.Append(IsCount(count) ? count : throw Invalid("a number of repetitions is {m}, {m,} or {m,n}."));
                at = close + 1;
                break;
            case '^' or '|' or '*' or '+' or '?':
                target.Append(c);
                at++;
                break;
            default:
                Literal();
                break;
        }
    }

    private static bool IsCount(ReadOnlySpan<char> count)
    {
        foreach (var c in count)
        {
            if (!char.IsAsciiDigit(c) && c is not ('{' or '}' or ','))
            {
                return false;
            }
        }

        return true;
    }

    private void SkipBlank()
    {
        if (pattern[at] != '#')
        {
            at++;
            return;
        }

        while (!IsEnd && pattern[at] != '\n')
        {
            at++;
        }
    }

    private void Group()
    {
        depth++;
        if (Next != '?')
        {
            at++;
            target.Append('(');
            return;
        }

        switch (at + 2 < pattern.Length ? pattern[at + 2] : '\0')
        {
            case ':':
                target.Append("(?:");
                at += 3;
                break;
            case '#':
                depth--;
                var end = pattern.IndexOf(')', at);
                at = end < 0 ? throw Invalid("a comment is not closed.") : end + 1;
                break;
            case '=' or '!' or '<':
                throw Invalid("lookahead and lookbehind are not supported: patterns run without backtracking.");
            default:
                throw Invalid("after (? stands : or #.");
        }
    }

    private readonly void Any()
    {
        var single = flags.HasFlag(RegexFlags.NotNewline) ? "[^\\n" : "[\\s\\S";
        if (!pairs)
        {
            target.Append(single).Append(']');
        }
        else if (flags.HasFlag(RegexFlags.NotNewline))
        {
            target.Append("(?:[^\\n\\uD800-\\uDFFF]|").Append(Pair).Append(')');
        }
        else
        {
            target.Append("(?:[^\\uD800-\\uDFFF]|").Append(Pair).Append(')');
        }
    }

    private void Literal()
    {
        var c = pattern[at++];
        if (char.IsHighSurrogate(c) && char.IsLowSurrogate(Current))
        {
            // One character, to which a quantifier applies as a whole.
            target.Append("(?:").Append(c).Append(pattern[at++]).Append(')');
            return;
        }

        Append(c);
    }

    private readonly void Append(char c)
    {
        if (c < ' ' || "\\*+?|{}[]()^$.# -".Contains(c, StringComparison.Ordinal))
        {
            target.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }
        else
        {
            target.Append(c);
        }
    }

    private void Escape()
    {
        var c = Next;
        at += 2;
        switch (c)
        {
            case '\0' when at > pattern.Length:
                throw Invalid("it ends in a backslash.");
            case 'd': target.Append("[0-9]"); break;
            case 's' or 'w': target.Append('\\').Append(c); break;
            case 'D' or 'S' or 'W': Negated(c == 'D' ? "0-9" : c == 'S' ? "\\s" : "\\w"); break;
            case 'y': target.Append("\\b"); break;
            case 'Y': target.Append("\\B"); break;
            case 'm': WordStart(); break;
            case 'M': WordEnd(at - 3); break;
            case 'A': target.Append("\\A"); break;
            case 'Z': target.Append("\\z"); break;
            case 'B': Append('\\'); break;
            case >= '1' and <= '9':
                throw Invalid("back references are not supported: patterns run without backtracking.");
            default:
                at -= 2;
                AppendCharacter(ReadEscapedCharacter());
                break;
        }
    }

    /// <summary>A bound of a word is its start when a character of words follows; to ask for that elsewhere takes a look ahead.</summary>
    private readonly void WordStart()
    {
        var follows = Current == '\\' ? Next is 'w' or 'd' : char.IsAsciiLetterOrDigit(Current) || Current is '_' or > '\x7F';
        target.Append(follows ? "\\b" : throw Invalid("the start of a word (\\m) stands directly before a letter, digit, \\w or \\d; elsewhere use \\y."));
    }

    /// <param name="before">Where the character before the escape stands.</param>
    private readonly void WordEnd(int before)
    {
        var last = before > 0 && pattern[before] == '+' ? before - 1 : before;
        var isEscaped = last > 0 && pattern[last - 1] == '\\';
        var precedes = last >= 0 && (isEscaped ? pattern[last] is 'w' or 'd' : char.IsAsciiLetterOrDigit(pattern[last]) || pattern[last] is '_' or > '\x7F');
        target.Append(precedes ? "\\b" : throw Invalid("the end of a word (\\M) stands directly behind a letter, digit, \\w or \\d; elsewhere use \\y."));
    }

    private readonly void AppendCharacter(int character)
    {
        if (character > char.MaxValue)
        {
            target.Append("(?:").Append(char.ConvertFromUtf32(character)).Append(')');
        }
        else
        {
            Append((char)character);
        }
    }

    /// <summary>One character behind a backslash: \n, \u0041, \x41, or itself.</summary>
    private int ReadEscapedCharacter()
    {
        at++;
        if (IsEnd)
        {
            throw Invalid("it ends in a backslash.");
        }

        var c = pattern[at++];
        switch (c)
        {
            case 'a': return '\a';
            case 'b': return '\b';
            case 'e': return 0x1B;
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case '0': return 0;
            case 'c' when !IsEnd: return pattern[at++] & 0x1F;
            case 'u': return ReadHex(4, 4);
            case 'U': return ReadHex(8, 8);
            case 'x': return ReadHex(1, 255);
            default:
                if (char.IsAsciiLetterOrDigit(c))
                {
                    throw Invalid($"the escape \\{c} means nothing.");
                }

                if (char.IsHighSurrogate(c) && char.IsLowSurrogate(Current))
                {
                    return char.ConvertToUtf32(c, pattern[at++]);
                }

                return c;
        }
    }

    private int ReadHex(int digitsMin, int digitsMax)
    {
        var value = 0L;
        var start = at;
        while (!IsEnd && at - start < digitsMax && char.IsAsciiHexDigit(pattern[at]))
        {
            value = Math.Min((value * 16) + Convert.ToInt32(pattern[at].ToString(), 16), int.MaxValue);
            at++;
        }

        return at - start >= digitsMin && value <= 0x10FFFF && value is not (>= 0xD800 and <= 0xDFFF) ? (int)value : throw Invalid("an escape of a character by its number is not complete, or no character has it.");
    }

    private readonly void Negated(string content)
    {
        var newline = flags.HasFlag(RegexFlags.NotNewline) ? "\\n" : "";
        if (pairs)
        {
            target.Append("(?:[^").Append(content).Append(newline).Append("\\uD800-\\uDFFF]|").Append(Pair).Append(')');
        }
        else
        {
            target.Append("[^").Append(content).Append(newline).Append(']');
        }
    }

    /// <summary>[…]: characters, ranges and classes.</summary>
    private void Bracket()
    {
        if (pattern.AsSpan(at).StartsWith("[[:<:]]") || pattern.AsSpan(at).StartsWith("[[:>:]]"))
        {
            var isStart = pattern[at + 3] == '<';
            at += "[[:<:]]".Length;
            if (isStart)
            {
                WordStart();
            }
            else
            {
                WordEnd(at - "[[:>:]]".Length - 1);
            }

            return;
        }

        at++;
        var isNegated = Current == '^';
        at += isNegated ? 1 : 0;
        var content = new StringBuilder();
        var beyond = new List<int>();
        var isFirst = true;
        while (isFirst || Current != ']')
        {
            if (IsEnd)
            {
                throw Invalid("a bracket is not closed.");
            }

            isFirst = false;
            if (Current == '[' && Next == ':')
            {
                content.Append(ReadClass());
                continue;
            }

            if (Current == '\\' && "dswDSW".Contains(Next, StringComparison.Ordinal))
            {
                content.Append(Next switch { 'd' => "0-9", 'D' => throw Invalid("\\D cannot stand in brackets."), _ => "\\" + Next });
                at += 2;
                continue;
            }

            ReadRange(content, beyond);
        }

        at++;
        if (isNegated && beyond.Count > 0)
        {
            throw Invalid("a negated bracket cannot name characters beyond U+FFFF.");
        }

        if (isNegated)
        {
            Negated(content.ToString());
        }
        else if (beyond.Count == 0)
        {
            target.Append('[').Append(content).Append(']');
        }
        else
        {
            target.Append("(?:").Append(content.Length > 0 ? $"[{content}]|" : "").Append(string.Join('|', beyond.Select(char.ConvertFromUtf32))).Append(')');
        }
    }

    private void ReadRange(StringBuilder content, List<int> beyond)
    {
        var first = ReadMember();
        if (Current != '-' || Next is ']' or '\0')
        {
            if (first > char.MaxValue)
            {
                beyond.Add(first);
            }
            else
            {
                content.Append(Hex(first));
            }

            return;
        }

        at++;
        var last = ReadMember();
        if (last > char.MaxValue)
        {
            throw Invalid("a range cannot reach beyond U+FFFF.");
        }

        if (last < first)
        {
            throw Invalid("a range ends before it starts.");
        }

        content.Append(Hex(first)).Append('-').Append(Hex(last));
    }

    private static string Hex(int character) => "\\u" + character.ToString("X4", CultureInfo.InvariantCulture);

    /// <summary>A character in brackets, escaped or not; [.x.] and [=x=] are the character.</summary>
    private int ReadMember()
    {
        if (Current == '\\')
        {
            if (Next == 'B')
            {
                at += 2;
                return '\\';
            }

            return ReadEscapedCharacter();
        }

        if (Current == '[' && Next is '.' or '=' && at + 4 < pattern.Length && pattern[at + 3] == Next && pattern[at + 4] == ']')
        {
            at += 5;
            return pattern[at - 3];
        }

        if (IsEnd)
        {
            throw Invalid("a bracket is not closed.");
        }

        var c = pattern[at++];
        return char.IsHighSurrogate(c) && char.IsLowSurrogate(Current) ? char.ConvertToUtf32(c, pattern[at++]) : c;
    }

    private string ReadClass()
    {
        var end = pattern.IndexOf(":]", at + 2, StringComparison.Ordinal);
        var name = end < 0 ? throw Invalid("a class in brackets is not closed.") : pattern[(at + 2)..end];
        at = end + 2;
        return name switch
        {
            "alpha" => "\\p{L}",
            "digit" => "0-9",
            "alnum" => "\\p{L}\\p{N}",
            "upper" => flags.HasFlag(RegexFlags.IgnoreCase) ? "\\p{L}" : "\\p{Lu}",
            "lower" => flags.HasFlag(RegexFlags.IgnoreCase) ? "\\p{L}" : "\\p{Ll}",
            "space" => "\\s",
            "blank" => " \\t",
            "punct" => "!-/:-@\\u005B-`{-~",
            "cntrl" => "\\u0000-\\u001F\\u007F",
            "xdigit" => "0-9A-Fa-f",
            "graph" => "!-~\\u00A1-\\uFFFF",
            "print" => " -~\\u00A0-\\uFFFF",
            "ascii" => "\\u0000-\\u007F",
            "word" => "\\w",
            _ => throw Invalid($"[:{name}:] is no class of characters."),
        };
    }
}
