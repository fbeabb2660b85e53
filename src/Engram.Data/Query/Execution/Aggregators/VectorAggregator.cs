using System.Runtime.InteropServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>sum and avg of vectors, element by element in float64, in the order in which rows come.</summary>
internal sealed class VectorAggregator(bool isAverage) : Aggregator
{
    private readonly List<(double[] Sums, long Count)?> groups = [];

    public override void EnsureGroups(int groupCount)
    {
        while (groups.Count < groupCount)
        {
            groups.Add(null);
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

            var vector = arguments[0].Get<Bytes>(row).Floats;
            var group = groupIds.IsEmpty ? 0 : groupIds[i];
            var (sums, before) = groups[group] ?? (new double[vector.Length], 0);
            if (sums.Length != vector.Length)
            {
                throw Error.VectorDimensionsDiffer(sums.Length, vector.Length);
            }

            for (var j = 0; j < vector.Length; j++)
            {
                sums[j] += vector[j];
            }

            groups[group] = (sums, before + 1);
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (groups[i] is not { } group)
            {
                target.AppendNull();
                continue;
            }

            var result = new float[group.Sums.Length];
            for (var j = 0; j < result.Length; j++)
            {
                result[j] = (float)(isAverage ? group.Sums[j] / group.Count : group.Sums[j]);
                if (!float.IsFinite(result[j]))
                {
                    throw Error.NumericOutOfRange("real, the type of a vector's elements");
                }
            }

            target.AppendBytes(MemoryMarshal.AsBytes<float>(result));
        }
    }
}

/// <summary>any_value: the first value of a group that is not NULL.</summary>
internal sealed class FirstValueAggregator(DataType type) : Aggregator
{
    private readonly ColumnBuffer kept = new(type);
    private readonly List<int> places = [];

    public override void EnsureGroups(int groupCount)
    {
        while (places.Count < groupCount)
        {
            places.Add(-1);
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            var (row, group) = (rows?.Rows[i] ?? i, groupIds.IsEmpty ? 0 : groupIds[i]);
            if (places[group] < 0 && !arguments[0].IsNull(row))
            {
                places[group] = kept.Count;
                kept.AppendFrom(arguments[0], row);
            }
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (places[i] < 0)
            {
                target.AppendNull();
            }
            else
            {
                target.AppendFrom(kept.Column, places[i]);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        kept.Dispose();
    }
}
