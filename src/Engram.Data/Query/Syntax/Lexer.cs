namespace Engram.Data.Query.Syntax;

/// <summary>Cuts a text into tokens, one at a time. A value: a copy is a place to look ahead from.</summary>
/// <remarks>
/// PostgreSQL's rules, with two of our own. Operators are the longest that the dialect knows, not the longest run of operator
/// characters, so that <c>x=-1</c> and <c>e&lt;=&gt;@q</c> need no blanks. And <c>&lt;@name</c> is "less than parameter", since parameters
/// are what follows there in practice: "contained by" wants a blank before a name.
/// </remarks>
internal struct Lexer(string text, int position = 0, int? end = null)
{
    // Longest first among those that share their first characters: the first match wins.
    private static readonly string[] Operators =
    [
        "!~~*", "!~~", "!~*", "!~", "!=", "#>>", "#>", "#-", "#", "%", "&&", "&", "*", "+", "->>", "->", "-", "/", "<=>", "<->", "<#>", "<+>", "<~>", "<%>",
        "<=", "<>", "<<", "<@", "<", "=>", "=", ">=", ">>", ">", "?|", "?&", "?", "@>", "@?", "@@", "@", "^@", "^", "|/", "||/", "||", "|", "~~*", "~~", "~*", "~",
    ];

    private static readonly string[][] OperatorsByFirst = GroupOperators();

    private readonly string text = text;

    // Where the text ends for this lexer: that of a block in dollar quotes, before them.
    private readonly int limit = end ?? text.Length;

    /// <summary>Where the next token is looked for.</summary>
    public int Position { get; set; } = position;

    public Token Next()
    {
        SkipBlanks();
        var start = Position;
        if (start >= limit)
        {
            return new Token(TokenKind.End, start, start);
        }

        var c = text[start];
        if (IsNameStart(c))
        {
            return ReadWord(start);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(At(start + 1))))
        {
            return ReadNumber(start);
        }

