using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engram.Data.Query.Syntax;

/// <summary>Turns a text into a tree: PostgreSQL's grammar by recursive descent, with precedence climbing for operators.</summary>
/// <remarks>
/// <para>One token of look-ahead is held; more is read through a copy of the lexer. Nothing is ever parsed twice, so the time is linear in
/// the text. What a parenthesis holds (a value, a row, a query) is decided by what stands behind it, see <c>Parser.Primary.cs</c>.</para>
/// <para>Two bounds keep hostile texts from the stack, the parser's own and that of everybody who walks the tree later. <c>depth</c> counts
/// the recursion of the parser. <c>height</c> is the height of the tallest tree finished so far within the current level: loops that
/// put a node on top of the previous one (<c>a + b + c …</c>) do not recurse here, but whoever walks their result does. AND and OR chains are flat
/// nodes and cost none of it. Exceptions end the parser, so levels need no <c>finally</c>.</para>
/// <para>Not thread-safe; lives for one call.</para>
/// </remarks>
internal sealed partial class Parser
{
    /// <summary>The longest text that is read, in UTF-16 code units.</summary>
    public const int TextLengthMax = 16 * 1024 * 1024;

    /// <summary>The deepest recursion of the parser. A parenthesis costs one to three, by what stands before it.</summary>
    public const int DepthMax = 300;

    /// <summary>The tallest tree: nesting and left-leaning chains of operators, joins and set operations.</summary>
    public const int HeightMax = 500;

    private readonly string text;
    private Lexer lexer;
    private Token current;
    private int previousEnd;
    private int depth;
    private int height;

    private Parser(string text)
    {
        if (text.Length > TextLengthMax)
        {
            throw Error.TextTooLong(text.Length, TextLengthMax);
        }

        this.text = text;
        lexer = new Lexer(text);
        current = lexer.Next();
    }

    /// <summary>Parses statements separated by semicolons. Empty ones are left out, so the result may be empty.</summary>
    /// <exception cref="EngramException">42601 with a position for a syntax error; 54000 and 54001 for a text that is too long or too deep.</exception>
    public static IReadOnlyList<StatementSyntax> ParseScript(string sql)
    {
        var parser = new Parser(sql);
        var statements = new List<StatementSyntax>();
        while (true)
        {
            while (parser.Accept(TokenKind.Semicolon))
            {
            }

            if (parser.current.Kind == TokenKind.End)
            {
                return statements;
            }

            statements.Add(parser.ParseStatement());
            if (parser.current.Kind is not (TokenKind.End or TokenKind.Semicolon))
            {
                throw parser.Unexpected("the end of the statement");
            }
        }
    }

    /// <summary>Parses one expression, such as the catalog keeps for defaults, checks and computed columns.</summary>
    public static ExpressionSyntax ParseExpression(string sql)
    {
        var parser = new Parser(sql);
        var expression = parser.ParseExpression();
        parser.ExpectEnd();
        return expression;
    }

    /// <summary>Parses one query, such as the catalog keeps for views.</summary>
    public static QuerySyntax ParseQuery(string sql)
    {
        var parser = new Parser(sql);
        var query = parser.ParseQuery();
        parser.ExpectEnd();
        return query;
    }

    /// <summary>Parses the name of an object with or without its schema, such as <c>nextval</c> is given.</summary>
    public static ObjectNameSyntax ParseNameText(string sql)
    {
        var parser = new Parser(sql);
        var name = parser.ParseObjectName("the name of an object");
        parser.ExpectEnd();
        return name;
    }

    /// <summary>Parses the name of a type, such as <c>numeric(18,2)</c>.</summary>
    public static TypeNameSyntax ParseTypeName(string sql)
    {
        var parser = new Parser(sql);
        var type = parser.ParseTypeName();
        parser.ExpectEnd();
        return type;
    }

    private void Advance()
    {
        previousEnd = current.End;
        current = lexer.Next();
    }

