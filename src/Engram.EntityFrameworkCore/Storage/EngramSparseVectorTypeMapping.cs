using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using Engram.Data;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps an <see cref="EngramSparseVector"/> to <c>sparsevec(n)</c>.</summary>
public class EngramSparseVectorTypeMapping : RelationalTypeMapping
{
    private static readonly MethodInfo ParseMethod = typeof(EngramSparseVector).GetMethod(nameof(EngramSparseVector.Parse), [typeof(string)])!;

    /// <summary>The mapping to vectors of any number of dimensions.</summary>
    public static EngramSparseVectorTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping to vectors of any number of dimensions.</summary>
    public EngramSparseVectorTypeMapping()
        : this(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(typeof(EngramSparseVector), jsonValueReaderWriter: EngramJsonSparseVectorReaderWriter.Instance), "sparsevec", StoreTypePostfix.Size))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramSparseVectorTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    public override Expression GenerateCodeLiteral(object value) => Expression.Call(ParseMethod, Expression.Constant(value.ToString()));

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramSparseVectorTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value) => $"sparsevec '{value}'";

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, "sparsevec");
}

/// <summary>Sparse vectors in documents: in their text form.</summary>
public sealed class EngramJsonSparseVectorReaderWriter : JsonValueReaderWriter<EngramSparseVector>
{
    private static readonly PropertyInfo InstanceProperty = typeof(EngramJsonSparseVectorReaderWriter).GetProperty(nameof(Instance))!;

    private EngramJsonSparseVectorReaderWriter()
    {
    }

    /// <summary>The one that there is; it keeps nothing.</summary>
    public static EngramJsonSparseVectorReaderWriter Instance { get; } = new();

    /// <inheritdoc/>
    public override Expression ConstructorExpression => Expression.Property(null, InstanceProperty);

    /// <inheritdoc/>
    public override EngramSparseVector FromJsonTyped(ref Utf8JsonReaderManager manager, object? existingObject = null)
        => EngramSparseVector.Parse(manager.CurrentReader.GetString()!);

    /// <inheritdoc/>
    public override void ToJsonTyped(Utf8JsonWriter writer, EngramSparseVector value) => writer.WriteStringValue(value.ToString());
}
