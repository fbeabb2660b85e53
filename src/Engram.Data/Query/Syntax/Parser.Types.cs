namespace Engram.Data.Query.Syntax;

/// <summary>Names of types, and constants that carry one.</summary>
internal sealed partial class Parser
{
    private TypeNameSyntax ParseTypeName()
    {
        var start = current.Start;
        if (current.Kind is not (TokenKind.Word or TokenKind.QuotedName))
        {
            throw Unexpected("the name of a type");
        }

        var (name, modifiers) = ParseBareTypeName();
        var dimensions = 0;
        if (Accept(Keyword.Array))
        {
            dimensions = 1;
            if (Accept(TokenKind.LeftBracket))
            {
                ParseSignedInteger("a number");
                Expect(TokenKind.RightBracket, "\"]\"");
            }
        }

        while (Accept(TokenKind.LeftBracket))
        {
            dimensions++;
            if (!At(TokenKind.RightBracket))
            {
                // As in PostgreSQL, a size is accepted and means nothing.
                ParseSignedInteger("a number or \"]\"");
            }

            Expect(TokenKind.RightBracket, "\"]\"");
        }

        return new TypeNameSyntax(SpanFrom(start), name, modifiers, dimensions);
    }

    private (string Name, List<int> Modifiers) ParseBareTypeName()
    {
        switch (current.Keyword)
        {
            case Keyword.Double when PeekIs(Keyword.Precision):
                Advance();
                Advance();
                return ("double precision", []);
            case Keyword.National:
                Advance();
                if (!At(Keyword.Char) && !At(Keyword.Character))
                {
                    throw Unexpected("CHARACTER");
                }

                return ParseBareTypeName();
            case Keyword.Character or Keyword.Char or Keyword.Nchar:
                Advance();
                var name = Accept(Keyword.Varying) ? "varchar" : "char";
                return (name, ParseTypeModifiers());
            case Keyword.Bit:
                Advance();
                var bit = Accept(Keyword.Varying) ? "varbit" : "bit";
                return (bit, ParseTypeModifiers());
            case Keyword.Time or Keyword.Timestamp:
                return ParseTimeType();
            case Keyword.Interval:
                Advance();
                if (IsIntervalField())
                {
                    throw Error.NotSupported("An interval type with fields (interval alone holds any length of time)", current.Start + 1);
                }

                return ("interval", ParseTypeModifiers());
        }

        if (current.Kind == TokenKind.Word && !Keywords.CanBeFunction(current.Keyword) && !Keywords.CanBeName(current.Keyword))
        {
            throw UnexpectedName("the name of a type");
        }

        var first = TakeName();
        if (Accept(TokenKind.Dot))
        {
            var second = ParseLabel("the name of a type");
            return (Fold(first) == "pg_catalog" ? Fold(second) : $"{Fold(first)}.{Fold(second)}", ParseTypeModifiers());
        }

        return (Fold(first), ParseTypeModifiers());
    }

    private (string Name, List<int> Modifiers) ParseTimeType()
    {
        var name = At(Keyword.Time) ? "time" : "timestamp";
        Advance();
        var modifiers = ParseTypeModifiers();
        if (At(Keyword.With) && PeekIs(Keyword.Time))
        {
            Advance();
            Expect(Keyword.Time, Keyword.Zone);
            name += " with time zone";
        }
        else if (At(Keyword.Without) && PeekIs(Keyword.Time))
        {
            Advance();
            Expect(Keyword.Time, Keyword.Zone);
        }

        return (name, modifiers);
    }

    private static string Fold(IdentifierSyntax name) => name.IsQuoted ? name.Text : name.Text.ToLowerInvariant();

    private List<int> ParseTypeModifiers()
    {
        List<int> modifiers = [];
        if (!Accept(TokenKind.LeftParenthesis))
        {
            return modifiers;
        }

        do
        {
            var start = current.Start;
            var value = ParseSignedInteger("a number");
            if (value is < int.MinValue or > int.MaxValue)
            {
                throw Error.SyntaxRule("this number is too large for the modifier of a type.", start);
            }

            modifiers.Add((int)value);
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        return modifiers;
    }

    /// <summary>A constant with its type before it (REAL '0.7'); null when the current word does not start one.</summary>
    private TypedLiteralSyntax? ParseTypedLiteral()
    {
        var start = current.Start;
        var ahead = lexer;
        var next = ahead.Next();
        var starts = next.Kind is TokenKind.String or TokenKind.EscapeString or TokenKind.DollarString;
        if (current.Kind == TokenKind.Word && !starts)
        {
            starts = current.Keyword switch
            {
                Keyword.Double => next.Keyword == Keyword.Precision,
                Keyword.Time or Keyword.Timestamp => next.Kind == TokenKind.LeftParenthesis
                    || (next.Keyword is Keyword.With or Keyword.Without && ahead.Next().Keyword == Keyword.Time),
                Keyword.Char or Keyword.Character or Keyword.Nchar or Keyword.Bit => next.Kind == TokenKind.LeftParenthesis || next.Keyword == Keyword.Varying,
                Keyword.National => next.Keyword is Keyword.Char or Keyword.Character,
                Keyword.Numeric or Keyword.Decimal or Keyword.Dec or Keyword.Varchar or Keyword.Float or Keyword.Interval => next.Kind == TokenKind.LeftParenthesis,
                _ => false,
            };
        }

        return starts ? ParseLiteralOf(start, ParseTypeName()) : null;
    }

    private TypedLiteralSyntax ParseLiteralOf(int start, TypeNameSyntax type)
    {
        var literal = current.Start;
        var value = ParseString("a string with the value of the constant");
        if (type.Name == "interval" && IsIntervalField())
        {
            return ParseIntervalFields(start, type, value, literal);
        }

        return new TypedLiteralSyntax(SpanFrom(start), type, value) { OperatorPosition = literal };
    }

    /// <summary>INTERVAL '1 2:03' DAY TO MINUTE.</summary>
    private TypedLiteralSyntax ParseIntervalFields(int start, TypeNameSyntax type, string value, int literal)
    {
        var (first, last, at) = (current.Keyword, current.Keyword, current.Start);
        Advance();
        if (Accept(Keyword.To))
        {
            (last, at) = (current.Keyword, current.Start);
            if (!IsIntervalField() || Order(last) <= Order(first) || (Order(last) < 2) != (Order(first) < 2))
            {
                throw Unexpected("a smaller field of intervals");
            }

            Advance();
        }

        int? digits = null;
        if (last == Keyword.Second && Accept(TokenKind.LeftParenthesis))
        {
            var written = current.Start;
            var number = ParseSignedInteger("a number of digits");
            digits = number is >= 0 and <= 7 ? (int)number : throw Error.SyntaxRule("seconds of intervals have 0 to 7 digits.", written);
            ExpectClose();
        }

        return Order(last) < 2
            ? throw Error.NotSupported("An interval of years or months, which have no fixed length (write days)", at + 1)
            : new TypedLiteralSyntax(SpanFrom(start), type, value) { OperatorPosition = literal, IntervalUnit = last, IsMinuteToSecond = (first, last) is (Keyword.Minute, Keyword.Second), SecondDigits = digits };

        static int Order(Keyword field) => Array.IndexOf([Keyword.Year, Keyword.Month, Keyword.Day, Keyword.Hour, Keyword.Minute, Keyword.Second], field);
    }

    private bool IsIntervalField() => current.Kind == TokenKind.Word
        && current.Keyword is Keyword.Year or Keyword.Month or Keyword.Day or Keyword.Hour or Keyword.Minute or Keyword.Second;
}
