using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding;

/// <summary>Which collation an expression has, and by which one several are compared.</summary>
/// <remarks>
/// <para>As in SQL: COLLATE wins over the collations of columns, and two that differ are an error. Without it, the default yields to what a column was given, and two columns that were
/// given different ones leave it open: an error, where it matters.</para>
/// <para>A collation is part of a type. To give a value another one, it is passed through a function that does nothing: so no rewriting that knows columns takes the value for
/// the column, which an index may hold in another order.</para>
/// </remarks>
internal static class Collations
{
    /// <summary>COLLATE as it was written.</summary>
    private static readonly FunctionOverload Written = Make();

    /// <summary>What the binder adds, so that all sides of a comparison have one type.</summary>
    private static readonly FunctionOverload Derived = Make();

    private static FunctionOverload Make() => new("collate", FunctionKind.Scalar, [TypeKind.Unknown], types => types[0])
    {
        CreateEvaluator = (type, arguments, _) => new RelabelledEvaluator(type, arguments[0]),
        IsStrict = false,
    };

    /// <summary>Whether both find the same texts equal, and order them alike.</summary>
    public static bool AreSame(Collation a, Collation b) => (a == Collation.NoCase) == (b == Collation.NoCase);

    /// <summary>The value under COLLATE.</summary>
    public static BoundExpression Collate(BoundExpression value, Collation collation)
        => new BoundCall(value.Type with { Collation = collation }, Written, [value]);

    /// <summary>The value with another collation, which follows from what stands beside it.</summary>
    public static BoundExpression Relabel(BoundExpression value, Collation collation)
        => value.Type.Collation == collation || value.Type.Kind is not (TypeKind.Text or TypeKind.Array) ? value
            : value is BoundConstant constant ? constant with { Type = value.Type with { Collation = collation } }
            : new BoundCall(value.Type with { Collation = collation }, Derived, [value]);

    /// <summary>What is under a change of collation that changes no comparison; the expression itself without one.</summary>
    public static BoundExpression Strip(BoundExpression value)
    {
        while (value is BoundCall { Arguments: [var inner] } call && (ReferenceEquals(call.Function, Written) || ReferenceEquals(call.Function, Derived))
            && AreSame(call.Type.Collation, inner.Type.Collation))
        {
            value = inner;
        }

        return value;
    }

    /// <summary>Of two values without COLLATE.</summary>
    public static Collation Merge(Collation a, Collation b)
        => a == b || b == Collation.Default ? a : a == Collation.Default ? b : Collation.Indeterminate;

    /// <summary>The one that values are compared by, and that what is made of them has.</summary>
    public static Collation Of(IEnumerable<BoundExpression> values, int position)
    {
        var written = Collation.Default;
        var merged = Collation.Default;
        foreach (var value in values)
        {
            var collation = value.Type.Collation;
            if (collation == Collation.Default)
            {
                continue;
            }

            if (IsWritten(value))
            {
                if (written != Collation.Default && !AreSame(written, collation))
                {
                    throw Error.CollationMismatch(CollationNames.Of(written)!, CollationNames.Of(collation)!, position);
                }

                written = collation;
            }

            merged = Merge(merged, collation);
        }

        return written != Collation.Default ? written : merged;
    }

    private static bool IsWritten(BoundExpression value)
        => value.Type.Collation is not (Collation.Default or Collation.Indeterminate)
            && ((value is BoundCall call && ReferenceEquals(call.Function, Written)) || ExpressionTree.Children(value).Any(IsWritten));
}
