using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>How many rows parts of a query give, roughly: enough to tell a join that gives ten rows from one that gives a million.</summary>
/// <remarks>
/// Known are the rows of each table and what is unique. The rest is by rule of thumb: an equality leaves one row in twenty, a range one in three. Parameters have no
/// value yet, so a plan that is used again holds for all of them. An estimate that is wrong costs time, never rows.
/// </remarks>
/// <param name="rowCounts">Rows of a table.</param>
internal sealed class Cardinality(Func<TableId, long> rowCounts)
{
    private const double EqualFraction = 0.05;
    private const double RangeFraction = 0.3;
    private const double OtherFraction = 0.3;
    private const double StartFraction = 0.1;
    private const double NullFraction = 0.1;
    private const double GroupFraction = 0.1;
    private const double RowsPerFunctionCall = 100;

    private readonly Dictionary<TableId, long> asked = [];

    /// <summary>What was asked for, by table: when these change, an estimate may.</summary>
    public IReadOnlyDictionary<TableId, long> Asked => asked;

    public double RowsOf(TableDefinition table)
    {
        if (!asked.TryGetValue(table.Id, out var count))
        {
            asked.Add(table.Id, count = rowCounts(table.Id));
        }

        return Math.Max(1, count);
    }

    /// <summary>The rows that a plan gives; at least 1.</summary>
    public double Rows(LogicalPlan plan) => Math.Max(1, plan switch
    {
        LogicalScan p => Filtered(RowsOf(p.Table), p, p.Filters),
        LogicalFilter p => Filtered(Rows(p.Input), p.Input, p.Conjuncts),
        LogicalProject p => Rows(p.Input),
        LogicalSort { Limit: BoundConstant { Value: long limit } } p => Math.Min(limit, Rows(p.Input)),
        LogicalSort p => Rows(p.Input),
        LogicalLimit { Limit: BoundConstant { Value: long limit } } p => Math.Min(limit, Rows(p.Input)),
        LogicalLimit p => Rows(p.Input),
        LogicalWindow p => Rows(p.Input),
        LogicalDistinct p => Rows(p.Input),
        LogicalAggregate { Keys.IsEmpty: true } => 1,
        LogicalAggregate p => Math.Min(p.Keys.Select(k => Distinct(p.Input, k)).Aggregate(1.0, (a, b) => a * b), Rows(p.Input)),
        LogicalValues p => p.Rows.Length,
        LogicalUnionAll p => p.Inputs.Sum(Rows),
        LogicalJoin { Kind: JoinKind.Semi or JoinKind.Anti } p => Rows(p.Left) / 2,
        LogicalJoin { Kind: JoinKind.Left } p => Math.Max(Rows(p.Left), Joined(p)),
        LogicalJoin p => Joined(p),
        _ => RowsPerFunctionCall,
    });

    /// <summary>Which part of the pairs of rows of some plans a condition leaves.</summary>
    public double Fraction(BoundExpression condition, IReadOnlyList<LogicalPlan> plans)
    {
        switch (condition)
        {
            case BoundCall { Function.Name: "=", Arguments: [var a, var b] }:
                return 1 / Math.Max(DistinctIn(plans, a), DistinctIn(plans, b));
            case BoundCall { Function.Name: "<" or "<=" or ">" or ">=" }:
                return RangeFraction;
            case BoundCall { Function.Name: "<>" }:
                return 1 - EqualFraction;
            case BoundCall { Function.Name: "like" or "starts_with" }:
                return StartFraction;
            case BoundInList list:
                var part = Math.Min(1, list.Items.Length / DistinctIn(plans, list.Operand));
                return list.IsNegated ? 1 - part : part;
            case BoundIsNull isNull:
                return isNull.IsNegated ? 1 - NullFraction : NullFraction;
            case BoundNot not:
                return Math.Max(0, 1 - Fraction(not.Operand, plans));
            case BoundLogical { IsAnd: true } and:
                return and.Operands.Aggregate(1.0, (f, o) => f * Fraction(o, plans));
            case BoundLogical or:
                return Math.Min(1, or.Operands.Sum(o => Fraction(o, plans)));
            default:
                return OtherFraction;
        }
    }

    private double Filtered(double rows, LogicalPlan plan, IEnumerable<BoundExpression> conditions)
        => conditions.Aggregate(rows, (r, c) => r * Fraction(c, [plan]));

    private double Joined(LogicalJoin join)
        => join.Conjuncts.Aggregate(Rows(join.Left) * Rows(join.Right), (r, c) => r * Fraction(c, [join.Left, join.Right]));

    private double DistinctIn(IReadOnlyList<LogicalPlan> plans, BoundExpression expression)
    {
        foreach (var plan in plans)
        {
            if (plan.Columns.Any(c => IsColumn(expression, c.Id)))
            {
                return Distinct(plan, expression);
            }
        }

        return 1;
    }

    /// <summary>How many different values an expression has in a table's rows, before any condition; 1 for what reads no column.</summary>
    private double Distinct(LogicalPlan plan, BoundExpression expression)
    {
        if (expression is BoundCast { Operand: BoundColumn inner })
        {
            expression = inner;
        }

        if (expression is not BoundColumn { Ordinal: var id })
        {
            return 1 / EqualFraction;
        }

        switch (plan)
        {
            case LogicalScan scan when scan.TableColumns.FirstOrDefault(c => c.Id == id) is { } column:
                var rows = RowsOf(scan.Table);
                return column.Definition is null || scan.Table.Indexes.Any(i => i.IsUnique && i.Columns.Length == 1 && i.Columns[0].Column == column.Definition.Id) ? rows
                    : column.Type.Kind == TypeKind.Boolean ? 2
                    // A column that an index begins with tells rows apart; of others it is not known.
                    : scan.Table.Indexes.Any(i => i.Columns[0].Column == column.Definition.Id) ? Math.Max(1 / EqualFraction, rows * GroupFraction)
                    : 1 / EqualFraction;
            case LogicalProject project:
                var place = project.Results.Select((r, i) => (r, i)).FirstOrDefault(r => r.r.Id == id, (null!, -1)).Item2;
                return place >= 0 ? Distinct(project.Input, project.Expressions[place]) : 1 / EqualFraction;
            case LogicalAggregate aggregate when aggregate.KeyColumns is [{ } key] && key.Id == id:
                return Rows(aggregate);
            default:
                foreach (var input in LogicalTree.Inputs(plan))
                {
                    if (input.Columns.Any(c => c.Id == id))
                    {
                        return Distinct(input, expression);
                    }
                }

                return 1 / EqualFraction;
        }
    }

    private static bool IsColumn(BoundExpression expression, int id) => expression switch
    {
        BoundColumn column => column.Ordinal == id,
        BoundCast cast => IsColumn(cast.Operand, id),
        _ => false,
    };
}
