using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Numbers of sequences. The name is a text: folded to lower case unless it stands in double quotes within it.</summary>
internal static class SequenceFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Of("nextval", [TypeKind.Text], DataType.Int64, (_, arguments, context) => new NextValueEvaluator([.. arguments], context),
            "The next number of a sequence. Not undone by a rollback.") with { Volatility = Volatility.Volatile },
        Scalar.Of("currval", [TypeKind.Text], DataType.Int64, (_, arguments, context) => new CurrentValueEvaluator([.. arguments], context),
            "The number that nextval gave last for this sequence in this session.") with { Volatility = Volatility.Volatile },
        Scalar.Of("lastval", [], DataType.Int64, (_, _, context) => new LastValueEvaluator(context),
            "The number that nextval gave last in this session.") with { Volatility = Volatility.Volatile },
        Scalar.Of("setval", [TypeKind.Text, TypeKind.Int64], DataType.Int64, (_, arguments, context) => new SetValueEvaluator([.. arguments], context),
            "Lets a sequence go on after a number. Not undone by a rollback.") with { Volatility = Volatility.Volatile },
        Scalar.Of("setval", [TypeKind.Text, TypeKind.Int64, TypeKind.Boolean], DataType.Int64, (_, arguments, context) => new SetValueEvaluator([.. arguments], context),
            "With false, a sequence goes on with the number itself.") with { Volatility = Volatility.Volatile },
    ];
}
