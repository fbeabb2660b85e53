using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Tables;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions that take json and texts apart into rows.</summary>
internal static class JsonTableFunctions
{
    private const TypeKind Json = TypeKind.Json;
    private const TypeKind Text = TypeKind.Text;

    public static IEnumerable<FunctionOverload> All =>
    [
        .. Named("json"),
        .. Named("jsonb"),
        Of("string_to_table", [Text, Text], DataType.Text, () => new StringToTable(), "The parts between separators; one a character when the separator is NULL.") with { IsStrict = false },
        Of("string_to_table", [Text, Text, Text], DataType.Text, () => new StringToTable(), "The same; parts equal to the last argument become NULL.") with { IsStrict = false },
        Of("regexp_split_to_table", [Text, Text], DataType.Text, () => new RegexSplitToTable(), "What lies between the matches."),
        Of("regexp_split_to_table", [Text, Text, Text], DataType.Text, () => new RegexSplitToTable(), "What lies between the matches, with flags."),
        Of("regexp_matches", [Text, Text], DataType.ArrayOf(Text), () => new RegexMatchesTable(), "The groups of the first match; no row without one."),
        Of("regexp_matches", [Text, Text, Text], DataType.ArrayOf(Text), () => new RegexMatchesTable(), "The groups of the first match, with the flag 'g' of every match."),
    ];

    private static IEnumerable<FunctionOverload> Named(string prefix)
    {
        var elements = prefix + "_array_elements";
        var each = prefix + "_each";
        var keys = prefix + "_object_keys";
        return
        [
            TableFunctions.Of(elements, [Json], [new("value", DataType.Json)], (_, _) => new JsonParts(elements, isObject: false, hasValue: true, isText: false), "The elements of a json array."),
            TableFunctions.Of(elements + "_text", [Json], [new("value", DataType.Text)], (_, _) => new JsonParts(elements + "_text", isObject: false, hasValue: true, isText: true), "The elements of a json array as text; NULL for null."),
            TableFunctions.Of(each, [Json], [new("key", DataType.Text), new("value", DataType.Json)], (_, _) => new JsonParts(each, isObject: true, hasValue: true, isText: false), "The members of a json object."),
            TableFunctions.Of(each + "_text", [Json], [new("key", DataType.Text), new("value", DataType.Text)], (_, _) => new JsonParts(each + "_text", isObject: true, hasValue: true, isText: true), "The members of a json object, their values as text."),
            Of(keys, [Json], DataType.Text, () => new JsonParts(keys, isObject: true, hasValue: false, isText: false), "The names of the members of a json object."),
            TableFunctions.OfRecords(prefix + "_to_recordset", [Json], (call, _) => new JsonRecords(call.Columns, isSet: true), "The objects of a json array as rows of the columns that the query names."),
            TableFunctions.OfRecords(prefix + "_to_record", [Json], (call, _) => new JsonRecords(call.Columns, isSet: false), "A json object as a row of the columns that the query names."),
        ];
    }

    private static FunctionOverload Of(string name, TypeKind[] parameters, DataType result, Func<TableFunction> create, string summary)
        => new(name, FunctionKind.Table, [.. parameters], _ => result) { CreateTable = (_, _) => create(), Summary = summary };
}
