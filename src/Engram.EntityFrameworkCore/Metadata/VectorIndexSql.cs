using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>Vector indexes between the model and the database's words for them.</summary>
internal static class VectorIndexSql
{
    private const string Method = "hnsw";

    /// <summary>The class of operators of a column's type, as <c>halfvec_cosine_ops</c>.</summary>
    public static string Operators(string columnType, VectorMetric metric)
    {
        var prefix = columnType.StartsWith("halfvec", StringComparison.OrdinalIgnoreCase) ? "halfvec" : "vector";
        return metric switch
        {
            VectorMetric.Cosine => prefix + "_cosine_ops",
            VectorMetric.L2 => prefix + "_l2_ops",
            VectorMetric.InnerProduct => prefix + "_ip_ops",
            _ => throw new InvalidOperationException($"'{metric}' is not a metric of vector indexes. They know Cosine, L2 and InnerProduct."),
        };
    }

    /// <summary>Annotates an index by what the database says of it, where it is a vector index; options that are the defaults need not be said.</summary>
    /// <param name="options"><c>ef_construction = 128, m = 16, opclass = vector_cosine_ops</c></param>
    public static bool TryDescribe(Annotatable index, string? method, string? options)
    {
        if (method != Method)
        {
            return false;
        }

        foreach (var option in (options ?? "").Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            var separator = option.IndexOf(" = ", StringComparison.Ordinal);
            var (name, value) = (option[..separator], option[(separator + 3)..]);
            switch (name)
            {
                case "opclass":
                    index[AnnotationNames.VectorMetric] = value[(value.IndexOf('_', StringComparison.Ordinal) + 1)..] switch
                    {
                        "cosine_ops" => VectorMetric.Cosine,
                        "l2_ops" => VectorMetric.L2,
                        "ip_ops" => VectorMetric.InnerProduct,
                        _ => null as VectorMetric?,
                    };
                    break;
                case "m" when value != EngramIndexExtensions.MDefault.ToString(CultureInfo.InvariantCulture):
                    index[AnnotationNames.M] = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "ef_construction" when value != EngramIndexExtensions.EfConstructionDefault.ToString(CultureInfo.InvariantCulture):
                    index[AnnotationNames.EfConstruction] = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
            }
        }

        return true;
    }
}
