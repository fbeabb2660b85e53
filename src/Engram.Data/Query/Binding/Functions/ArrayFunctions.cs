using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions of arrays of anything. Arrays have one dimension, and their first element has place 1.</summary>
internal static class ArrayFunctions
{
    private const TypeKind Array = TypeKind.Array;
    private const TypeKind Int = TypeKind.Int32;
    private const TypeKind Text = TypeKind.Text;
    /// <summary>A value of the type of the array's elements.</summary>
    private const TypeKind Element = TypeKind.Unknown;

    public static IEnumerable<FunctionOverload> All =>
    [
        Of("array_element", [Array, Int], types => types[0].ElementType, (type, arguments) => new ArrayElementEvaluator(type, arguments[0], arguments[1]), "a[i]: the element at a 1-based place, NULL when there is none."),
        Scalar.Unary<Bytes, int, Cardinality>("cardinality", Array, DataType.Int32, "Number of elements."),
        Extent("array_length", [Array, Int], isConstantOne: false, "Number of elements of dimension 1; NULL when there are none."),
        Extent("array_upper", [Array, Int], isConstantOne: false, "Place of the last element; NULL when there is none."),
        Extent("array_lower", [Array, Int], isConstantOne: true, "Place of the first element, 1; NULL when there is none."),
        Extent("array_ndims", [Array], isConstantOne: true, "Number of dimensions, 1; NULL for an empty array."),
        Scalar.Row<Bytes, ArrayDimensions>("array_dims", [Array], DataType.Text, "[1:n]; NULL for an empty array."),
        Append("array_append", [Array, Element], isFirst: false, "The array with one more element."),
        Append("array_prepend", [Element, Array], isFirst: true, "The array with an element before the first."),
        Append("||", [Array, Element], isFirst: false, "The array with one more element."),
        Append("||", [Element, Array], isFirst: true, "The array with an element before the first."),
        Concatenate("array_cat"),
        Concatenate("||"),
        Same("array_slice", [Array, Int, Int], arguments => new RowEvaluator<Bytes, ArraySlice>(arguments[0].Type, arguments), "a[from:to]: the elements at these places; what lies beyond an end is left out."),
        Same("trim_array", [Array, Int], arguments => new RowEvaluator<Bytes, ArrayTrim>(arguments[0].Type, arguments), "Without its last n elements."),
        Of("array_set", [Array, Int, Element], types => types[0], (type, arguments) => new LooseRowEvaluator<Bytes, ArraySet>(type, arguments), "The array with another element at a place, which must be there; NULL without an array.")
            with { IsStrict = false },
        Of("array_fill", [Element, Array], types => DataType.ArrayOf(types[0].Kind), (type, arguments) => new LooseRowEvaluator<Bytes, ArrayFill>(type, arguments), "An array of n times a value; the length is an array of one integer.")
            with { IsStrict = false, ArrayElement = Int },
        Of("array_position", [Array, Element], _ => DataType.Int32, (_, arguments) => new ArrayPositionEvaluator(ElementOf(arguments), arguments), "Place of the first element that is equal; NULL without one.") with { IsStrict = false },
        Of("array_position", [Array, Element, Int], _ => DataType.Int32, (_, arguments) => new ArrayPositionEvaluator(ElementOf(arguments), arguments), "The same from a place on.") with { IsStrict = false },
        Of("array_positions", [Array, Element], _ => DataType.ArrayOf(Int), (_, arguments) => new ArrayPositionsEvaluator(ElementOf(arguments), arguments), "Places of all elements that are equal.") with { IsStrict = false },
        Same("array_remove", [Array, Element], arguments => new ArrayReplaceEvaluator(arguments[0].Type, arguments), "Without the elements that are equal.") with { IsStrict = false },
        Same("array_replace", [Array, Element, Element], arguments => new ArrayReplaceEvaluator(arguments[0].Type, arguments), "Elements that are equal replaced.") with { IsStrict = false },
        Relation("&&", ArrayRelation.Overlaps, "Whether the arrays have an element in common."),
        Relation("@>", ArrayRelation.Contains, "Whether the left array has all elements of the right one."),
        Relation("<@", ArrayRelation.IsContained, "Whether the right array has all elements of the left one."),
        Scalar.Loose<Bytes, StringToArray>("string_to_array", [Text, Text], DataType.ArrayOf(Text), "The parts between separators; one a character when the separator is NULL."),
        Scalar.Loose<Bytes, StringToArray>("string_to_array", [Text, Text, Text], DataType.ArrayOf(Text), "The same; parts equal to the last argument become NULL."),
        Of("width_bucket", [Element, Array], _ => DataType.Int32, (_, arguments) => new WidthBucketOfEvaluator(arguments[1].Type.ElementType, arguments), "How many of the lower bounds in an ascending array are not above a value."),
        Of("array_to_json", [Array], _ => DataType.Json, (_, arguments) => new ToJsonEvaluator(arguments[0]), "The array as json."),
        Of("parse_ident", [Text], _ => DataType.ArrayOf(Text), (type, arguments) => new RowEvaluator<Bytes, ParseIdent>(type, arguments), "The parts of a name with points, without their quotes."),
        Of("parse_ident", [Text, TypeKind.Boolean], _ => DataType.ArrayOf(Text), (type, arguments) => new RowEvaluator<Bytes, ParseIdent>(type, arguments), "The last argument says whether anything behind the name is an error."),
        Joined([Array, Text], "The elements joined by a separator; NULLs are left out."),
        Joined([Array, Text, Text], "The elements joined; the last argument stands for NULLs."),
    ];

