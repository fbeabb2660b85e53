using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>CREATE TABLE … AS: a table with the columns of a query, and its rows.</summary>
internal static class QueryTables
{
    /// <returns>How many rows the table has.</returns>
    public static long Create(CreateTableSyntax create, string schema, string name, StatementContext context)
    {
        var transaction = context.Transaction!;
        var scope = new StatementScope(transaction.Catalog, ImmutableDictionary<string, DataType>.Empty);
        var query = new QueryBinder(scope).Bind(create.As!, null, null);
        if (create.AsColumns.Count > query.Columns.Length)
        {
            throw Error.ColumnCount($"The list of columns of {create.Name}", query.Columns.Length, create.AsColumns.Count, create.Position);
        }

        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>(query.Columns.Length);
        for (var i = 0; i < query.Columns.Length; i++)
        {
            var column = i < create.AsColumns.Count ? NameMatch.Fold(create.AsColumns[i]) : query.Columns[i].Name;
            if (columns.Any(c => c.Name == column))
            {
                throw Error.DuplicateColumn(column, create.As!.Position);
            }

            var type = query.Columns[i].Type.Kind == TypeKind.Unknown ? DataType.Text : query.Columns[i].Type;
            if (type is { IsVector: true, Size: 0 })
            {
                throw Error.InvalidTableDefinition($"Column '{column}' would be of type {type}. Cast it to vector(n) or halfvec(n).", create.As!.Position);
            }

            columns.Add(new ColumnDefinition(new ColumnId(i + 1), column, type));
        }

        var table = new TableDefinition(new TableId(transaction.Catalog.TableIdNext), schema, name, columns.MoveToImmutable()) { ColumnIdNext = query.Columns.Length + 1 };
        var lowering = new Lowering(scope);
        var source = lowering.LowerQuery(query.Plan);
        if (!lowering.Parameters.IsEmpty)
        {
            throw Error.NotSupported("A parameter in CREATE TABLE … AS (create the table, then INSERT … SELECT)", create.As!.Position + 1);
        }

        transaction.PutTable(table);
        return create.HasNoData ? 0 : Fill(new InsertPlan([], table, source, [.. table.Columns.Select((_, i) => new InsertColumn(InsertValue.Source, i, null))], [], []), context);
    }

    private static long Fill(InsertPlan plan, StatementContext context)
    {
        using var root = (DmlOperator)OperatorFactory.Create(plan, context);
        root.Next();
        return root.AffectedRows;
    }
}
