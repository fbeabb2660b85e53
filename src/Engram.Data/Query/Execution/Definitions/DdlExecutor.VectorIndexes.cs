using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <content>CREATE INDEX … USING hnsw (column vector_cosine_ops) WITH (m = 16, ef_construction = 128).</content>
internal static partial class DdlExecutor
{
    private static void CreateVectorIndex(CreateIndexSyntax create, TableDefinition table, Transaction transaction)
    {
        if (create.IsUnique || create.Include.Count > 0 || create.Where is not null || create.NullsNotDistinct)
        {
            throw Error.NotSupported("UNIQUE, INCLUDE or WHERE of an index by hnsw", create.Position + 1);
        }

        if (create.Keys is not [{ Expression: ColumnReferenceSyntax { Table: null, Column: var columnName }, IsDescending: false } key])
        {
            throw Error.NotSupported("An index by hnsw over more, or other, than one column", create.Position + 1);
        }

        var column = NameMatch.FindColumn(table, columnName);
        if (column.IsVirtual)
        {
            throw Error.NotSupported("An index by hnsw over a column that is computed when it is read (write STORED)", columnName.Position + 1);
        }

        if (!CodeFile.IsCoded(column.Type))
        {
            throw Error.VectorIndexColumn($"{table.Name}.{column.Name}", column.Type.ToString(), columnName.Position);
        }

        var prefix = column.Type.Kind == TypeKind.HalfVector ? "halfvec" : "vector";
        var operators = key.OperatorClass?.Name.Text.ToLowerInvariant() ?? "";
        if (GraphShapes.MetricOf(operators) is null || !operators.StartsWith(prefix, StringComparison.Ordinal))
        {
            throw Error.VectorIndexOperators(operators, prefix, key.Position);
        }

        var options = ImmutableDictionary<string, string>.Empty.Add(GraphShapes.OperatorsOption, operators)
            .Add(GraphShapes.MOption, Option(create, GraphShapes.MOption, GraphShapes.MDefault, 2, 100))
            .Add(GraphShapes.ConstructionOption, Option(create, GraphShapes.ConstructionOption, GraphShapes.ConstructionDefault, 4, 1000));
        foreach (var option in create.Options)
        {
            if (option.Name.ToLowerInvariant() is not (GraphShapes.MOption or GraphShapes.ConstructionOption))
            {
                throw Error.VectorIndexOption(option.Name, option.Value ?? "", "m and ef_construction only", option.Position);
            }
        }

        var name = create.Name is { } given ? NameMatch.Fold(given) : TableBuilder.FreeName(transaction.Catalog, table, $"{table.Name}_{column.Name}_idx");
        if (FindIndex(transaction.Catalog, table.Schema, name) is not null)
        {
            if (create.IfNotExists)
            {
                return;
            }

            throw Error.DuplicateIndex(name, create.Position);
        }

        var index = new IndexDefinition(new IndexId(transaction.Catalog.IndexIdNext), name, [new IndexColumn(column.Id)]) { Method = GraphShapes.Method, Options = options };
        transaction.PutTable(table with { VectorIndexes = table.VectorIndexes.Add(index) });
    }

    private static string Option(CreateIndexSyntax create, string name, int otherwise, int min, int max)
    {
        if (create.Options.LastOrDefault(o => string.Equals(o.Name, name, StringComparison.OrdinalIgnoreCase)) is not { } option)
        {
            return otherwise.ToString(CultureInfo.InvariantCulture);
        }

        return int.TryParse(option.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number.ToString(CultureInfo.InvariantCulture)
            : throw Error.VectorIndexOption(name, option.Value ?? "", string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"), option.Position);
    }
}
