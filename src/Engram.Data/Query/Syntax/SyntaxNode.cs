namespace Engram.Data.Query.Syntax;

/// <summary>A piece of a statement's text: a 0-based offset and a length in UTF-16 code units.</summary>
internal readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;

    public static TextSpan FromBounds(int start, int end) => new(start, end - start);

    /// <summary>The text that this span covers.</summary>
    public string Of(string text) => text.Substring(Start, Length);
}

/// <summary>A node of the tree that the parser makes of a text. Immutable; says what was written, not what it means.</summary>
/// <remarks>Identifiers keep the spelling of the text: folding and looking up are the binder's.</remarks>
internal abstract record SyntaxNode(TextSpan Span)
{
    /// <summary>0-based offset of the node's first character in the text of the script.</summary>
    public int Position => Span.Start;

    /// <summary>Characters from the first to the last of the node.</summary>
    public int Length => Span.Length;
}

/// <summary>A name as written. <see cref="Text"/> is without quotes and with doubled quotes undone.</summary>
internal sealed record IdentifierSyntax(TextSpan Span, string Text, bool IsQuoted) : SyntaxNode(Span)
{
    public override string ToString() => IsQuoted ? "\"" + Text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : Text;
}

/// <summary>The name of a table, view, index, sequence or function, with its schema when one was written.</summary>
internal sealed record ObjectNameSyntax(TextSpan Span, IdentifierSyntax? Schema, IdentifierSyntax Name) : SyntaxNode(Span)
{
    public override string ToString() => Schema == null ? Name.ToString() : $"{Schema}.{Name}";
}

/// <summary>A type as written: <c>numeric(18, 2)</c>, <c>timestamp with time zone</c>, <c>int[]</c>.</summary>
/// <param name="Span">Where it stands.</param>
/// <param name="Name">Unquoted words in lower case with one space between them; a quoted name as it is.</param>
/// <param name="Modifiers">The numbers in parentheses.</param>
/// <param name="ArrayDimensions">Pairs of brackets, 0 for a type that is no array.</param>
internal sealed record TypeNameSyntax(TextSpan Span, string Name, IReadOnlyList<int> Modifiers, int ArrayDimensions) : SyntaxNode(Span);
