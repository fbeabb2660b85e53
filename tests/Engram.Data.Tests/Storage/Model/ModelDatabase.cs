using System.Collections.Immutable;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Model;

/// <summary>The types that the model knows.</summary>
internal enum ModelType
{
    Integer,
    Bigint,
    Text,
    Boolean,
    Double,
    Numeric,
    Vector,
}

/// <param name="Number">Never given twice, so that a column which was dropped is not taken for one that was added.</param>
internal sealed record ModelColumn(int Number, string Name, ModelType Type)
{
    public string Sql => Type switch
    {
        ModelType.Double => "double precision",
        ModelType.Numeric => "numeric(12,2)",
        ModelType.Vector => "vector(3)",
        _ => Type.ToString().ToLowerInvariant(),
    };

    /// <summary>Whether the model can compute with it.</summary>
    public bool IsNumber => Type is ModelType.Integer or ModelType.Bigint;
}

/// <summary>A table with the key <c>id</c>, and rows by it, each with one value for each column.</summary>
internal sealed record ModelTable(
    string Name, ImmutableList<ModelColumn> Columns, ImmutableSortedDictionary<long, ImmutableList<object?>> Rows, ImmutableList<(string Name, int Column)> Indexes)
{
    public ModelTable With(IEnumerable<long> keys, Func<ImmutableList<object?>, ImmutableList<object?>> change)
    {
        var rows = Rows.ToBuilder();
        foreach (var key in keys)
        {
            rows[key] = change(rows[key]);
        }

        return this with { Rows = rows.ToImmutable() };
    }

    public ModelTable WithAll(Func<ImmutableList<object?>, ImmutableList<object?>> change) => With(Rows.Keys, change);

    /// <summary>Keys of the rows for which something holds.</summary>
    public List<long> Find(Func<long, ImmutableList<object?>, bool> holds) => [.. Rows.Where(r => holds(r.Key, r.Value)).Select(r => r.Key)];

    public IEnumerable<string> Show(IEnumerable<long> keys) => keys.Select(k => Show(k, Rows[k]));

    public static string Show(long key, IEnumerable<object?> values) => key.ToString(CultureInfo.InvariantCulture) + string.Concat(values.Select(v => "|" + Show(v)));

    /// <summary>A value as text that tells it from every other one of its type.</summary>
    public static string Show(object? value) => value switch
    {
        null or DBNull => "NULL",
        float[] vector => $"[{string.Join(' ', vector.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]",
        ReadOnlyMemory<float> vector => Show(vector.ToArray()),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        string text => $"'{text}'",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

/// <summary>The whole database, as values that do not change: a savepoint is a reference.</summary>
internal sealed record ModelDatabase(ImmutableSortedDictionary<string, ModelTable> Tables)
{
    public static readonly ModelDatabase Empty = new(ImmutableSortedDictionary.Create<string, ModelTable>(StringComparer.Ordinal));

    public ModelDatabase Put(ModelTable table) => new(Tables.SetItem(table.Name, table));

    public ModelDatabase Remove(string name) => new(Tables.Remove(name));
}
