namespace Engram.Data.Query.Syntax;

/// <summary>MERGE.</summary>
internal sealed partial class Parser
{
    private MergeSyntax ParseMerge(int start, WithSyntax? with)
    {
        Advance();
        Expect(Keyword.Into);
        Accept(Keyword.Only);
        var table = ParseObjectName("the name of a table");
        var alias = Accept(Keyword.As) || (IsName() && !At(Keyword.Using)) ? ParseName("the name that the table is known by") : null;
        Expect(Keyword.Using);
        var source = ParseTable();
        Expect(Keyword.On);
        var on = ParseExpression();
        var whens = new List<MergeWhenSyntax>();
        do
        {
            whens.Add(ParseMergeWhen());
        }
        while (At(Keyword.When));
        if (At(Keyword.Returning))
        {
            throw Error.NotSupported("RETURNING of MERGE", current.Start + 1);
        }

        return new MergeSyntax(SpanFrom(start), with, table, alias, source, on, whens);
    }

    private MergeWhenSyntax ParseMergeWhen()
    {
        var start = current.Start;
        Expect(Keyword.When);
        var isMatched = !Accept(Keyword.Not);
        if (!AtWord("matched"))
        {
            throw Unexpected("MATCHED");
        }

        Advance();
        if (At(Keyword.By))
        {
            throw Error.NotSupported("NOT MATCHED BY (delete what is not in the source by a statement of its own)", current.Start + 1);
        }

        var condition = Accept(Keyword.And) ? ParseExpression() : null;
        Expect(Keyword.Then);
        var when = ParseMergeAction(isMatched, start) with { Condition = condition };
        return when with { Span = SpanFrom(start) };
    }

    private MergeWhenSyntax ParseMergeAction(bool isMatched, int start)
    {
        MergeWhenSyntax Make(MergeAction action) => new(SpanFrom(start), isMatched, null, action);
        if (Accept(Keyword.Do))
        {
            Expect(Keyword.Nothing);
            return Make(MergeAction.DoNothing);
        }

        if (isMatched && Accept(Keyword.Delete))
        {
            return Make(MergeAction.Delete);
        }

        if (isMatched)
        {
            if (!Accept(Keyword.Update))
            {
                throw Unexpected("UPDATE, DELETE or DO NOTHING");
            }

            Expect(Keyword.Set);
            return Make(MergeAction.Update) with { Assignments = ParseAssignments() };
        }

        if (!Accept(Keyword.Insert))
        {
            throw Unexpected("INSERT or DO NOTHING");
        }

        var when = Make(MergeAction.Insert);
        if (At(TokenKind.LeftParenthesis))
        {
            when = when with { Columns = ParseNameList("the name of a column") };
        }

        if (Accept(Keyword.Overriding))
        {
            var isSystem = Accept(Keyword.System);
            if (!isSystem)
            {
                Expect(Keyword.User);
            }

            Expect(Keyword.Value);
            when = when with { OverridingSystemValue = isSystem };
        }

        if (Accept(Keyword.Default))
        {
            Expect(Keyword.Values);
            return when;
        }

        if (!At(Keyword.Values))
        {
            throw Unexpected("VALUES or DEFAULT VALUES");
        }

        var values = ParseValues();
        return values.Rows.Count == 1 ? when with { Values = values.Rows[0] } : throw Error.SyntaxRule("INSERT of MERGE has one row of VALUES.", values.Position);
    }
}
