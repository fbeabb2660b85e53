using System.Text;
using System.Text.RegularExpressions;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

// Functions that give back places or parts take the text through a string: places count characters, and .NET's matches UTF-16 code units.

/// <summary>text ~ pattern and its kin, and regexp_like(text, pattern [, flags]).</summary>
internal struct RegexIsMatch(RegexFlags always, bool isNegated) : IRowFunction<byte>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        var letters = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : default;
        var pattern = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, always, isGlobalAllowed: false);
        result = pattern.IsMatch(arguments[0].Get<Bytes>(row).Span) != isNegated ? (byte)1 : (byte)0;
        return true;
    }
}

/// <summary>Walks over the matches of a pattern in a text.</summary>
/// <param name="regex">For the text.</param>
/// <param name="text">The whole text.</param>
/// <param name="start">UTF-16 code unit from which matches may begin.</param>
internal readonly struct RegexMatches(Regex regex, string text, int start)
{
    /// <summary>What a match is worth besides its text, in looking for the next one.</summary>
    public const int MatchSizeBytes = 256;

    public Match First => regex.Match(text, start);

    /// <summary>PostgreSQL's rule after an empty match: go on one character later.</summary>
    public Match After(Match match)
    {
        var end = match.Index + match.Length;
        if (match.Length > 0)
        {
            return end <= text.Length ? regex.Match(text, end) : Match.Empty;
        }

        var step = end < text.Length && char.IsHighSurrogate(text[end]) ? 2 : 1;
        return end + step <= text.Length ? regex.Match(text, end + step) : Match.Empty;
    }

    /// <summary>The n-th match, from 1; a failed match when there are fewer.</summary>
    public Match Nth(int n, ColumnBuffer memory)
    {
        var match = First;
        for (; match.Success && n > 1; n--)
        {
            memory.Work(MatchSizeBytes + match.Length);
            match = After(match);
        }

        return match;
    }

    /// <summary>The code unit of a 1-based place in characters.</summary>
    public static int OffsetOf(string text, int place, string function)
    {
        if (place < 1)
        {
            throw Error.InvalidArgument(function, "the place to start at is less than 1.");
        }

        var at = 0;
        for (; place > 1 && at < text.Length; place--)
        {
            at += char.IsHighSurrogate(text[at]) ? 2 : 1;
        }

        return place > 1 ? text.Length + 1 : at;
    }

    /// <summary>The 1-based place in characters of a code unit.</summary>
    public static int PlaceOf(string text, int offset)
    {
        var place = 1;
        for (var at = 0; at < offset; at++)
        {
            place += char.IsLowSurrogate(text[at]) ? 0 : 1;
        }

        return place;
    }

    public static Bytes Copy(ReadOnlySpan<char> text, ColumnBuffer memory)
    {
        unsafe
        {
            var size = Encoding.UTF8.GetByteCount(text);
            var pointer = memory.AllocateVariable(size);
            Encoding.UTF8.GetBytes(text, new Span<byte>(pointer, size));
            return new Bytes(pointer, size);
        }
    }
}

/// <summary>regexp_match(text, pattern [, flags]): the groups of the first match, or the whole of it when there are none.</summary>
internal struct RegexMatchGroups : IRowFunction<Bytes>
{
    private RegexArgument argument;
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var letters = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : default;
        var source = arguments[0].Get<Bytes>(row);
        var match = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, RegexFlags.None, isGlobalAllowed: false).For(source.Span).Match(source.Text);
        result = match.Success ? Groups(match, ref writer, memory) : default;
        return match.Success;
    }

    public static Bytes Groups(Match match, ref ArrayWriter writer, ColumnBuffer memory)
    {
        writer.Begin();
        for (var i = match.Groups.Count > 1 ? 1 : 0; i < match.Groups.Count; i++)
        {
            if (match.Groups[i].Success)
            {
                writer.Add(match.Groups[i].ValueSpan);
            }
            else
            {
                writer.AddNull();
            }
        }

        return writer.End(memory);
    }
}

