namespace Engram.Data.Query.Syntax;

/// <summary>What a statement starts with, and the statements that are one line of grammar: transactions, settings, maintenance.</summary>
internal sealed partial class Parser
{
    private StatementSyntax ParseStatement()
    {
        lockingOfStatement = null;
        if (ParseDataStatement() is { } data)
        {
            return data;
        }

        var start = current.Start;
        if (current.Kind != TokenKind.Word)
        {
            throw Unexpected("a statement");
        }

        switch (current.Keyword)
        {
            case Keyword.Create: return ParseCreate();
            case Keyword.Drop: return ParseDrop();
            case Keyword.Do: return ParseDo();
            case Keyword.Alter: return ParseAlter();
            case Keyword.Comment: return ParseComment();
            case Keyword.Truncate: return ParseTruncate();
            case Keyword.Explain: return ParseExplain();
            case Keyword.Set: return ParseSet();
            case Keyword.Reset:
                Advance();
                var resetName = ParseSettingName();
                return new SetSyntax(SpanFrom(start), resetName, [], false);
            case Keyword.Show:
                Advance();
                var shown = Accept(Keyword.All) ? "all" : ParseSettingName();
                return new ShowSyntax(SpanFrom(start), shown);
            case Keyword.Checkpoint:
                Advance();
                return new CheckpointSyntax(SpanFrom(start));
            case Keyword.Vacuum: return ParseVacuum();
            case Keyword.Analyze or Keyword.Analyse:
                Advance();
                Accept(Keyword.Verbose);
                List<ObjectNameSyntax> analyzed = IsName() ? ParseObjectNames("the name of a table") : [];
                return new AnalyzeSyntax(SpanFrom(start), analyzed);
            default: return ParseTransactionStatement();
        }
    }

    /// <summary>The first FOR UPDATE of the statement that is being parsed.</summary>
    private LockingSyntax? lockingOfStatement;

    /// <summary>SELECT, INSERT, UPDATE or DELETE, with its common tables; null when the current token starts none of them.</summary>
    private StatementSyntax? ParseDataStatement()
    {
        var start = current.Start;
        var with = At(Keyword.With) ? ParseWith() : null;
        if (current.Kind == TokenKind.Word)
        {
            switch (current.Keyword)
            {
                case Keyword.Insert: return ParseInsert(start, with);
                case Keyword.Update: return ParseUpdate(start, with);
                case Keyword.Delete: return ParseDelete(start, with);
                case Keyword.None when AtWord("merge"): return ParseMerge(start, with);
            }
        }

        if (with == null && !AtQuery() && !At(TokenKind.LeftParenthesis))
        {
            return null;
        }

        var query = ParseQueryAfterWith(start, with);
        if (TakeInto(query.Body) is (var body, { } into))
        {
            return new CreateTableSyntax(SpanFrom(start), into.Name, false, into.IsTemporary) { As = query with { Body = body } };
        }

        return new SelectStatementSyntax(SpanFrom(start), query) { Locking = lockingOfStatement };
    }

    private StatementSyntax ParseTransactionStatement()
    {
        var start = current.Start;
        switch (current.Keyword)
        {
            case Keyword.Begin:
                Advance();
                AcceptTransactionWord();
                return ParseBeginModes(start);
            case Keyword.Start:
                Advance();
                Expect(Keyword.Transaction);
                return ParseBeginModes(start);
            case Keyword.Commit or Keyword.End:
                Advance();
                AcceptTransactionWord();
                return new CommitSyntax(SpanFrom(start));
            case Keyword.Rollback or Keyword.Abort:
                Advance();
                AcceptTransactionWord();
                if (!Accept(Keyword.To))
                {
                    return new RollbackSyntax(SpanFrom(start));
                }

                Accept(Keyword.Savepoint);
                var target = ParseName("the name of a savepoint");
                return new RollbackToSavepointSyntax(SpanFrom(start), target);
            case Keyword.Savepoint:
                Advance();
                var name = ParseName("the name of a savepoint");
                return new SavepointSyntax(SpanFrom(start), name);
            case Keyword.Release:
                Advance();
                Accept(Keyword.Savepoint);
                var released = ParseName("the name of a savepoint");
                return new ReleaseSavepointSyntax(SpanFrom(start), released);
            default:
                return AtWord("lock") ? ParseLock() : AtWord("prepare") ? ParsePrepare() : AtWord("execute") ? ParseExecute() : AtWord("deallocate") ? ParseDeallocate()
                    : throw Unexpected("a statement");
        }
    }

    /// <summary>PREPARE name [(types)] AS statement.</summary>
    private PrepareSyntax ParsePrepare()
    {
        var start = current.Start;
        Advance();
        var name = ParseName("the name of the statement");
        var types = new List<TypeNameSyntax>();
        if (Accept(TokenKind.LeftParenthesis))
        {
            do
            {
                types.Add(ParseTypeName());
            }
            while (Accept(TokenKind.Comma));
            ExpectClose();
        }

        Expect(Keyword.As);
        var outer = Enter();
        var statement = ParseDataStatement() ?? throw Unexpected("SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES");
        Leave(outer);
        return new PrepareSyntax(SpanFrom(start), name, types, statement);
    }

