using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Makes overloads of scalar functions: short, so that the lists of a topic read as a table.</summary>
internal static class Scalar
{
    /// <summary>A function whose result type has no modifiers.</summary>
    public static FunctionOverload Of(
        string name, TypeKind[] parameters, DataType result, Func<DataType, ImmutableArray<Evaluator>, StatementContext, Evaluator> create, string summary)
        => new(name, FunctionKind.Scalar, [.. parameters], _ => result) { CreateEvaluator = create, Summary = summary };

    public static FunctionOverload Unary<TA, TOut, TFunction>(string name, TypeKind a, DataType result, string summary)
        where TA : unmanaged
        where TOut : unmanaged
        where TFunction : struct, IUnaryFunction<TA, TOut>
        => Of(name, [a], result, (type, arguments, _) => new UnaryEvaluator<TA, TOut, TFunction>(type, arguments[0]), summary);

    public static FunctionOverload Binary<TA, TB, TOut, TFunction>(string name, TypeKind a, TypeKind b, DataType result, string summary)
        where TA : unmanaged
        where TB : unmanaged
        where TOut : unmanaged
        where TFunction : struct, IBinaryFunction<TA, TB, TOut>
        => Of(name, [a, b], result, (type, arguments, _) => new BinaryEvaluator<TA, TB, TOut, TFunction>(type, arguments[0], arguments[1]), summary);

    /// <summary>A function that looks for one text in another: where they compare without regard to case, it is given both folded.</summary>
    public static FunctionOverload Searching(FunctionOverload function) => function with
    {
        CreateEvaluator = (type, arguments, context) => function.CreateEvaluator!(type, arguments[0].Type.Collation switch
        {
            Collation.NoCase => 
                [.. arguments.Select((a, i) => i < 2 ? (Evaluator)new UnaryEvaluator<Bytes, Bytes, FoldCase>(a.Type, a) : new UnaryEvaluator<Bytes, Bytes, CaselessEscape>(a.Type, a))],
            Collation.Indeterminate => throw Error.IndeterminateCollation(),
            _ => arguments,
        }, context),
    };

    /// <summary>A strict function of any number of arguments, or one that may answer NULL.</summary>
    public static FunctionOverload Row<TOut, TFunction>(string name, TypeKind[] parameters, DataType result, string summary)
        where TOut : unmanaged
        where TFunction : struct, IRowFunction<TOut>
        => Of(name, parameters, result, (type, arguments, _) => new RowEvaluator<TOut, TFunction>(type, [.. arguments]), summary);

    /// <summary>A function that looks at NULLs itself.</summary>
    public static FunctionOverload Loose<TOut, TFunction>(string name, TypeKind[] parameters, DataType result, string summary)
        where TOut : unmanaged
        where TFunction : struct, IRowFunction<TOut>
        => Of(name, parameters, result, (type, arguments, _) => new LooseRowEvaluator<TOut, TFunction>(type, [.. arguments]), summary) with { IsStrict = false };

    public static FunctionOverload Ternary<TA, TB, TC, TOut, TFunction>(string name, TypeKind[] parameters, DataType result, string summary)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TOut : unmanaged
        where TFunction : struct, ITernaryFunction<TA, TB, TC, TOut>
        => Of(name, parameters, result, (type, arguments, _) => new TernaryEvaluator<TA, TB, TC, TOut, TFunction>(type, arguments[0], arguments[1], arguments[2]), summary);
}
