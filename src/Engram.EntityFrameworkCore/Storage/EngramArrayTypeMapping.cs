using System.Collections;
using System.Data;
using System.Data.Common;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Query;
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
    /// <remarks>A collection in a query may be another than the column's that it is compared with: a list beside an array.</remarks>
    public override DbParameter CreateParameter(
        DbCommand command, string name, object? value, bool? nullable = null, ParameterDirection direction = ParameterDirection.Input)
        => base.CreateParameter(
            command, name,
            value is IEnumerable<TElement> and not TCollection
                ? EngramArrayConverter<TCollection, TElement, TElement>.FromProvider([.. (IEnumerable<TElement>)value], static element => element)
                : value,
            nullable, direction);

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, StoreType);

    private static EngramArrayConverter<TCollection, TElement, TProviderElement>? CreateConverter(ValueConverter? elementConverter)
        => elementConverter is null && typeof(TCollection) == typeof(TProviderElement[])
            ? null
            : new EngramArrayConverter<TCollection, TElement, TProviderElement>(elementConverter);
}

/// <summary>Converts a collection to the array that the database takes, and back.</summary>
/// <remarks>The conversion of an element is written into the expressions, so that compiled models can write them as code.</remarks>
/// <typeparam name="TCollection">The property's type.</typeparam>
/// <typeparam name="TElement">Its elements.</typeparam>
/// <typeparam name="TProviderElement">The array's elements.</typeparam>
/// <param name="elementConverter">Converts one element; null when it needs none.</param>
public class EngramArrayConverter<TCollection, TElement, TProviderElement>(ValueConverter? elementConverter)
    : ValueConverter<TCollection, TProviderElement[]>(ToProviderExpression(elementConverter), FromProviderExpression(elementConverter))
    where TCollection : IEnumerable<TElement>
{
    // A collection that cannot be added to takes its elements when it is made.
    private static readonly bool IsMadeOfElements
        = typeof(TCollection).GetConstructor([typeof(IList<TElement>)]) is not null && typeof(TCollection).GetConstructor(Type.EmptyTypes) is null;

    /// <summary>The array of converted elements.</summary>
    public static TProviderElement[] ToProvider(TCollection collection, Func<TElement, TProviderElement> convert)
    {
        var result = collection is ICollection<TElement> counted ? new List<TProviderElement>(counted.Count) : [];
        foreach (var element in collection)
        {
            result.Add(convert(element));
        }

        return result.ToArray();
    }

    /// <summary>The collection of elements converted back.</summary>
    public static TCollection FromProvider(TProviderElement[] array, Func<TProviderElement, TElement> convert)
    {
        var elements = new TElement[array.Length];
        for (var i = 0; i < array.Length; i++)
        {
            elements[i] = convert(array[i]);
        }

        if (typeof(TCollection).IsArray)
        {
            return (TCollection)(object)elements;
        }

        if (typeof(TCollection).IsAssignableFrom(typeof(List<TElement>)))
        {
            return (TCollection)(object)new List<TElement>(elements);
        }

        if (IsMadeOfElements)
        {
            return (TCollection)Activator.CreateInstance(typeof(TCollection), new List<TElement>(elements))!;
        }

        var collection = Activator.CreateInstance<TCollection>();
        foreach (var element in elements)
        {
            ((ICollection<TElement>)collection).Add(element);
        }

        return collection;
    }

    private static Expression<Func<TCollection, TProviderElement[]>> ToProviderExpression(ValueConverter? elementConverter)
    {
        var collection = Expression.Parameter(typeof(TCollection), "collection");
        var convert = ElementConversion<TElement, TProviderElement>(elementConverter, elementConverter?.ConvertToProviderExpression);
        return Expression.Lambda<Func<TCollection, TProviderElement[]>>(Call(nameof(ToProvider), collection, convert), collection);
    }

    private static Expression<Func<TProviderElement[], TCollection>> FromProviderExpression(ValueConverter? elementConverter)
    {
        var array = Expression.Parameter(typeof(TProviderElement[]), "array");
        var convert = ElementConversion<TProviderElement, TElement>(elementConverter, elementConverter?.ConvertFromProviderExpression);
        return Expression.Lambda<Func<TProviderElement[], TCollection>>(Call(nameof(FromProvider), array, convert), array);
    }

    private static MethodCallExpression Call(string method, Expression collection, Expression convert)
        => Expression.Call(typeof(EngramArrayConverter<TCollection, TElement, TProviderElement>).GetMethod(method)!, collection, convert);

    /// <summary><c>element => …</c>, and null for null where the result can be and the converter does not see to it.</summary>
    private static Expression<Func<TFrom, TTo>> ElementConversion<TFrom, TTo>(ValueConverter? converter, LambdaExpression? conversion)
    {
        var element = Expression.Parameter(typeof(TFrom), "element");
        if (conversion is null)
        {
            return Expression.Lambda<Func<TFrom, TTo>>(typeof(TFrom) == typeof(TTo) ? element : Expression.Convert(element, typeof(TTo)), element);
        }

        var given = conversion.Parameters[0];
        var body = ReplacingExpressionVisitor.Replace(given, given.Type == typeof(TFrom) ? element : Expression.Convert(element, given.Type), conversion.Body);
        body = body.Type == typeof(TTo) ? body : Expression.Convert(body, typeof(TTo));
        if (default(TFrom) is null && default(TTo) is null && !converter!.ConvertsNulls)
        {
            body = Expression.Condition(Expression.Equal(element, Expression.Constant(null, typeof(TFrom))), Expression.Default(typeof(TTo)), body);
        }

        return Expression.Lambda<Func<TFrom, TTo>>(body, element);
    }
}
