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

        if (At(Keyword.Rows) && Peek() is { Kind: TokenKind.Word, Keyword: Keyword.From })
        {
            return ParseRowsFrom(start, isLateral);
        }

        Accept(Keyword.Only);
        if (ParseSpecialCall() is { } special)
        {
            // CURRENT_DATE and the like: a function of one row.
            return new TableFunctionSyntax(SpanFrom(start), [new TableFunctionCallSyntax(special.Span, special, null)], false, ParseTableAlias(), isLateral);
        }

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
        var sample = At(Keyword.Tablesample) ? ParseSample() : null;
        return new TableNameSyntax(SpanFrom(start), name, tableAlias) { Sample = sample };
    }

    /// <summary>TABLESAMPLE BERNOULLI | SYSTEM (per cent) [REPEATABLE (seed)].</summary>
    private SampleSyntax ParseSample()
    {
        var start = current.Start;
        Advance();
        var isSystem = Accept(Keyword.System);
        if (!isSystem && !AcceptWord("bernoulli"))
        {
            throw Unexpected("BERNOULLI or SYSTEM");
        }

        ExpectOpen();
        var percent = ParseExpression();
        ExpectClose();
        ExpressionSyntax? seed = null;
        if (Accept(Keyword.Repeatable))
        {
            ExpectOpen();
            seed = ParseExpression();
            ExpectClose();
        }

        return new SampleSyntax(SpanFrom(start), isSystem, percent, seed);
    }

    private TableFunctionSyntax ParseTableFunction(int start, ObjectNameSyntax name, bool isLateral)
    {
        if (ParseCallAfter(name.Position, name) is not FunctionCallSyntax call)
        {
            throw Error.SyntaxRule("a table or a function is expected here, not a constant.", start);
        }

        var withOrdinality = Accept(Keyword.With, Keyword.Ordinality);
        var (alias, definitions) = ParseTableFunctionAlias();
        if (withOrdinality && definitions != null)
        {
            throw Error.SyntaxRule("WITH ORDINALITY does not go with column definitions. Write ROWS FROM (f(…) AS (…)) WITH ORDINALITY.", definitions.Position);
        }

        return new TableFunctionSyntax(SpanFrom(start), [new TableFunctionCallSyntax(call.Span, call, definitions)], withOrdinality, alias, isLateral);
    }

    /// <summary>ROWS FROM (f(…) [AS (a integer, …)], …).</summary>
    private TableFunctionSyntax ParseRowsFrom(int start, bool isLateral)
    {
        Expect(Keyword.Rows);
        Expect(Keyword.From);
        ExpectOpen();
        var functions = new List<TableFunctionCallSyntax>();
        do
        {
            var callStart = current.Start;
            var name = ParseObjectName("the name of a function");
            if (!At(TokenKind.LeftParenthesis) || ParseCallAfter(name.Position, name) is not FunctionCallSyntax call)
            {
                throw Unexpected("\"(\" with the arguments of a function");
            }

            var definitions = Accept(Keyword.As) ? ParseColumnDefinitionList() : null;
            functions.Add(new TableFunctionCallSyntax(SpanFrom(callStart), call, definitions));
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        var withOrdinality = Accept(Keyword.With, Keyword.Ordinality);
        return new TableFunctionSyntax(SpanFrom(start), functions, withOrdinality, ParseTableAlias(), isLateral);
    }

    /// <summary>[AS] name [(column, …)], or with types: [AS] name (column type, …), or AS (column type, …).</summary>
    private (TableAliasSyntax? Alias, ColumnDefinitionListSyntax? Definitions) ParseTableFunctionAlias()
    {
        var start = current.Start;
        var hasAs = Accept(Keyword.As);
        if (hasAs && At(TokenKind.LeftParenthesis))
        {
            return (null, ParseColumnDefinitionList());
        }

        if (!hasAs && !IsName())
        {
            return (null, null);
        }

        var name = ParseName("the name that the table is known by");
        if (!At(TokenKind.LeftParenthesis))
        {
            return (new TableAliasSyntax(SpanFrom(start), name, []), null);
        }

        var listStart = current.Start;
        ExpectOpen();
        var first = ParseName("the name of a column");
        if (!At(TokenKind.Comma) && !At(TokenKind.RightParenthesis))
        {
            return (new TableAliasSyntax(SpanFrom(start), name, []), ParseColumnDefinitionsAfter(listStart, first));
        }

        List<IdentifierSyntax> columns = [first];
        while (Accept(TokenKind.Comma))
        {
            columns.Add(ParseName("the name of a column"));
        }

        ExpectClose();
        return (new TableAliasSyntax(SpanFrom(start), name, columns), null);
    }

    private ColumnDefinitionListSyntax ParseColumnDefinitionList()
    {
        var start = current.Start;
        ExpectOpen();
        return ParseColumnDefinitionsAfter(start, ParseName("the name of a column"));
    }

    private ColumnDefinitionListSyntax ParseColumnDefinitionsAfter(int start, IdentifierSyntax first)
    {
        var columns = new List<(IdentifierSyntax, TypeNameSyntax)> { (first, ParseTypeName()) };
        while (Accept(TokenKind.Comma))
        {
            var name = ParseName("the name of a column");
            columns.Add((name, ParseTypeName()));
        }

        ExpectClose();
        return new ColumnDefinitionListSyntax(SpanFrom(start), columns);
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
