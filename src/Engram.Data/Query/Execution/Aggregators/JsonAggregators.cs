using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>jsonb_agg(x): all values in the order in which rows come, NULLs too. jsonb_object_agg(name, value): a member a row, the last of each name.</summary>
internal sealed class JsonAggregator(bool isObject) : Aggregator
{
    private readonly List<JsonBuilder?> groups = [];
    private readonly JsonValueWriter writer = new();
    private long sizeBytes;

    public override long SizeBytes => sizeBytes;

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
            var group = groupIds.IsEmpty ? 0 : groupIds[i];
            if (groups[group] is not { } target)
            {
                groups[group] = target = new JsonBuilder();
                JsonWithout.Begin(target, isObject);
            }

            var before = target.CapacityBytes;
            if (isObject)
            {
                target.Name(arguments[0].IsNull(row) ? throw Error.InvalidArgument("jsonb_object_agg", "a name is NULL. Leave such rows out with FILTER.") : writer.Text(arguments[0], row));
            }

            writer.Write(target, arguments[^1], row);
            sizeBytes += target.CapacityBytes - before;
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

            if (!group.IsComplete)
            {
                group.End();
            }

            target.AppendBytes(group.Written);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        writer.Dispose();
    }
}
