using Engram.Data.Columns;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Indexes;

/// <summary>Keys from <see cref="Low"/> on and before <see cref="High"/>, by their bytes.</summary>
/// <remarks>Equality on the first columns of an index and a range on the next one is always such a range, whatever the directions of the columns are;
/// so is "begins with". Comparisons are never true of NULL, so a range of a column leaves its NULLs out.</remarks>
internal sealed class KeyRange
{
    public KeyBuffer Low { get; } = new();

    public KeyBuffer High { get; } = new();

    /// <summary>Whether there is an end; when false, keys go on to the last.</summary>
    public bool HasHigh { get; private set; }

    /// <summary>The keys that a query asks for.</summary>
    public void Set(KeyShape shape, IndexBounds bounds)
    {
        SetEqual(shape, bounds.Equal, 0);
        if (bounds.Start is { } start)
        {
            NarrowToStart(shape, bounds.Equal.Length, start);
        }
        else if (bounds.IsNotNull || bounds.From is not null || bounds.To is not null)
        {
            Narrow(shape, bounds.Equal.Length, bounds.From, bounds.IncludesFrom, bounds.To, bounds.IncludesTo);
        }
    }

    /// <summary>All keys.</summary>
    public void SetAll()
    {
        Low.Clear();
        High.Clear();
        HasHigh = false;
    }

    /// <summary>Keys that begin with these bytes.</summary>
    public void SetStart(ReadOnlySpan<byte> start)
    {
        Low.Set(start);
        High.Set(start);
        HasHigh = High.MoveBeyond();
    }

    /// <summary>The keys whose first parts have these values; NULL stands for itself here.</summary>
    /// <param name="values">One column for each of the first parts, of its type.</param>
    public void SetEqual(KeyShape shape, ReadOnlySpan<Column> values, int row)
    {
        Low.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            shape.AppendPart(i, values[i], row, Low);
        }

        High.Set(Low.Span);
        HasHigh = High.MoveBeyond();
    }

    /// <summary>After <see cref="SetEqual"/>: of these keys those whose next part lies between two values.</summary>
    /// <param name="part">The next part.</param>
    /// <param name="from">One row, not NULL; null when there is no lower bound.</param>
    /// <param name="to">One row, not NULL; null when there is no upper bound.</param>
    public void Narrow(KeyShape shape, int part, Column? from, bool includesFrom, Column? to, bool includesTo)
    {
        if (shape.IsDescending(part))
        {
            (from, includesFrom, to, includesTo) = (to, includesTo, from, includesFrom);
        }

        var equal = Low.Span.ToArray();
        High.Set(equal);
        if (from is null)
        {
            shape.AppendValueMarker(part, Low);
        }
        else
        {
            shape.AppendPart(part, from, 0, Low);
            if (!includesFrom)
            {
                Low.MoveBeyond();
            }
        }

        HasHigh = true;
        if (to is null)
        {
            shape.AppendValueMarker(part, High);
            HasHigh = High.MoveBeyond();
        }
        else
        {
            shape.AppendPart(part, to, 0, High);
            if (includesTo)
            {
                HasHigh = High.MoveBeyond();
            }
        }
    }

    /// <summary>After <see cref="SetEqual"/>: of these keys those whose next part, a text, begins with these bytes of UTF-8.</summary>
    public void NarrowToStart(KeyShape shape, int part, ReadOnlySpan<byte> start)
    {
        shape.AppendTextStart(part, start, Low);
        High.Set(Low.Span);
        HasHigh = High.MoveBeyond();
    }

    /// <summary>Whether a key lies before the range (below zero), in it (zero) or after it.</summary>
    public int Compare(ReadOnlySpan<byte> key)
        => key.SequenceCompareTo(Low.Span) < 0 ? -1 : HasHigh && key.SequenceCompareTo(High.Span) >= 0 ? 1 : 0;
}