    private static DataType ElementOf(Evaluator[] arguments) => arguments[0].Type.ElementType;

    private static FunctionOverload Of(
        string name, TypeKind[] parameters, Func<ImmutableArray<DataType>, DataType> result, Func<DataType, Evaluator[], Evaluator> create, string summary)
        => new(name, FunctionKind.Scalar, [.. parameters], result) { CreateEvaluator = (type, arguments, _) => create(type, [.. arguments]), Summary = summary };

    /// <summary>The result has the type of the first array.</summary>
    private static FunctionOverload Same(string name, TypeKind[] parameters, Func<Evaluator[], Evaluator> create, string summary)
        => Of(name, parameters, types => types[0], (_, arguments) => create(arguments), summary);

    private static FunctionOverload Extent(string name, TypeKind[] parameters, bool isConstantOne, string summary)
        => Of(name, parameters, _ => DataType.Int32, (type, arguments) => new RowEvaluator<int, ArrayExtent>(type, arguments, new ArrayExtent(isConstantOne)), summary);

    private static FunctionOverload Append(string name, TypeKind[] parameters, bool isFirst, string summary)
        => Of(name, parameters, types => types[isFirst ? 1 : 0], (type, arguments) => new LooseRowEvaluator<Bytes, ArrayAppend>(type, arguments, new ArrayAppend(isFirst)), summary)
            with { IsStrict = false };

    private static FunctionOverload Concatenate(string name)
        => Of(name, [Array, Array], types => types[0], (type, arguments) => new LooseRowEvaluator<Bytes, ArrayConcatenate>(type, arguments), "The elements of both arrays.") with { IsStrict = false };

    private static FunctionOverload Joined(TypeKind[] parameters, string summary)
        => Of("array_to_string", parameters, _ => DataType.Text, (type, arguments)
            => new LooseRowEvaluator<Bytes, ArrayToString>(type, [CastFactory.Create(DataType.ArrayOf(Text), arguments[0], null), .. arguments[1..]]), summary) with { IsStrict = false };

    private static FunctionOverload Relation(string name, ArrayRelation relation, string summary)
        => Of(name, [Array, Array], _ => DataType.Boolean, (_, arguments) => new ArrayRelationEvaluator(relation, ElementOf(arguments), arguments), summary);
}
