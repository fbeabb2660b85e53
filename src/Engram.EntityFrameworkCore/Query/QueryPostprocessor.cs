using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>
/// Finds the type of values that a query brings along (a list that is filtered or ordered before <c>Contains</c>). They have no column of a table, so EF
/// Core takes the type of what they are compared with, and refuses when these are two: <c>text</c> for <c>e != null</c>, and <c>varchar(5)</c> for a key.
/// Where they differ only in a length or a precision, the type without one holds every value and compares with either.
/// </summary>
internal sealed class QueryPostprocessor(
    QueryTranslationPostprocessorDependencies dependencies,
    RelationalQueryTranslationPostprocessorDependencies relationalDependencies,
    RelationalQueryCompilationContext queryCompilationContext)
    : RelationalQueryTranslationPostprocessor(dependencies, relationalDependencies, queryCompilationContext)
{
    public override Expression Process(Expression query) => new ConvertedConditions(RelationalDependencies.SqlExpressionFactory).Visit(base.Process(query));

    protected override Expression ProcessTypeMappings(Expression expression)
        => new TypePostprocessor(Dependencies, RelationalDependencies, RelationalQueryCompilationContext).Process(expression);

    private sealed class TypePostprocessor(
        QueryTranslationPostprocessorDependencies dependencies,
        RelationalQueryTranslationPostprocessorDependencies relationalDependencies,
        RelationalQueryCompilationContext queryCompilationContext)
        : RelationalTypeMappingPostprocessor(dependencies, relationalDependencies, queryCompilationContext)
    {
        private readonly TypeScanner scanner = new();

        public override Expression Process(Expression expression)
        {
            scanner.Scan(expression);
            return base.Process(expression);
        }

        protected override bool TryGetInferredTypeMapping(string tableAlias, string columnName, [NotNullWhen(true)] out RelationalTypeMapping? inferredTypeMapping)
            => (inferredTypeMapping = Common(scanner.TypesOf(tableAlias, columnName))) is not null
                || base.TryGetInferredTypeMapping(tableAlias, columnName, out inferredTypeMapping);

        /// <summary>The type without length or precision when several are asked for that differ in no more; null leaves it to EF Core.</summary>
        private RelationalTypeMapping? Common(List<RelationalTypeMapping> types)
        {
            if (types.Count < 2)
            {
                return null;
            }

            var first = types[0];
            return types.TrueForAll(t => t.GetType() == first.GetType() && t.ClrType == first.ClrType && t.Converter is null)
                ? RelationalDependencies.TypeMappingSource.FindMapping(first.ClrType) is { } common && common.GetType() == first.GetType() ? common : null
                : null;
        }
    }

    /// <summary>Collects the types, each store type once, that are asked of a column, and of the columns that subqueries pass on.</summary>
    private sealed class TypeScanner : ExpressionVisitor
    {
        private readonly Dictionary<(string Table, string Column), List<RelationalTypeMapping>> types = [];
        private readonly List<((string Table, string Column) Outer, (string Table, string Column) Inner)> passedOn = [];

        public List<RelationalTypeMapping> TypesOf(string table, string column) => types.GetValueOrDefault((table, column)) ?? [];

        public void Scan(Expression expression)
        {
            types.Clear();
            passedOn.Clear();
            Visit(expression);

            // Outer queries come before those within them, so that one pass carries a type all the way down.
            foreach (var (outer, inner) in passedOn)
            {
                foreach (var type in TypesOf(outer.Table, outer.Column))
                {
                    Add(inner, type);
                }
            }
        }

        protected override Expression VisitExtension(Expression node)
        {
            switch (node)
            {
                case ColumnExpression { TypeMapping: { } type } column:
                    Add((column.TableAlias, column.Name), type);
                    break;
                case InExpression { Item.TypeMapping: { } type, Subquery.Projection: [{ Expression: ColumnExpression column }] }:
                    Add((column.TableAlias, column.Name), type);
                    break;
                case ScalarSubqueryExpression { TypeMapping: { } type, Subquery.Projection: [{ Expression: ColumnExpression column }] }:
                    Add((column.TableAlias, column.Name), type);
                    break;
                case SelectExpression { Alias: { } alias } select:
                    passedOn.AddRange(select.Projection.Where(p => p.Expression is ColumnExpression)
                        .Select(p => ((alias, p.Alias), (((ColumnExpression)p.Expression).TableAlias, ((ColumnExpression)p.Expression).Name))));
                    break;
            }

            if (node is ShapedQueryExpression query)
            {
                Visit(query.QueryExpression);
                return node;
            }

            return base.VisitExtension(node);
        }

        private void Add((string Table, string Column) place, RelationalTypeMapping type)
        {
            if (!types.TryGetValue(place, out var known))
            {
                types.Add(place, known = []);
            }

            if (known.TrueForAll(k => k.StoreType != type.StoreType))
            {
                known.Add(type);
            }
        }
    }
}

internal sealed class QueryPostprocessorFactory(
    QueryTranslationPostprocessorDependencies dependencies, RelationalQueryTranslationPostprocessorDependencies relationalDependencies) : IQueryTranslationPostprocessorFactory
{
    public QueryTranslationPostprocessor Create(QueryCompilationContext queryCompilationContext)
        => new QueryPostprocessor(dependencies, relationalDependencies, (RelationalQueryCompilationContext)queryCompilationContext);
}
