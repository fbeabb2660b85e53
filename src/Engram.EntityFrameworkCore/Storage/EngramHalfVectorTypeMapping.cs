using System.Data.Common;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps an array of <see cref="Half"/> to <c>halfvec(n)</c>: an embedding of two bytes an element.</summary>
/// <remarks>As for <see cref="EngramVectorTypeMapping"/>: an embedding is a value, to be replaced and not written into.</remarks>
public class EngramHalfVectorTypeMapping : RelationalTypeMapping
{
    /// <summary>The mapping without dimensions, which columns must have and parameters take from the other operand.</summary>
    public static EngramHalfVectorTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping without dimensions.</summary>
    public EngramHalfVectorTypeMapping()
        : this(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(
                typeof(Half[]), comparer: new EngramHalfVectorComparer(), keyComparer: new EngramHalfVectorComparer(), providerValueComparer: new EngramHalfVectorComparer(),
                jsonValueReaderWriter: new JsonCollectionOfStructsReaderWriter<Half[], Half>(EngramJsonHalfReaderWriter.Instance)),
            "halfvec", StoreTypePostfix.Size))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramHalfVectorTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <summary>The number of elements, null where it is not known.</summary>
    public virtual int? Dimensions => Size;

    /// <inheritdoc/>
    public override Expression GenerateCodeLiteral(object value)
        => Expression.NewArrayInit(
            typeof(Half), ((Half[])value).Select(e => Expression.Convert(Expression.Constant((float)e), typeof(Half))));

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramHalfVectorTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
    {
        var elements = (Half[])value;
        var text = string.Join(',', elements.Select(e => e.ToString("R", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"halfvec({elements.Length}) '[{text}]'");
    }

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, StoreType);
}

/// <summary>Compares embeddings held as arrays of <see cref="Half"/>: by reference first, by elements only when the references differ; keeps no copy.</summary>
public sealed class EngramHalfVectorComparer : ValueComparer<Half[]>
{
    /// <summary>Creates the comparer.</summary>
    public EngramHalfVectorComparer()
        : base((left, right) => AreEqual(left, right), value => HashOf(value), value => value)
    {
    }

    /// <summary>Whether both are the same array, or hold the same elements.</summary>
    public static bool AreEqual(Half[]? left, Half[]? right)
        => ReferenceEquals(left, right) || (left is not null && right is not null && left.AsSpan().SequenceEqual(right));

    /// <summary>A hash of the first elements, which are as good as all of them.</summary>
    public static int HashOf(Half[] value)
    {
        var hash = new HashCode();
        hash.Add(value.Length);
        foreach (var element in value.AsSpan(0, Math.Min(value.Length, 8)))
        {
            hash.Add(element);
        }

        return hash.ToHashCode();
    }
}

/// <summary>Halves in documents: numbers.</summary>
public sealed class EngramJsonHalfReaderWriter : JsonValueReaderWriter<Half>
{
    private static readonly PropertyInfo InstanceProperty = typeof(EngramJsonHalfReaderWriter).GetProperty(nameof(Instance))!;

    private EngramJsonHalfReaderWriter()
    {
    }

    /// <summary>The one that there is; it keeps nothing.</summary>
    public static EngramJsonHalfReaderWriter Instance { get; } = new();

    /// <inheritdoc/>
    public override Expression ConstructorExpression => Expression.Property(null, InstanceProperty);

    /// <inheritdoc/>
    public override Half FromJsonTyped(ref Utf8JsonReaderManager manager, object? existingObject = null) => (Half)manager.CurrentReader.GetSingle();

    /// <inheritdoc/>
    public override void ToJsonTyped(Utf8JsonWriter writer, Half value) => writer.WriteNumberValue((float)value);
}
