using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>A row as its values by the ids of columns; what it does not have, the row around it may.</summary>
internal sealed class ReferenceRow(ReferenceRow? outer)
{
    public Dictionary<int, object?> Values { get; } = [];

    public object? this[int id]
    {
        get
        {
            for (var row = this; row is not null; row = row.Outer)
            {
                if (row.Values.TryGetValue(id, out var value))
                {
                    return value;
                }
            }

            throw new InvalidOperationException($"column {id} is not in reach");
        }
    }

    private ReferenceRow? Outer { get; } = outer;

    /// <summary>The values of two rows in one.</summary>
    public static ReferenceRow Join(ReferenceRow? outer, ReferenceRow? left, ReferenceRow? right, LogicalPlan leftPlan, LogicalPlan rightPlan)
    {
        var row = new ReferenceRow(outer);
        foreach (var column in leftPlan.Columns)
        {
            row.Values[column.Id] = left?.Values[column.Id];
        }

        foreach (var column in rightPlan.Columns)
        {
            row.Values[column.Id] = right?.Values[column.Id];
        }

        return row;
    }
}

/// <summary>Carries out what the binder made of a query, in the simplest way there is: one row after the other, values as objects, joins as nested loops.</summary>
/// <remarks>
/// It shares the binder with the engine and nothing below: no pushed condition, no rewritten subquery, no batch, no kernel. So what it finds different
/// is a fault of the planner, of an operator or of an evaluator; names and types are what the comparison with PostgreSQL checks.
/// </remarks>
/// <param name="read">All rows of a table, each as its values in the order of the table's columns.</param>
/// <param name="workMax">How many rows it looks at before it gives up.</param>
internal sealed class ReferencePlan(Func<TableDefinition, IReadOnlyList<object?[]>> read, int workMax)
{
    private readonly ReferenceExpressions expressions = new();
    private int work;

    /// <summary>The rows of a query, each as the values of its columns.</summary>
    public List<object?[]> Run(LogicalPlan plan)
    {
        expressions.Rows = Rows;
        return Rows(plan, null).ConvertAll(r => plan.Columns.Select(c => r.Values[c.Id]).ToArray());
    }

    private List<ReferenceRow> Rows(LogicalPlan plan, ReferenceRow? outer)
    {
        var rows = plan switch
        {
            LogicalScan p => Scan(p, outer),
            LogicalValues p => p.Rows.Select(r => Project(p.RowColumns, r, outer, outer)).ToList(),
            LogicalFilter p => Rows(p.Input, outer).Where(r => All(p.Conjuncts, r)).ToList(),
            LogicalProject p => Rows(p.Input, outer).ConvertAll(r => Project(p.Results, p.Expressions, r, outer)),
            LogicalAggregate p => Aggregate(p, outer),
            LogicalDistinct p => Rows(p.Input, outer).DistinctBy(r => string.Join('\u0001', p.Columns.Select(c => ReferenceValues.Key(r.Values[c.Id])))).ToList(),
            LogicalSort p => Cut(Sorted(Rows(p.Input, outer), p.Keys), p.Limit, p.Offset, outer),
            LogicalLimit p => Cut(Rows(p.Input, outer), p.Limit, p.Offset, outer),
            LogicalJoin p => Join(p, outer),
            LogicalUnionAll p => p.Inputs.SelectMany(i => Rows(i, outer).Select(r => Rename(r, i, p, outer))).ToList(),
            _ => throw new NotInReferenceException(plan.GetType().Name),
        };
        Count(rows.Count + 1);
        return rows;
    }

    private void Count(int rows)
    {
        work += rows;
        if (work > workMax)
        {
            throw new NotInReferenceException("too much work");
        }
    }

    private List<ReferenceRow> Scan(LogicalScan scan, ReferenceRow? outer)
    {
        var rows = new List<ReferenceRow>();
        foreach (var values in read(scan.Table))
        {
            var row = new ReferenceRow(outer);
            foreach (var column in scan.TableColumns)
            {
                // The row id, which no query names.
                row.Values[column.Id] = column.Definition is null ? null : values[scan.Table.Columns.IndexOf(column.Definition)];
            }

            if (All(scan.Filters, row))
            {
                rows.Add(row);
            }
        }

        return rows;
    }

    private bool All(IEnumerable<BoundExpression> conjuncts, ReferenceRow row) => conjuncts.All(c => expressions.Value(c, row) is true);

    private ReferenceRow Project(IReadOnlyList<LogicalColumn> columns, IReadOnlyList<BoundExpression> values, ReferenceRow? from, ReferenceRow? outer)
    {
        var row = new ReferenceRow(outer);
        for (var i = 0; i < columns.Count; i++)
        {
            row.Values[columns[i].Id] = expressions.Value(values[i], from);
        }

        return row;
    }

