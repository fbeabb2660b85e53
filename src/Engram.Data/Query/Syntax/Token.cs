namespace Engram.Data.Query.Syntax;

internal enum TokenKind : byte
{
    /// <summary>The end of the text.</summary>
    End,
    /// <summary>A word without quotes; <see cref="Token.Keyword"/> tells whether the grammar knows it.</summary>
    Word,
    QuotedName,
    /// <summary>'…', with '' for a quote.</summary>
    String,
    /// <summary>E'…', with backslash escapes.</summary>
    EscapeString,
    /// <summary>$tag$…$tag$.</summary>
    DollarString,
    /// <summary>B'…'.</summary>
    BitString,
    /// <summary>X'…'.</summary>
    HexString,
    /// <summary>Digits, or 0x, 0o, 0b and digits, with separators perhaps.</summary>
    Integer,
    /// <summary>With a point or an exponent.</summary>
    Number,
    /// <summary>@name, :name or $1.</summary>
    Parameter,
    Operator,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    Comma,
    Semicolon,
    Dot,
    Colon,
    /// <summary>The cast, two colons.</summary>
    DoubleColon,
}

/// <summary>One token: what it is and where it lies. Its value is decoded only when the parser takes it.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, Keyword Keyword = Keyword.None, string? Operator = null)
{
    public int Length => End - Start;
}
