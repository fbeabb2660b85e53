using System.Collections;
using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps a <see cref="BitArray"/> to <c>bit(n)</c> or <c>bit varying(n)</c>: the first element is the first bit.</summary>
public class EngramBitArrayTypeMapping : RelationalTypeMapping
{
    private static readonly ConstructorInfo Constructor = typeof(BitArray).GetConstructor([typeof(bool[])])!;

    /// <summary>The mapping to bit strings of any length.</summary>
    public static EngramBitArrayTypeMapping Default { get; } = new("bit varying");

    /// <summary>The mapping to strings of one length.</summary>
    public static EngramBitArrayTypeMapping Fixed { get; } = new("bit");

    /// <summary>Creates the mapping to a type.</summary>
    /// <param name="storeType">bit or bit varying, without a length.</param>
    public EngramBitArrayTypeMapping(string storeType)
        : this(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(
                typeof(BitArray), comparer: new EngramBitArrayComparer(), keyComparer: new EngramBitArrayComparer(), providerValueComparer: new EngramBitArrayComparer(),
                jsonValueReaderWriter: EngramJsonBitArrayReaderWriter.Instance),
            storeType, StoreTypePostfix.Size))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramBitArrayTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    public override Expression GenerateCodeLiteral(object value)
        => Expression.New(Constructor, Expression.NewArrayInit(typeof(bool), ((BitArray)value).Cast<bool>().Select(b => Expression.Constant(b))));

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramBitArrayTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value) => $"B'{EngramJsonBitArrayReaderWriter.ToText((BitArray)value)}'";

    /// <inheritdoc/>
    protected override void ConfigureParameter(DbParameter parameter) => ParameterTypes.Set(parameter, "bit varying");
}

/// <summary>Compares bit arrays by their bits, and keeps copies: a bit array can be changed.</summary>
public sealed class EngramBitArrayComparer : ValueComparer<BitArray>
{
    /// <summary>Creates the comparer.</summary>
    public EngramBitArrayComparer()
        : base((left, right) => AreEqual(left, right), value => HashOf(value), value => new BitArray(value))
    {
    }

    /// <summary>Whether both have the same bits.</summary>
    public static bool AreEqual(BitArray? left, BitArray? right)
        => ReferenceEquals(left, right) || (left is not null && right is not null && left.Length == right.Length && WordsOf(left).AsSpan().SequenceEqual(WordsOf(right)));

    /// <summary>A hash of the bits.</summary>
    public static int HashOf(BitArray value)
    {
        var hash = new HashCode();
        hash.Add(value.Length);
        hash.AddBytes(MemoryMarshal.AsBytes<int>(WordsOf(value)));
        return hash.ToHashCode();
    }

    /// <summary>The bits, 32 at a time; those behind the last are 0.</summary>
    private static int[] WordsOf(BitArray value)
    {
        var words = new int[((long)value.Length + 31) / 32];
        value.CopyTo(words, 0);
        return words;
    }
}

/// <summary>Bit arrays in documents: texts of 0 and 1.</summary>
public sealed class EngramJsonBitArrayReaderWriter : JsonValueReaderWriter<BitArray>
{
    private static readonly PropertyInfo InstanceProperty = typeof(EngramJsonBitArrayReaderWriter).GetProperty(nameof(Instance))!;

    private EngramJsonBitArrayReaderWriter()
    {
    }

    /// <summary>The one that there is; it keeps nothing.</summary>
    public static EngramJsonBitArrayReaderWriter Instance { get; } = new();

    /// <inheritdoc/>
    public override Expression ConstructorExpression => Expression.Property(null, InstanceProperty);

    /// <inheritdoc/>
    public override BitArray FromJsonTyped(ref Utf8JsonReaderManager manager, object? existingObject = null)
    {
        var text = manager.CurrentReader.GetString()!;
        var place = text.AsSpan().IndexOfAnyExcept('0', '1');
        return place < 0
            ? new BitArray([.. text.Select(c => c == '1')])
            : throw new FormatException($"A document has '{text[place]}' at place {place + 1} of a text of bits, where 0 or 1 is expected.");
    }

    /// <inheritdoc/>
    public override void ToJsonTyped(Utf8JsonWriter writer, BitArray value) => writer.WriteStringValue(ToText(value));

    internal static string ToText(BitArray value) => string.Concat(value.Cast<bool>().Select(b => b ? '1' : '0'));
}