/// <summary>regexp_substr(text, pattern [, start [, n [, flags [, group]]]]).</summary>
internal struct RegexSubstring(string name) : IRowFunction<Bytes>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var text = arguments[0].Get<Bytes>(row).Text;
        var group = arguments.Length > 5 ? arguments[5].Get<int>(row) : 0;
        var match = RegexCall.Match(ref argument, arguments, row, text, name, flagsAt: 4, group, memory);
        var found = match.Success && group < match.Groups.Count ? match.Groups[group] : null;
        result = found is { Success: true } ? RegexMatches.Copy(found.ValueSpan, memory) : default;
        return found is { Success: true };
    }
}

/// <summary>substring(text from pattern): the first group of the first match, or the whole of it.</summary>
internal struct RegexFirst : IRowFunction<Bytes>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var source = arguments[0].Get<Bytes>(row);
        var match = argument.Of(arguments[1].Get<Bytes>(row).Span, default, RegexFlags.None, isGlobalAllowed: false).For(source.Span).Match(source.Text);
        var found = match.Groups[match.Groups.Count > 1 ? 1 : 0];
        result = found.Success ? RegexMatches.Copy(found.ValueSpan, memory) : default;
        return found.Success;
    }
}

internal static class RegexCall
{
    /// <summary>The n-th match of (text, pattern [, start [, n …]]), with its flags at a place of the arguments.</summary>
    public static Match Match(ref RegexArgument argument, Column[] arguments, int row, string text, string name, int flagsAt, int group, ColumnBuffer memory)
    {
        var letters = arguments.Length > flagsAt ? arguments[flagsAt].Get<Bytes>(row).Span : default;
        var regex = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, RegexFlags.None, isGlobalAllowed: false).For(arguments[0].Get<Bytes>(row).Span);
        var start = arguments.Length > 2 ? RegexMatches.OffsetOf(text, arguments[2].Get<int>(row), name) : 0;
        var n = arguments.Length > 3 ? arguments[3].Get<int>(row) : 1;
        if (n < 1 || group < 0)
        {
            throw Error.InvalidArgument(name, "the number of a match is 1 or more, that of a group 0 or more.");
        }

        return start > text.Length ? System.Text.RegularExpressions.Match.Empty : new RegexMatches(regex, text, start).Nth(n, memory);
    }
}

/// <summary>regexp_instr(text, pattern [, start [, n [, end [, flags [, group]]]]]): a 1-based place, 0 when there is no match.</summary>
internal struct RegexPlace : IRowFunction<int>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        var text = arguments[0].Get<Bytes>(row).Text;
        var end = arguments.Length > 4 ? arguments[4].Get<int>(row) : 0;
        if (end is not (0 or 1))
        {
            throw Error.InvalidArgument("regexp_instr", "the place wanted is 0, the start of the match, or 1, what follows it.");
        }

        var group = arguments.Length > 6 ? arguments[6].Get<int>(row) : 0;
        var match = RegexCall.Match(ref argument, arguments, row, text, "regexp_instr", flagsAt: 5, group, memory);
        var found = match.Success && group < match.Groups.Count ? match.Groups[group] : null;
        result = found is { Success: true } ? RegexMatches.PlaceOf(text, found.Index + (end * found.Length)) : 0;
        return true;
    }
}

/// <summary>regexp_count(text, pattern [, start [, flags]]).</summary>
internal struct RegexCount : IRowFunction<int>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        var text = arguments[0].Get<Bytes>(row).Text;
        var letters = arguments.Length > 3 ? arguments[3].Get<Bytes>(row).Span : default;
        var regex = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, RegexFlags.None, isGlobalAllowed: false).For(arguments[0].Get<Bytes>(row).Span);
        var start = arguments.Length > 2 ? RegexMatches.OffsetOf(text, arguments[2].Get<int>(row), "regexp_count") : 0;
        result = 0;
        var matches = new RegexMatches(regex, text, start);
        for (var match = start <= text.Length ? matches.First : Match.Empty; match.Success; match = matches.After(match))
        {
            memory.Work(RegexMatches.MatchSizeBytes + match.Length);
            result++;
        }

        return true;
    }
}

