using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions of text. Lengths and places count code points, but for those named utf16_, which count as .NET does.</summary>
internal static class TextFunctions
{
    private const TypeKind Text = TypeKind.Text;
    private const TypeKind Int = TypeKind.Int32;

    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Binary<Bytes, Bytes, Bytes, Concatenate>("||", Text, Text, DataType.Text, "Concatenation; NULL when either side is."),
        Scalar.Binary<Bytes, Bytes, Bytes, Concatenate>("||", TypeKind.Bytea, TypeKind.Bytea, DataType.Bytea, "Concatenation."),
        Scalar.Unary<Bytes, int, TextLength>("length", Text, DataType.Int32, "Number of code points."),
        Scalar.Unary<Bytes, int, TextLength>("char_length", Text, DataType.Int32, "Number of code points."),
        Scalar.Unary<Bytes, int, TextLength>("character_length", Text, DataType.Int32, "Number of code points."),
        Scalar.Unary<Bytes, int, OctetLength>("length", TypeKind.Bytea, DataType.Int32, "Number of bytes."),
        Scalar.Unary<Bytes, int, OctetLength>("octet_length", TypeKind.Bytea, DataType.Int32, "Number of bytes."),
        Scalar.Unary<Bytes, int, OctetLength>("octet_length", Text, DataType.Int32, "Number of bytes in UTF-8."),
        Scalar.Unary<Bytes, int, Utf16Length>("utf16_length", Text, DataType.Int32, "Number of UTF-16 code units: string.Length of .NET."),
        Scalar.Unary<Bytes, Bytes, MapCase<UpperCase>>("upper", Text, DataType.Text, "Upper case, invariant."),
        Scalar.Unary<Bytes, Bytes, MapCase<LowerCase>>("lower", Text, DataType.Text, "Lower case, invariant."),
        .. Trim<TrimBoth>("btrim", "both ends"),
        .. Trim<TrimBoth>("trim", "both ends"),
        .. Trim<TrimStart>("ltrim", "the start"),
        .. Trim<TrimEnd>("rtrim", "the end"),
        .. Substring("substring"),
        .. Substring("substr"),
        Scalar.Binary<Bytes, int, Bytes, Utf16SubstringFrom>("utf16_substring", Text, Int, DataType.Text, "The rest from a 0-based place, in UTF-16 code units."),
        Scalar.Ternary<Bytes, int, int, Bytes, Utf16SubstringFor>("utf16_substring", [Text, Int, Int], DataType.Text, "A part from a 0-based place, in UTF-16 code units."),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, int, Utf16IndexOf>("utf16_index_of", Text, Text, DataType.Int32, "0-based place of a part in UTF-16 code units, -1 when it is not there.")),
        Scalar.Binary<Bytes, int, Bytes, Left>("left", Text, Int, DataType.Text, "The first n code points; a negative n leaves out the last ones."),
        Scalar.Binary<Bytes, int, Bytes, Right>("right", Text, Int, DataType.Text, "The last n code points; a negative n leaves out the first ones."),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, int, StringPosition>("strpos", Text, Text, DataType.Int32, "1-based place of a part, 0 when it is not there.")),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, int, Position>("position", Text, Text, DataType.Int32, "position(part, text): 1-based, 0 when it is not there.")),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, byte, StartsWith>("starts_with", Text, Text, DataType.Boolean, "Whether the text starts with another.")),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, byte, EndsWith>("ends_with", Text, Text, DataType.Boolean, "Whether the text ends with another.")),
        Scalar.Searching(Scalar.Binary<Bytes, Bytes, byte, Contains>("contains", Text, Text, DataType.Boolean, "Whether the text contains another.")),
        Scalar.Ternary<Bytes, Bytes, Bytes, Bytes, Replace>("replace", [Text, Text, Text], DataType.Text, "Every occurrence of a part replaced."),
        Scalar.Unary<Bytes, Bytes, Reverse>("reverse", Text, DataType.Text, "Code points in reverse order."),
        Scalar.Binary<Bytes, int, Bytes, Repeat>("repeat", Text, Int, DataType.Text, "The text n times."),
        Scalar.Binary<Bytes, int, Bytes, PadWithSpaces<PadLeft>>("lpad", Text, Int, DataType.Text, "Filled to n code points with spaces at the start."),
        Scalar.Ternary<Bytes, int, Bytes, Bytes, Pad<PadLeft>>("lpad", [Text, Int, Text], DataType.Text, "Filled to n code points at the start."),
        Scalar.Binary<Bytes, int, Bytes, PadWithSpaces<PadRight>>("rpad", Text, Int, DataType.Text, "Filled to n code points with spaces at the end."),
        Scalar.Ternary<Bytes, int, Bytes, Bytes, Pad<PadRight>>("rpad", [Text, Int, Text], DataType.Text, "Filled to n code points at the end."),
        .. Like("like", ignoresCase: false, "Whether the text matches a pattern of % and _").Select(Scalar.Searching),
        .. Like("ilike", ignoresCase: true, "LIKE without regard to case"),
        Scalar.Of("concat", [Text], DataType.Text, (type, arguments, _) => new ConcatEvaluator(type, null, [.. arguments]), "All arguments joined; NULLs count as empty.")
            with { IsVariadic = true, IsStrict = false },
        Scalar.Of("concat_ws", [Text, Text], DataType.Text, (type, arguments, _) => new ConcatEvaluator(type, arguments[0], [.. arguments[1..]]), "All but the first joined by the first; NULLs are left out.")
            with { IsVariadic = true, IsStrict = false },
    ];

    private static FunctionOverload[] Trim<TEnds>(string name, string ends)
        where TEnds : struct, ITrimEnds
        =>
        [
            Scalar.Unary<Bytes, Bytes, TrimSpaces<TEnds>>(name, Text, DataType.Text, $"Without spaces at {ends}."),
            Scalar.Binary<Bytes, Bytes, Bytes, TrimCharacters<TEnds>>(name, Text, Text, DataType.Text, $"Without characters of a set at {ends}."),
            Scalar.Binary<Bytes, Bytes, Bytes, TrimBytes<TEnds>>(name, TypeKind.Bytea, TypeKind.Bytea, DataType.Bytea, $"Without bytes of a set at {ends}."),
        ];

    private static FunctionOverload[] Substring(string name) =>
    [
        Scalar.Binary<Bytes, int, Bytes, SubstringFrom>(name, Text, Int, DataType.Text, "The rest from a 1-based place."),
        Scalar.Ternary<Bytes, int, int, Bytes, SubstringFor>(name, [Text, Int, Int], DataType.Text, "A part from a 1-based place."),
    ];

    private static FunctionOverload[] Like(string name, bool ignoresCase, string summary) =>
    [
        Scalar.Of(name, [Text, Text], DataType.Boolean, (type, arguments, _)
            => new BinaryEvaluator<Bytes, Bytes, byte, Like>(type, arguments[0], arguments[1], new Like(ignoresCase)), summary + @"; \ escapes."),
        Scalar.Of(name, [Text, Text, Text], DataType.Boolean, (type, arguments, _)
            => new TernaryEvaluator<Bytes, Bytes, Bytes, byte, Like>(type, arguments[0], arguments[1], arguments[2], new Like(ignoresCase)), summary + "; the third argument escapes, if it is not empty."),
    ];
}
