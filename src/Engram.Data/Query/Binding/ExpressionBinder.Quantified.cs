using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Comparisons with each row of a query or each element of an array, as a query that gathers their answers in three-valued logic.</summary>
internal sealed partial class ExpressionBinder
{
    /// <summary><c>x &lt; ANY (…)</c>, <c>x LIKE ALL (…)</c>: any operator, over a query or an array.</summary>
    private BoundExpression BindComparedWithEach(QuantifiedSyntax syntax)
    {
        if (syntax.Query != null)
        {
            var query = BindSubquery(syntax.Query);
            if (syntax.Left is RowSyntax row)
            {
                return Gather(query.Plan, RowMatches(row, query, syntax.Operator, syntax.ErrorPosition), syntax.IsAll);
            }

            CheckOneColumn(query, "A query after ANY or ALL", syntax.ErrorPosition);
            return Gather(query.Plan, CompareBy(syntax.Operator, Bind(syntax.Left), query.Columns[0].Reference, syntax.ErrorPosition), syntax.IsAll);
        }

        var (left, array) = (Bind(syntax.Left), Bind(syntax.Array!));
        if (array.Type.Kind == TypeKind.Unknown)
        {
            array = Coercion.Convert(array, DataType.ArrayOf(left.Type.Kind is TypeKind.Unknown or TypeKind.Array ? TypeKind.Text : left.Type.Kind), false);
        }

        var call = new TableFunctionCall(FunctionRegistry.Find("unnest", FunctionKind.Table)[0], [array], [new TableFunctionColumn("unnest", new DataType(array.Type.Element))]);
        if (array.Type.Kind != TypeKind.Array)
        {
            throw Error.DatatypeMismatch("The operand of ANY or ALL", "an array", array.Type.ToString(), syntax.ErrorPosition);
        }

        var elements = new LogicalTableFunction([statement.NewColumn("element", call.Columns[0].Type)], [call], false);
        var matched = Gather(elements, CompareBy(syntax.Operator, left, elements.Results[0].Reference, syntax.ErrorPosition), syntax.IsAll);
        // Of a NULL array nothing is known.
        return new BoundCase(DataType.Boolean, [(new BoundIsNull(array, false), new BoundConstant(DataType.Boolean, null))], matched);
    }

    /// <summary><c>(a, b) IN (SELECT …)</c>.</summary>
    private BoundExpression BindRowIn(RowSyntax row, QuerySyntax syntax, bool isNegated, int position)
    {
        var query = BindSubquery(syntax);
        var any = Gather(query.Plan, RowMatches(row, query, "=", position), isAll: false);
        return isNegated ? new BoundNot(any) : any;
    }

    private BoundExpression RowMatches(RowSyntax row, BoundQuery query, string symbol, int position)
    {
        if (row.Items.Count != query.Columns.Length)
        {
            throw Error.ColumnCount("A query that is compared with a row", row.Items.Count, query.Columns.Length, position);
        }

        return CompareRows(symbol, [.. row.Items.Select(Bind)], [.. query.Columns.Select(c => c.Reference)], position);
    }

    /// <summary><c>(a, b) = (SELECT …)</c>: the comparison is computed inside the query, so that over no row it is NULL, and over two it fails.</summary>
    private LogicalSubquery CompareWithRowOf(BinarySyntax syntax)
    {
        var isLeft = syntax.Left is RowSyntax;
        var (row, text) = isLeft ? ((RowSyntax)syntax.Left, (ScalarSubquerySyntax)syntax.Right) : ((RowSyntax)syntax.Right, (ScalarSubquerySyntax)syntax.Left);
        var query = BindSubquery(text.Query);
        if (row.Items.Count != query.Columns.Length)
        {
            throw Error.ColumnCount("A query that is compared with a row", row.Items.Count, query.Columns.Length, syntax.ErrorPosition);
        }

        BoundExpression[] own = [.. row.Items.Select(Bind)], other = [.. query.Columns.Select(c => c.Reference)];
        var answer = isLeft ? CompareRows(syntax.Operator, own, other, syntax.ErrorPosition) : CompareRows(syntax.Operator, other, own, syntax.ErrorPosition);
        var plan = new LogicalProject(query.Plan, [statement.NewColumn("answer", DataType.Boolean)], [answer]);
        return new LogicalSubquery(DataType.Boolean, SubqueryKind.Scalar, plan, null, false);
    }

    private BoundExpression AreRowsDistinct(RowSyntax left, RowSyntax right, IsDistinctFromSyntax syntax)
    {
        if (left.Items.Count != right.Items.Count)
        {
            throw Error.ColumnCount("The right row", left.Items.Count, right.Items.Count, syntax.ErrorPosition);
        }

        ImmutableArray<BoundExpression> pairs
            = [.. left.Items.Zip(right.Items, (l, r) => BindIsDistinct(new IsDistinctFromSyntax(syntax.Span, l, r, syntax.IsNegated) { OperatorPosition = syntax.OperatorPosition }))];
        return pairs.Length == 1 ? pairs[0] : new BoundLogical(syntax.IsNegated, pairs);
    }

    private static BoundExpression CompareBy(string symbol, BoundExpression left, BoundExpression right, int position)
    {
        var call = symbol switch
        {
            "~~" or "!~~" => Call("like", [left, right], position),
            "~~*" or "!~~*" => Call("ilike", [left, right], position),
            _ => ToBoolean(Compare(symbol, left, right, position), "The operator before ANY or ALL", position),
        };
        return symbol is "!~~" or "!~~*" ? new BoundNot(call) : call;
    }

    /// <summary>ANY: TRUE when one answer is, else NULL when one is not known, else FALSE. ALL: FALSE when one is, else NULL, else TRUE.</summary>
    private LogicalSubquery Gather(LogicalPlan rows, BoundExpression answer, bool isAll)
    {
        var answers = statement.NewColumn("answer", DataType.Boolean);
        var collector = new AggregateCollector(statement);
        var binder = new ExpressionBinder(statement, null, "a comparison with each row") { Aggregates = collector };
        var decided = binder.Aggregate(isAll ? "bool_and" : "bool_or", answers.Reference);
        var isUnknown = binder.Aggregate("bool_or", new BoundIsNull(answers.Reference, false));
        var plan = new LogicalAggregate(new LogicalProject(rows, [answers], [answer]), [], [], collector.Columns, collector.Aggregates);
        BoundExpression decisive = isAll ? new BoundNot(decided) : decided;
        var result = new BoundCase(
            DataType.Boolean, [(decisive, new BoundConstant(DataType.Boolean, !isAll)), (isUnknown, new BoundConstant(DataType.Boolean, null))],
            new BoundConstant(DataType.Boolean, isAll));
        return new LogicalSubquery(
            DataType.Boolean, SubqueryKind.Scalar, new LogicalProject(plan, [statement.NewColumn("answer", DataType.Boolean)], [result]), null, false);
    }
}
