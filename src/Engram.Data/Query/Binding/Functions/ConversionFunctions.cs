using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions that write, quote, encode and take apart texts, and those with the meaning of .NET's string methods.</summary>
internal static class ConversionFunctions
{
    private const TypeKind Text = TypeKind.Text;
    private const TypeKind Bytea = TypeKind.Bytea;
    private const TypeKind Int = TypeKind.Int32;
    private const TypeKind Any = TypeKind.Unknown;

    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Unary<Bytes, Bytes, InitialCapitals>("initcap", Text, DataType.Text, "Words with a capital first letter, all others small."),
        Scalar.Ternary<Bytes, Bytes, Bytes, Bytes, Translate>("translate", [Text, Text, Text], DataType.Text, "Characters of the second argument replaced by those at the same place of the third, or dropped."),
        Scalar.Ternary<Bytes, Bytes, int, Bytes, SplitPart>("split_part", [Text, Text, Int], DataType.Text, "The n-th part between separators, from the end when n is negative."),
        Scalar.Unary<Bytes, int, FirstCodePoint>("ascii", Text, DataType.Int32, "Code point of the first character, 0 for an empty text."),
        Scalar.Unary<int, Bytes, CharacterOf>("chr", Int, DataType.Text, "The character of a code point."),
        Scalar.Unary<Bytes, Bytes, Md5>("md5", Text, DataType.Text, "MD5 hash in hexadecimal digits."),
        Scalar.Unary<Bytes, Bytes, Md5>("md5", Bytea, DataType.Text, "MD5 hash in hexadecimal digits."),
        Scalar.Unary<Bytes, Bytes, HashOf<Sha224>>("sha224", Bytea, DataType.Bytea, "SHA-224 hash."),
        Scalar.Unary<Bytes, Bytes, HashOf<Sha256>>("sha256", Bytea, DataType.Bytea, "SHA-256 hash."),
        Scalar.Unary<Bytes, Bytes, HashOf<Sha384>>("sha384", Bytea, DataType.Bytea, "SHA-384 hash."),
        Scalar.Unary<Bytes, Bytes, HashOf<Sha512>>("sha512", Bytea, DataType.Bytea, "SHA-512 hash."),
        Scalar.Binary<Bytes, Bytes, Bytes, Encode>("encode", Bytea, Text, DataType.Text, "Bytes as text: 'hex', 'base64' or 'escape'."),
        Scalar.Binary<Bytes, Bytes, Bytes, Decode>("decode", Text, Text, DataType.Bytea, "The bytes of a text: 'hex', 'base64' or 'escape'."),
        Scalar.Unary<int, Bytes, ToHex<int>>("to_hex", Int, DataType.Text, "Hexadecimal digits, in two's complement."),
        Scalar.Unary<long, Bytes, ToHex<long>>("to_hex", TypeKind.Int64, DataType.Text, "Hexadecimal digits, in two's complement."),
        Scalar.Unary<Bytes, Bytes, QuoteIdentifier>("quote_ident", Text, DataType.Text, "As a name in SQL, in quotes where it needs them."),
        OfText("quote_literal", isStrict: true, "As a literal in SQL; NULL for NULL.", arguments => new UnaryEvaluator<Bytes, Bytes, QuoteLiteral>(DataType.Text, arguments[0])),
        OfText("quote_nullable", isStrict: false, "As a literal in SQL; the word NULL for NULL.", arguments => new LooseRowEvaluator<Bytes, QuoteNullable>(DataType.Text, arguments)),
        .. Overlays(Text, DataType.Text, isText: true),
        .. Overlays(Bytea, DataType.Bytea, isText: false),
        Scalar.Row<Bytes, Normalize>("normalize", [Text], DataType.Text, "Unicode normal form NFC."),
        Scalar.Row<Bytes, Normalize>("normalize", [Text, Text], DataType.Text, "Unicode normal form: NFC, NFD, NFKC or NFKD."),
        Scalar.Row<byte, IsNormalized>("is_normalized", [Text], DataType.Boolean, "Whether the text is in the normal form NFC."),
        Scalar.Row<byte, IsNormalized>("is_normalized", [Text, Text], DataType.Boolean, "Whether the text is in a normal form."),
        Scalar.Unary<Bytes, Bytes, Unescape>("unistr", Text, DataType.Text, "With \\0041, \\+000041, \\u0041 and \\U00000041 replaced by their characters."),
        Scalar.Of("format", [Text], DataType.Text, (type, arguments, _) => new LooseRowEvaluator<Bytes, FormatTemplate>(type, [.. arguments]), "The template itself, %% being %.") with { IsStrict = false },
        Scalar.Of("format", [Text, Any], DataType.Text, (type, arguments, _) => new LooseRowEvaluator<Bytes, FormatTemplate>(type, [.. arguments.Select(AsText)]),
            "Values put into a template: %s text, %I name, %L literal, %% percent.") with { IsStrict = false, IsVariadic = true },
        Scalar.Unary<Bytes, int, BitLength>("bit_length", Text, DataType.Int32, "Number of bits in UTF-8."),
        Scalar.Unary<Bytes, int, BitLength>("bit_length", Bytea, DataType.Int32, "Number of bits."),
        Pad("utf16_pad_left", isLeft: true, "string.PadLeft of .NET."),
        Pad("utf16_pad_left", isLeft: true, "string.PadLeft of .NET.", Text),
        Pad("utf16_pad_right", isLeft: false, "string.PadRight of .NET."),
        Pad("utf16_pad_right", isLeft: false, "string.PadRight of .NET.", Text),
        Scalar.Row<Bytes, Utf16Insert>("utf16_insert", [Text, Int, Text], DataType.Text, "string.Insert of .NET."),
        Scalar.Row<Bytes, Utf16Remove>("utf16_remove", [Text, Int], DataType.Text, "string.Remove of .NET."),
        Scalar.Row<Bytes, Utf16Remove>("utf16_remove", [Text, Int, Int], DataType.Text, "string.Remove of .NET."),
        Scalar.Unary<Bytes, Bytes, TrimWhiteSpace<TrimBoth>>("trim_white_space", Text, DataType.Text, "Without white space of any kind at both ends: string.Trim of .NET."),
        Scalar.Unary<Bytes, Bytes, TrimWhiteSpace<TrimStart>>("trim_start_white_space", Text, DataType.Text, "Without white space of any kind at the start: string.TrimStart of .NET."),
        Scalar.Unary<Bytes, Bytes, TrimWhiteSpace<TrimEnd>>("trim_end_white_space", Text, DataType.Text, "Without white space of any kind at the end: string.TrimEnd of .NET."),
    ];

    private static Evaluator AsText(Evaluator argument) => CastFactory.Create(DataType.Text, argument, null, isExplicit: true);

    private static FunctionOverload OfText(string name, bool isStrict, string summary, Func<Evaluator[], Evaluator> create)
        => Scalar.Of(name, [Any], DataType.Text, (_, arguments, _) => create([AsText(arguments[0])]), summary) with { IsStrict = isStrict };

    private static FunctionOverload[] Overlays(TypeKind kind, DataType type, bool isText) =>
    [
        Scalar.Of("overlay", [kind, kind, Int], type, (result, arguments, _) => new RowEvaluator<Bytes, Overlay>(result, [.. arguments], new Overlay(isText)), "A part replaced from a 1-based place on, as many characters as the new part has."),
        Scalar.Of("overlay", [kind, kind, Int, Int], type, (result, arguments, _) => new RowEvaluator<Bytes, Overlay>(result, [.. arguments], new Overlay(isText)), "A part of a length replaced from a 1-based place on."),
    ];

    private static FunctionOverload Pad(string name, bool isLeft, string summary, params TypeKind[] fill)
        => Scalar.Of(name, [Text, Int, .. fill], DataType.Text, (type, arguments, _) => new RowEvaluator<Bytes, Utf16Pad>(type, [.. arguments], new Utf16Pad(isLeft)), summary);
}
