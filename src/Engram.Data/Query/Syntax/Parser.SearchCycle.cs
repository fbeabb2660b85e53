namespace Engram.Data.Query.Syntax;

/// <summary>What stands behind a recursive query: in which order its rows are to be told apart, and how cycles end.</summary>
internal sealed partial class Parser
{
    private SearchSyntax? ParseSearch()
    {
        var start = current.Start;
        if (!AcceptWord("search"))
        {
            return null;
        }

        var isBreadthFirst = AcceptWord("breadth");
        if (!isBreadthFirst && !AcceptWord("depth"))
        {
            throw Unexpected("DEPTH FIRST or BREADTH FIRST");
        }

        Expect(Keyword.First);
        Expect(Keyword.By);
        var by = ParseNames();
        Expect(Keyword.Set);
        var sequence = ParseName("the name of the column to order by");
        return new SearchSyntax(SpanFrom(start), isBreadthFirst, by, sequence);
    }

    private CycleSyntax? ParseCycle()
    {
        var start = current.Start;
        if (!Accept(Keyword.Cycle))
        {
            return null;
        }

        var columns = ParseNames();
        Expect(Keyword.Set);
        var mark = ParseName("the name of the column that marks cycles");
        ExpressionSyntax? value = null, otherwise = null;
        if (Accept(Keyword.To))
        {
            value = ParsePrimary();
            Expect(Keyword.Default);
            otherwise = ParsePrimary();
        }

        Expect(Keyword.Using);
        var path = ParseName("the name of the column of the path");
        return new CycleSyntax(SpanFrom(start), columns, mark, value, otherwise, path);
    }

    private List<IdentifierSyntax> ParseNames()
    {
        var names = new List<IdentifierSyntax>();
        do
        {
            names.Add(ParseName("the name of a column"));
        }
        while (Accept(TokenKind.Comma));
        return names;
    }
}
