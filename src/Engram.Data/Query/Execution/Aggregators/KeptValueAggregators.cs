using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>min and max of values that need more than their bits: texts, and instants with their offsets. Of equal values the first stays.</summary>
internal sealed class ExtremeAggregator(DataType type, bool isGreatest) : MergeableAggregator
{
    private readonly KeyComparer comparer = KeyComparer.For(type);

    // One row a candidate that was once the best; the best of each group points into it.
    private readonly ColumnBuffer kept = new(type);
    private int[] best = [];

    public override long SizeBytes => kept.SizeBytes + ((long)best.Length * sizeof(int));

    public override void EnsureGroups(int groupCount)
    {
        if (groupCount > best.Length)
        {
            var old = best.Length;
            Array.Resize(ref best, Math.Max(groupCount, old * 2));
            best.AsSpan(old).Fill(-1);
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var column = arguments[0];
        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (column.IsNull(row))
            {
                continue;
            }

            Offer(groupIds.IsEmpty ? 0 : groupIds[i], column, row);
        }

        CompactSometimes();
    }

    public override void Merge(Aggregator later, int first, ReadOnlySpan<int> groups)
    {
        var other = (ExtremeAggregator)later;
        for (var i = 0; i < groups.Length; i++)
        {
            if (other.best[first + i] is >= 0 and var row)
            {
                Offer(groups[i], other.kept.Column, row);
            }
        }

        CompactSometimes();
    }

    public override void Clear()
    {
        best.AsSpan().Fill(-1);
        kept.Clear();
    }

    private void Offer(int group, Column column, int row)
    {
        ref var current = ref best[group];
        if (current >= 0)
        {
            var order = comparer.Compare(column, row, kept.Column, current);
            if (isGreatest ? order <= 0 : order >= 0)
            {
                return;
            }
        }

        current = kept.Count;
        kept.AppendFrom(column, row);
    }

    private void CompactSometimes()
    {
        if (kept.Count > 2 * best.Length + Batch.RowCountMax)
        {
            Compact();
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (best[i] < 0)
            {
                target.AppendNull();
            }
            else
            {
                target.AppendFrom(kept.Column, best[i]);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        kept.Dispose();
        comparer.Dispose();
    }

    /// <summary>Forgets candidates that were beaten, so that memory follows the number of groups.</summary>
    private void Compact()
    {
        using var copy = new ColumnBuffer(type, best.Length);
        foreach (ref var place in best.AsSpan())
        {
            if (place >= 0)
            {
                copy.AppendFrom(kept.Column, place);
                place = copy.Count - 1;
            }
        }

        kept.Clear();
        for (var i = 0; i < copy.Count; i++)
        {
            kept.AppendFrom(copy.Column, i);
        }
    }
}

/// <summary>string_agg(text, separator): in the order in which rows come; the separator of a row stands before its text.</summary>
internal sealed class StringAggregator : Aggregator
{
    private readonly List<List<byte>?> texts = [];
    private long sizeBytes;

    public override long SizeBytes => sizeBytes;

    public override void EnsureGroups(int groupCount)
    {
        while (texts.Count < groupCount)
        {
            texts.Add(null);
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (arguments[0].IsNull(row))
            {
                continue;
            }

            var group = groupIds.IsEmpty ? 0 : groupIds[i];
            var before = texts[group]?.Capacity ?? 0;
            if (texts[group] is not { } text)
            {
                texts[group] = text = [];
            }
            else if (!arguments[1].IsNull(row))
            {
                text.AddRange(arguments[1].Get<Bytes>(row).Span);
            }

            text.AddRange(arguments[0].Get<Bytes>(row).Span);
            sizeBytes += text.Capacity - before;
            if (text.Count > TextSize.LengthMax)
            {
                throw Error.ValueTooLarge(text.Count, TextSize.LengthMax);
            }
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (texts[i] is { } text)
            {
                target.AppendBytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text));
            }
            else
            {
                target.AppendNull();
            }
        }
    }
}

/// <summary>array_agg: all values in the order in which rows come, NULLs too.</summary>
internal sealed class ArrayAggregator(DataType element) : Aggregator
{
    private readonly ColumnBuffer values = new(element);
    private readonly List<List<int>> places = [];

    // A place takes four bytes, and lists that grow as much again.
    public override long SizeBytes => values.SizeBytes + (values.Count * 2L * sizeof(int));

    public override void EnsureGroups(int groupCount)
    {
        while (places.Count < groupCount)
        {
            places.Add([]);
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            places[groupIds.IsEmpty ? 0 : groupIds[i]].Add(values.Count);
            values.AppendFrom(arguments[0], rows?.Rows[i] ?? i);
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        using var elements = new ColumnBuffer(element);
        for (var i = first; i < first + count; i++)
        {
            if (places[i].Count == 0)
            {
                target.AppendNull();
                continue;
            }

            RowCopy.Gather(elements, values.Column, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(places[i]));
            ArrayValue.AppendElements(target, elements.Column, elements.Count);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        values.Dispose();
    }
}
