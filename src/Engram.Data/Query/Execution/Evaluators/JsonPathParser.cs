using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Reads the language of json paths.</summary>
/// <remarks>
/// <code>
/// path      = ["lax" | "strict"] or
/// or        = and {"||" and}          and = not {"&amp;&amp;" not}          not = "!" not | comparison
/// comparison = sum [("==" | "!=" | "&lt;" | …) sum | "starts with" sum | "like_regex" string ["flag" string]]
/// sum       = product {("+" | "-") product}   product = sign {("*" | "/" | "%") sign}   sign = ("+" | "-") sign | operand
/// operand   = ("$" | "@" | "$name" | literal | "last" | "exists" "(" or ")" | "(" or ")" ["is unknown"]) {accessor}
/// accessor  = ".name" | ".*" | ".**" | "[*]" | "[i, j to k]" | "?" "(" or ")" | ".size()" | ".type()" | ".abs()" | ".floor()" | ".ceiling()" | ".double()"
/// </code>
/// The other methods are refused.
/// </remarks>
internal ref struct JsonPathParser(string text)
{
    private const int DepthMax = 200;

    // Paths are run by recursion, and a chain of operators is as deep as it is long.
    private const int LinksMax = 1000;
    private readonly string text = text;
    private int at;
    private int depth;
    private int links;

    public JsonPathNode Parse(out bool isStrict)
    {
        isStrict = AcceptWord("strict");
        if (!isStrict)
        {
            AcceptWord("lax");
        }

        var node = ParseOr();
        return Skip() == text.Length ? node : throw Unexpected();
    }

    private JsonPathNode ParseOr()
    {
        Descend();
        var left = ParseAnd();
        while (Accept("||"))
        {
            CountLink();
            left = new JsonPathLogical(false, Predicate(left), Predicate(ParseAnd()));
        }

        depth--;
        return left;
    }

    private JsonPathNode ParseAnd()
    {
        var left = ParseNot();
        while (Accept("&&"))
        {
            CountLink();
            left = new JsonPathLogical(true, Predicate(left), Predicate(ParseNot()));
        }

        return left;
    }

    private JsonPathNode ParseNot()
    {
        var count = 0;
        while (Skip() < text.Length && text[at] == '!' && (at + 1 == text.Length || text[at + 1] != '='))
        {
            at++;
            count++;
            CountLink();
        }

        var node = ParseComparison();
        for (; count > 0; count--)
        {
            node = new JsonPathNot(Predicate(node));
        }

        return node;
    }

    private JsonPathNode ParseComparison()
    {
        var left = ParseSum();
        JsonPathComparison? comparison = Accept("==") ? JsonPathComparison.Equal
            : Accept("!=") || Accept("<>") ? JsonPathComparison.NotEqual
            : Accept("<=") ? JsonPathComparison.LessOrEqual
            : Accept(">=") ? JsonPathComparison.GreaterOrEqual
            : Accept("<") ? JsonPathComparison.Less
            : Accept(">") ? JsonPathComparison.Greater
            : null;
        if (comparison is { } found)
        {
            return new JsonPathCompare(found, Value(left), Value(ParseSum()));
        }

        if (AcceptWord("starts"))
        {
            return AcceptWord("with") ? new JsonPathStartsWith(Value(left), Value(ParseSum())) : throw Unexpected();
        }

        if (AcceptWord("like_regex"))
        {
            var pattern = ParseString();
            var flags = AcceptWord("flag") ? ParseString() : "";
            return flags is "" or "i" ? new JsonPathLikeRegex(Value(left), RegexPattern.Of(pattern, flags == "i" ? RegexFlags.IgnoreCase : RegexFlags.None))
                : throw Error.NotSupported($"The flags '{flags}' of like_regex");
        }

        return left;
    }

    private JsonPathNode ParseSum()
    {
        var left = ParseProduct();
        while (Skip() < text.Length && text[at] is '+' or '-')
        {
            CountLink();
            left = new JsonPathArithmetic(text[at++], Value(left), Value(ParseProduct()));
        }

        return left;
    }

    private JsonPathNode ParseProduct()
    {
        var left = ParseSign();
        while (Skip() < text.Length && text[at] is '*' or '/' or '%')
        {
            CountLink();
            left = new JsonPathArithmetic(text[at++], Value(left), Value(ParseSign()));
        }

        return left;
    }

    private JsonPathNode ParseSign()
    {
        var signs = new Stack<bool>();
        while (Skip() < text.Length && text[at] is '+' or '-')
        {
            signs.Push(text[at++] == '-');
            CountLink();
        }

        var node = ParseOperand();
        while (signs.TryPop(out var isNegative))
        {
            node = new JsonPathSign(isNegative, Value(node));
        }

        return node;
    }

    private JsonPathNode ParseOperand()
    {
        var node = ParsePrimary();
        for (; ; CountLink())
        {
            if (Accept("["))
            {
                node = ParseSubscripts(Value(node));
            }
            else if (Accept("?"))
            {
                Expect("(");
                node = new JsonPathFilter(Value(node), Predicate(ParseOr()));
                Expect(")");
            }
            else if (Accept("."))
            {
                node = ParseMember(Value(node));
            }
            else
            {
                return node;
            }
        }
    }

    private JsonPathNode ParsePrimary()
    {
        Skip();
        if (at == text.Length)
        {
            throw Unexpected();
        }

        switch (text[at])
        {
            case '$':
                at++;
                var isNamed = at < text.Length && (text[at] == '"' || IsNameStart(text[at]));
                return isNamed ? new JsonPathVariable(ParseKey()) : JsonPathRoot.Instance;
            case '@':
                at++;
                return JsonPathCurrent.Instance;
            case '"':
                return JsonPathLiteral.OfString(ParseString());
            case '(':
                at++;
                var inner = ParseOr();
                Expect(")");
                if (!AcceptWord("is"))
                {
                    return inner;
                }

                return AcceptWord("unknown") ? new JsonPathIsUnknown(Predicate(inner)) : throw Unexpected();
            case >= '0' and <= '9':
                return ParseNumber();
        }

        if (AcceptWord("exists"))
        {
            Expect("(");
            var operand = Value(ParseOr());
            Expect(")");
            return new JsonPathExists(operand);
        }

        return AcceptWord("true") ? JsonPathLiteral.Of("true"u8)
            : AcceptWord("false") ? JsonPathLiteral.Of("false"u8)
            : AcceptWord("null") ? JsonPathLiteral.Of("null"u8)
            : AcceptWord("last") ? JsonPathLast.Instance
            : throw Unexpected();
    }

    private JsonPathLiteral ParseNumber()
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        try
        {
            return JsonPathLiteral.Of(JsonText.Normalize(Encoding.UTF8.GetBytes(text[start..at])));
        }
        catch (EngramException e) when (e.SqlState == SqlStates.InvalidTextRepresentation)
        {
            throw Error.InvalidJsonPath(text, start, "this is no number");
        }
    }

    private JsonPathNode ParseMember(JsonPathNode input)
    {
        if (Accept("**"))
        {
            return ParseLevels(input);
        }

        if (Accept("*"))
        {
            return new JsonPathMembers(input);
        }

        var name = ParseKey();
        if (!Accept("("))
        {
            return new JsonPathMember(input, name);
        }

        Expect(")");
        return name switch
        {
            "size" => new JsonPathSize(input),
            "type" => new JsonPathType(input),
            "keyvalue" => new JsonPathKeyValue(input),
            "abs" or "floor" or "ceiling" or "double" => new JsonPathMethod(input, name),
            _ => throw Error.NotSupported($"The method {name}() of json paths"),
        };
    }

    /// <summary>{2}, {1 to 3}, {last} behind .**, or nothing.</summary>
    private JsonPathDescendants ParseLevels(JsonPathNode input)
    {
        if (!Accept("{"))
        {
            return new JsonPathDescendants(input, 0, JsonPathDescendants.Deepest);
        }

        var first = ParseLevel();
        var last = AcceptWord("to") ? ParseLevel() : first;
        Expect("}");
        return new JsonPathDescendants(input, first, last);
    }

    private int ParseLevel()
    {
        if (AcceptWord("last"))
        {
            return JsonPathDescendants.Deepest;
        }

        var start = Skip();
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return int.TryParse(text.AsSpan(start, at - start), System.Globalization.NumberStyles.None, null, out var level) ? level : throw Unexpected();
    }

    private JsonPathElements ParseSubscripts(JsonPathNode input)
    {
        if (Accept("*"))
        {
            Expect("]");
            return new JsonPathElements(input, []);
        }

        var ranges = new List<(JsonPathNode From, JsonPathNode? To)>();
        do
        {
            var from = ParseIndex();
            ranges.Add((from, AcceptWord("to") ? ParseIndex() : null));
        }
        while (Accept(","));
        Expect("]");
        return new JsonPathElements(input, [.. ranges]);
    }

    /// <summary>A place in an array, which may be found by another path.</summary>
    private JsonPathNode ParseIndex()
    {
        Descend();
        var index = Value(ParseSum());
        depth--;
        return index;
    }

    private string ParseKey()
    {
        Skip();
        if (at < text.Length && text[at] == '"')
        {
            return ParseString();
        }

        var start = at;
        while (at < text.Length && (IsNameStart(text[at]) || (at > start && char.IsAsciiDigit(text[at]))))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Unexpected();
    }

    /// <summary>A string in quotes, with the escapes of JSON.</summary>
    private string ParseString()
    {
        if (Skip() == text.Length || text[at] != '"')
        {
            throw Unexpected();
        }

        var start = at++;
        while (at < text.Length && text[at] != '"')
        {
            at += text[at] == '\\' ? 2 : 1;
        }

        if (at >= text.Length)
        {
            throw Error.InvalidJsonPath(text, start, "this string does not end");
        }

        at++;
        try
        {
            return Encoding.UTF8.GetString(JsonText.Unescaped(JsonText.Inside(JsonText.Normalize(Encoding.UTF8.GetBytes(text[start..at])))));
        }
        catch (EngramException e) when (e.SqlState == SqlStates.InvalidTextRepresentation)
        {
            throw Error.InvalidJsonPath(text, start, "this string has an escape that JSON does not have");
        }
    }

    private void Descend()
    {
        if (++depth > DepthMax)
        {
            throw Error.InvalidJsonPath(text, at, "it is nested too deeply");
        }
    }

    private void CountLink()
    {
        if (++links > LinksMax)
        {
            throw Error.InvalidJsonPath(text, at, "it is too long");
        }
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || c == '$' || c >= 0x80;

    private readonly JsonPathPredicate Predicate(JsonPathNode node) => node as JsonPathPredicate ?? throw Error.InvalidJsonPath(text, at, "a condition must stand before this");

    private readonly JsonPathNode Value(JsonPathNode node) => node is not JsonPathPredicate ? node : throw Error.InvalidJsonPath(text, at, "a value must stand before this, not a condition");

    private int Skip()
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r')
        {
            at++;
        }

        return at;
    }

    private bool Accept(string symbol)
    {
        Skip();
        if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0)
        {
            return false;
        }

        at += symbol.Length;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Accept(symbol))
        {
            throw Unexpected();
        }
    }

    private bool AcceptWord(string word)
    {
        Skip();
        var end = at + word.Length;
        if (string.Compare(text, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0 || (end < text.Length && (IsNameStart(text[end]) || char.IsAsciiDigit(text[end]))))
        {
            return false;
        }

        at = end;
        return true;
    }

    private readonly EngramException Unexpected() => Error.InvalidJsonPath(text, at, at >= text.Length ? "it ends too early" : "this cannot stand here");
}