    /// <summary>EXECUTE name [(values)].</summary>
    private ExecuteSyntax ParseExecute()
    {
        var start = current.Start;
        Advance();
        var name = ParseName("the name of a prepared statement");
        List<ExpressionSyntax> arguments = [];
        if (Accept(TokenKind.LeftParenthesis))
        {
            arguments = ParseExpressions();
            ExpectClose();
        }

        return new ExecuteSyntax(SpanFrom(start), name, arguments);
    }

    private DeallocateSyntax ParseDeallocate()
    {
        var start = current.Start;
        Advance();
        if (AtWord("prepare") && Peek().Kind is TokenKind.Word or TokenKind.QuotedName)
        {
            Advance();
        }

        return new DeallocateSyntax(SpanFrom(start), Accept(Keyword.All) ? null : ParseName("the name of a prepared statement, or ALL"));
    }

    /// <summary>LOCK [TABLE] names [IN … MODE] [NOWAIT].</summary>
    private LockTableSyntax ParseLock()
    {
        var start = current.Start;
        Advance();
        Accept(Keyword.Table);
        Accept(Keyword.Only);
        var tables = ParseObjectNames("the name of a table");
        var isForReading = false;
        if (Accept(Keyword.In))
        {
            var mode = new List<string>();
            while (!AtWord("mode"))
            {
                mode.Add(Fold(ParseLabel("MODE")));
            }

            Advance();
            isForReading = string.Join(' ', mode) switch
            {
                "access share" or "row share" => true,
                "row exclusive" or "share update exclusive" or "share" or "share row exclusive" or "exclusive" or "access exclusive" => false,
                _ => throw Error.SyntaxRule("a mode of LOCK is ACCESS SHARE, ROW SHARE, ROW EXCLUSIVE, SHARE UPDATE EXCLUSIVE, SHARE, SHARE ROW EXCLUSIVE, EXCLUSIVE or ACCESS EXCLUSIVE.", start),
            };
        }

        return new LockTableSyntax(SpanFrom(start), tables, isForReading, Accept(Keyword.Nowait));
    }

    private void AcceptTransactionWord()
    {
        if (!Accept(Keyword.Work))
        {
            Accept(Keyword.Transaction);
        }
    }

    private BeginSyntax ParseBeginModes(int start)
    {
        var (isolation, isReadOnly) = ParseTransactionModes();
        return new BeginSyntax(SpanFrom(start), isolation, isReadOnly);
    }

    private (TransactionIsolation? Isolation, bool? IsReadOnly) ParseTransactionModes()
    {
        TransactionIsolation? isolation = null;
        bool? isReadOnly = null;
        while (true)
        {
            if (Accept(Keyword.Isolation, Keyword.Level))
            {
                isolation = ParseIsolation();
            }
            else if (At(Keyword.Read) && (PeekIs(Keyword.Only) || PeekIs(Keyword.Write)))
            {
                Advance();
                isReadOnly = At(Keyword.Only);
                Advance();
            }
            else if (Accept(Keyword.Not))
            {
                Expect(Keyword.Deferrable);
            }
            else if (!Accept(Keyword.Deferrable) && !Accept(TokenKind.Comma))
            {
                return (isolation, isReadOnly);
            }
        }
    }

    /// <summary>Each of the standard's levels gives at least what it promises; REPEATABLE READ is a snapshot, as in PostgreSQL.</summary>
    private TransactionIsolation ParseIsolation()
    {
        if (Accept(Keyword.Serializable))
        {
            return TransactionIsolation.Serializable;
        }

        if (Accept(Keyword.Snapshot))
        {
            return TransactionIsolation.Snapshot;
        }

        if (Accept(Keyword.Repeatable))
        {
            Expect(Keyword.Read);
            return TransactionIsolation.Snapshot;
        }

        if (!Accept(Keyword.Read))
        {
            throw Unexpected("READ COMMITTED, REPEATABLE READ, SNAPSHOT or SERIALIZABLE");
        }

        if (!Accept(Keyword.Uncommitted))
        {
            Expect(Keyword.Committed);
        }

        return TransactionIsolation.ReadCommitted;
    }

    private ExplainSyntax ParseExplain()
    {
        var start = current.Start;
        Advance();
        var isAnalyze = Accept(Keyword.Analyze) || Accept(Keyword.Analyse);
        Accept(Keyword.Verbose);
        if (At(TokenKind.LeftParenthesis) && Peek() is { Kind: TokenKind.Word, Keyword: not (Keyword.Select or Keyword.With or Keyword.Values or Keyword.Table) })
        {
            isAnalyze = ParseExplainOptions();
        }

        var outer = Enter();
        var statement = ParseStatement();
        Leave(outer);
        return new ExplainSyntax(SpanFrom(start), statement, isAnalyze);
    }

