using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Codes;

namespace Engram.Data.Storage.Graphs;

/// <summary>A row that may be among the nearest, and a score that it is no better than.</summary>
internal readonly record struct GraphCandidate(int Row, double Least);

/// <summary>Goes from distances of codes, which a walk computed, to scores that rows are no better than.</summary>
/// <remarks>
/// <para><b>The problem.</b> A walk finds some hundred rows, of which ten are wanted. Each has to be read as float32, from somewhere in memory, unless its code proves that it is farther than ten others. The
/// rows found lie close together, so that what is proved must be sharp: twice the width leaves several times the rows.</para>
/// <para><b>The picture.</b> Rounding moved the row x by at most r = ‖x − x̂‖ and the query q by ‖q − q̂‖. The second part is the same for all rows and can be made as small as one likes: what the
/// codes of the query leave is encoded once more, in steps that are 127 times smaller, so that q̂ is the sum of both, another product of codes completes ⟨x̂, q̂⟩, and s = ‖q − q̂‖ hardly counts. What is left of the first:</para>
/// <code>
/// L2        ‖x − q‖ ≥ ‖x̂ − q̂‖ − r − s                                     (triangle)
/// cosine    1 − cos = ½‖u − v‖², where u = x/‖x‖ and v = q/‖q‖, and of these the same holds; r and s are divided by the norms,
///           or 1 − cos ≥ 1 − ⟨x̂, q̂⟩/‖x‖‖q‖ − r/‖x‖ − s(1 + r/‖x‖)/‖q‖     (Cauchy-Schwarz), which is sharper when they are far apart
/// product   −⟨x, q⟩ ≥ −⟨x̂, q̂⟩ − r‖q‖ − s(‖x‖ + r), or ‖x‖‖q‖ times (the cosine's less 1)
/// </code>
/// <para><b>Rounding of float32</b>, as which the walk's distances and the norms are known, is taken off with more than it can be. Where float32 did not hold a distance, nothing is known: such rows are always left.</para>
/// <para><b>Why no less.</b> Mostly errors of rounding cancel out, and rows are far nearer to where their codes stand than by r. But where many small elements stand beside a great one all are rounded the same way, and a row
/// is as far from its code, in the direction that counts, as this says.</para>
/// </remarks>
internal readonly unsafe ref struct CandidateBounds
{
    /// <summary>Of distances as float32: these are off by six roundings of 6e-8 each, of L2 by seven, beside those of the sums that they are made of. Where all go one way it is little more than they are.</summary>
    private const double FloatError = 1e-6;

    /// <summary>By so much at most a float32 that is next to zero is rounded.</summary>
    private const double FloatLeast = 1.5e-45;

    private readonly GraphShape shape;
    private readonly GraphLayout graph;
    private readonly SegmentCodes codes;
    private readonly CodeRows rows;
    private readonly Int8Query query;
    private readonly byte* rest;

    /// <summary>What the product with the rest's codes is to be multiplied by, beside the row's factor, to be taken off a distance.</summary>
    private readonly double restFactor;

    /// <param name="rest">The query's codes of its rest, in the form of a row's.</param>
    public CandidateBounds(GraphShape shape, GraphLayout graph, SegmentCodes codes, CodeRows rows, Int8Query query, byte* rest)
    {
        (this.shape, this.graph, this.codes, this.rows, this.query) = (shape, graph, codes, rows, query);
        this.rest = rest;
        restFactor = shape.Metric switch
        {
            GraphMetric.Cosine => query.RestScale / query.Norm,
            GraphMetric.L2 => 2 * query.RestScale,
            _ => query.RestScale,
        };
    }

    /// <summary>Makes candidates of what a walk found.</summary>
    /// <param name="keys">Of the walk, nearest first.</param>
    /// <param name="wanted">Of so many of the first nothing is said.</param>
    public void Judge(ReadOnlySpan<ulong> keys, int wanted, List<GraphCandidate> found)
    {
        var at = Math.Min(wanted, keys.Length);
        foreach (var key in keys[..at])
        {
            found.Add(new GraphCandidate(GraphWalk.RowOf(key), double.NegativeInfinity));
        }

        // What is known of a row lies in four places: they are asked for together.
        foreach (var key in keys[at..])
        {
            var row = GraphWalk.RowOf(key);
            if (codes.TryGet(row / Batch.RowCountMax, out var block))
            {
                row %= Batch.RowCountMax;
                CodePairs.Prefetch(block.Residuals + row, 1);
                CodePairs.Prefetch(block.Norms + row, 1);
                CodePairs.Prefetch(block.Scales + row, 1);
                CodePairs.Prefetch(block.Squares + row, 1);
            }
        }

        foreach (var key in keys[at..])
        {
            var row = GraphWalk.RowOf(key);
            found.Add(new GraphCandidate(row, LeastOf(row, GraphWalk.DistanceOf(key))));
        }
    }

    private double LeastOf(int row, double distance)
    {
        if (!double.IsFinite(distance) || !codes.TryGet(row / Batch.RowCountMax, out var block))
        {
            return double.NegativeInfinity;
        }

        var at = row % Batch.RowCountMax;
        double residual = block.Residuals[at];
        double norm = block.Norms[at];
        double factor = graph.Facts[2L * row];
        distance -= factor * restFactor * CodePairs.Dot(rows[row], rest, rows.Stride, query.RestSum);
        // What became of products that are hardly more than zero.
        var lost = FloatLeast * (factor + 1) * CodeBlock.Max * CodeBlock.Max * shape.Dimensions;
        double least;
        switch (shape.Metric)
        {
            case GraphMetric.Cosine:
                least = Cosine(block, at, distance, residual / norm);
                break;
            case GraphMetric.L2:
                // Distances of codes lack the query's square; two squares that are nearly the same leave their rounding.
                var squared = distance + query.WholeSquaredCodeNorm - (FloatError * (graph.Facts[(2L * row) + 1] + query.SquaredCodeNorm)) - lost;
                least = (Math.Sqrt(Math.Max(squared, 0)) * (1 - FloatError)) - residual - query.WholeResidual;
                break;
            default:
                var product = distance - (residual * query.Norm) - (query.WholeResidual * (norm + residual));
                var unit = norm * query.Norm;
                var cosine = Cosine(block, at, distance / unit, residual / norm);
                // A NaN of either is one of both.
                least = Math.Max(product, unit * (cosine - 1)) - (FloatError * (norm + residual) * query.Norm) - lost;
                break;
        }

        return double.IsFinite(least) && double.IsFinite(norm) ? least : double.NegativeInfinity;
    }

    /// <param name="product">−⟨x̂, q̂⟩ / (‖x‖‖q‖).</param>
    /// <param name="part">r / ‖x‖.</param>
    private double Cosine(CodeBlock block, int at, double product, double part)
    {
        var moved = query.WholeResidual / query.Norm;
        var code = block.Scales[at] / (double)block.Norms[at];
        // Of a row and a query of length 1. Twice the product is no more than their sum.
        var squares = (code * code * block.Squares[at]) + (query.WholeSquaredCodeNorm / (query.Norm * query.Norm));
        var apart = Math.Sqrt(Math.Max(squares + (2 * product) - (FloatError * squares), 0)) - (part * (1 + FloatError)) - (FloatError * (1 + part)) - moved;
        var byTriangle = 0.5 * Math.Max(apart, 0) * Math.Max(apart, 0);
        return Math.Max(byTriangle, 1 + product - part - (moved * (1 + part))) - FloatError;
    }
}
