using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>jsonb_path_exists(value, path [, variables]) and, without errors, <c>@?</c>.</summary>
internal struct JsonPathFinds(bool isStrict) : IRowFunction<byte>
{
    private JsonPathRun run;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        var found = run.TryOf(arguments, row, memory, isSilent: !isStrict, isExistence: true);
        result = found?.Count > 0 ? (byte)1 : (byte)0;
        return found is not null;
    }
}

/// <summary>jsonb_path_match(value, path [, variables]) and, without errors, <c>@@</c>: what the condition says.</summary>
internal struct JsonPathMatches(bool isStrict) : IRowFunction<byte>
{
    private JsonPathRun run;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        result = 0;
        if (run.TryOf(arguments, row, memory, isSilent: !isStrict) is [var answer] && JsonText.KindOf(answer.Span) is JsonKind.Boolean or JsonKind.Null)
        {
            result = answer.Span[0] == 't' ? (byte)1 : (byte)0;
            return answer.Span[0] != 'n';
        }

        return isStrict ? throw Error.JsonPathNotBoolean() : false;
    }
}

/// <summary>jsonb_path_query_first(value, path [, variables]).</summary>
internal struct JsonPathFirst : IRowFunction<Bytes>
{
    private JsonPathRun run;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var found = run.Of(arguments, row, memory);
        result = found.Count > 0 ? found[0] : default;
        return found.Count > 0;
    }
}

/// <summary>jsonb_path_query_array(value, path [, variables]).</summary>
internal struct JsonPathArray : IRowFunction<Bytes>
{
    private JsonPathRun run;
    private JsonBuilder? builder;

    public unsafe bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        builder ??= new JsonBuilder();
        builder.Clear();
        builder.BeginArray();
        foreach (var value in run.Of(arguments, row, memory))
        {
            builder.Raw(value.Span);
        }

        builder.End();
        var written = builder.Written;
        var target = memory.AllocateVariable(written.Length);
        written.CopyTo(new Span<byte>(target, written.Length));
        result = new Bytes(target, written.Length);
        return true;
    }
}

/// <summary>A path over the rows of a batch.</summary>
internal struct JsonPathRun
{
    private JsonPath? path;
    private List<Bytes>? results;

    public List<Bytes> Of(Column[] arguments, int row, ColumnBuffer memory) => TryOf(arguments, row, memory, isSilent: false)!;

    /// <summary>Null after an error that is to be passed over.</summary>
    public List<Bytes>? TryOf(Column[] arguments, int row, ColumnBuffer memory, bool isSilent, bool isExistence = false)
    {
        path ??= new JsonPath();
        results ??= [];
        results.Clear();
        return path.Run(arguments[0].Get<Bytes>(row), arguments[1].Get<Bytes>(row), arguments.Length > 2 ? arguments[2].Get<Bytes>(row) : null, memory, results, isSilent, isExistence) ? results : null;
    }
}
