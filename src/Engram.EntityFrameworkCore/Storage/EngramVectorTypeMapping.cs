using System.Data.Common;
using System.Globalization;
using System.Linq.Expressions;
using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps <c>float[]</c> or <see cref="ReadOnlyMemory{T}"/> of <see cref="float"/> to <c>vector(n)</c>: an embedding.</summary>
/// <remarks>
/// An embedding is a value: replace it, do not write into it. Change tracking keeps the reference and compares elements only when the reference
/// has changed, so that saving an entity whose embedding is the same costs nothing.
/// </remarks>
public class EngramVectorTypeMapping : RelationalTypeMapping
{
    private static readonly Expression<Func<ReadOnlyMemory<float>, float[]>> ToArray = v => AsArray(v);
    private static readonly Expression<Func<float[], ReadOnlyMemory<float>>> FromArray = v => new ReadOnlyMemory<float>(v);

    /// <summary>The mapping of <c>float[]</c> without dimensions, which columns must have and parameters take from the other operand.</summary>
    public static EngramVectorTypeMapping Default { get; } = new(typeof(float[]));

    /// <summary>The mapping of <see cref="ReadOnlyMemory{T}"/> of <see cref="float"/> without dimensions.</summary>
    public static EngramVectorTypeMapping MemoryDefault { get; } = new(typeof(ReadOnlyMemory<float>));

    /// <summary>Creates the mapping without dimensions.</summary>
    /// <param name="clrType"><c>float[]</c> or <see cref="ReadOnlyMemory{T}"/> of <see cref="float"/>.</param>
    public EngramVectorTypeMapping(Type clrType)
        : this(CreateParameters(clrType))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramVectorTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <summary>The number of elements, null where it is not known.</summary>
    public virtual int? Dimensions => Size;

    /// <summary>The same array when the memory is the whole of one, else a copy. Used by the value converter.</summary>
    public static float[] AsArray(ReadOnlyMemory<float> value)
        => MemoryMarshal.TryGetArray(value, out var segment) && segment.Array is { } array && segment.Offset == 0 && segment.Count == array.Length
            ? array
            : value.ToArray();

    /// <inheritdoc/>
    public override Expression GenerateCodeLiteral(object value)
    {
        // The default of the struct must stay what it is: a compiled model takes memory over an empty array for a sentinel that somebody chose.
        if (value is ReadOnlyMemory<float> { IsEmpty: true })
        {
            return Expression.Property(null, typeof(ReadOnlyMemory<float>), nameof(ReadOnlyMemory<float>.Empty));
        }

        var elements = ElementsOf(value).ToArray().Select(e => Expression.Constant(e));
        var array = Expression.NewArrayInit(typeof(float), elements);
        return value is ReadOnlyMemory<float>
            ? Expression.New(typeof(ReadOnlyMemory<float>).GetConstructor([typeof(float[])])!, array)
            : array;
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramVectorTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
    {
        var elements = ElementsOf(value).ToArray();
        var text = string.Join(',', elements.Select(e => e.ToString("R", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"vector({elements.Length}) '[{text}]'");
    }

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, StoreType);

    private static RelationalTypeMappingParameters CreateParameters(Type clrType)
    {
        CoreTypeMappingParameters core = clrType == typeof(float[])
            ? new(clrType, comparer: new EngramVectorComparer(), keyComparer: new EngramVectorComparer(), providerValueComparer: new EngramVectorComparer(),
                jsonValueReaderWriter: new JsonCollectionOfStructsReaderWriter<float[], float>(JsonFloatReaderWriter.Instance))
            : new(clrType, new ValueConverter<ReadOnlyMemory<float>, float[]>(ToArray, FromArray),
                new EngramVectorMemoryComparer(), new EngramVectorMemoryComparer(), new EngramVectorComparer());
        return new(core, "vector", StoreTypePostfix.Size);
    }

    private static ReadOnlyMemory<float> ElementsOf(object value) => value is float[] array ? array : (ReadOnlyMemory<float>)value;
}

/// <summary>Compares embeddings held as <c>float[]</c>: by reference first, by elements only when the references differ; keeps no copy.</summary>
public sealed class EngramVectorComparer : ValueComparer<float[]>
{
    /// <summary>Creates the comparer.</summary>
    public EngramVectorComparer()
        : base((left, right) => AreEqual(left, right), value => HashOf(value), value => value)
    {
    }

    /// <summary>Whether both are the same array, or hold the same elements.</summary>
    public static bool AreEqual(float[]? left, float[]? right)
        => ReferenceEquals(left, right) || (left is not null && right is not null && left.AsSpan().SequenceEqual(right));

    /// <summary>A hash of the first elements, which are as good as all of them.</summary>
    public static int HashOf(float[] value)
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

/// <summary>Compares embeddings held as memory: by place first, by elements only when the places differ; keeps no copy.</summary>
public sealed class EngramVectorMemoryComparer : ValueComparer<ReadOnlyMemory<float>>
{
    /// <summary>Creates the comparer.</summary>
    public EngramVectorMemoryComparer()
        : base((left, right) => AreEqual(left, right), value => HashOf(value), value => value)
    {
    }

    /// <summary>Whether both are the same memory, or hold the same elements.</summary>
    public static bool AreEqual(ReadOnlyMemory<float> left, ReadOnlyMemory<float> right) => left.Equals(right) || left.Span.SequenceEqual(right.Span);

    /// <summary>A hash of the first elements, which are as good as all of them.</summary>
    public static int HashOf(ReadOnlyMemory<float> value)
    {
        var hash = new HashCode();
        hash.Add(value.Length);
        foreach (var element in value.Span[..Math.Min(value.Length, 8)])
        {
            hash.Add(element);
        }

        return hash.ToHashCode();
    }
}
