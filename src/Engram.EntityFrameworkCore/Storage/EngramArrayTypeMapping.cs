using System.Collections;
using System.Data.Common;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps a collection of scalars to a one-dimensional array of the database: <c>integer[]</c>, <c>text[]</c>.</summary>
/// <typeparam name="TCollection">The property's type: an array, a list, or an interface that one of them has.</typeparam>
/// <typeparam name="TElement">Its elements.</typeparam>
/// <typeparam name="TProviderElement">What the elements are converted to for the database.</typeparam>
public class EngramArrayTypeMapping<TCollection, TElement, TProviderElement> : RelationalTypeMapping
    where TCollection : IEnumerable<TElement>
{
    /// <summary>The mapping that compiled models start from; its element mapping is replaced by <c>Clone</c>.</summary>
    public static EngramArrayTypeMapping<TCollection, TElement, TProviderElement> Default { get; } = new();

    /// <summary>Creates the mapping over that of the elements.</summary>
    /// <param name="storeType">For example <c>integer[]</c>.</param>
    public EngramArrayTypeMapping(
        string storeType, RelationalTypeMapping elementMapping, ValueComparer? comparer, JsonValueReaderWriter? jsonValueReaderWriter)
        : this(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(
                typeof(TCollection), CreateConverter(elementMapping.Converter), comparer, elementMapping: elementMapping,
                jsonValueReaderWriter: jsonValueReaderWriter),
            storeType))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramArrayTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    private EngramArrayTypeMapping()
        : this(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(typeof(TCollection), elementMapping: NullMapping), "integer[]"))
    {
    }

    /// <summary>The mapping of the elements.</summary>
    public override RelationalTypeMapping ElementTypeMapping => (RelationalTypeMapping)base.ElementTypeMapping!;

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters)
        => new EngramArrayTypeMapping<TCollection, TElement, TProviderElement>(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
    {
        var elements = ((IEnumerable)value).Cast<object?>().Select(ElementTypeMapping.GenerateProviderValueSqlLiteral);
        return $"CAST(ARRAY[{string.Join(", ", elements)}] AS {StoreType})";
    }

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, StoreType);

    private static EngramArrayConverter<TCollection, TElement, TProviderElement>? CreateConverter(ValueConverter? elementConverter)
        => elementConverter is null && typeof(TCollection) == typeof(TProviderElement[])
            ? null
            : new EngramArrayConverter<TCollection, TElement, TProviderElement>(elementConverter);
}

/// <summary>Converts a collection to the array that the database takes, and back.</summary>
/// <typeparam name="TCollection">The property's type.</typeparam>
/// <typeparam name="TElement">Its elements.</typeparam>
/// <typeparam name="TProviderElement">The array's elements.</typeparam>
/// <param name="elementConverter">Converts one element; null when it needs none.</param>
public class EngramArrayConverter<TCollection, TElement, TProviderElement>(ValueConverter? elementConverter)
    : ValueConverter<TCollection, TProviderElement[]>(
        collection => ToProvider(collection, elementConverter), array => FromProvider(array, elementConverter))
    where TCollection : IEnumerable<TElement>
{
    /// <summary>The array of converted elements.</summary>
    public static TProviderElement[] ToProvider(TCollection collection, ValueConverter? elementConverter)
    {
        var result = collection is ICollection<TElement> counted ? new List<TProviderElement>(counted.Count) : [];
        foreach (var element in collection)
        {
            var value = elementConverter is null ? element : elementConverter.ConvertToProvider(element);
            result.Add((TProviderElement)value!);
        }

        return result.ToArray();
    }

    /// <summary>The collection of elements converted back.</summary>
    public static TCollection FromProvider(TProviderElement[] array, ValueConverter? elementConverter)
    {
        var elements = new TElement[array.Length];
        for (var i = 0; i < array.Length; i++)
        {
            var value = elementConverter is null ? array[i] : elementConverter.ConvertFromProvider(array[i]);
            elements[i] = (TElement)value!;
        }

        if (typeof(TCollection).IsArray)
        {
            return (TCollection)(object)elements;
        }

        if (typeof(TCollection).IsAssignableFrom(typeof(List<TElement>)))
        {
            return (TCollection)(object)new List<TElement>(elements);
        }

        var collection = Activator.CreateInstance<TCollection>();
        foreach (var element in elements)
        {
            ((ICollection<TElement>)collection).Add(element);
        }

        return collection;
    }
}
