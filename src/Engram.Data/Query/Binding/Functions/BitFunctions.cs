using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Operators and functions of bit strings: PostgreSQL's, and pgvector's distances of them.</summary>
internal static class BitFunctions
{
    private const TypeKind Bits = TypeKind.Bit;
    private const TypeKind Int = TypeKind.Int32;

    private static readonly DataType Varying = DataType.VaryingBits();

    public static IEnumerable<FunctionOverload> All =>
    [
        Combined<BitsAnd>("Bitwise and of bit strings of one length."),
        Combined<BitsOr>("Bitwise or of bit strings of one length."),
        Combined<BitsXor>("Bitwise exclusive or of bit strings of one length."),
        new FunctionOverload("~", FunctionKind.Scalar, [Bits], types => types[0])
        {
            Summary = "Bitwise complement.",
            CreateEvaluator = (type, arguments, _) => new UnaryEvaluator<Bytes, Bytes, BitsInverted>(type, arguments[0]),
        },
        Shift("<<", isLeft: true, "Bits shifted to the front; the length stays."),
        Shift(">>", isLeft: false, "Bits shifted to the end; the length stays."),
        Scalar.Binary<Bytes, Bytes, Bytes, BitsConcatenated>("||", Bits, Bits, Varying, "The bits of both."),
        Scalar.Unary<Bytes, int, BitsLength>("length", Bits, DataType.Int32, "Number of bits."),
        Scalar.Unary<Bytes, int, BitsLength>("bit_length", Bits, DataType.Int32, "Number of bits."),
        Scalar.Unary<Bytes, int, BitOctetLength>("octet_length", Bits, DataType.Int32, "Number of bytes that hold the bits."),
        Scalar.Unary<Bytes, long, BitsSet>("bit_count", Bits, DataType.Int64, "Number of bits that are set."),
        Scalar.Binary<Bytes, int, int, BitAt>("get_bit", Bits, Int, DataType.Int32, "The bit at a 0-based place."),
        Scalar.Ternary<Bytes, int, int, Bytes, BitReplaced>("set_bit", [Bits, Int, Int], Varying, "With another bit at a 0-based place."),
        .. Substring("substring"),
        .. Substring("substr"),
        Scalar.Row<Bytes, BitsOverlaid>("overlay", [Bits, Bits, Int], Varying, "A part replaced from a 1-based place on, as many bits as the new part has."),
        Scalar.Row<Bytes, BitsOverlaid>("overlay", [Bits, Bits, Int, Int], Varying, "A part of a length replaced from a 1-based place on."),
        Scalar.Binary<Bytes, Bytes, int, BitsPosition>("position", Bits, Bits, DataType.Int32, "position(part, bits): 1-based, 0 when it is not there."),
        Scalar.Binary<Bytes, Bytes, int, BitsPlace>("strpos", Bits, Bits, DataType.Int32, "strpos(bits, part): 1-based, 0 when it is not there."),
        Distance<HammingDistance>("<~>", "Hamming distance: in how many bits strings of one length differ."),
        Distance<HammingDistance>("hamming_distance", "In how many bits strings of one length differ."),
        Distance<JaccardDistance>("<%>", "Jaccard distance: 1 minus the bits in both over the bits in either."),
        Distance<JaccardDistance>("jaccard_distance", "1 minus the bits in both over the bits in either."),
        new FunctionOverload("binary_quantize", FunctionKind.Scalar, [TypeKind.Vector], types => new DataType(Bits, types[0].Size))
        {
            Summary = "A bit for each element of an embedding, 1 where it is greater than 0.",
            CreateEvaluator = (type, arguments, _) => new UnaryEvaluator<Bytes, Bytes, BinaryQuantize>(type, arguments[0]),
        },
    ];

    private static FunctionOverload Combined<TOperation>(string summary)
        where TOperation : struct, IBitsOperation
        => new(TOperation.Name, FunctionKind.Scalar, [Bits, Bits], types => types[0] == types[1] ? types[0] : Varying)
        {
            Summary = summary,
            CreateEvaluator = (type, arguments, _) => new BinaryEvaluator<Bytes, Bytes, Bytes, BitsCombined<TOperation>>(type, arguments[0], arguments[1]),
        };

    private static FunctionOverload Shift(string name, bool isLeft, string summary)
        => new(name, FunctionKind.Scalar, [Bits, Int], types => types[0])
        {
            Summary = summary,
            CreateEvaluator = (type, arguments, _) => new BinaryEvaluator<Bytes, int, Bytes, BitsShifted>(type, arguments[0], arguments[1], new BitsShifted(isLeft)),
        };

    private static FunctionOverload[] Substring(string name) =>
    [
        Scalar.Binary<Bytes, int, Bytes, BitsFrom>(name, Bits, Int, Varying, "The rest from a 1-based place."),
        Scalar.Ternary<Bytes, int, int, Bytes, BitsFor>(name, [Bits, Int, Int], Varying, "A part from a 1-based place."),
    ];

    private static FunctionOverload Distance<TFunction>(string name, string summary)
        where TFunction : struct, IBinaryFunction<Bytes, Bytes, double>
        => Scalar.Binary<Bytes, Bytes, double, TFunction>(name, Bits, Bits, DataType.Double, summary);
}
