using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Engram.Data.Columns;

namespace Engram.Data;

/// <summary>A value of type <c>sparsevec(n)</c>: a vector of n float32 elements of which only those that are not zero are kept.</summary>
/// <remarks>
/// Places are 0-based here and 1-based in the text form <c>{1:0.5,7:-2}/10</c>, as in pgvector. At most 16,000 elements are not zero, of at most
/// 1,000,000,000 dimensions. Immutable, so thread-safe. Making one sorts its elements; all else costs as much as there are elements that are not zero.
/// </remarks>
public sealed class EngramSparseVector : IEquatable<EngramSparseVector>
{
    private readonly int[] places;
    private readonly float[] values;

    /// <summary>The vector that has all elements written out.</summary>
    /// <param name="elements">1 to 1,000,000,000 finite elements, at most 16,000 of them not zero.</param>
    /// <exception cref="ArgumentException">There are none or too many, or one is not finite.</exception>
    public EngramSparseVector(ReadOnlySpan<float> elements)
        : this(Elements(elements), elements.Length)
    {
    }

    /// <inheritdoc cref="EngramSparseVector(ReadOnlySpan{float})"/>
    public EngramSparseVector(float[] elements)
        : this(elements is null ? throw new ArgumentNullException(nameof(elements)) : new ReadOnlySpan<float>(elements))
    {
    }

    /// <summary>The vector of the elements given; all others are zero.</summary>
    /// <param name="elements">Places, from 0 up to but not including <paramref name="dimensions"/>, each once, and their finite values. Zeros are left out.</param>
    /// <param name="dimensions">1 to 1,000,000,000.</param>
    /// <exception cref="ArgumentException">A place comes twice or lies outside, a value is not finite, or more than 16,000 are not zero.</exception>
    public EngramSparseVector(IEnumerable<KeyValuePair<int, float>> elements, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(elements);
        if (dimensions is < 1 or > SparseValue.DimensionsMax)
        {
            throw new ArgumentException($"A sparse vector has from 1 to {SparseValue.DimensionsMax:N0} dimensions, not {dimensions:N0}.", nameof(dimensions));
        }

        var sorted = elements.ToArray();
        Array.Sort(sorted, static (a, b) => a.Key.CompareTo(b.Key));
        for (var i = 0; i < sorted.Length; i++)
        {
            var (place, value) = sorted[i];
            if (place < 0 || place >= dimensions)
            {
                throw new ArgumentException($"There is no place {place} in a vector of {dimensions} dimensions: places are from 0 to {dimensions - 1}.", nameof(elements));
            }

            if (i > 0 && sorted[i - 1].Key == place)
            {
                throw new ArgumentException($"Place {place} is given twice.", nameof(elements));
            }

            if (!float.IsFinite(value))
            {
                throw new ArgumentException($"The element at place {place} is {value.ToString(CultureInfo.InvariantCulture)}; elements of vectors are finite.", nameof(elements));
            }
        }

        var kept = Array.FindAll(sorted, e => e.Value != 0);
        if (kept.Length > SparseValue.CountMax)
        {
            throw new ArgumentException($"{kept.Length:N0} elements are not zero; a sparse vector keeps at most {SparseValue.CountMax:N0}.", nameof(elements));
        }

        Dimensions = dimensions;
        places = Array.ConvertAll(kept, e => e.Key);
        values = Array.ConvertAll(kept, e => e.Value);
    }

    private EngramSparseVector(int dimensions, int[] places, float[] values)
    {
        Dimensions = dimensions;
        this.places = places;
        this.values = values;
    }

    /// <summary>Number of dimensions.</summary>
    public int Dimensions { get; }

    /// <summary>0-based places of the elements that are not zero, ascending.</summary>
    public ReadOnlyMemory<int> Places => places;

    /// <summary>The elements at <see cref="Places"/>.</summary>
    public ReadOnlyMemory<float> Values => values;