/// <summary>regexp_replace(text, pattern, replacement [, flags]) and (text, pattern, replacement, start [, n [, flags]]).</summary>
/// <param name="hasPlace">Whether the fourth argument is a place.</param>
/// <param name="always">Flags of the function itself.</param>
internal struct RegexReplace(bool hasPlace, RegexFlags always = RegexFlags.None) : IRowFunction<Bytes>
{
    private RegexArgument argument;
    private StringBuilder? target;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = arguments[0].Get<Bytes>(row);
        var flagsAt = hasPlace ? 5 : 3;
        var letters = arguments.Length > flagsAt ? arguments[flagsAt].Get<Bytes>(row).Span : default;
        var regex = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, always, isGlobalAllowed: true).For(result.Span);
        var text = result.Text;
        var start = hasPlace ? RegexMatches.OffsetOf(text, arguments[3].Get<int>(row), "regexp_replace") : 0;
        var n = arguments.Length > 4 ? arguments[4].Get<int>(row) : (argument.Flags & RegexFlags.Global) != 0 ? 0 : 1;
        if (n < 0)
        {
            throw Error.InvalidArgument("regexp_replace", "the number of the match is negative. Pass 0 for all.");
        }

        var matches = new RegexMatches(regex, text, start);
        var match = start <= text.Length ? matches.First : Match.Empty;
        if (!match.Success)
        {
            return true;
        }

        target = (target ?? new StringBuilder()).Clear();
        var replacement = arguments[2].Get<Bytes>(row).Text;
        var copied = 0;
        for (var i = 1; match.Success; i++, match = matches.After(match))
        {
            memory.Work(RegexMatches.MatchSizeBytes + match.Length);
            if (n != 0 && i != n)
            {
                continue;
            }

            target.Append(text, copied, match.Index - copied);
            memory.Work(replacement.Length);
            memory.CheckComputed(target.Length + (long)replacement.Length);
            Expand(replacement, match);
            copied = match.Index + match.Length;
            if (n != 0)
            {
                break;
            }
        }

        target.Append(text, copied, text.Length - copied);
        result = RegexMatches.Copy(target.ToString(), memory);
        return true;
    }

    /// <summary>\1 to \9 are groups, \&amp; is the match, \\ a backslash.</summary>
    private readonly void Expand(string replacement, Match match)
    {
        if ((always & RegexFlags.DotNet) != 0)
        {
            target!.Append(match.Result(replacement));
            return;
        }

        for (var i = 0; i < replacement.Length; i++)
        {
            var c = replacement[i];
            if (c != '\\' || i + 1 == replacement.Length)
            {
                target!.Append(c);
                continue;
            }

            c = replacement[++i];
            switch (c)
            {
                case >= '1' and <= '9': target!.Append(match.Groups[c - '0'].ValueSpan); break;
                case '&': target!.Append(match.ValueSpan); break;
                case '\\': target!.Append('\\'); break;
                default: target!.Append('\\').Append(c); break;
            }
        }
    }
}

/// <summary>regexp_split_to_array(text, pattern [, flags]).</summary>
internal struct RegexSplit : IRowFunction<Bytes>
{
    private RegexArgument argument;
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var source = arguments[0].Get<Bytes>(row);
        var letters = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : default;
        var regex = argument.Of(arguments[1].Get<Bytes>(row).Span, letters, RegexFlags.None, isGlobalAllowed: false).For(source.Span);
        writer.Begin();
        foreach (var part in Parts(regex, source.Text))
        {
            memory.Work(RegexMatches.MatchSizeBytes + part.Length);
            memory.CheckComputed((long)writer.SizeBytes + part.Length);
            writer.Add(part.Span);
        }

        result = writer.End(memory);
        return true;
    }

    /// <summary>What lies between matches; empty matches at the start, at the end and directly behind a match do not split.</summary>
    public static IEnumerable<ReadOnlyMemory<char>> Parts(Regex regex, string text)
    {
        var from = 0;
        var matches = new RegexMatches(regex, text, 0);
        for (var match = matches.First; match.Success; match = matches.After(match))
        {
            if (match.Length == 0 && (match.Index == from || match.Index >= text.Length))
            {
                continue;
            }

            yield return text.AsMemory(from, match.Index - from);
            from = match.Index + match.Length;
        }

        yield return text.AsMemory(from);
    }
}

