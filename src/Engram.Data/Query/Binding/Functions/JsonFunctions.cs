using Engram.Data.Columns;
using Engram.Data.Query.Execution.Aggregators;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>json, with jsonb's operators and functions. json and jsonb are one type, so every function has both names.</summary>
internal static class JsonFunctions
{
    private const TypeKind Json = TypeKind.Json;
    private const TypeKind Text = TypeKind.Text;
    private const TypeKind Any = TypeKind.Unknown;

    public static IEnumerable<FunctionOverload> All => [.. Operators, .. Named("json"), .. Named("jsonb")];

    private static IEnumerable<FunctionOverload> Operators =>
    [
        Scalar.Row<Bytes, JsonMember<AsJson>>("->", [Json, Text], DataType.Json, "The member of that name; NULL when there is none."),
        Scalar.Row<Bytes, JsonElement<AsJson>>("->", [Json, TypeKind.Int32], DataType.Json, "The element at an index from 0, from the end when it is negative; NULL when there is none."),
        Scalar.Row<Bytes, JsonMember<AsText>>("->>", [Json, Text], DataType.Text, "The member of that name as text; NULL for null."),
        Scalar.Row<Bytes, JsonElement<AsText>>("->>", [Json, TypeKind.Int32], DataType.Text, "The element at an index from 0 as text; NULL for null."),
        Scalar.Row<Bytes, JsonAtPath<AsJson>>("#>", [Json, TypeKind.Array], DataType.Json, "The part at a path of names and indexes.") with { ArrayElement = Text },
        Scalar.Row<Bytes, JsonAtPath<AsText>>("#>>", [Json, TypeKind.Array], DataType.Text, "The part at a path of names and indexes as text.") with { ArrayElement = Text },
        Scalar.Binary<Bytes, Bytes, byte, JsonContains>("@>", Json, Json, DataType.Boolean, "Whether the left value contains the right one."),
        Scalar.Binary<Bytes, Bytes, byte, JsonIsContained>("<@", Json, Json, DataType.Boolean, "Whether the left value is contained in the right one."),
        Scalar.Binary<Bytes, Bytes, byte, JsonHas>("?", Json, Text, DataType.Boolean, "Whether there is a member, or among the elements a string, of that name."),
        Names("?|", wantsAll: false, "Whether there is any of the names."),
        Names("?&", wantsAll: true, "Whether there are all of the names."),
        Scalar.Binary<Bytes, Bytes, Bytes, JsonConcatenate>("||", Json, Json, DataType.Json, "Objects merged, the right one's members winning; all else strung together as an array."),
        Scalar.Of("-", [Json, Text], DataType.Json, (type, arguments, _)
            => new BinaryEvaluator<Bytes, Bytes, Bytes, JsonWithout>(type, arguments[0], arguments[1], new JsonWithout(isList: false)), "Without the member, or the strings, of that name."),
        Scalar.Of("-", [Json, TypeKind.Array], DataType.Json, (type, arguments, _)
            => new BinaryEvaluator<Bytes, Bytes, Bytes, JsonWithout>(type, arguments[0], arguments[1], new JsonWithout(isList: true)), "Without the members, or the strings, of these names.")
            with { ArrayElement = Text },
        Scalar.Binary<Bytes, int, Bytes, JsonWithoutElement>("-", Json, TypeKind.Int32, DataType.Json, "Without the element at an index."),
        Change("#-", [Json, TypeKind.Array], new JsonChangeAt("#-", JsonChange.Delete, JsonChange.Delete, false), "Without the part at a path."),
    ];