    /// <summary>Reads the text form, <c>{1:0.5,7:-2}/10</c>.</summary>
    /// <param name="text">Places are 1-based.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static EngramSparseVector Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(Encoding.UTF8.GetBytes(text), out var vector, out var fault) ? vector : throw new FormatException($"'{text}' is not a sparse vector: {fault}. Write it as {{1:0.5,7:-2}}/10.");
    }

    /// <summary>All elements, zeros too.</summary>
    public float[] ToArray()
    {
        var all = new float[Dimensions];
        for (var i = 0; i < places.Length; i++)
        {
            all[places[i]] = values[i];
        }

        return all;
    }

    /// <summary>The text form, each element in the shortest form that reads back as itself.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("{");
        for (var i = 0; i < places.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}{places[i] + 1}:").Append(values[i].ToString(CultureInfo.InvariantCulture).Replace('E', 'e'));
        }

        return text.Append(CultureInfo.InvariantCulture, $"}}/{Dimensions}").ToString();
    }

    /// <summary>Whether both have the same dimensions and elements.</summary>
    public bool Equals(EngramSparseVector? other)
        => other is not null && Dimensions == other.Dimensions && places.AsSpan().SequenceEqual(other.places) && values.AsSpan().SequenceEqual(other.values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EngramSparseVector);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Dimensions);
        hash.AddBytes(MemoryMarshal.AsBytes<int>(places));
        hash.AddBytes(MemoryMarshal.AsBytes<float>(values));
        return hash.ToHashCode();
    }

    /// <summary>The vector that a value in the engine's form is.</summary>
    internal static EngramSparseVector Read(ReadOnlySpan<byte> stored)
    {
        var value = new SparseValue(stored);
        return new EngramSparseVector(value.Dimensions, value.Places.ToArray(), value.Values.ToArray());
    }

    /// <summary>The value in the engine's form.</summary>
    internal byte[] ToStored()
    {
        var stored = new byte[SparseValue.SizeOf(places.Length)];
        SparseValue.Write(stored, Dimensions, places, values);
        return stored;
    }

    /// <summary>Reads the text form.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="vector">The vector, when it is one.</param>
    /// <param name="fault">What is wrong, when it is none.</param>
    internal static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out EngramSparseVector? vector, out string fault)
    {
        vector = null;
        text = text.Trim(" \t\r\n"u8);
        var end = text.LastIndexOf("}"u8);
        if (end < 0 || text[0] != '{')
        {
            fault = "the braces around the elements are missing";
            return false;
        }

        var tail = text[(end + 1)..].TrimStart((byte)' ');
        if (tail.IsEmpty || tail[0] != '/' || !int.TryParse(tail[1..].Trim((byte)' '), NumberStyles.Integer, CultureInfo.InvariantCulture, out var dimensions))
        {
            fault = "the number of dimensions behind '}/' is missing";
            return false;
        }

        var items = text[1..end];
        List<KeyValuePair<int, float>> elements = [];
        HashSet<int> seen = [];
        while (!items.Trim((byte)' ').IsEmpty)
        {
            var comma = items.IndexOf((byte)',');
            var item = comma < 0 ? items : items[..comma];
            var colon = item.IndexOf((byte)':');
            if (colon < 0
                || !int.TryParse(item[..colon].Trim((byte)' '), NumberStyles.Integer, CultureInfo.InvariantCulture, out var place)
                || !float.TryParse(item[(colon + 1)..].Trim((byte)' '), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                || !float.IsFinite(value))
            {
                fault = $"'{Encoding.UTF8.GetString(item)}' is not a place and a value with a colon between them";
                return false;
            }

            if (place < 1 || place > dimensions || !seen.Add(place))
            {
                fault = place >= 1 && place <= dimensions ? $"place {place} is given twice" : $"there is no place {place} in {dimensions} dimensions";
                return false;
            }

            if (elements.Count == SparseValue.CountMax)
            {
                fault = $"it has more than {SparseValue.CountMax:N0} elements";
                return false;
            }

            elements.Add(new(place - 1, value));
            items = comma < 0 ? default : items[(comma + 1)..];
            if (comma >= 0 && items.Trim((byte)' ').IsEmpty)
            {
                fault = "there is nothing behind the last comma";
                return false;
            }
        }

        try
        {
            vector = new EngramSparseVector(elements, dimensions);
            fault = "";
            return true;
        }
        catch (ArgumentException e)
        {
            fault = e.Message.Split(" (Parameter", 2)[0].TrimEnd('.');
            return false;
        }
    }

    private static List<KeyValuePair<int, float>> Elements(ReadOnlySpan<float> elements)
    {
        List<KeyValuePair<int, float>> kept = [];
        for (var i = 0; i < elements.Length; i++)
        {
            if (elements[i] != 0)
            {
                kept.Add(new(i, elements[i]));
            }
        }

        return kept;
    }
}