/// <summary>text SIMILAR TO pattern [ESCAPE e]: the whole text matches SQL's kind of pattern.</summary>
internal struct SimilarTo : IRowFunction<byte>
{
    private byte[]? patternBytes;
    private byte[]? escapeBytes;
    private RegexPattern? pattern;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        var source = arguments[1].Get<Bytes>(row).Span;
        var escape = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : "\\"u8;
        if (pattern is null || !source.SequenceEqual(patternBytes) || !escape.SequenceEqual(escapeBytes))
        {
            pattern = RegexPattern.Of(SimilarPattern.Translate(Encoding.UTF8.GetString(source), Encoding.UTF8.GetString(escape)), RegexFlags.None);
            patternBytes = source.ToArray();
            escapeBytes = escape.ToArray();
        }

        result = pattern.IsMatch(arguments[0].Get<Bytes>(row).Span) ? (byte)1 : (byte)0;
        return true;
    }
}

/// <summary>substring(text FROM pattern FOR escape): of a SQL pattern, the part between two escaped quotes.</summary>
internal struct SimilarSubstring : IRowFunction<Bytes>
{
    private RegexArgument argument;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var source = arguments[0].Get<Bytes>(row);
        var pattern = SimilarPattern.Translate(arguments[1].Get<Bytes>(row).Text, arguments[2].Get<Bytes>(row).Text);
        var match = argument.Of(Encoding.UTF8.GetBytes(pattern), default, RegexFlags.None, isGlobalAllowed: false).For(source.Span).Match(source.Text);
        var found = match.Groups[match.Groups.Count > 1 ? 1 : 0];
        result = found.Success ? RegexMatches.Copy(found.ValueSpan, memory) : default;
        return found.Success;
    }
}

/// <summary>SQL's patterns: % and _ of LIKE, and | * + ? {m,n} ( ) [ ] of regular expressions.</summary>
internal static class SimilarPattern
{
    public static string Translate(string pattern, string escape)
    {
        if (escape.EnumerateRunes().Count() > 1)
        {
            throw Error.InvalidArgument("SIMILAR TO", "the escape is longer than one character.");
        }

        var target = new StringBuilder("^(?:");
        var (quotes, isInBracket) = (0, false);
        // What comes before the part wanted is as short as it can be.
        var lazy = escape.Length > 0 && pattern.Contains(escape + "\"", StringComparison.Ordinal) ? "?" : "";
        for (var i = 0; i < pattern.Length; i++)
        {
            if (escape.Length > 0 && string.CompareOrdinal(pattern, i, escape, 0, escape.Length) == 0)
            {
                i += escape.Length;
                if (i == pattern.Length)
                {
                    throw Error.InvalidRegex(pattern, "it ends in its escape character.");
                }

                if (pattern[i] == '"' && !isInBracket)
                {
                    lazy = "";
                    target.Append(quotes++ switch
                    {
                        0 => ")(",
                        1 => ")(?:",
                        _ => throw Error.InvalidRegex(pattern, "an escaped quote stands in it more than twice."),
                    });
                }
                else
                {
                    Literal(target, pattern[i]);
                }

                continue;
            }

            var c = pattern[i];
            if (isInBracket)
            {
                isInBracket = c != ']';
                target.Append(c == '\\' ? "\\\\" : c.ToString());
                continue;
            }

            switch (c)
            {
                case '[':
                    isInBracket = true;
                    target.Append('[');
                    break;
                case '%': target.Append(".*").Append(lazy); break;
                case '*' or '+' or '?' or '}': target.Append(c).Append(lazy); break;
                case '_': target.Append('.'); break;
                case '(': target.Append("(?:"); break;
                case '.' or '^' or '$' or '\\': target.Append('\\').Append(c); break;
                default: target.Append(c); break;
            }
        }

        return target.Append(")$").ToString();
    }

    private static void Literal(StringBuilder target, char c)
    {
        if (char.IsAsciiLetterOrDigit(c) || c > '\x7F')
        {
            target.Append(c);
        }
        else
        {
            target.Append('\\').Append(c);
        }
    }
}