    private static IEnumerable<FunctionOverload> Named(string prefix) =>
    [
        Scalar.Row<Bytes, JsonAtSteps<AsJson>>(prefix + "_extract_path", [Json, Text], DataType.Json, "The part at a path of names and indexes.") with { IsVariadic = true },
        Scalar.Row<Bytes, JsonAtSteps<AsText>>(prefix + "_extract_path_text", [Json, Text], DataType.Text, "The part at a path as text.") with { IsVariadic = true },
        Scalar.Unary<Bytes, Bytes, JsonTypeOf>(prefix + "_typeof", Json, DataType.Text, "object, array, string, number, boolean or null."),
        Scalar.Unary<Bytes, int, JsonArrayLength>(prefix + "_array_length", Json, DataType.Int32, "Number of elements."),
        Scalar.Unary<Bytes, Bytes, JsonStripNulls>(prefix + "_strip_nulls", Json, DataType.Json, "Without members that are null, at every depth."),
        Scalar.Unary<Bytes, Bytes, JsonPretty>(prefix + "_pretty", Json, DataType.Text, "Written in lines, four spaces a level."),
        Change(prefix + "_set", [Json, TypeKind.Array, Json], new JsonChangeAt("jsonb_set", JsonChange.Replace, JsonChange.ReplaceOrCreate, true), "The value with another part at a path; a last step that is missing is added."),
        Change(prefix + "_set", [Json, TypeKind.Array, Json, TypeKind.Boolean], new JsonChangeAt("jsonb_set", JsonChange.Replace, JsonChange.ReplaceOrCreate, true), "The last argument says whether what is missing is added."),
        Change(prefix + "_insert", [Json, TypeKind.Array, Json], new JsonChangeAt("jsonb_insert", JsonChange.InsertBefore, JsonChange.InsertAfter, false), "The value with a new member, or with an element before the one at a path."),
        Change(prefix + "_insert", [Json, TypeKind.Array, Json, TypeKind.Boolean], new JsonChangeAt("jsonb_insert", JsonChange.InsertBefore, JsonChange.InsertAfter, false), "The last argument says whether the element comes after the one at the path."),
        .. Enumerable.Range(3, 3).Select(n => Scalar.Loose<Bytes, JsonSetLax>(prefix + "_set_lax", new[] { Json, TypeKind.Array, Json, TypeKind.Boolean, Text }[..n], DataType.Json,
            "As " + prefix + "_set, and where the new part is NULL: use_json_null, delete_key, return_target or raise_exception.") with { ArrayElement = Text }),
        Scalar.Row<Bytes, JsonOfTexts>(prefix + "_object", [TypeKind.Array], DataType.Json, "An object of names and values in turn; values are strings.") with { ArrayElement = Text },
        Scalar.Row<Bytes, JsonOfTexts>(prefix + "_object", [TypeKind.Array, TypeKind.Array], DataType.Json, "An object of names and their values; values are strings.") with { ArrayElement = Text },
        Scalar.Of(prefix + "_build_array", [], DataType.Json, (_, _, _) => new JsonBuildArrayEvaluator([]), "An empty array."),
        Scalar.Of(prefix + "_build_array", [Any], DataType.Json, (_, arguments, _) => new JsonBuildArrayEvaluator([.. arguments]), "An array of the arguments.")
            with { IsVariadic = true, IsStrict = false },
        Scalar.Of(prefix + "_build_object", [], DataType.Json, (_, _, _) => new JsonBuildObjectEvaluator([]), "An empty object."),
        Scalar.Of(prefix + "_build_object", [Any], DataType.Json, (_, arguments, _) => new JsonBuildObjectEvaluator([.. arguments]), "An object of names and values in turn.")
            with { IsVariadic = true, IsStrict = false },
        Scalar.Of("to_" + prefix, [Any], DataType.Json, (_, arguments, _) => new ToJsonEvaluator(arguments[0]), "Any value as json: numbers, booleans and arrays as such, all else as a string."),
        new FunctionOverload(prefix + "_agg", FunctionKind.Aggregate, [Any], _ => DataType.Json)
            { CreateAggregator = (_, _) => new JsonAggregator(isObject: false), Summary = "All values as a json array, NULLs as null." },
        new FunctionOverload(prefix + "_object_agg", FunctionKind.Aggregate, [Any, Any], _ => DataType.Json)
            { CreateAggregator = (_, _) => new JsonAggregator(isObject: true), Summary = "Names and values as a json object." },
    ];

    private static FunctionOverload Names(string name, bool wantsAll, string summary)
        => Scalar.Of(name, [Json, TypeKind.Array], DataType.Boolean, (type, arguments, _)
            => new BinaryEvaluator<Bytes, Bytes, byte, JsonHasNames>(type, arguments[0], arguments[1], new JsonHasNames(wantsAll)), summary) with { ArrayElement = Text };

    private static FunctionOverload Change(string name, TypeKind[] parameters, JsonChangeAt change, string summary)
        => Scalar.Of(name, parameters, DataType.Json, (type, arguments, _) => new RowEvaluator<Bytes, JsonChangeAt>(type, [.. arguments], change), summary) with { ArrayElement = Text };
}
