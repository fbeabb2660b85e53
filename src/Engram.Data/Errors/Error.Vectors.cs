namespace Engram.Data;

/// <content>Vector indexes.</content>
internal static partial class Error
{
    public static EngramException VectorIndexColumn(string column, string type, int position)
        => new($"Column '{column}' is of type {type}; an index by hnsw is over vectors of one dimension count, as in vector(768) or halfvec(768). Alter the column's type.", SqlStates.DatatypeMismatch, position + 1);

    public static EngramException VectorIndexOperators(string found, string prefix, int position)
        => new(
            found.Length == 0
                ? $"An index by hnsw needs to know its metric: write {prefix}_cosine_ops, {prefix}_l2_ops or {prefix}_ip_ops behind the column."
                : $"An index by hnsw has no operators '{found}' for this column. It takes {prefix}_cosine_ops, {prefix}_l2_ops and {prefix}_ip_ops; searches by other metrics are exact without an index.",
            SqlStates.UndefinedObject, position + 1);

    public static EngramException VectorIndexOption(string name, string value, string expected, int position)
        => new($"The option '{name}' of an index by hnsw cannot be '{value}'. It takes {expected}.", SqlStates.InvalidParameterValue, position + 1);

    public static EngramException ApproximateBreadth(long breadth, long max)
        => new($"WITH APPROXIMATE ({breadth}) is out of range: the breadth of a search is from 1 to {max}. Leave it out for the default, or search exactly without WITH APPROXIMATE.", SqlStates.InvalidParameterValue);

    public static EngramException SparseVectorText(string text, string fault)
        => new($"'{(text.Length > 40 ? text[..40] + "…" : text)}' cannot be read as sparsevec: {fault}. Write it as {{1:0.5,7:-2}}/10, places from 1 on and the number of dimensions last.", SqlStates.InvalidTextRepresentation);
}
