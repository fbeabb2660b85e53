using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>Which expressions are distances between vectors, and orders that are orders by distance in disguise.</summary>
internal static class VectorDistances
{
    /// <summary>Whether the expression is a distance, or a similarity that falls as a distance rises.</summary>
    public static bool IsDistance(BoundExpression expression) => TryMatch(expression, out _, out _, out _);

    /// <summary>The same of the types whose distances are computed row by row: orders put rows without a value last here too.</summary>
    public static bool IsDistanceOfAnyType(BoundExpression expression) => IsDistance(expression) || expression switch
    {
        BoundCall { Function.Name: "-", Arguments: [BoundConstant { Value: 1 or 1.0 or 1m }, BoundCall inner] } => IsDistanceOfAnyType(inner),
        BoundCall { Arguments: [{ Type.Kind: TypeKind.SparseVector or TypeKind.Bit }, { Type.Kind: TypeKind.SparseVector or TypeKind.Bit }], Function.Name: var name }
            => name is "<=>" or "<->" or "<#>" or "<+>" or "<~>" or "<%>" or "cosine_distance" or "cosine_similarity" or "l2_distance" or "l1_distance" or "inner_product"
                or "hamming_distance" or "jaccard_distance",
        _ => false,
    };

    /// <summary>Takes a distance apart, and says what is made of the score; false also for what the three forms do not cover.</summary>
    public static bool TryMatchForm(BoundExpression expression, out VectorMetric metric, out BoundCall call, out ScoreForm form)
    {
        form = default;
        if (!TryMatch(expression, out metric, out call, out bool isSimilarity))
        {
            return false;
        }

        form = call.Function.Name switch { "cosine_similarity" => ScoreForm.OneMinus, "inner_product" => ScoreForm.Negated, _ => ScoreForm.Distance };
        if (ReferenceEquals(call, expression))
        {
            return true;
        }

        // One subtraction from 1 of a distance; what is stranger is computed row by row.
        var isOnce = form == ScoreForm.Distance && isSimilarity && expression is BoundCall { Arguments: [_, var inner] } && ReferenceEquals(inner, call);
        form = ScoreForm.OneMinus;
        return isOnce;
    }

    /// <summary>Takes a distance apart.</summary>
    /// <param name="isSimilarity">Whether the greatest value is the nearest.</param>
    public static bool TryMatch(BoundExpression expression, out VectorMetric metric, out BoundCall call, out bool isSimilarity)
    {
        metric = default;
        call = null!;
        isSimilarity = false;
        // 1 - distance: rounding keeps the order, though two rows may come to share one value.
        if (expression is BoundCall { Function.Name: "-", Arguments: [BoundConstant { Value: 1 or 1.0 or 1m }, BoundCall inner] }
            && TryMatch(inner, out metric, out call, out var isInnerSimilarity))
        {
            isSimilarity = !isInnerSimilarity;
            return true;
        }

        if (expression is not BoundCall { Arguments: [{ Type.Kind: TypeKind.Vector }, { Type.Kind: TypeKind.Vector }] } candidate)
        {
            return false;
        }

        (var found, isSimilarity) = candidate.Function.Name switch
        {
            "<=>" or "cosine_distance" => ((VectorMetric?)VectorMetric.Cosine, false),
            "cosine_similarity" => (VectorMetric.Cosine, true),
            "<->" or "l2_distance" => (VectorMetric.L2, false),
            "<#>" => (VectorMetric.InnerProduct, false),
            "inner_product" => (VectorMetric.InnerProduct, true),
            "<+>" or "l1_distance" => (VectorMetric.L1, false),
            _ => (null, false),
        };
        metric = found ?? default;
        call = candidate;
        return found != null;
    }
}
