using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A compiled regular expression, shared by all statements that use it.</summary>
internal sealed class RegexPattern
{
    /// <summary>Patterns kept for the process; when there are more, all are forgotten.</summary>
    private const int KeptMax = 256;

    private static readonly ConcurrentDictionary<(string Pattern, RegexFlags Flags), RegexPattern> Kept = new();

    private readonly string pattern;
    private readonly RegexFlags flags;
    private Regex? plain;
    private Regex? paired;

    private RegexPattern(string pattern, RegexFlags flags)
    {
        (this.pattern, this.flags) = (pattern, flags);
    }

    public static RegexPattern Of(string pattern, RegexFlags flags)
    {
        flags &= ~RegexFlags.Global;
        if (Kept.TryGetValue((pattern, flags), out var found))
        {
            return found;
        }

        if (Kept.Count >= KeptMax)
        {
            Kept.Clear();
        }

        found = new RegexPattern(pattern, flags);
        // An invalid pattern is an error whatever the first text is.
        found.For(hasPairs: false);
        return Kept.GetOrAdd((pattern, flags), found);
    }

    /// <summary>The expression for a text.</summary>
    /// <param name="hasPairs">Whether the text has characters of four bytes, which are two in UTF-16.</param>
    public Regex For(bool hasPairs)
        => hasPairs && !flags.HasFlag(RegexFlags.DotNet) ? paired ??= Compile(pairs: true) : plain ??= Compile(pairs: false);

    public Regex For(ReadOnlySpan<byte> text) => For(text.IndexOfAnyInRange((byte)0xF0, (byte)0xFF) >= 0);

    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        char[]? rented = null;
        var buffer = text.Length <= 512 ? stackalloc char[text.Length] : rented = ArrayPool<char>.Shared.Rent(text.Length);
        var length = Encoding.UTF8.GetChars(text, buffer);
        var isMatch = For(text).IsMatch(buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return isMatch;
    }

    private Regex Compile(bool pairs)
    {
        try
        {
            if (flags.HasFlag(RegexFlags.DotNet))
            {
                var own = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
                own |= flags.HasFlag(RegexFlags.IgnoreCase) ? RegexOptions.IgnoreCase : 0;
                own |= flags.HasFlag(RegexFlags.NotNewline) ? 0 : RegexOptions.Singleline;
                own |= flags.HasFlag(RegexFlags.LineAnchors) ? RegexOptions.Multiline : 0;
                own |= flags.HasFlag(RegexFlags.Expanded) ? RegexOptions.IgnorePatternWhitespace : 0;
                return new Regex(pattern, own);
            }

            var (translated, options) = RegexDialect.Translate(pattern, flags, pairs);
            return new Regex(translated, options);
        }
        catch (NotSupportedException)
        {
            throw Error.InvalidRegex(pattern, "it repeats too much, or uses what cannot run without backtracking.");
        }
        catch (ArgumentException e)
        {
            throw Error.InvalidRegex(pattern, e is RegexParseException parse ? $"{parse.Error}." : "it cannot be read.");
        }
    }
}

/// <summary>The pattern of an argument with its flags, looked up again only when they change.</summary>
internal struct RegexArgument
{
    private byte[]? patternBytes;
    private byte[]? flagBytes;
    private RegexPattern? pattern;

    public RegexFlags Flags { get; private set; }

    public RegexPattern Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> letters, RegexFlags always, bool isGlobalAllowed)
    {
        if (pattern is null || !text.SequenceEqual(patternBytes) || !letters.SequenceEqual(flagBytes))
        {
            Flags = RegexFlag.Parse(Encoding.UTF8.GetString(letters), always, isGlobalAllowed);
            pattern = RegexPattern.Of(Encoding.UTF8.GetString(text), Flags);
            patternBytes = text.ToArray();
            flagBytes = letters.ToArray();
        }

        return pattern;
    }
}
