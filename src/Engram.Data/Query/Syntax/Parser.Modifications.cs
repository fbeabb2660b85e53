namespace Engram.Data.Query.Syntax;

/// <summary>INSERT, UPDATE and DELETE.</summary>
internal sealed partial class Parser
{
    private InsertSyntax ParseInsert(int start, WithSyntax? with)
    {
        Advance();
        Expect(Keyword.Into);
        var table = ParseObjectName("the name of a table");
        var alias = Accept(Keyword.As) ? ParseName("the name that the table is known by") : null;
        List<IdentifierSyntax> columns = [];
        if (At(TokenKind.LeftParenthesis) && !IsQueryAfterParentheses())
        {
            columns = ParseNameList("the name of a column");
        }

        bool? overriding = null;
        if (Accept(Keyword.Overriding))
        {
            overriding = At(Keyword.System);
            if (!Accept(Keyword.System))
            {
                Expect(Keyword.User);
            }

            Expect(Keyword.Value);
        }

        QuerySyntax? source = null;
        if (Accept(Keyword.Default))
        {
            Expect(Keyword.Values);
        }
        else if (AtQuery() || At(TokenKind.LeftParenthesis))
        {
            source = ParseQuery();
        }
        else
        {
            throw Unexpected("VALUES, SELECT or DEFAULT VALUES");
        }

        var onConflict = At(Keyword.On) ? ParseOnConflict() : null;
        var returning = ParseReturning();
        return new InsertSyntax(SpanFrom(start), with, table, alias)
        {
            Columns = columns,
            OverridingSystemValue = overriding,
            Source = source,
            OnConflict = onConflict,
            Returning = returning,
        };
    }

    /// <summary>Whether the current run of opening parentheses ends in a query: INSERT INTO t (SELECT …) has no list of columns.</summary>
    private bool IsQueryAfterParentheses()
    {
        var ahead = lexer;
        var token = ahead.Next();
        for (var i = 0; token.Kind == TokenKind.LeftParenthesis && i < DepthMax; i++)
        {
            token = ahead.Next();
        }

        // A longer run is too deep whatever it ends in: the query's parser says so.
        return token.Kind == TokenKind.LeftParenthesis || token.Kind == TokenKind.Word
            && (token.Keyword is Keyword.Select or Keyword.With or Keyword.Table || (token.Keyword == Keyword.Values && ahead.Next().Kind == TokenKind.LeftParenthesis));
    }

    private OnConflictSyntax ParseOnConflict()
    {
        var start = current.Start;
        Expect(Keyword.On, Keyword.Conflict);
        var conflict = new OnConflictSyntax(default(TextSpan));
        if (At(TokenKind.LeftParenthesis))
        {
            conflict = conflict with { Target = ParseIndexKeys() };
            conflict = conflict with { TargetWhere = Accept(Keyword.Where) ? ParseExpression() : null };
        }
        else if (Accept(Keyword.On))
        {
            Expect(Keyword.Constraint);
            conflict = conflict with { Constraint = ParseName("the name of a constraint") };
        }

        Expect(Keyword.Do);
        if (!Accept(Keyword.Nothing))
        {
            if (!Accept(Keyword.Update))
            {
                throw Unexpected("NOTHING or UPDATE");
            }

            if (conflict.Target.Count == 0 && conflict.Constraint == null)
            {
                throw Error.SyntaxRule("ON CONFLICT DO UPDATE names the columns or the constraint that conflict: ON CONFLICT (column) DO UPDATE ….", start);
            }

            Expect(Keyword.Set);
            conflict = conflict with { Assignments = ParseAssignments() };
            conflict = conflict with { Where = Accept(Keyword.Where) ? ParseExpression() : null };
        }

        return conflict with { Span = SpanFrom(start) };
    }

    private UpdateSyntax ParseUpdate(int start, WithSyntax? with)
    {
        Advance();
        var (table, alias) = ParseTarget();
        Expect(Keyword.Set);
        var assignments = ParseAssignments();
        List<TableSyntax> from = Accept(Keyword.From) ? ParseTables() : [];
        var where = ParseModificationFilter();
        var returning = ParseReturning();
        return new UpdateSyntax(SpanFrom(start), with, table, alias, assignments) { From = from, Where = where, Returning = returning };
    }

    private DeleteSyntax ParseDelete(int start, WithSyntax? with)
    {
        Advance();
        Expect(Keyword.From);
        var (table, alias) = ParseTarget();
        List<TableSyntax> tables = Accept(Keyword.Using) ? ParseTables() : [];
        var where = ParseModificationFilter();
        var returning = ParseReturning();
        return new DeleteSyntax(SpanFrom(start), with, table, alias) { Using = tables, Where = where, Returning = returning };
    }

    private (ObjectNameSyntax Table, IdentifierSyntax? Alias) ParseTarget()
    {
        Accept(Keyword.Only);
        var table = ParseObjectName("the name of a table");
        AcceptOperator("*");
        // UPDATE t SET …: the word SET is not reserved, but it is not an alias here either.
        var alias = Accept(Keyword.As) || (IsName() && !At(Keyword.Set)) ? ParseName("the name that the table is known by") : null;
        return (table, alias);
    }

    private ExpressionSyntax? ParseModificationFilter()
    {
        if (!Accept(Keyword.Where))
        {
            return null;
        }

        if (At(Keyword.Current) && PeekIs(Keyword.Of))
        {
            throw Error.NotSupported("WHERE CURRENT OF", current.Start + 1);
        }

        return ParseExpression();
    }

    private List<AssignmentSyntax> ParseAssignments()
    {
        var assignments = new List<AssignmentSyntax>();
        do
        {
            var start = current.Start;
            var isRow = At(TokenKind.LeftParenthesis);
            var columns = isRow ? ParseNameList("the name of a column") : [ParseName("the name of a column")];
            if (At(TokenKind.LeftBracket))
            {
                throw Error.NotSupported("Assigning to an element of a column (assign the whole: of an array, a = array_set(a, place, value); of a vector, all of its elements)", current.Start + 1);
            }

            if (At(TokenKind.Dot))
            {
                throw Error.NotSupported("Assigning to a part of a column (assign the whole column, without the table's name)", current.Start + 1);
            }

            if (!AcceptOperator("="))
            {
                throw Unexpected("\"=\"");
            }

            var value = ParseExpression();
            assignments.Add(new AssignmentSyntax(SpanFrom(start), columns, value) { IsRow = isRow });
        }
        while (Accept(TokenKind.Comma));
        return assignments;
    }

    private List<SelectItemSyntax> ParseReturning() => Accept(Keyword.Returning) ? ParseSelectItems() : [];
}
