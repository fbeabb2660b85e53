using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>jsonb_path_query: what a path finds, one a row.</summary>
internal sealed class JsonPathRows : TableFunction
{
    private readonly JsonPath path = new();
    private readonly List<Bytes> results = [];
    private readonly ColumnBuffer memory = new(DataType.Json, 1);
    private int next;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        results.Clear();
        memory.Clear();
        next = 0;
        path.Run(arguments[0].Get<Bytes>(0), arguments[1].Get<Bytes>(0), arguments.Length > 2 ? arguments[2].Get<Bytes>(0) : null, memory, results, isSilent: false);
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = Math.Min(countMax, results.Count - next);
        for (var i = 0; i < count; i++)
        {
            targets[0].AppendBytes(results[next++].Span);
        }

        return count;
    }

    public override void Dispose()
    {
        base.Dispose();
        memory.Dispose();
    }
}
