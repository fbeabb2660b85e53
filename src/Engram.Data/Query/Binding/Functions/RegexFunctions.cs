using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Regular expressions: PostgreSQL's, run by .NET without backtracking (see <see cref="RegexDialect"/>).</summary>
internal static class RegexFunctions
{
    private const TypeKind Text = TypeKind.Text;
    private const TypeKind Int = TypeKind.Int32;

    private static readonly DataType Texts = DataType.ArrayOf(TypeKind.Text);

    public static IEnumerable<FunctionOverload> All =>
    [
        Matches("~", RegexFlags.None, isNegated: false, "Whether a regular expression matches a part of the text."),
        Matches("~*", RegexFlags.IgnoreCase, isNegated: false, "The same without regard to case."),
        Matches("!~", RegexFlags.None, isNegated: true, "Whether a regular expression matches no part of the text."),
        Matches("!~*", RegexFlags.IgnoreCase, isNegated: true, "The same without regard to case."),
        .. Shapes([Text, Text], [Text]).Select(p => Is("regexp_like", p, RegexFlags.None, isNegated: false, "Whether a regular expression matches a part of the text; flags such as 'i'.")),
        .. Shapes([Text, Text], [Text]).Select(p => Scalar.Row<Bytes, RegexMatchGroups>("regexp_match", p, Texts, "The groups of the first match, or the whole match when there are none; NULL without a match.")),
        .. Shapes([Text, Text], [Int, Int, Text, Int]).Select(p => Scalar.Of("regexp_substr", p, DataType.Text, (type, arguments, _)
            => new RowEvaluator<Bytes, RegexSubstring>(type, [.. arguments], new RegexSubstring("regexp_substr")), "The match: from a place, the n-th, with flags, a group of it.")),
        .. Shapes([Text, Text], [Int, Int, Int, Text, Int]).Select(p => Scalar.Row<int, RegexPlace>("regexp_instr", p, DataType.Int32, "Where the match begins (0), or what follows it (1): from a place, the n-th, begin or end, flags, group; 0 without one.")),
        .. Shapes([Text, Text], [Int, Text]).Select(p => Scalar.Row<int, RegexCount>("regexp_count", p, DataType.Int32, "Number of matches, from a place, with flags.")),
        .. Shapes([Text, Text, Text], [Text]).Select(p => Replacing("regexp_replace", p, new RegexReplace(hasPlace: false), "The first match replaced, with the flag 'g' all; \\1 to \\9 are groups, \\& is the match.")),
        .. Shapes([Text, Text, Text, Int], [Int, Text]).Select(p => Replacing("regexp_replace", p, new RegexReplace(hasPlace: true), "From a place on the n-th match replaced, 0 for all.")),
        .. Shapes([Text, Text], [Text]).Select(p => Scalar.Row<Bytes, RegexSplit>("regexp_split_to_array", p, Texts, "What lies between the matches.")),
        Scalar.Row<Bytes, RegexFirst>("substring", [Text, Text], DataType.Text, "substring(text FROM pattern): the first group of the first match, or the whole match."),
        Scalar.Row<Bytes, SimilarSubstring>("substring", [Text, Text, Text], DataType.Text, "substring(text FROM pattern FOR escape): the part of SQL's kind of pattern between two escaped quotes."),
        Scalar.Row<byte, SimilarTo>("similar_to", [Text, Text], DataType.Boolean, "text SIMILAR TO pattern."),
        Scalar.Row<byte, SimilarTo>("similar_to", [Text, Text, Text], DataType.Boolean, "text SIMILAR TO pattern ESCAPE character."),
        .. Shapes([Text, Text], [Text]).Select(p => Is("regex_is_match", p, RegexFlags.DotNet | RegexFlags.NotNewline, isNegated: false, "Whether a regular expression of .NET matches: Regex.IsMatch. Flags: i, m for lines, s for a dot that takes line ends, x.")),
        .. Shapes([Text, Text, Text], [Text]).Select(p => Replacing("regex_replace", p, new RegexReplace(hasPlace: false, RegexFlags.DotNet | RegexFlags.NotNewline | RegexFlags.Global), "All matches of a regular expression of .NET replaced: Regex.Replace.")),
    ];

    /// <summary>The parameter lists with none, the first, the first two … of those that may be left out.</summary>
    private static IEnumerable<TypeKind[]> Shapes(TypeKind[] required, TypeKind[] optional)
        => Enumerable.Range(0, optional.Length + 1).Select(n => (TypeKind[])[.. required, .. optional[..n]]);

    private static FunctionOverload Matches(string name, RegexFlags flags, bool isNegated, string summary) => Is(name, [Text, Text], flags, isNegated, summary);

    private static FunctionOverload Is(string name, TypeKind[] parameters, RegexFlags flags, bool isNegated, string summary)
        => Scalar.Of(name, parameters, DataType.Boolean, (type, arguments, _) => new RowEvaluator<byte, RegexIsMatch>(type, [.. arguments], new RegexIsMatch(flags, isNegated)), summary);

    private static FunctionOverload Replacing(string name, TypeKind[] parameters, RegexReplace function, string summary)
        => Scalar.Of(name, parameters, DataType.Text, (type, arguments, _) => new RowEvaluator<Bytes, RegexReplace>(type, [.. arguments], function), summary);
}
