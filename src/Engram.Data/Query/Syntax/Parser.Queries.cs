namespace Engram.Data.Query.Syntax;

/// <summary>SELECT, VALUES, set operations, and what applies to their result.</summary>
internal sealed partial class Parser
{
    private bool AtQuery() => current.Kind == TokenKind.Word && (current.Keyword is Keyword.Select or Keyword.With or Keyword.Table
        || (current.Keyword == Keyword.Values && Peek().Kind == TokenKind.LeftParenthesis));

    /// <summary>Whether the current word continues a query that ended in a parenthesis.</summary>
    private bool AtQueryTail() => current.Kind == TokenKind.Word
        && current.Keyword is Keyword.Union or Keyword.Intersect or Keyword.Except or Keyword.Order or Keyword.Limit or Keyword.Offset or Keyword.Fetch or Keyword.For;

    private QuerySyntax ParseQuery()
    {
        var start = current.Start;
        var with = At(Keyword.With) ? ParseWith() : null;
        return ParseQueryAfterWith(start, with);
    }

    private QuerySyntax ParseQueryAfterWith(int start, WithSyntax? with)
    {
        var outer = Enter();
        QuerySyntax query;
        if (At(TokenKind.LeftParenthesis))
        {
            var inner = ParseSubquery();
            query = with == null && !AtQueryTail() ? inner : ParseQueryTail(start, with, ParseSetOperationsAfter(start, ToBody(inner)));
        }
        else
        {
            query = ParseQueryTail(start, with, ParseSetOperations(start));
        }

        Leave(outer);
        return query;
    }

    /// <summary>Goes on after a query in parentheses that turned out to be the first operand of a larger one.</summary>
    private QuerySyntax ParseQueryAfter(int start, QuerySyntax first) => ParseQueryTail(start, null, ParseSetOperationsAfter(start, ToBody(first)));

    private static QueryBodySyntax ToBody(QuerySyntax query) => query.IsBare ? query.Body : new NestedQuerySyntax(query.Span, query);

    private QueryBodySyntax ParseSetOperations(int start)
        => ParseUnionsAfter(start, ParseIntersectsAfter(start, ParseQueryPrimary()));

    private QueryBodySyntax ParseSetOperationsAfter(int start, QueryBodySyntax first)
        => ParseUnionsAfter(start, ParseIntersectsAfter(start, first));

    private QueryBodySyntax ParseUnionsAfter(int start, QueryBodySyntax left)
    {
        while (At(Keyword.Union) || At(Keyword.Except))
        {
            var operation = At(Keyword.Union) ? SetOperator.Union : SetOperator.Except;
            Advance();
            var isAll = ParseSetQuantifier();
            var rightStart = current.Start;
            var right = ParseIntersectsAfter(rightStart, ParseQueryPrimary());
            left = new SetOperationSyntax(SpanFrom(start), operation, isAll, left, right);
            Grow();
        }

        return left;
    }

    private QueryBodySyntax ParseIntersectsAfter(int start, QueryBodySyntax left)
    {
        while (Accept(Keyword.Intersect))
        {
            var isAll = ParseSetQuantifier();
            var right = ParseQueryPrimary();
            left = new SetOperationSyntax(SpanFrom(start), SetOperator.Intersect, isAll, left, right);
            Grow();
        }

        return left;
    }

    private bool ParseSetQuantifier()
    {
        if (Accept(Keyword.All))
        {
            return true;
        }

        Accept(Keyword.Distinct);
        return false;
    }

    private QueryBodySyntax ParseQueryPrimary()
    {
        if (At(TokenKind.LeftParenthesis))
        {
            return ToBody(ParseSubquery());
        }

        var outer = Enter();
        QueryBodySyntax body = current.Keyword switch
        {
            Keyword.Select when At(Keyword.Select) => ParseSelect(),
            Keyword.Values when At(Keyword.Values) => ParseValues(),
            Keyword.Table when At(Keyword.Table) => ParseTableCommand(),
            _ => throw Unexpected("SELECT, VALUES or a query in parentheses"),
        };
        Leave(outer);
        return body;
    }

    private SelectSyntax ParseTableCommand()
    {
        var start = current.Start;
        Advance();
        var name = ParseObjectName("the name of a table");
        var star = new SelectItemSyntax(name.Span, new StarSyntax(name.Span, null), null);
        return new SelectSyntax(SpanFrom(start), [star]) { From = [new TableNameSyntax(name.Span, name, null)] };
    }