    private static ReferenceRow Rename(ReferenceRow row, LogicalPlan input, LogicalPlan union, ReferenceRow? outer)
    {
        var renamed = new ReferenceRow(outer);
        for (var i = 0; i < union.Columns.Length; i++)
        {
            renamed.Values[union.Columns[i].Id] = row.Values[input.Columns[i].Id];
        }

        return renamed;
    }

    private List<ReferenceRow> Join(LogicalJoin join, ReferenceRow? outer)
    {
        var left = Rows(join.Left, outer);
        var isLateral = join.Kind is not (JoinKind.Right or JoinKind.Full);
        var shared = isLateral ? null : Rows(join.Right, outer);
        var used = new HashSet<ReferenceRow>(ReferenceEqualityComparer.Instance);
        var rows = new List<ReferenceRow>();
        foreach (var l in left)
        {
            // The right side may read columns of the left one.
            var matches = new List<ReferenceRow>();
            foreach (var r in shared ?? Rows(join.Right, l))
            {
                Count(1);
                var both = ReferenceRow.Join(outer, l, r, join.Left, join.Right);
                if (All(join.Conjuncts, both))
                {
                    matches.Add(both);
                    used.Add(r);
                }
            }

            switch (join.Kind)
            {
                case JoinKind.Semi when matches.Count > 0:
                case JoinKind.Anti when matches.Count == 0:
                    rows.Add(l);
                    break;
                case JoinKind.Semi or JoinKind.Anti:
                    break;
                case JoinKind.Left or JoinKind.Full when matches.Count == 0:
                    rows.Add(ReferenceRow.Join(outer, l, null, join.Left, join.Right));
                    break;
                default:
                    rows.AddRange(matches);
                    break;
            }
        }

        if (shared is not null)
        {
            rows.AddRange(shared.Where(r => !used.Contains(r)).Select(r => ReferenceRow.Join(outer, null, r, join.Left, join.Right)));
        }

        return rows;
    }

    private List<ReferenceRow> Aggregate(LogicalAggregate aggregate, ReferenceRow? outer)
    {
        var groups = new Dictionary<string, (object?[] Keys, List<ReferenceRow> Rows)>();
        if (aggregate.Keys.IsEmpty)
        {
            groups.Add("", ([], []));
        }

        foreach (var row in Rows(aggregate.Input, outer))
        {
            var keys = aggregate.Keys.Select(k => expressions.Value(k, row)).ToArray();
            var key = string.Join('\u0001', keys.Select(ReferenceValues.Key));
            if (!groups.TryGetValue(key, out var group))
            {
                groups.Add(key, group = (keys, []));
            }

            group.Rows.Add(row);
        }

        return groups.Values.Select(g =>
        {
            var row = new ReferenceRow(outer);
            for (var i = 0; i < g.Keys.Length; i++)
            {
                row.Values[aggregate.KeyColumns[i].Id] = g.Keys[i];
            }

            for (var i = 0; i < aggregate.Aggregates.Length; i++)
            {
                row.Values[aggregate.AggregateColumns[i].Id] = Aggregate(aggregate.Aggregates[i], g.Rows);
            }

            return row;
        }).ToList();
    }

    private object? Aggregate(BoundAggregate aggregate, List<ReferenceRow> rows)
    {
        var chosen = aggregate.Filter is { } filter ? rows.Where(r => expressions.Value(filter, r) is true).ToList() : rows;
        var values = Sorted(chosen, aggregate.OrderBy).ConvertAll(r => aggregate.Arguments.Select(a => expressions.Value(a, r)).ToArray());
        if (aggregate.IsDistinct)
        {
            values = values.DistinctBy(v => ReferenceValues.Key(v[0])).ToList();
        }

        return ReferenceAggregates.Value(aggregate.Function.Name, aggregate.Type, values);
    }

    private List<ReferenceRow> Sorted(List<ReferenceRow> rows, IReadOnlyList<SortKey> keys)
    {
        IOrderedEnumerable<ReferenceRow>? sorted = null;
        foreach (var key in keys)
        {
            var comparer = Comparer<object?>.Create((a, b) =>
                a is null || b is null
                    ? a is null && b is null ? 0 : a is null == key.NullsFirst ? -1 : 1
                    : key.IsDescending ? ReferenceValues.Compare(b, a) : ReferenceValues.Compare(a, b));
            sorted = sorted is null ? rows.OrderBy(r => expressions.Value(key.Expression, r), comparer) : sorted.ThenBy(r => expressions.Value(key.Expression, r), comparer);
        }

        return sorted?.ToList() ?? rows;
    }

    private List<ReferenceRow> Cut(List<ReferenceRow> rows, BoundExpression? limit, BoundExpression? offset, ReferenceRow? outer)
    {
        var skip = offset is null ? 0 : Convert.ToInt64(expressions.Value(offset, outer) ?? 0L);
        var take = limit is null ? long.MaxValue : Convert.ToInt64(expressions.Value(limit, outer) ?? long.MaxValue);
        return rows.Skip((int)Math.Min(skip, int.MaxValue)).Take((int)Math.Min(take, int.MaxValue)).ToList();
    }
}
