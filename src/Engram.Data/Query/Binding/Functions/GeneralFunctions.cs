using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions of any comparable type, of arrays, and those that give another value at each call.</summary>
internal static class GeneralFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        .. Comparable.Where(Comparisons.IsOrdered).SelectMany(k => new[] { Extreme("greatest", k, isGreatest: true), Extreme("least", k, isGreatest: false) }),
        .. Comparable.Select(NullIf),
        .. Comparable.Where(k => k <= TypeKind.Json).Select(AnyEqual),
        .. Comparable.Where(k => k <= TypeKind.Json).Select(ArrayOf),
        Scalar.Of("version", [], DataType.Text, (type, _, _) => new ConstantEvaluator(type, Version), "The name and version of the database."),
        Scalar.Of("random", [], DataType.Double, (type, _, _) => new SourceEvaluator<double, RandomDouble>(type), "A number from 0 up to, but not including, 1.")
            with { Volatility = Volatility.Volatile },
        Scalar.Of("gen_random_uuid", [], DataType.Uuid, (type, _, _) => new SourceEvaluator<Guid, RandomUuid>(type), "A random UUID, version 4.")
            with { Volatility = Volatility.Volatile },
        Scalar.Of("uuidv7", [], DataType.Uuid, (type, _, _) => new SourceEvaluator<Guid, OrderedUuid>(type), "A UUID, version 7: ordered by time.")
            with { Volatility = Volatility.Volatile },
    ];

    private static string Version => $"Engram.Data {typeof(GeneralFunctions).Assembly.GetName().Version?.ToString(3)}";

    private static IEnumerable<TypeKind> Comparable => Enum.GetValues<TypeKind>().Where(Comparisons.IsEquatable);

    private static FunctionOverload Extreme(string name, TypeKind kind, bool isGreatest)
        => new(name, FunctionKind.Scalar, [kind], types => types.All(t => t == types[0]) ? types[0] : new DataType(kind))
        {
            IsVariadic = true,
            IsStrict = false,
            Summary = isGreatest ? "The greatest argument that is not NULL." : "The least argument that is not NULL.",
            CreateEvaluator = (type, arguments, _) => new ExtremeEvaluator(type, [.. arguments], isGreatest),
        };

    private static FunctionOverload NullIf(TypeKind kind)
        => new("nullif", FunctionKind.Scalar, [kind, kind], types => types[0])
        {
            IsStrict = false,
            Summary = "The first argument, or NULL when both are equal.",
            CreateEvaluator = (type, arguments, _) => new NullIfEvaluator(type, arguments[0], arguments[1]),
        };

    private static FunctionOverload AnyEqual(TypeKind kind)
        => new("any_equal", FunctionKind.Scalar, [kind, TypeKind.Array], _ => DataType.Boolean)
        {
            ArrayElement = kind,
            IsStrict = false,
            Summary = "x = ANY (array): TRUE when an element is equal, else NULL when x or an element is NULL.",
            CreateEvaluator = (_, arguments, _) => new AnyEqualEvaluator(arguments[0], arguments[1]),
        };

    private static FunctionOverload ArrayOf(TypeKind kind)
        => new("array", FunctionKind.Scalar, [kind], _ => DataType.ArrayOf(kind))
        {
            IsVariadic = true,
            IsStrict = false,
            Summary = "ARRAY[a, b]: an array of its arguments.",
            CreateEvaluator = (type, arguments, _) => new ArrayMakingEvaluator(type, [.. arguments]),
        };
}
