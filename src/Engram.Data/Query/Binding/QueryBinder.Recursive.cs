using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>WITH RECURSIVE: a first part UNION [ALL] a part that names the table itself, which means the rows that the step before has added.</summary>
internal sealed partial class QueryBinder
{
    /// <summary>Binds a common table that names itself; null when it does not.</summary>
    private BoundQuery? BindRecursive(CommonTable common, QuerySyntax query)
    {
        if (query.Body is not SetOperationSyntax { Operator: SetOperator.Union } set)
        {
            return null;
        }

        var reach = AddCommonTables(query.With, common.Outer, common.Around);
        var anchor = BindBody(set.Left, common.Around, reach);
        var names = common.Syntax.Columns.Select(NameMatch.Fold).ToList();
        if (common.Syntax.Search is not null || common.Syntax.Cycle is not null)
        {
            (set, names) = RecursiveSearch.Extend(common.Syntax, set, [.. anchor.Columns.Select((c, i) => i < names.Count ? names[i] : c.Name)], [.. anchor.Columns.Select(c => c.Type)]);
            anchor = BindBody(set.Left, common.Around, reach);
        }

        var types = anchor.Columns.Select(c => c.Type.Kind == TypeKind.Unknown ? DataType.Text : c.Type).ToArray();
        var first = ConvertColumns(anchor.Plan, types);
        ImmutableArray<LogicalColumn> results = [.. types.Select((t, i) => statement.NewColumn(i < names.Count ? names[i] : anchor.Columns[i].Name, t))];
        var working = new LogicalWorkingTable(results, statement.NewWorkingTable());
        var step = BindBody(set.Right, common.Around, AddCommonTables(query.With, new CommonTableScope(common with { Working = working }, common.Outer), common.Around));
        if (!Reads(step.Plan, working.Number))
        {
            return null;
        }

        if (query.OrderBy.Count > 0 || query.Limit != null || query.Offset != null)
        {
            throw Error.NotSupported("ORDER BY, LIMIT or OFFSET of a recursive query (put it where the query is used)", query.Position + 1);
        }

        if (step.Columns.Length != types.Length)
        {
            throw Error.ColumnCount("The right side of UNION", types.Length, step.Columns.Length, set.Right.Position);
        }

        for (var i = 0; i < types.Length; i++)
        {
            var found = step.Columns[i].Type;
            if (found.Kind != TypeKind.Unknown && (found.Kind != types[i].Kind || found.Element != types[i].Element) && !TypeConversions.IsImplicit(found, types[i]))
            {
                throw Error.DatatypeMismatch($"Column {i + 1} of the recursive part", types[i].ToString(), found.ToString(), set.Right.Position);
            }
        }

        var outputs = ImmutableArray.CreateRange(results, c => statement.NewColumn(c, c.Name));
        return new BoundQuery(new LogicalRecursive(outputs, first, ConvertColumns(step.Plan, types), !set.IsAll, working.Number));
    }

    private static bool Reads(LogicalPlan plan, int workingTable)
        => plan is LogicalWorkingTable table && table.Number == workingTable
            || LogicalTree.Inputs(plan).Any(p => Reads(p, workingTable))
            || LogicalTree.Expressions(plan).Any(e => ExpressionTree.Any(e, x => x is LogicalSubquery s && Reads(s.Plan, workingTable)));
}
