using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>count(*) without arguments, else the values that are not NULL.</summary>
internal sealed class CountAggregator : MergeableAggregator
{
    private long[] counts = [];

    public override void EnsureGroups(int groupCount)
    {
        if (groupCount > counts.Length)
        {
            Array.Resize(ref counts, Math.Max(groupCount, counts.Length * 2));
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var column = arguments.IsEmpty ? null : arguments[0];
        if (groupIds.IsEmpty)
        {
            counts[0] += CountOne(column, batch.RowCount, rows);
            return;
        }

        for (var i = 0; i < groupIds.Length; i++)
        {
            counts[groupIds[i]] += column is null || !column.IsNull(rows?.Rows[i] ?? i) ? 1 : 0;
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            target.Append(counts[i]);
        }
    }

    public override void Merge(Aggregator later, int first, ReadOnlySpan<int> groups)
    {
        var other = ((CountAggregator)later).counts;
        for (var i = 0; i < groups.Length; i++)
        {
            counts[groups[i]] += other[first + i];
        }
    }

    public override void Clear() => Array.Clear(counts);

    private static unsafe int CountOne(Column? column, int rowCount, Selection? rows)
    {
        var count = rows?.Count ?? rowCount;
        if (column is null || column.Nulls == null)
        {
            return count;
        }

        if (column.IsConstant)
        {
            return column.IsNull(0) ? 0 : count;
        }

        return rows is null ? Aggregates.CountNonNull(column.Nulls, rowCount) : Aggregates.CountNonNull(column.Nulls, rows.Rows);
    }
}