    /// <summary>The token after the current one.</summary>
    private Token Peek()
    {
        var ahead = lexer;
        return ahead.Next();
    }

    private bool At(Keyword keyword) => current.Keyword == keyword && current.Kind == TokenKind.Word;

    private bool At(TokenKind kind) => current.Kind == kind;

    private bool AtOperator(string text) => current.Kind == TokenKind.Operator && current.Operator == text;

    private bool PeekIs(Keyword keyword) => Peek() is { Kind: TokenKind.Word } token && token.Keyword == keyword;

    private bool Accept(Keyword keyword)
    {
        if (!At(keyword))
        {
            return false;
        }

        Advance();
        return true;
    }

    private bool Accept(TokenKind kind)
    {
        if (current.Kind != kind)
        {
            return false;
        }

        Advance();
        return true;
    }

    private bool AcceptOperator(string text)
    {
        if (!AtOperator(text))
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>Takes two words, or neither.</summary>
    private bool Accept(Keyword first, Keyword second)
    {
        if (!At(first) || !PeekIs(second))
        {
            return false;
        }

        Advance();
        Advance();
        return true;
    }

    private void Expect(Keyword keyword)
    {
        if (!Accept(keyword))
        {
            throw Unexpected(Keywords.TextOf(keyword));
        }
    }

    private void Expect(Keyword first, Keyword second)
    {
        Expect(first);
        Expect(second);
    }

    private void Expect(TokenKind kind, string expected)
    {
        if (!Accept(kind))
        {
            throw Unexpected(expected);
        }
    }

    private void ExpectOpen() => Expect(TokenKind.LeftParenthesis, "\"(\"");

    private void ExpectClose() => Expect(TokenKind.RightParenthesis, "\")\"");

    private void ExpectEnd()
    {
        if (current.Kind != TokenKind.End)
        {
            throw Unexpected("the end of the text");
        }
    }

    private TextSpan SpanFrom(int start) => TextSpan.FromBounds(start, Math.Max(start, previousEnd));

    private EngramException Unexpected(string expected) => Unexpected(expected, current);

    private EngramException Unexpected(string expected, Token token)
    {
        const int LengthShown = 40;
        if (token.Kind == TokenKind.End)
        {
            return Error.Syntax(expected, "the end of the text", token.Start);
        }

        var found = token.Length > LengthShown ? string.Concat(text.AsSpan(token.Start, LengthShown), "…") : text.Substring(token.Start, token.Length);
        return Error.Syntax(expected, token.Kind is TokenKind.QuotedName or TokenKind.String ? found : $"\"{found}\"", token.Start);
    }

    /// <summary>Goes one level down; the result goes to <see cref="Leave"/>.</summary>
    private int Enter()
    {
        if (++depth > DepthMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.NestedTooDeeply(DepthMax, current.Start);
        }

        var outer = height;
        height = 0;
        return outer;
    }

    /// <summary>Comes back from a level whose trees now hang under one node more.</summary>
    private void Leave(int outer)
    {
        depth--;
        Grow();
        height = Math.Max(outer, height);
    }

    /// <summary>Counts a node that was put on top of what this level has so far.</summary>
    private void Grow()
    {
        if (++height > HeightMax)
        {
            throw Error.NestedTooDeeply(HeightMax, current.Start);
        }
    }

    private bool IsName() => current.Kind == TokenKind.QuotedName || (current.Kind == TokenKind.Word && Keywords.CanBeName(current.Keyword));

    /// <summary>Takes the current token as a name, whatever class its word is of.</summary>
    private IdentifierSyntax TakeName()
    {
        var isQuoted = current.Kind == TokenKind.QuotedName;
        var name = new IdentifierSyntax(
            new TextSpan(current.Start, current.Length),
            isQuoted ? LiteralDecoder.QuotedName(text, current) : text.Substring(current.Start, current.Length),
            isQuoted);
        if (FindLoneSurrogate(name.Text) >= 0)
        {
            throw Error.LoneSurrogateInName(name.Position);
        }

        Advance();
        return name;
    }

    /// <summary>The place of a half of a surrogate pair, which no text of UTF-8 can hold; -1 without one.</summary>
    public static int FindLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private IdentifierSyntax ParseName(string expected)
    {
        if (!IsName())
        {
            throw UnexpectedName(expected);
        }

        return TakeName();
    }

    private bool TryParseName([NotNullWhen(true)] out IdentifierSyntax? name)
    {
        name = IsName() ? TakeName() : null;
        return name != null;
    }

    /// <summary>A name where every word may stand, reserved or not: after a point and after AS.</summary>
    private IdentifierSyntax ParseLabel(string expected)
    {
        if (current.Kind is not (TokenKind.Word or TokenKind.QuotedName))
        {
            throw Unexpected(expected);
        }

        return TakeName();
    }

    private EngramException UnexpectedName(string expected)
        => current.Kind == TokenKind.Word
            ? Error.Syntax(expected, $"the reserved word {Keywords.TextOf(current.Keyword)} (quote it if it is meant as a name)", current.Start)
            : Unexpected(expected);

    private ObjectNameSyntax ParseObjectName(string expected)
    {
        var start = current.Start;
        var first = ParseName(expected);
        return ParseObjectNameAfter(start, first, expected);
    }

    private ObjectNameSyntax ParseObjectNameAfter(int start, IdentifierSyntax first, string expected)
    {
        if (!Accept(TokenKind.Dot))
        {
            return new ObjectNameSyntax(first.Span, null, first);
        }

        var second = ParseLabel(expected);
        if (At(TokenKind.Dot))
        {
            throw Error.NotSupported("A name with a database before its schema", current.Start + 1);
        }

        return new ObjectNameSyntax(SpanFrom(start), first, second);
    }

    private List<ObjectNameSyntax> ParseObjectNames(string expected)
    {
        var names = new List<ObjectNameSyntax>();
        do
        {
            names.Add(ParseObjectName(expected));
        }
        while (Accept(TokenKind.Comma));
        return names;
    }

    /// <summary>Names in parentheses.</summary>
    private List<IdentifierSyntax> ParseNameList(string expected)
    {
        ExpectOpen();
        var names = new List<IdentifierSyntax>();
        do
        {
            names.Add(ParseName(expected));
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        return names;
    }

    private string ParseString(string expected)
    {
        if (!AtString())
        {
            throw Unexpected(expected);
        }

        var value = LiteralDecoder.String(text, current);
        Advance();
        return value;
    }

    private bool AtString() => current.Kind is TokenKind.String or TokenKind.EscapeString or TokenKind.DollarString;

    private long ParseSignedInteger(string expected)
    {
        var isNegative = AtOperator("-");
        if (isNegative || AtOperator("+"))
        {
            Advance();
        }

        if (current.Kind != TokenKind.Integer)
        {
            throw Unexpected(expected);
        }

        var (value, digits) = LiteralDecoder.Integer(text, current);
        if (value == null && !(isNegative && digits == "9223372036854775808"))
        {
            throw Unexpected("a whole number of 64 bits");
        }

        Advance();
        return isNegative ? -(value ?? long.MinValue) : value!.Value;
    }

    /// <summary>IF EXISTS, which every DROP and ALTER may carry.</summary>
    private bool AcceptIfExists() => Accept(Keyword.If, Keyword.Exists);

    private bool AcceptIfNotExists()
    {
        if (!At(Keyword.If) || !PeekIs(Keyword.Not))
        {
            return false;
        }

        Advance();
        Advance();
        Expect(Keyword.Exists);
        return true;
    }

    /// <summary>CASCADE or RESTRICT at the end of a DROP; RESTRICT when neither stands there.</summary>
    private bool AcceptCascade()
    {
        if (Accept(Keyword.Cascade))
        {
            return true;
        }

        Accept(Keyword.Restrict);
        return false;
    }
}
