namespace Microsoft.EntityFrameworkCore;

/// <summary>Gives an embedding a vector index, as <c>HasVectorIndex</c> does: queries with <c>WithApproximate</c> may use it, others do not.</summary>
/// <param name="metric">The distance that queries order by.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class VectorIndexAttribute(VectorMetric metric) : Attribute
{
    private int? m;
    private int? efConstruction;

    /// <summary>The distance that queries order by.</summary>
    public VectorMetric Metric { get; } = metric;

    /// <summary>The index's name in the database; by default <c>IX_</c>, the table and the column.</summary>
    public string? Name { get; set; }

    /// <summary>The neighbours of a row in the graph, 2 to 100; 16 by default. More of them find more of the nearest and take more space.</summary>
    public int M { get => m ?? EngramIndexExtensions.MDefault; set => m = value; }

    /// <summary>The candidates kept in view when a row is added to the graph, 4 to 1,000; 128 by default. More of them make a better graph and take longer.</summary>
    public int EfConstruction { get => efConstruction ?? EngramIndexExtensions.EfConstructionDefault; set => efConstruction = value; }

    internal int? MOrNone => m;

    internal int? EfConstructionOrNone => efConstruction;
}