    private ValuesSyntax ParseValues()
    {
        var start = current.Start;
        Advance();
        var rows = new List<ExpressionSyntax[]>();
        var row = new List<ExpressionSyntax>();
        do
        {
            var rowStart = current.Start;
            ExpectOpen();
            row.Clear();
            do
            {
                row.Add(ParseExpression());
            }
            while (Accept(TokenKind.Comma));
            Expect(TokenKind.RightParenthesis, "\",\" or \")\"");
            if (rows.Count > 0 && rows[0].Length != row.Count)
            {
                throw Error.SyntaxRule($"all rows of VALUES have the same length; the first has {rows[0].Length} values, row {rows.Count + 1} has {row.Count}.", row[0].Position);
            }

            rows.Add([.. row]);
        }
        while (Accept(TokenKind.Comma));
        return new ValuesSyntax(SpanFrom(start), rows);
    }

    private SelectSyntax ParseSelect()
    {
        var start = current.Start;
        Advance();
        List<ExpressionSyntax> distinctOn = [];
        var isDistinct = Accept(Keyword.Distinct);
        if (!isDistinct)
        {
            Accept(Keyword.All);
        }
        else if (Accept(Keyword.On))
        {
            ExpectOpen();
            distinctOn = ParseExpressions();
            ExpectClose();
        }

        var items = AtSelectListEnd() ? [] : ParseSelectItems();
        var into = At(Keyword.Into) ? ParseInto() : null;
        List<TableSyntax> from = Accept(Keyword.From) ? ParseTables() : [];
        var where = Accept(Keyword.Where) ? ParseExpression() : null;
        List<ExpressionSyntax> groupBy = [];
        var isGroupByDistinct = false;
        var hasGroupBy = Accept(Keyword.Group);
        if (hasGroupBy)
        {
            Expect(Keyword.By);
            groupBy = ParseGroupItems(out isGroupByDistinct);
        }

        var having = Accept(Keyword.Having) ? ParseExpression() : null;
        var windows = Accept(Keyword.Window) ? ParseNamedWindows() : [];
        return new SelectSyntax(SpanFrom(start), items)
        {
            IsDistinct = isDistinct,
            DistinctOn = distinctOn,
            Into = into,
            From = from,
            Where = where,
            GroupBy = groupBy,
            HasGroupBy = hasGroupBy,
            IsGroupByDistinct = isGroupByDistinct,
            Having = having,
            Windows = windows,
        };
    }

    private SelectIntoSyntax ParseInto()
    {
        var start = current.Start;
        Advance();
        var isTemporary = Accept(Keyword.Temp) || Accept(Keyword.Temporary);
        if (!isTemporary)
        {
            AcceptWord("unlogged");
        }

        Accept(Keyword.Table);
        var name = ParseObjectName("the name of a table");
        return new SelectIntoSyntax(SpanFrom(start), name, isTemporary);
    }

    /// <summary>SELECT … INTO t is CREATE TABLE t AS SELECT …; of a set operation, the first SELECT says so.</summary>
    private static (QueryBodySyntax Body, SelectIntoSyntax? Into) TakeInto(QueryBodySyntax body)
    {
        switch (body)
        {
            case SelectSyntax { Into: { } into } select:
                return (select with { Into = null }, into);
            case SetOperationSyntax operation when TakeInto(operation.Left) is (var left, { } into):
                return (operation with { Left = left }, into);
            default:
                return (body, null);
        }
    }

    /// <summary>As in PostgreSQL, a select list may be empty: EXISTS (SELECT FROM t).</summary>
    private bool AtSelectListEnd() => current.Kind is TokenKind.End or TokenKind.Semicolon or TokenKind.RightParenthesis
        || (current.Kind == TokenKind.Word && (AtQueryTail() || current.Keyword is Keyword.From or Keyword.Where or Keyword.Group or Keyword.Having or Keyword.Into));

    private List<SelectItemSyntax> ParseSelectItems()
    {
        var items = new List<SelectItemSyntax>();
        do
        {
            items.Add(ParseSelectItem());
        }
        while (Accept(TokenKind.Comma));
        return items;
    }

    private SelectItemSyntax ParseSelectItem()
    {
        var start = current.Start;
        if (AcceptOperator("*"))
        {
            return new SelectItemSyntax(SpanFrom(start), new StarSyntax(SpanFrom(start), null), null);
        }

        var expression = ParseExpression();
        IdentifierSyntax? alias = null;
        if (Accept(Keyword.As))
        {
            alias = ParseLabel("the name of the column after AS");
        }
        else if (At(TokenKind.QuotedName) || (At(TokenKind.Word) && Keywords.CanBeBareLabel(current.Keyword)))
        {
            alias = TakeName();
        }

        return new SelectItemSyntax(SpanFrom(start), expression, alias);
    }