        return c switch
        {
            '\'' => ReadQuoted(TokenKind.String, start, start),
            '"' => ReadQuotedName(start),
            '(' => Take(TokenKind.LeftParenthesis, 1),
            ')' => Take(TokenKind.RightParenthesis, 1),
            '[' => Take(TokenKind.LeftBracket, 1),
            ']' => Take(TokenKind.RightBracket, 1),
            ',' => Take(TokenKind.Comma, 1),
            ';' => Take(TokenKind.Semicolon, 1),
            '.' => Take(TokenKind.Dot, 1),
            ':' => ReadColon(start),
            '$' => ReadDollar(start),
            '@' when IsNameStart(At(start + 1)) => ReadNamedParameter(start),
            _ => ReadOperator(start),
        };
    }

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || (c >= 0x80 && !char.IsWhiteSpace(c));

    public static bool IsNamePart(char c) => IsNameStart(c) || char.IsAsciiDigit(c) || c == '$';

    private readonly char At(int index) => index < limit ? text[index] : '\0';

    private void SkipBlanks()
    {
        while (Position < limit)
        {
            var c = text[Position];
            if (char.IsWhiteSpace(c))
            {
                Position++;
            }
            else if (c == '-' && At(Position + 1) == '-')
            {
                var end = text.AsSpan(Position, limit - Position).IndexOfAny('\n', '\r');
                Position = end < 0 ? limit : Position + end;
            }
            else if (c == '/' && At(Position + 1) == '*')
            {
                SkipComment();
            }
            else
            {
                return;
            }
        }
    }

    private void SkipComment()
    {
        var start = Position;
        var depth = 0;
        while (Position < limit)
        {
            if (text[Position] == '/' && At(Position + 1) == '*')
            {
                depth++;
                Position += 2;
            }
            else if (text[Position] == '*' && At(Position + 1) == '/')
            {
                depth--;
                Position += 2;
                if (depth == 0)
                {
                    return;
                }
            }
            else
            {
                Position++;
            }
        }

        throw Error.Unterminated("comment", "*/", start);
    }

    private Token Take(TokenKind kind, int length)
    {
        var start = Position;
        Position += length;
        return new Token(kind, start, Position);
    }

    private Token ReadWord(int start)
    {
        // A letter directly before a quote makes another kind of string.
        if (At(start + 1) == '\'')
        {
            switch (text[start])
            {
                case 'e' or 'E': return ReadQuoted(TokenKind.EscapeString, start, start + 1);
                case 'b' or 'B': return ReadQuoted(TokenKind.BitString, start, start + 1);
                case 'x' or 'X': return ReadQuoted(TokenKind.HexString, start, start + 1);
                case 'n' or 'N': return ReadQuoted(TokenKind.String, start, start + 1);
            }
        }
        else if (text[start] is 'u' or 'U' && At(start + 1) == '&' && At(start + 2) is '\'' or '"')
        {
            return ReadUnicode(start);
        }

        var end = start + 1;
        while (end < limit && IsNamePart(text[end]))
        {
            end++;
        }

        Position = end;
        return new Token(TokenKind.Word, start, end, Keywords.Find(text.AsSpan(start, end - start)));
    }

    /// <summary>U&amp;'d\0061t\+000061' and U&amp;"…", with UESCAPE '!' where that is written: one token of the kinds that strings and names have, told from them by how it begins.</summary>
    private Token ReadUnicode(int start)
    {
        var token = At(start + 2) == '"' ? ReadQuotedName(start + 2) : ReadQuoted(TokenKind.String, start + 2, start + 2);
        var isName = token.Kind == TokenKind.QuotedName;
        var end = token.End;

        // Looked for by hand: the token behind may be of the same kind, and a run of thousands would be read by recursion.
        const string Word = "UESCAPE";
        var ahead = this;
        ahead.SkipBlanks();
        var at = ahead.Position;
        if (at + Word.Length <= limit && text.AsSpan(at, Word.Length).Equals(Word, StringComparison.OrdinalIgnoreCase) && !IsNamePart(At(at + Word.Length)))
        {
            ahead.Position = at + Word.Length;
            ahead.SkipBlanks();
            at = ahead.Position;
            if (At(at) != '\'' || At(at + 2) != '\'' || At(at + 1) is var c && (char.IsAsciiHexDigit(c) || c is '+' or '\'' or '"' || char.IsWhiteSpace(c)))
            {
                throw Error.SyntaxRule("UESCAPE takes one character that is no digit, plus, quote or white space.", at);
            }

            end = at + 3;
        }

        Position = end;
        return new Token(isName ? TokenKind.QuotedName : TokenKind.EscapeString, start, end);
    }

    /// <summary>Where the quotes of a token U&amp;'…' or U&amp;"…" end: before UESCAPE, if that is written.</summary>
    public static int EndOfUnicode(string text, Token token) => new Lexer(text, token.Start + 2, token.End).Next().End;

    private Token ReadQuotedName(int start)
    {
        var i = start + 1;
        while (true)
        {
            var quote = text.AsSpan(i, limit - i).IndexOf('"');
            if (quote < 0)
            {
                throw Error.Unterminated("quoted name", "\"", start);
            }

            i += quote + 1;
            if (At(i) != '"')
            {
                break;
            }

            i++;
        }

        if (i == start + 2)
        {
            throw Error.EmptyName(start);
        }

        Position = i;
        return new Token(TokenKind.QuotedName, start, i);
    }

    /// <summary>Reads a string whose opening quote is at <paramref name="quote"/>, with those that continue it on following lines.</summary>
    private Token ReadQuoted(TokenKind kind, int start, int quote)
    {
        var i = quote + 1;
        while (true)
        {
            var stop = kind == TokenKind.EscapeString ? text.AsSpan(i, limit - i).IndexOfAny('\'', '\\') : text.AsSpan(i, limit - i).IndexOf('\'');
            if (stop < 0)
            {
                throw Error.Unterminated("string", "'", start);
            }

            i += stop;
            if (text[i] == '\\' || At(i + 1) == '\'')
            {
                i = Math.Min(i + 2, limit);
                continue;
            }

            i++;
            var next = ContinuationAt(i);
            if (next < 0)
            {
                Position = i;
                return new Token(kind, start, i);
            }

            i = next + 1;
        }
    }

    /// <summary>Where a string that ended before <paramref name="end"/> goes on: a quote after blanks that contain a line break; else -1.</summary>
    private readonly int ContinuationAt(int end)
    {
        var isNewLine = false;
        for (var i = end; i < limit; i++)
        {
            if (text[i] == '\'')
            {
                return isNewLine ? i : -1;
            }

            if (!char.IsWhiteSpace(text[i]))
            {
                return -1;
            }

            isNewLine |= text[i] is '\n' or '\r';
        }

        return -1;
    }

    private Token ReadColon(int start)
    {
        if (At(start + 1) == ':')
        {
            return Take(TokenKind.DoubleColon, 2);
        }

        return IsNameStart(At(start + 1)) ? ReadNamedParameter(start) : Take(TokenKind.Colon, 1);
    }

    private Token ReadNamedParameter(int start)
    {
        var end = start + 2;
        while (end < limit && IsNamePart(text[end]))
        {
            end++;
        }

        Position = end;
        return new Token(TokenKind.Parameter, start, end);
    }

    private Token ReadDollar(int start)
    {
        var end = start + 1;
        if (char.IsAsciiDigit(At(end)))
        {
            while (char.IsAsciiDigit(At(end)))
            {
                end++;
            }

            if (IsNameStart(At(end)))
            {
                throw Error.Syntax("a parameter such as $1", $"\"{text[start..(end + 1)]}\"", start);
            }

            Position = end;
            return new Token(TokenKind.Parameter, start, end);
        }

        while (end < limit && IsNamePart(text[end]) && text[end] != '$')
        {
            end++;
        }

        if (At(end) != '$')
        {
            throw Error.Syntax("a parameter such as $1, or $$ around a string", "\"$\"", start);
        }

        end++;
        var tag = text.AsSpan(start, end - start);
        var close = text.AsSpan(end, limit - end).IndexOf(tag, StringComparison.Ordinal);
        if (close < 0)
        {
            throw Error.Unterminated("string", tag.ToString(), start);
        }

        Position = end + close + tag.Length;
        return new Token(TokenKind.DollarString, start, Position);
    }

    private Token ReadNumber(int start)
    {
        var i = start;
        var kind = TokenKind.Integer;
        if (text[i] == '0' && (At(i + 1) | 0x20) is 'x' or 'o' or 'b')
        {
            i += 2;
            while (char.IsAsciiHexDigit(At(i)) || At(i) == '_')
            {
                i++;
            }
        }
        else
        {
            i = SkipDigits(i);
            if (At(i) == '.' && At(i + 1) != '.')
            {
                kind = TokenKind.Number;
                i = SkipDigits(i + 1);
            }

            if ((At(i) | 0x20) == 'e')
            {
                var digits = At(i + 1) is '+' or '-' ? i + 2 : i + 1;
                if (char.IsAsciiDigit(At(digits)))
                {
                    kind = TokenKind.Number;
                    i = SkipDigits(digits);
                }
            }
        }

        if (IsNamePart(At(i)) || text[i - 1] == '_')
        {
            throw Error.Syntax("a blank or an operator after a number", $"\"{text[start..Math.Min(i + 1, limit)]}\"", start);
        }

        Position = i;
        return new Token(kind, start, i);
    }

    private readonly int SkipDigits(int i)
    {
        while (char.IsAsciiDigit(At(i)) || (At(i) == '_' && char.IsAsciiDigit(At(i + 1))))
        {
            i++;
        }

        return i;
    }

    private Token ReadOperator(int start)
    {
        var first = text[start];
        foreach (var candidate in first < 128 ? OperatorsByFirst[first] : [])
        {
            if (!text.AsSpan(start, limit - start).StartsWith(candidate, StringComparison.Ordinal) || (candidate == "<@" && IsNameStart(At(start + 2))))
            {
                continue;
            }

            Position = start + candidate.Length;
            return new Token(TokenKind.Operator, start, Position, Operator: candidate == "!=" ? "<>" : candidate);
        }

        var length = char.IsHighSurrogate(first) && char.IsLowSurrogate(At(start + 1)) ? 2 : 1;
        throw Error.Syntax("a statement's next word, name or operator", $"\"{text.Substring(start, length)}\"", start);
    }

    private static string[][] GroupOperators()
    {
        var groups = new string[128][];
        Array.Fill(groups, []);
        foreach (var group in Operators.GroupBy(o => o[0]))
        {
            groups[group.Key] = [.. group.OrderByDescending(o => o.Length)];
        }

        return groups;
    }
}
