using System.Buffers;
using System.Runtime.CompilerServices;

namespace Engram.Data.Columns;

/// <summary>Equality, order and hashes of json values in the form that <see cref="JsonBuilder"/> writes.</summary>
/// <remarks>
/// The order is that of PostgreSQL's jsonb: null, strings, numbers, booleans (false first), arrays, objects; of arrays and of objects the one with fewer
/// entries first, then entry by entry, of a member its name before its value. One exception is PostgreSQL's too: an empty array as a whole value comes
/// before everything. Strings compare by code point.
/// </remarks>
internal static class JsonOrder
{
    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
        // Values of other bytes are equal only where the fractions of numbers end in zeros.
        => a.SequenceEqual(b) || ((a.Contains((byte)'.') || b.Contains((byte)'.')) && Compare(a, b) == 0);

    /// <summary>Below, at or above zero.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (isEmptyA, isEmptyB) = (a.SequenceEqual("[]"u8), b.SequenceEqual("[]"u8));
        return isEmptyA || isEmptyB ? (isEmptyB ? 1 : 0) - (isEmptyA ? 1 : 0) : CompareInside(a, b);
    }

    public static ulong Hash(ReadOnlySpan<byte> value)
    {
        if (!value.Contains((byte)'.'))
        {
            return Kernels.Hashing.Hash(value);
        }

        // Numbers that are equal share their shortest form; all else is copied.
        var buffer = ArrayPool<byte>.Shared.Rent(value.Length);
        var (at, written) = (0, 0);
        while (at < value.Length)
        {
            var end = value[at] == '"' || value[at] is >= (byte)'0' and <= (byte)'9' ? JsonText.EndOf(value, at) : at + 1;
            var part = value[at] == '"' ? value[at..end] : JsonNumber.Shortest(value[at..end]);
            part = end == at + 1 ? value[at..end] : part;
            part.CopyTo(buffer.AsSpan(written));
            written += part.Length;
            at = end;
        }

        var hash = Kernels.Hashing.Hash(buffer.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(buffer);
        return hash;
    }

    private static int CompareInside(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (kind, other) = (JsonText.KindOf(a), JsonText.KindOf(b));
        if (kind != other)
        {
            return (int)kind - (int)other;
        }

        switch (kind)
        {
            case JsonKind.Number: return JsonNumber.Compare(a, b);
            case JsonKind.String: return CompareStrings(JsonText.Inside(a), JsonText.Inside(b));
            case JsonKind.Boolean: return (a[0] == 't' ? 1 : 0) - (b[0] == 't' ? 1 : 0);
            case JsonKind.Null: return 0;
        }

        Check();
        var counts = JsonText.Count(a) - JsonText.Count(b);
        if (counts != 0)
        {
            return counts;
        }

        var left = new JsonWalk(a);
        var right = new JsonWalk(b);
        while (left.Next() && right.Next())
        {
            var order = kind == JsonKind.Object ? CompareStrings(left.RawName, right.RawName) : 0;
            order = order != 0 ? order : CompareInside(left.Value, right.Value);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <param name="a">Between its quotes, escaped.</param>
    /// <param name="b">Likewise.</param>
    private static int CompareStrings(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
        => a.IndexOf((byte)'\\') < 0 && b.IndexOf((byte)'\\') < 0
            ? a.SequenceCompareTo(b)
            : JsonText.Unescaped(a).AsSpan().SequenceCompareTo(JsonText.Unescaped(b));

    /// <summary>Values that functions nest into each other may be deeper than those that are read.</summary>
    private static void Check()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error.JsonTooDeep(JsonBuilder.DepthMax);
        }
    }
}
