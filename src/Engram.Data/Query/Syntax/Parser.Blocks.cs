namespace Engram.Data.Query.Syntax;

/// <summary>DO $$ … $$: the part of PL/pgSQL that scripts of migrations are made of.</summary>
internal sealed partial class Parser
{
    private DoSyntax ParseDo()
    {
        var start = current.Start;
        Advance();
        ParseBlockLanguage();
        if (current.Kind != TokenKind.DollarString)
        {
            throw Unexpected("a block in dollar quotes, as in DO $$ BEGIN … END $$");
        }

        // Read in place, so that errors and the texts that the catalog keeps refer to the whole script.
        var outer = Enter();
        var body = current;
        var rest = lexer;
        var tagLength = text.IndexOf('$', body.Start + 1) + 1 - body.Start;
        lexer = new Lexer(text, body.Start + tagLength, body.End - tagLength);
        current = lexer.Next();
        var block = ParseBlock();
        Accept(TokenKind.Semicolon);
        if (current.Kind != TokenKind.End)
        {
            throw Unexpected("the end of the block");
        }

        lexer = rest;
        current = body;
        Advance();
        Leave(outer);
        ParseBlockLanguage();
        return new DoSyntax(SpanFrom(start), block);
    }

    private void ParseBlockLanguage()
    {
        if (!AcceptWord("language"))
        {
            return;
        }

        var start = current.Start;
        var language = AtString() ? ParseString("plpgsql") : Fold(ParseName("plpgsql"));
        if (language != "plpgsql")
        {
            throw Error.NotSupported($"The language {language}", start + 1);
        }
    }

    private BlockSyntax ParseBlock()
    {
        var start = current.Start;
        if (AtWord("declare"))
        {
            throw Error.NotSupported("DECLARE (a block has no variables)", start + 1);
        }

        var outer = Enter();
        Expect(Keyword.Begin);
        var statements = ParseBlockStatements();
        if (AtWord("exception"))
        {
            throw Error.NotSupported("EXCEPTION (what fails undoes the block)", current.Start + 1);
        }

        Expect(Keyword.End);
        Leave(outer);
        return new BlockSyntax(SpanFrom(start), statements);
    }

    /// <summary>Statements, each with its semicolon, up to a word that ends them.</summary>
    private List<BlockStatementSyntax> ParseBlockStatements()
    {
        var statements = new List<BlockStatementSyntax>();
        while (!At(Keyword.End) && !At(Keyword.Else) && !AtElsif() && !AtWord("exception") && current.Kind != TokenKind.End)
        {
            if (ParseBlockStatement() is { } statement)
            {
                statements.Add(statement);
            }

            Expect(TokenKind.Semicolon, "\";\"");
        }

        return statements;
    }

    private BlockStatementSyntax? ParseBlockStatement()
    {
        var start = current.Start;
        if (Accept(Keyword.Null))
        {
            return null;
        }

        if (At(Keyword.Begin))
        {
            return ParseBlock();
        }

        if (At(Keyword.If))
        {
            return ParseBlockIf();
        }

        if (AtWord("raise"))
        {
            return ParseRaise();
        }

        StatementSyntax statement;
        if (AtWord("perform"))
        {
            // PERFORM is SELECT under another name.
            var select = ParseQueryTail(start, null, ParseSelect());
            statement = new SelectStatementSyntax(SpanFrom(start), select);
        }
        else
        {
            var outer = Enter();
            statement = ParseStatement();
            Leave(outer);
        }

        if (statement is BeginSyntax or CommitSyntax or RollbackSyntax or SavepointSyntax or RollbackToSavepointSyntax or ReleaseSavepointSyntax or SetTransactionSyntax)
        {
            throw Error.NotSupported("A statement about the transaction within a block", start + 1);
        }

        return new BlockSqlSyntax(SpanFrom(start), statement);
    }

    /// <summary>An expression that is computed by itself, without a statement around it that could take the lock.</summary>
    private ExpressionSyntax ParseBlockExpression()
    {
        lockingOfStatement = null;
        var expression = ParseExpression();
        return lockingOfStatement is { } locking ? throw Error.NotSupported("FOR UPDATE in an expression of a block (write LOCK TABLE before it)", locking.Position + 1) : expression;
    }

    private BlockIfSyntax ParseBlockIf()
    {
        var start = current.Start;
        var outer = Enter();
        var branches = new List<BlockBranchSyntax>();
        List<BlockStatementSyntax> otherwise = [];
        do
        {
            var branchStart = current.Start;
            Advance();
            var condition = ParseBlockExpression();
            Expect(Keyword.Then);
            var statements = ParseBlockStatements();
            branches.Add(new BlockBranchSyntax(SpanFrom(branchStart), condition, statements));
        }
        while (AtElsif());
        if (Accept(Keyword.Else))
        {
            otherwise = ParseBlockStatements();
        }

        Expect(Keyword.End, Keyword.If);
        Leave(outer);
        return new BlockIfSyntax(SpanFrom(start), branches, otherwise);
    }

    private BlockRaiseSyntax ParseRaise()
    {
        var start = current.Start;
        Advance();
        var isException = true;
        foreach (var level in (ReadOnlySpan<string>)["exception", "warning", "notice", "info", "log", "debug"])
        {
            if (AcceptWord(level))
            {
                isException = level == "exception";
                break;
            }
        }

        var message = ParseString("a message");
        var arguments = new List<ExpressionSyntax>();
        while (Accept(TokenKind.Comma))
        {
            arguments.Add(ParseBlockExpression());
        }

        string? sqlState = null;
        if (Accept(Keyword.Using))
        {
            do
            {
                var option = Fold(ParseLabel("ERRCODE"));
                if (!AcceptOperator("="))
                {
                    throw Unexpected("\"=\"");
                }

                var value = ParseString("a string");
                sqlState = option == "errcode" ? value : sqlState;
                message = option == "message" ? value : message;
            }
            while (Accept(TokenKind.Comma));
        }

        return new BlockRaiseSyntax(SpanFrom(start), isException, message, arguments, sqlState);
    }

    private bool AtElsif() => AtWord("elsif") || AtWord("elseif");

    private bool AtWord(string word)
        => current.Kind == TokenKind.Word && text.AsSpan(current.Start, current.Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool AcceptWord(string word)
    {
        if (!AtWord(word))
        {
            return false;
        }

        Advance();
        return true;
    }
}
