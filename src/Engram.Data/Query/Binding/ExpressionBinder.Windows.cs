using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Calls with OVER.</summary>
internal sealed partial class ExpressionBinder
{
    private BoundColumn BindWindow(string name, FunctionCallSyntax syntax)
    {
        if (Windows == null)
        {
            throw Error.WindowRule($"A window function cannot stand in {clause}. Compute it in a query in FROM.", syntax.Position);
        }

        if (syntax.Over == null)
        {
            throw Error.WindowRule($"{name} is a window function: write {name}(…) OVER (…).", syntax.Position);
        }

        var isAggregate = FunctionRegistry.Find(name, FunctionKind.Window).Length == 0;
        if (isAggregate && FunctionRegistry.Find(name, FunctionKind.Aggregate).Length == 0)
        {
            throw IsKnown(name) ? Error.WrongKindOfFunction($"OVER stands after window functions and aggregates; {name} is neither.", syntax.Position)
                : Error.UndefinedFunction($"{name}(…) OVER (…)", Similar(name, FunctionKind.Window), syntax.Position);
        }

        if (syntax.IsDistinct || syntax.OrderBy.Count > 0 || syntax.WithinGroup.Count > 0 || IsOverOrder(name))
        {
            throw Error.NotSupported("DISTINCT, ORDER BY or WITHIN GROUP in a call with OVER", syntax.Position + 1);
        }

        if (syntax.Filter != null && !isAggregate)
        {
            throw Error.NotSupported($"FILTER with {name} (it stands after aggregates)", syntax.Position + 1);
        }

        if (syntax.IsStar && name != "count")
        {
            throw Error.SyntaxRule($"{name}(*) means nothing; * stands in count(*).", syntax.Position);
        }

        var inner = new ExpressionBinder(statement, scope, "the arguments of a call with OVER") { Aggregates = Aggregates };
        var arguments = syntax.Arguments.Select((a, i) => isAggregate || i == 1 ? inner.Bind(a) : inner.BindValue(a)).ToImmutableArray();
        if (arguments.IsEmpty && isAggregate && !syntax.IsStar)
        {
            throw Error.UndefinedFunction($"{name}()", null, syntax.Position);
        }

        if (arguments.Length == 3 && !isAggregate)
        {
            // The value and what stands for it where there is no row.
            var both = Unify([(inner.Bind(syntax.Arguments[0]), syntax.Arguments[0].Position), (inner.Bind(syntax.Arguments[2]), syntax.Arguments[2].Position)], name);
            arguments = [both[0], arguments[1], both[1]];
        }

        var resolved = Resolve(name, isAggregate ? FunctionKind.Aggregate : FunctionKind.Window, arguments, syntax.Position, isOperator: false);
        var window = Windows.Resolve(syntax.Over);
        var partitionBy = window.PartitionBy.Select(inner.BindValue).Distinct(ExpressionTree.SameComparer.Instance).ToImmutableArray();
        var orderBy = window.OrderBy.Select(o => statement.SortKeyOf(inner.BindValue(o.Expression), o)).ToImmutableArray();
        var filter = syntax.Filter == null ? null : inner.BindCondition(syntax.Filter, "the condition of FILTER");
        return Windows.Add(partitionBy, orderBy, new BoundWindowCall(resolved.Type, resolved.Function, resolved.Arguments, filter, BindFrame(window.Frame, orderBy)));
    }

    private static bool IsKnown(string name) => FunctionRegistry.Find(name, FunctionKind.Scalar).Length > 0 || IsTableFunction(name);

    private WindowFrame BindFrame(FrameSyntax? syntax, ImmutableArray<SortKey> orderBy)
    {
        if (syntax == null)
        {
            return new WindowFrame(FrameUnit.Range, FrameBoundKind.UnboundedPreceding, null, FrameBoundKind.CurrentRow, null, FrameExclusion.NoOthers);
        }

        if (syntax.Unit == FrameUnit.Groups && orderBy.IsEmpty)
        {
            throw Error.WindowRule("GROUPS needs an ORDER BY: it counts groups of rows that are equal in it.", syntax.Position);
        }

        return new WindowFrame(
            syntax.Unit, syntax.Start.Kind, BindDistance(syntax.Start.Distance, syntax.Unit, orderBy), syntax.End.Kind, BindDistance(syntax.End.Distance, syntax.Unit, orderBy),
            syntax.Exclusion);
    }

    private BoundExpression? BindDistance(ExpressionSyntax? syntax, FrameUnit unit, ImmutableArray<SortKey> orderBy)
    {
        if (syntax == null)
        {
            return null;
        }

        var type = DataType.Int64;
        if (unit == FrameUnit.Range)
        {
            if (orderBy is not [var key])
            {
                throw Error.WindowRule("RANGE with a distance needs an ORDER BY of one key, to which the distance is added.", syntax.Position);
            }

            type = key.Expression.Type.Kind switch
            {
                var k when TypeConversions.IsInteger(k) => DataType.Int64,
                TypeKind.Decimal => DataType.Decimal,
                TypeKind.Single or TypeKind.Double => DataType.Double,
                TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz or TypeKind.Interval => DataType.Interval,
                _ => throw Error.NotSupported($"RANGE with a distance over {key.Expression.Type} (ROWS and GROUPS count)", syntax.Position + 1),
            };
        }

        return new ExpressionBinder(statement, null, "the frame of a window").BindAs(syntax, type, "The distance of a frame");
    }
}
