using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>How many rows parts of a query give, roughly: enough to tell a join that gives ten rows from one that gives a million.</summary>
/// <remarks>
/// <para>What a table's conditions leave is tried on some of its rows; how many different values a column has is known from sketches (<see cref="TableStatistics"/>). What
/// neither tells goes by rule of thumb: an equality leaves one row in twenty, a range one in three. A column that equals a parameter has one of its values, whichever; ranges of parameters are tried with
/// the values of the execution that the plan is made for, and the plan holds for values of the same places (<see cref="ValueProbe"/>), or are three tenths in a plan for all values.</para>
/// <para>Conditions of one table are tried together, so that those that go with each other are not counted twice; those of several tables are taken to be independent.
/// An estimate that is wrong costs time, never rows.</para>
/// </remarks>
internal sealed class Cardinality(TableStatistics statistics)
{
    private const double EqualFraction = 0.05;
    private const double RangeFraction = 0.3;
    private const double OtherFraction = 0.3;
    private const double StartFraction = 0.1;
    private const double NullFraction = 0.1;
    private const double GroupFraction = 0.1;
    private const double RowsPerFunctionCall = 100;

    private readonly Dictionary<TableId, long> asked = [];
    private readonly Dictionary<(TableId, ColumnId), double?> distinct = [];
    private readonly Dictionary<string, ValueProbe> probes = [];
    private readonly Dictionary<LogicalScan, double> scanned = new(ReferenceEqualityComparer.Instance);

    // A join asks for its sides more than once, so that a chain of joins without this would take time exponential in its length.
    private readonly Dictionary<LogicalPlan, double> estimated = new(ReferenceEqualityComparer.Instance);

    /// <summary>What was asked for, by table: when these change, an estimate may.</summary>
    public IReadOnlyDictionary<TableId, long> Asked => asked;

    /// <summary>The values of parameters that were looked at: an estimate holds for others of the same places.</summary>
    public IEnumerable<ValueProbe> Probes => probes.Values;

    public double RowsOf(TableDefinition table)
    {
        if (!asked.TryGetValue(table.Id, out var count))
        {
            asked.Add(table.Id, count = statistics.CountRows(table.Id));
        }

        return Math.Max(1, count);
    }

    /// <summary>The rows that a plan gives; at least 1.</summary>
    public double Rows(LogicalPlan plan)
    {
        if (!estimated.TryGetValue(plan, out var rows))
        {
            Recursion.Check();
            estimated.Add(plan, rows = Math.Max(1, Estimate(plan)));
        }

        return rows;
    }

    private double Estimate(LogicalPlan plan) => plan switch
    {
        LogicalScan p => RowsOf(p),
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
        LogicalJoin { Kind: JoinKind.Semi } p => Rows(p.Left) * PartnerFraction(p),
        LogicalJoin { Kind: JoinKind.Anti } p => Rows(p.Left) * Math.Max(EqualFraction, 1 - PartnerFraction(p)),
        LogicalJoin { Kind: JoinKind.Left } p => Math.Max(Rows(p.Left), Joined(p)),
        LogicalJoin p => Joined(p),
        _ => RowsPerFunctionCall,
    };

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

    /// <summary>Which part of a table's rows pass the conditions that one of its columns has: for a choice among indexes.</summary>
    public double Fraction(LogicalScan scan, IReadOnlyList<BoundExpression> conditions)
        => conditions.Count == 0 ? 1 : RowsOf(scan with { Filters = [.. conditions] }) / RowsOf(scan.Table);

    private double RowsOf(LogicalScan scan)
    {
        if (!scanned.TryGetValue(scan, out var rows))
        {
            var trial = Try(scan, out var tried, out var others);
            var fraction = trial is var (looked, passed, zones)
                // None of those that were looked at passed: fewer than one would have.
                ? Math.Min(zones, passed > 0 ? (double)passed / looked : Math.Min(0.5 / looked, Product(scan, tried)))
                : 1;
            scanned.Add(scan, rows = RowsOf(scan.Table) * fraction * Product(scan, trial is null ? [.. scan.Filters] : others));
        }

        return rows;
    }

