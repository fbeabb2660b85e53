using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Functions in FROM. They always see the tables to their left: LATERAL is understood.</summary>
internal sealed partial class QueryBinder
{
    private Source BindTableFunction(TableFunctionSyntax syntax, Scope scope)
    {
        var first = syntax.Functions[0].Call;
        var functionName = NameMatch.Fold(first.Name.Name);
        if (syntax is { Functions: [{ Definitions: null }], WithOrdinality: false } && !ExpressionBinder.IsTableFunction(functionName))
        {
            return BindScalarAsTable(syntax, functionName, scope);
        }

        var calls = syntax.Functions.SelectMany(f => BindTableCalls(f, scope)).ToImmutableArray();
        var known = syntax.Alias == null ? (syntax.Functions.Count == 1 ? functionName : $"?{syntax.Position}") : NameMatch.Fold(syntax.Alias.Name);
        var isScalar = calls is [{ Columns.Length: 1, Function.TakesColumnDefinitions: false }];
        var columns = calls.SelectMany(c => c.Columns).ToList();
        if (isScalar && calls[0].Function.Columns == null && syntax.Alias != null)
        {
            // A column without a name of its own is called as the table is.
            columns[0] = columns[0] with { Name = known };
        }

        if (syntax.WithOrdinality)
        {
            columns.Add(new TableFunctionColumn("ordinality", DataType.Int64));
        }

        var plan = new LogicalTableFunction([.. columns.Select(c => statement.NewColumn(c.Name, c.Type))], calls, syntax.WithOrdinality);
        return new Source(plan, [Named(known, plan.Columns, syntax.Alias?.Columns, syntax.Position) with { IsScalar = isScalar }]);
    }

    /// <summary>A function of one value in FROM is a table of one row.</summary>
    private Source BindScalarAsTable(TableFunctionSyntax syntax, string name, Scope scope)
    {
        var value = new ExpressionBinder(statement, scope, "FROM").BindValue(syntax.Functions[0].Call);
        var known = syntax.Alias == null ? name : NameMatch.Fold(syntax.Alias.Name);
        var plan = new LogicalValues([statement.NewColumn(known, value.Type)], [[value]]);
        return new Source(plan, [Named(known, plan.Columns, syntax.Alias?.Columns, syntax.Position) with { IsScalar = true }]);
    }

    /// <summary>One call; several for <c>unnest(a, b)</c>.</summary>
    private IEnumerable<TableFunctionCall> BindTableCalls(TableFunctionCallSyntax syntax, Scope scope)
    {
        var call = syntax.Call;
        if (NameMatch.Fold(call.Name.Name) == "unnest" && call.Arguments.Count > 1 && syntax.Definitions == null)
        {
            return call.Arguments.Select(a => BindTableCall(call with { Arguments = [a] }, null, scope));
        }

        return [BindTableCall(call, syntax.Definitions, scope)];
    }

    private TableFunctionCall BindTableCall(FunctionCallSyntax syntax, ColumnDefinitionListSyntax? definitions, Scope scope)
    {
        var call = new ExpressionBinder(statement, scope, "the arguments of a function in FROM").BindTableCall(syntax);
        if (!call.Function.TakesColumnDefinitions)
        {
            return definitions == null ? call
                : throw Error.SyntaxRule($"{call.Function.Name} has columns of its own; only names can be given to them: AS t (a, b).", definitions.Position);
        }

        if (definitions == null)
        {
            throw Error.SyntaxRule($"{call.Function.Name} returns records: say which columns they have, as in AS t (a integer, b text).", syntax.Position);
        }

        return call with { Columns = [.. definitions.Columns.Select(c => new TableFunctionColumn(NameMatch.Fold(c.Name), TypeNames.Resolve(c.Type)))] };
    }
}
