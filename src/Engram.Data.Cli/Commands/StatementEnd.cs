namespace Engram.Data.Cli.Commands;

/// <summary>Whether a text ends with a statement's semicolon: one that stands neither in quotes nor in a comment.</summary>
internal static class StatementEnd
{
    public static bool IsComplete(string text)
    {
        var end = -1;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\'' or '"':
                    i = text.IndexOf(text[i], i + 1);
                    end = -1;
                    break;
                case '-' when i + 1 < text.Length && text[i + 1] == '-':
                    i = text.IndexOf('\n', i);
                    if (i < 0)
                    {
                        return end >= 0;
                    }

                    break;
                case '/' when i + 1 < text.Length && text[i + 1] == '*':
                    i = SkipComment(text, i);
                    break;
                case '$' when Tag(text, i) is { } tag:
                    i = text.IndexOf(tag, i + tag.Length, StringComparison.Ordinal) is >= 0 and var close ? close + tag.Length - 1 : -1;
                    end = -1;
                    break;
                case ';':
                    end = i;
                    break;
                case var c when !char.IsWhiteSpace(c):
                    end = -1;
                    break;
            }

            if (i < 0)
            {
                // What was opened is not closed yet.
                return false;
            }
        }

        return end >= 0;
    }

    /// <summary>The last character of a comment, which may hold others; -1 when it is not closed.</summary>
    private static int SkipComment(string text, int start)
    {
        var depth = 0;
        for (var i = start; i + 1 < text.Length; i++)
        {
            if (text[i] == '/' && text[i + 1] == '*')
            {
                depth++;
                i++;
            }
            else if (text[i] == '*' && text[i + 1] == '/')
            {
                depth--;
                i++;
                if (depth == 0)
                {
                    return i;
                }
            }
        }

        return -1;
    }

    /// <summary>The opening of a dollar-quoted text, <c>$$</c> or <c>$name$</c>; null for a parameter such as <c>$1</c>.</summary>
    private static string? Tag(string text, int start)
    {
        var i = start + 1;
        while (i < text.Length && (char.IsLetter(text[i]) || text[i] == '_' || (i > start + 1 && char.IsDigit(text[i]))))
        {
            i++;
        }

        return i < text.Length && text[i] == '$' ? text[start..(i + 1)] : null;
    }
}
