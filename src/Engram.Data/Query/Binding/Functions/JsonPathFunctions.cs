using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Tables;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>json paths: a path is a text.</summary>
internal static class JsonPathFunctions
{
    private const TypeKind Json = TypeKind.Json;
    private const TypeKind Text = TypeKind.Text;
    private const string WithVariables = " The last argument is an object with the values of $name.";

    public static IEnumerable<FunctionOverload> All =>
    [
        Finds("@?", [Json, Text], isStrict: false, "Whether the json path finds anything; NULL after an error."),
        Matches("@@", [Json, Text], isStrict: false, "What the condition of the json path says; NULL when it is none."),
        .. Both(p => Finds("jsonb_path_exists", p, isStrict: true, "Whether the json path finds anything.")),
        .. Both(p => Matches("jsonb_path_match", p, isStrict: true, "What the condition of the json path says.")),
        .. Both(p => Scalar.Row<Bytes, JsonPathFirst>("jsonb_path_query_first", p, DataType.Json, "The first that the json path finds; NULL for nothing.")),
        .. Both(p => Scalar.Row<Bytes, JsonPathArray>("jsonb_path_query_array", p, DataType.Json, "All that the json path finds, as an array.")),
        .. Both(p => new FunctionOverload("jsonb_path_query", FunctionKind.Table, [.. p], _ => DataType.Json)
        {
            CreateTable = (_, _) => new JsonPathRows(),
            Summary = "What the json path finds.",
        }),
    ];

    private static FunctionOverload[] Both(Func<TypeKind[], FunctionOverload> make) => [make([Json, Text]), make([Json, Text, Json]) is var other ? other with { Summary = other.Summary + WithVariables } : null!];

    private static FunctionOverload Finds(string name, TypeKind[] parameters, bool isStrict, string summary)
        => Scalar.Of(name, parameters, DataType.Boolean, (type, arguments, _) => new RowEvaluator<byte, JsonPathFinds>(type, [.. arguments], new JsonPathFinds(isStrict)), summary);

    private static FunctionOverload Matches(string name, TypeKind[] parameters, bool isStrict, string summary)
        => Scalar.Of(name, parameters, DataType.Boolean, (type, arguments, _) => new RowEvaluator<byte, JsonPathMatches>(type, [.. arguments], new JsonPathMatches(isStrict)), summary);
}