    /// <summary>EXPLAIN (ANALYZE, VERBOSE off, …): all are read, ANALYZE alone has a meaning.</summary>
    private bool ParseExplainOptions()
    {
        var isAnalyze = false;
        ExpectOpen();
        do
        {
            var isAnalyzeOption = At(Keyword.Analyze) || At(Keyword.Analyse);
            var option = ParseLabel("an option of EXPLAIN");
            if (option.Text.ToUpperInvariant() is not ("ANALYZE" or "ANALYSE" or "VERBOSE" or "COSTS" or "SETTINGS" or "GENERIC_PLAN" or "BUFFERS" or "SERIALIZE" or "WAL" or "TIMING" or "SUMMARY" or "MEMORY" or "FORMAT"))
            {
                throw Error.SyntaxRule($"EXPLAIN has no option {option}.", option.Position);
            }

            var isOn = true;
            if (!At(TokenKind.Comma) && !At(TokenKind.RightParenthesis))
            {
                isOn = !At(Keyword.False) && !(At(TokenKind.Word) && text.AsSpan(current.Start, current.Length).Equals("off", StringComparison.OrdinalIgnoreCase))
                    && !(At(TokenKind.Integer) && text[current.Start] == '0');
                Advance();
            }

            isAnalyze = isAnalyzeOption ? isOn : isAnalyze;
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        return isAnalyze;
    }

    private StatementSyntax ParseSet()
    {
        var start = current.Start;
        Advance();
        if (Accept(Keyword.Transaction))
        {
            var (isolation, isReadOnly) = ParseTransactionModes();
            return new SetTransactionSyntax(SpanFrom(start), isolation, isReadOnly, false);
        }

        var isLocal = false;
        if (At(Keyword.Session) && PeekIs(Keyword.Characteristics))
        {
            Advance();
            Advance();
            Expect(Keyword.As, Keyword.Transaction);
            var (isolation, isReadOnly) = ParseTransactionModes();
            return new SetTransactionSyntax(SpanFrom(start), isolation, isReadOnly, true);
        }

        if ((At(Keyword.Session) || At(Keyword.Local)) && Peek().Kind is TokenKind.Word or TokenKind.QuotedName && !PeekIs(Keyword.To))
        {
            isLocal = At(Keyword.Local);
            Advance();
        }

        string name;
        if (Accept(Keyword.Time, Keyword.Zone))
        {
            name = "timezone";
        }
        else
        {
            name = ParseSettingName();
            if (!Accept(Keyword.To) && !AcceptOperator("="))
            {
                throw Unexpected("TO or \"=\"");
            }
        }

        var values = new List<string>();
        if (!Accept(Keyword.Default))
        {
            do
            {
                values.Add(ParseSettingValue());
            }
            while (Accept(TokenKind.Comma));
        }

        return new SetSyntax(SpanFrom(start), name, values, isLocal);
    }

    private string ParseSettingName()
    {
        var name = Fold(ParseLabel("the name of a setting"));
        while (Accept(TokenKind.Dot))
        {
            name += "." + Fold(ParseLabel("the name of a setting"));
        }

        return name;
    }

    private string ParseSettingValue()
    {
        if (AtString())
        {
            return ParseString("a value");
        }

        if (current.Kind is TokenKind.Word or TokenKind.QuotedName)
        {
            return Fold(TakeName());
        }

        var start = current.Start;
        if (AtOperator("-") || AtOperator("+"))
        {
            Advance();
        }

        if (current.Kind is not (TokenKind.Integer or TokenKind.Number))
        {
            throw Unexpected("a value: a word, a string or a number");
        }

        Advance();
        return SpanFrom(start).Of(text);
    }

    private VacuumSyntax ParseVacuum()
    {
        var start = current.Start;
        Advance();
        var isFull = false;
        if (Accept(TokenKind.LeftParenthesis))
        {
            do
            {
                isFull |= At(Keyword.Full);
                ParseLabel("an option of VACUUM");
            }
            while (Accept(TokenKind.Comma));
            ExpectClose();
        }

        while (At(Keyword.Full) || At(Keyword.Freeze) || At(Keyword.Verbose) || At(Keyword.Analyze) || At(Keyword.Analyse))
        {
            isFull |= At(Keyword.Full);
            Advance();
        }

        List<ObjectNameSyntax> tables = IsName() ? ParseObjectNames("the name of a table") : [];
        return new VacuumSyntax(SpanFrom(start), tables, isFull);
    }

    private TruncateSyntax ParseTruncate()
    {
        var start = current.Start;
        Advance();
        Accept(Keyword.Table);
        Accept(Keyword.Only);
        var tables = ParseObjectNames("the name of a table");
        var restart = Accept(Keyword.Restart);
        if (restart || Accept(Keyword.Continue))
        {
            Expect(Keyword.Identity);
        }

        var isCascade = AcceptCascade();
        return new TruncateSyntax(SpanFrom(start), tables, restart, isCascade);
    }
}
