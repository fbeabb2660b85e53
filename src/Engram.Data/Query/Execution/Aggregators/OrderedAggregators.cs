using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>What is found by its place in an order: rows come sorted by the first argument. Keeps the values that are not NULL.</summary>
internal abstract class OrderedAggregator(DataType type) : Aggregator
{
    private readonly List<List<int>> places = [];

    protected ColumnBuffer Values { get; } = new(type);

    public override long SizeBytes => Values.SizeBytes + (Values.Count * 2L * sizeof(int));

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
            var (row, group) = (rows?.Rows[i] ?? i, groupIds.IsEmpty ? 0 : groupIds[i]);
            Look(arguments, row, group);
            if (!arguments[0].IsNull(row))
            {
                places[group].Add(Values.Count);
                Values.AppendFrom(arguments[0], row);
            }
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (places[i].Count == 0)
            {
                target.AppendNull();
            }
            else
            {
                Append(i, CollectionsMarshal.AsSpan(places[i]), target);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        Values.Dispose();
    }

    /// <summary>Sees every row, before its value is kept.</summary>
    protected virtual void Look(ReadOnlySpan<Column> arguments, int row, int group)
    {
    }

    /// <param name="sorted">The places in <see cref="Values"/> of a group's values in their order, at least one.</param>
    protected abstract void Append(int group, ReadOnlySpan<int> sorted, ColumnBuffer target);
}

/// <summary>percentile_cont and percentile_disc. The fraction, which all rows have alike, is the second argument.</summary>
internal sealed class PercentileAggregator(DataType type, bool isContinuous) : OrderedAggregator(type)
{
    // Of no row yet, or NULL: no number.
    private double fraction = double.NaN;

    protected override void Look(ReadOnlySpan<Column> arguments, int row, int group)
    {
        if (arguments[1].IsNull(row))
        {
            return;
        }

        var given = arguments[1].Get<double>(row);
        fraction = given is >= 0 and <= 1 ? given : throw Error.FractionOutOfRange(given);
    }

    protected override void Append(int group, ReadOnlySpan<int> sorted, ColumnBuffer target)
    {
        if (double.IsNaN(fraction))
        {
            target.AppendNull();
            return;
        }

        if (!isContinuous)
        {
            var place = (int)Math.Ceiling(fraction * sorted.Length);
            target.AppendFrom(Values.Column, sorted[Math.Max(place, 1) - 1]);
            return;
        }

        var at = fraction * (sorted.Length - 1);
        var (below, above) = ((int)Math.Floor(at), (int)Math.Ceiling(at));
        if (Values.Column.Type.Kind == TypeKind.Interval)
        {
            var (shorter, longer) = (Values.Column.Get<long>(sorted[below]), Values.Column.Get<long>(sorted[above]));
            target.Append(below == above ? shorter : (long)(shorter + Math.Round((decimal)(at - below) * ((decimal)longer - shorter))));
            return;
        }

        var low = Values.Column.Get<double>(sorted[below]);
        // Of infinities only where the place is between two: 0 times infinity is no number.
        target.Append(below == above ? low : low + ((at - below) * (Values.Column.Get<double>(sorted[above]) - low)));
    }
}

/// <summary>mode: equal values stand side by side, so the longest run counts, of equal ones the first.</summary>
internal sealed class ModeAggregator(DataType type) : OrderedAggregator(type)
{
    private readonly KeyComparer comparer = KeyComparer.For(type);

    public override void Dispose()
    {
        base.Dispose();
        comparer.Dispose();
    }

    protected override void Append(int group, ReadOnlySpan<int> sorted, ColumnBuffer target)
    {
        var (best, longest, start) = (sorted[0], 0, 0);
        for (var i = 1; i <= sorted.Length; i++)
        {
            if (i < sorted.Length && comparer.Compare(Values.Column, sorted[i], Values.Column, sorted[start]) == 0)
            {
                continue;
            }

            if (i - start > longest)
            {
                (best, longest) = (sorted[start], i - start);
            }

            start = i;
        }

        target.AppendFrom(Values.Column, best);
    }
}
