using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>One query vector under one metric: its codes, and the defined scores of rows. Used by several threads, which each bring their memory.</summary>
internal sealed unsafe class VectorQuery : IDisposable
{
    private readonly Bytes vector;
    private readonly VectorMetric metric;
    private readonly double squaredNorm;
    private readonly Int8Query? codes;

    /// <param name="vector">Valid as long as this is used.</param>
    /// <param name="usesCodes">False when all rows will be scored anyway.</param>
    /// <param name="walksGraphs">Whether its codes judge candidates of walks too, which take finer ones.</param>
    public VectorQuery(Bytes vector, VectorMetric metric, bool usesCodes, bool walksGraphs = false)
    {
        this.vector = vector;
        this.metric = metric;
        squaredNorm = VectorScore.SquaredNorm(vector.Floats);
        // By cosine, a zero query is as far from every row as from any other.
        if (usesCodes && Dimensions > 0 && (metric != VectorMetric.Cosine || squaredNorm > 0))
        {
            codes = new Int8Query(vector.Floats, hasElements: metric == VectorMetric.L1, hasRest: walksGraphs);
            Bounds = metric switch
            {
                VectorMetric.Cosine => CodeBounds.Cosine(codes),
                VectorMetric.L2 => CodeBounds.L2(codes),
                VectorMetric.L1 => CodeBounds.L1(codes),
                _ => CodeBounds.InnerProduct(codes),
            };
        }
    }

    /// <summary>Null when codes do not help.</summary>
    public Int8Query? Codes => codes;

    public CodeBounds Bounds { get; }

    /// <summary>Whether coarse codes bound its scores too.</summary>
    public bool HasCoarseBounds => metric != VectorMetric.L1;

    public int Dimensions => vector.Length / sizeof(float);

    /// <summary>For each of the first rows what <see cref="Bounds"/> judges by.</summary>
    public void Products(CodeBlock block, int count, int* products)
    {
        if (metric == VectorMetric.L1)
        {
            Int8Distance.Rows(block, codes!, count, (float*)products);
        }
        else
        {
            Int8Dot.Rows(block, codes!, count, products);
        }
    }

    /// <summary>The same for some rows.</summary>
    public void Products(CodeBlock block, ReadOnlySpan<ushort> rows, int* products)
    {
        if (metric == VectorMetric.L1)
        {
            Int8Distance.Selected(block, codes!, rows, (float*)products);
        }
        else
        {
            Int8Dot.Selected(block, codes!, rows, products);
        }
    }

    /// <summary>The scores of some rows, none of them NULL.</summary>
    /// <param name="norms">Scratch, as long as <paramref name="scores"/>.</param>
    public void Score(Column vectors, ReadOnlySpan<ushort> rows, Span<double> scores, Span<double> norms)
    {
        foreach (var row in rows)
        {
            var length = vectors.Get<Bytes>(row).Length;
            if (length != vector.Length)
            {
                throw Error.VectorDimensionsDiffer(length / sizeof(float), vector.Length / sizeof(float));
            }
        }

        // A constant column has one entry for all rows: a stride of none.
        var stride = vectors.IsConstant ? 0 : sizeof(Bytes);
        var q = (float*)vector.Pointer;
        var n = Dimensions;
        var first = (byte*)vectors.Data;
        scores = scores[..rows.Length];
        switch (metric)
        {
            case VectorMetric.Cosine:
                VectorScore.DotAndNormSelected(q, n, first, stride, rows, scores, norms);
                for (var i = 0; i < scores.Length; i++)
                {
                    scores[i] = VectorScore.CosineDistance(scores[i], norms[i], squaredNorm);
                }

                break;
            case VectorMetric.L2:
                VectorScore.L2SquaredSelected(q, n, first, stride, rows, scores);
                for (var i = 0; i < scores.Length; i++)
                {
                    scores[i] = Math.Sqrt(scores[i]);
                }

                break;
            case VectorMetric.InnerProduct:
                VectorScore.DotSelected(q, n, first, stride, rows, scores);
                for (var i = 0; i < scores.Length; i++)
                {
                    scores[i] = VectorScore.InnerProductNegative(scores[i]);
                }

                break;
            default:
                VectorScore.L1Selected(q, n, first, stride, rows, scores);
                break;
        }
    }

    public void Dispose() => codes?.Dispose();
}
