using System.Globalization;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;

namespace Engram.Data.Storage.Graphs;

/// <summary>What the catalog says of a graph, and its limits.</summary>
internal static class GraphShapes
{
    /// <summary>The access method of such an index.</summary>
    public const string Method = "hnsw";

    public const string OperatorsOption = "opclass";
    public const string MOption = "m";
    public const string ConstructionOption = "ef_construction";
    public const int MDefault = 16;
    public const int ConstructionDefault = 128;

    /// <summary>The metric of a class of operators; null when graphs have none such.</summary>
    public static GraphMetric? MetricOf(string operators) => operators switch
    {
        "vector_cosine_ops" or "halfvec_cosine_ops" => GraphMetric.Cosine,
        "vector_l2_ops" or "halfvec_l2_ops" => GraphMetric.L2,
        "vector_ip_ops" or "halfvec_ip_ops" => GraphMetric.InnerProduct,
        _ => null,
    };

    /// <summary>Null when the definition is of another kind, or the column has no one dimension count any more.</summary>
    public static GraphShape? Of(TableDefinition table, IndexDefinition index)
        => index.Method == Method && index.Columns is [var key] && table.FindColumn(key.Column) is { } column && CodeFile.IsCoded(column.Type)
            && MetricOf(index.Options.GetValueOrDefault(OperatorsOption, "")) is { } metric
            ? new GraphShape(column.Id, column.Type.Size, metric, Number(index, MOption, MDefault), Number(index, ConstructionOption, ConstructionDefault)) : null;

    private static int Number(IndexDefinition index, string option, int otherwise)
        => index.Options.TryGetValue(option, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