    private List<ExpressionSyntax> ParseGroupItems(out bool isDistinct)
    {
        isDistinct = Accept(Keyword.Distinct);
        if (!isDistinct)
        {
            Accept(Keyword.All);
        }

        List<ExpressionSyntax> items = [];
        do
        {
            // GROUP BY (): one group of everything, without a key.
            if (ParseGroupItem() is not RowSyntax { Items.Count: 0 } and var item)
            {
                items.Add(item);
            }
        }
        while (Accept(TokenKind.Comma));
        return items;
    }

    private ExpressionSyntax ParseGroupItem()
    {
        var start = current.Start;
        if (At(TokenKind.LeftParenthesis) && Peek().Kind == TokenKind.RightParenthesis)
        {
            Advance();
            Advance();
            return new RowSyntax(SpanFrom(start), []);
        }

        GroupingSetsKind kind;
        if (At(Keyword.Grouping) && Peek() is { Kind: TokenKind.Word } next && IsWord(next, "sets"))
        {
            Advance();
            kind = GroupingSetsKind.Sets;
        }
        else if (At(TokenKind.Word) && Peek().Kind == TokenKind.LeftParenthesis && (IsWord(current, "rollup") || IsWord(current, "cube")))
        {
            kind = IsWord(current, "cube") ? GroupingSetsKind.Cube : GroupingSetsKind.Rollup;
        }
        else
        {
            return ParseExpression();
        }

        var outer = Enter();
        Advance();
        ExpectOpen();
        List<ExpressionSyntax> items = [];
        do
        {
            items.Add(kind == GroupingSetsKind.Sets ? ParseGroupItem() : ParseExpression());
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        Leave(outer);
        return new GroupingSetsSyntax(SpanFrom(start), kind, items);
    }

    private bool IsWord(Token token, string word) => text.AsSpan(token.Start, token.Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    private List<NamedWindowSyntax> ParseNamedWindows()
    {
        var windows = new List<NamedWindowSyntax>();
        do
        {
            var start = current.Start;
            var name = ParseName("the name of a window");
            Expect(Keyword.As);
            var window = ParseWindow();
            windows.Add(new NamedWindowSyntax(SpanFrom(start), name, window));
        }
        while (Accept(TokenKind.Comma));
        return windows;
    }

    private List<OrderItemSyntax> ParseOrderBy()
    {
        Expect(Keyword.Order, Keyword.By);
        var items = new List<OrderItemSyntax>();
        do
        {
            var start = current.Start;
            var expression = ParseExpression();
            var (isDescending, nullsFirst) = ParseDirection();
            items.Add(new OrderItemSyntax(SpanFrom(start), expression, isDescending, nullsFirst));
        }
        while (Accept(TokenKind.Comma));
        return items;
    }

    /// <summary>[ASC | DESC] [NULLS FIRST | LAST].</summary>
    private (bool IsDescending, bool? NullsFirst) ParseDirection()
    {
        var isDescending = Accept(Keyword.Desc);
        if (!isDescending)
        {
            Accept(Keyword.Asc);
        }

        if (At(Keyword.Using))
        {
            throw Error.NotSupported("ORDER BY … USING (use ASC or DESC)", current.Start + 1);
        }

        if (!Accept(Keyword.Nulls))
        {
            return (isDescending, null);
        }

        if (!At(Keyword.First) && !At(Keyword.Last))
        {
            throw Unexpected("FIRST or LAST after NULLS");
        }

        var isFirst = At(Keyword.First);
        Advance();
        return (isDescending, isFirst);
    }

    /// <summary>ORDER BY, LIMIT, OFFSET, FETCH and FOR, the latter four in any order.</summary>
    private QuerySyntax ParseQueryTail(int start, WithSyntax? with, QueryBodySyntax body)
    {
        var query = new QuerySyntax(body.Span, with, body) { OrderBy = At(Keyword.Order) ? ParseOrderBy() : [] };
        var hasLimit = false;
        while (current.Kind == TokenKind.Word)
        {
            switch (current.Keyword)
            {
                case Keyword.Limit or Keyword.Fetch when hasLimit:
                    throw Unexpected("one LIMIT or FETCH at most");
                case Keyword.Offset when query.Offset != null:
                    throw Unexpected("one OFFSET at most");
                case Keyword.Limit:
                    hasLimit = true;
                    query = ParseLimit(query);
                    continue;
                case Keyword.Fetch:
                    hasLimit = true;
                    query = ParseFetch(query);
                    continue;
                case Keyword.Offset:
                    Advance();
                    query = query with { Offset = ParseExpression() };
                    if (!Accept(Keyword.Rows))
                    {
                        Accept(Keyword.Row);
                    }

                    continue;
                case Keyword.For:
                    query = ParseLocking() is { } found ? query with { Locking = query.Locking ?? found } : query;
                    continue;
            }

            break;
        }

        return query with { Span = SpanFrom(start) };
    }

    private QuerySyntax ParseLimit(QuerySyntax query)
    {
        Advance();
        query = query with { Limit = Accept(Keyword.All) ? null : ParseExpression() };
        if (At(TokenKind.Comma))
        {
            throw Error.SyntaxRule("LIMIT takes one number. Write LIMIT count OFFSET start.", current.Start);
        }

        if (!Accept(Keyword.With))
        {
            return query;
        }

        Expect(Keyword.Approximate);
        query = query with { IsApproximate = true };
        if (Accept(TokenKind.LeftParenthesis))
        {
            query = query with { ApproximateBreadth = ParseExpression() };
            ExpectClose();
        }

        return query;
    }

    private QuerySyntax ParseFetch(QuerySyntax query)
    {
        Advance();
        if (!Accept(Keyword.First))
        {
            Expect(Keyword.Next);
        }

        var limitStart = current.Start;
        ExpressionSyntax limit = At(Keyword.Row) || At(Keyword.Rows) ? new IntegerLiteralSyntax(new TextSpan(limitStart, 0), 1) : ParsePrefix();
        if (!Accept(Keyword.Rows))
        {
            Expect(Keyword.Row);
        }

        if (Accept(Keyword.Only))
        {
            return query with { Limit = limit };
        }

        Expect(Keyword.With, Keyword.Ties);
        return query with { Limit = limit, WithTies = true };
    }

    /// <summary>FOR UPDATE and its kin. Null for FOR READ ONLY, which asks for nothing.</summary>
    private LockingSyntax? ParseLocking()
    {
        var start = current.Start;
        Advance();
        if (Accept(Keyword.No))
        {
            Expect(Keyword.Key, Keyword.Update);
        }
        else if (Accept(Keyword.Key))
        {
            Expect(Keyword.Share);
        }
        else if (Accept(Keyword.Read))
        {
            Expect(Keyword.Only);
            return null;
        }
        else if (!Accept(Keyword.Update))
        {
            Expect(Keyword.Share);
        }

        IReadOnlyList<ObjectNameSyntax> tables = Accept(Keyword.Of) ? ParseObjectNames("the name of a table") : [];
        var wait = LockWait.Wait;
        if (Accept(Keyword.Skip))
        {
            Expect(Keyword.Locked);
            wait = LockWait.Skip;
        }
        else if (Accept(Keyword.Nowait))
        {
            wait = LockWait.Fail;
        }

        var locking = new LockingSyntax(SpanFrom(start), tables, wait);
        lockingOfStatement ??= locking;
        return locking;
    }

    private WithSyntax ParseWith()
    {
        var start = current.Start;
        Expect(Keyword.With);
        var isRecursive = Accept(Keyword.Recursive);
        var tables = new List<CommonTableSyntax>();
        do
        {
            var tableStart = current.Start;
            var name = ParseName("the name of a common table");
            List<IdentifierSyntax> columns = At(TokenKind.LeftParenthesis) ? ParseNameList("the name of a column") : [];
            Expect(Keyword.As);
            bool? isMaterialized = null;
            if (Accept(Keyword.Materialized))
            {
                isMaterialized = true;
            }
            else if (Accept(Keyword.Not))
            {
                Expect(Keyword.Materialized);
                isMaterialized = false;
            }

            ExpectOpen();
            var outer = Enter();
            var statement = ParseDataStatement() ?? throw Unexpected("SELECT, VALUES, INSERT, UPDATE or DELETE");
            Leave(outer);
            ExpectClose();
            var search = ParseSearch();
            var cycle = ParseCycle();
            if (!isRecursive && (search ?? (SyntaxNode?)cycle) is { } misplaced)
            {
                throw Error.SyntaxRule("SEARCH and CYCLE belong to WITH RECURSIVE.", misplaced.Position);
            }

            tables.Add(new CommonTableSyntax(SpanFrom(tableStart), name, columns, isMaterialized, statement) { Search = search, Cycle = cycle });
        }
        while (Accept(TokenKind.Comma));
        return new WithSyntax(SpanFrom(start), isRecursive, tables);
    }
}
