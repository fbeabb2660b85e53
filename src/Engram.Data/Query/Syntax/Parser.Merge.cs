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
            var when = ParseMergeWhen();
            if (whens.Exists(w => w.Match == when.Match && w.Condition is null))
            {
                throw Error.SyntaxRule("no row reaches a WHEN behind one of its kind that has no condition.", when.Position);
            }

            whens.Add(when);
        }
        while (At(Keyword.When));
        var returning = ParseReturning();
        return new MergeSyntax(SpanFrom(start), with, table, alias, source, on, whens) { Returning = returning };
    }

    private MergeWhenSyntax ParseMergeWhen()
    {
        var start = current.Start;
        Expect(Keyword.When);
        var match = Accept(Keyword.Not) ? MergeMatch.NotMatchedByTarget : MergeMatch.Matched;
        if (!AtWord("matched"))
        {
            throw Unexpected("MATCHED");
        }

        Advance();
        if (match != MergeMatch.Matched && Accept(Keyword.By))
        {
            if (!AtWord("source") && !AtWord("target"))
            {
                throw Unexpected("SOURCE or TARGET");
            }

            match = AtWord("source") ? MergeMatch.NotMatchedBySource : match;
            Advance();
        }

        var condition = Accept(Keyword.And) ? ParseExpression() : null;
        Expect(Keyword.Then);
        var when = ParseMergeAction(match, start) with { Condition = condition };
        return when with { Span = SpanFrom(start) };
    }

    private MergeWhenSyntax ParseMergeAction(MergeMatch match, int start)
    {
        MergeWhenSyntax Make(MergeAction action) => new(SpanFrom(start), match, null, action);
        if (Accept(Keyword.Do))
        {
            Expect(Keyword.Nothing);
            return Make(MergeAction.DoNothing);
        }

        if (match != MergeMatch.NotMatchedByTarget && Accept(Keyword.Delete))
        {
            return Make(MergeAction.Delete);
        }

        if (match != MergeMatch.NotMatchedByTarget)
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
