using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps owned and complex types to a document: <c>json</c>.</summary>
public class EngramJsonTypeMapping : JsonTypeMapping
{
    private static readonly MethodInfo GetString = typeof(DbDataReader).GetMethod(nameof(DbDataReader.GetString), [typeof(int)])!;
    private static readonly MethodInfo ToStreamMethod = typeof(EngramJsonTypeMapping).GetMethod(nameof(ToStream))!;

    /// <summary>The mapping as the provider uses it.</summary>
    public static EngramJsonTypeMapping Default { get; } = new("json");

    /// <summary>Creates the mapping.</summary>
    /// <param name="storeType"><c>json</c> or <c>jsonb</c>, which mean the same.</param>
    public EngramJsonTypeMapping(string storeType)
        : base(storeType, typeof(JsonTypePlaceholder), dbType: null)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramJsonTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <summary>A document's bytes, as EF Core reads them. Used by compiled queries.</summary>
    public static MemoryStream ToStream(string document) => new(Encoding.UTF8.GetBytes(document));

    /// <inheritdoc/>
    public override MethodInfo GetDataReaderMethod() => GetString;

    /// <inheritdoc/>
    public override Expression CustomizeDataReaderExpression(Expression expression) => Expression.Call(ToStreamMethod, expression);

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramJsonTypeMapping(parameters);

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter)
    {
        ParameterTypes.Set(parameter, "json");
        base.ConfigureParameter(parameter);
    }

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value) => $"CAST('{((string)value).Replace("'", "''", StringComparison.Ordinal)}' AS {StoreType})";
}