    /// <summary>Tries those of a scan's conditions that can be.</summary>
    private FilterTrial? Try(LogicalScan scan, out BoundExpression[] tried, out BoundExpression[] others)
    {
        var columns = ImmutableArray.CreateRange(scan.TableColumns, c => c.Definition?.Id ?? ColumnId.RowId);
        var map = scan.TableColumns.Select((c, i) => (c.Id, i)).ToDictionary(c => c.Id, c => c.i);
        bool CanTry(BoundExpression c) => !ExpressionTree.Any(c, e => e is ParameterReference or LogicalSubquery or BoundSubquery or BoundSlot or BoundParameter
            || e is BoundColumn column && !map.ContainsKey(column.Ordinal) || e is BoundCall { Function.Volatility: Volatility.Volatile });
        var isLarge = RowsOf(scan.Table) >= TableStatistics.RowCountMin;
        var valued = isLarge ? scan.Filters.Select(c => WithValue(scan, c)).ToArray() : [.. scan.Filters];
        tried = [.. valued.Where(CanTry)];
        others = [.. valued.Where(c => !CanTry(c))];
        if (tried.Length == 0 || !isLarge)
        {
            return null;
        }

        BoundExpression Place(BoundExpression condition) => ExpressionTree.Rewrite(condition, e => e switch
        {
            BoundColumn column => column with { Ordinal = map[column.Ordinal] },
            BoundConstant { Type.Kind: TypeKind.Unknown } constant => new BoundConstant(DataType.Text, constant.Value),
            _ => null,
        });
        var bounds = Lowering.ConstantBounds(scan with { Filters = [.. tried] });
        var output = ImmutableArray.CreateRange(scan.TableColumns, c => c.ToPlanColumn());
        return statistics.Try(new ScanPlan(output, scan.Table, columns) { Filter = Place(ExpressionTree.And(tried)!), Bounds = bounds });
    }

    /// <summary>A range of a column by a parameter, with the parameter's value in its place; other conditions, and those whose value is not known, as they are.</summary>
    private BoundExpression WithValue(LogicalScan scan, BoundExpression condition)
    {
        if (condition is not BoundCall { Function.Name: "<" or "<=" or ">" or ">=", Arguments: [var left, var right] } call
            || ((left as BoundColumn ?? right as BoundColumn) is not { } column) || ((left as ParameterReference ?? right as ParameterReference) is not { } parameter)
            || column.Type.Kind != parameter.Type.Kind || !ValueProbe.IsOrdered(column.Type.Kind) || scan.TableColumns.FirstOrDefault(c => c.Id == column.Ordinal)?.Definition is not { IsVirtual: false } definition)
        {
            return condition;
        }

        var value = statistics.ValueOf(parameter.Name, parameter.Type);
        if (!probes.ContainsKey(parameter.Name))
        {
            var steps = statistics.StepsOf(scan.Table.Id, definition.Id);
            if (steps.IsEmpty)
            {
                return condition;
            }

            // NULL has a place too: a plan without any counts as the one for all values, and none would be made for these again.
            probes.Add(parameter.Name, new ValueProbe(parameter.Name, parameter.Type, steps, ValueProbe.PlaceOf(steps, value)));
        }

        if (value is null)
        {
            return condition;
        }

        var constant = new BoundConstant(parameter.Type, value);
        return call with { Arguments = left is ParameterReference ? [constant, right] : [left, constant] };
    }

    private double Product(LogicalPlan plan, IEnumerable<BoundExpression> conditions)
        => conditions.Aggregate(1.0, (f, c) => f * Fraction(c, [plan]));

    /// <summary>Which part of the left rows have a partner: as many of its keys as there are on the right, if all of those are among them.</summary>
    private double PartnerFraction(LogicalJoin join)
    {
        var (best, right) = (1.0, Rows(join.Right));
        foreach (var conjunct in join.Conjuncts)
        {
            if (conjunct is BoundCall { Function.Name: "=", Arguments: [var a, var b] })
            {
                var isSwapped = !ExpressionTree.ColumnsOf(a).Overlaps(LogicalTree.ColumnIds(join.Left));
                var ours = DistinctIn([join.Left], isSwapped ? b : a);
                var theirs = Math.Min(right, DistinctIn([join.Right], isSwapped ? a : b));
                best = Math.Min(best, theirs / Math.Max(1, ours));
            }
        }

        return Math.Clamp(best, 0.01, join.Conjuncts.IsEmpty ? 1 : 0.9);
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
                return DistinctOf(scan, column);
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

    private double DistinctOf(LogicalScan scan, LogicalColumn column)
    {
        var rows = RowsOf(scan.Table);
        if (column.Definition is not { } definition || scan.Table.Indexes.Any(i => i.IsUnique && i.Columns.Length == 1 && i.Columns[0].Column == definition.Id))
        {
            return rows;
        }

        if (column.Type.Kind == TypeKind.Boolean)
        {
            return 2;
        }

        if (!distinct.TryGetValue((scan.Table.Id, definition.Id), out var known))
        {
            known = rows < TableStatistics.RowCountMin ? null : statistics.CountDistinct(scan.Table.Id, definition.Id);
            distinct.Add((scan.Table.Id, definition.Id), known);
        }

        // A column that an index begins with tells rows apart; of others it is not known.
        return known is { } count ? Math.Clamp(count, 1, rows)
            : scan.Table.Indexes.Any(i => i.Columns[0].Column == definition.Id) ? Math.Max(1 / EqualFraction, rows * GroupFraction)
            : 1 / EqualFraction;
    }

    private static bool IsColumn(BoundExpression expression, int id) => expression switch
    {
        BoundColumn column => column.Ordinal == id,
        BoundCast cast => IsColumn(cast.Operand, id),
        _ => false,
    };
}
