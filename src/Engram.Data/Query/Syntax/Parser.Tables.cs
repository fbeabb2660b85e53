namespace Engram.Data.Query.Syntax;

/// <summary>What stands after FROM.</summary>
internal sealed partial class Parser
{
    private List<TableSyntax> ParseTables()
    {
        var tables = new List<TableSyntax>();
        do
        {
            tables.Add(ParseTable());
        }
        while (Accept(TokenKind.Comma));
        return tables;
    }

    private TableSyntax ParseTable()
    {
        var start = current.Start;
        return ParseJoinsAfter(start, ParseTablePrimary());
    }

    private TableSyntax ParseJoinsAfter(int start, TableSyntax left)
    {
        while (AtJoin())
        {
            left = ParseJoin(start, left);
            Grow();
        }

        return left;
    }

    private bool AtJoin() => current.Kind == TokenKind.Word
        && current.Keyword is Keyword.Join or Keyword.Inner or Keyword.Left or Keyword.Right or Keyword.Full or Keyword.Cross or Keyword.Natural;

    private JoinSyntax ParseJoin(int start, TableSyntax left)
    {
        var outer = Enter();
        var isNatural = Accept(Keyword.Natural);
        var kind = current.Keyword switch
        {
            Keyword.Left => JoinSyntaxKind.Left,
            Keyword.Right => JoinSyntaxKind.Right,
            Keyword.Full => JoinSyntaxKind.Full,
            Keyword.Cross => JoinSyntaxKind.Cross,
            _ => JoinSyntaxKind.Inner,
        };
        if (!At(Keyword.Join))
        {
            Advance();
            if (kind is JoinSyntaxKind.Left or JoinSyntaxKind.Right or JoinSyntaxKind.Full)
            {
                Accept(Keyword.Outer);
            }
        }

        Expect(Keyword.Join);
        var rightStart = current.Start;
        var right = ParseTablePrimary();
        ExpressionSyntax? on = null;
        List<IdentifierSyntax> columns = [];
        if (kind != JoinSyntaxKind.Cross && !isNatural)
        {
            // a JOIN b JOIN c ON … ON …: the first condition found belongs to the innermost join.
            right = ParseJoinsAfter(rightStart, right);
            if (Accept(Keyword.Using))
            {
                columns = ParseNameList("the name of a column");
            }
            else
            {
                if (!Accept(Keyword.On))
                {
                    throw Unexpected("ON or USING with the condition of the join");
                }

                on = ParseExpression();
            }
        }

        Leave(outer);
        return new JoinSyntax(SpanFrom(start), kind, left, right) { On = on, Using = columns, IsNatural = isNatural };
    }

    private TableSyntax ParseTablePrimary()
    {
        var start = current.Start;
        var isLateral = Accept(Keyword.Lateral);
        if (At(TokenKind.LeftParenthesis))
        {
            var inside = ParseParenthesizedTable();
            if (inside.Query != null)
            {
                var alias = ParseTableAlias();
                return new DerivedTableSyntax(SpanFrom(start), inside.Query, alias, isLateral);
            }

            if (isLateral)
            {
                throw Error.SyntaxRule("LATERAL stands before a query in parentheses or a function.", start);
            }

            return NoAliasAfter(inside.Table!);
        }

        Accept(Keyword.Only);
        var name = ParseObjectName("a table, a function or a query in parentheses");
        if (At(TokenKind.LeftParenthesis))
        {
            return ParseTableFunction(start, name, isLateral);
        }

        if (isLateral)
        {
            throw Error.SyntaxRule("LATERAL stands before a query in parentheses or a function.", start);
        }

        AcceptOperator("*");
        var tableAlias = ParseTableAlias();
        if (At(Keyword.Tablesample))
        {
            throw Error.NotSupported("TABLESAMPLE", current.Start + 1);
        }

        return new TableNameSyntax(SpanFrom(start), name, tableAlias);
    }

    private TableFunctionSyntax ParseTableFunction(int start, ObjectNameSyntax name, bool isLateral)
    {
        if (ParseCallAfter(name.Position, name) is not FunctionCallSyntax call)
        {
            throw Error.SyntaxRule("a table or a function is expected here, not a constant.", start);
        }

        var withOrdinality = Accept(Keyword.With, Keyword.Ordinality);
        var alias = ParseTableAlias();
        return new TableFunctionSyntax(SpanFrom(start), call, withOrdinality, alias, isLateral);
    }

    /// <summary>The same question as for values, see <see cref="ParseParenthesized"/>: <c>((SELECT 1) …</c> may be a query, or a join that starts with one.</summary>
    private (QuerySyntax? Query, TableSyntax? Table) ParseParenthesizedTable()
    {
        var outer = Enter();
        ExpectOpen();
        QuerySyntax? query = null;
        TableSyntax? table = null;
        if (AtQuery())
        {
            query = ParseQuery();
        }
        else if (At(TokenKind.LeftParenthesis))
        {
            var start = current.Start;
            var inside = ParseParenthesizedTable();
            if (inside.Query != null && At(TokenKind.RightParenthesis))
            {
                query = inside.Query;
            }
            else if (inside.Query != null && AtQueryTail())
            {
                query = ParseQueryAfter(start, inside.Query);
            }
            else
            {
                var first = inside.Table == null ? null : NoAliasAfter(inside.Table);
                if (first == null)
                {
                    var alias = ParseTableAlias();
                    first = new DerivedTableSyntax(SpanFrom(start), inside.Query!, alias, false);
                }

                table = ParseJoinsAfter(start, first);
            }
        }
        else
        {
            table = ParseTable();
        }

        ExpectClose();
        Leave(outer);
        return (query, table);
    }

    private TableSyntax NoAliasAfter(TableSyntax table)
    {
        if (At(Keyword.As) || IsName())
        {
            throw Error.NotSupported("A name for a join in parentheses (name its tables, or write a query)", current.Start + 1);
        }

        return table;
    }

    private TableAliasSyntax? ParseTableAlias()
    {
        var start = current.Start;
        if (!Accept(Keyword.As) && !IsName())
        {
            return null;
        }

        var name = ParseName("the name that the table is known by");
        List<IdentifierSyntax> columns = At(TokenKind.LeftParenthesis) ? ParseNameList("the name of a column") : [];
        return new TableAliasSyntax(SpanFrom(start), name, columns);
    }
}
