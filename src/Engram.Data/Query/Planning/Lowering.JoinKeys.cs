using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Query.Planning;

/// <summary>Joins that read only the rows of the right side that have a partner, through an index.</summary>
/// <remarks>
/// <para>A join keeps hashing its right side. What changes is what it reads: when the left side turns out to be of few rows, the scan at the bottom of the
/// right side looks up their keys in an index instead of reading the table (<see cref="KeyedScanPlan"/>). Right rows without a partner decide
/// nothing in an inner, left, semi or anti join, so it does not matter which of them are missing.</para>
/// <para>The keys may pass what leaves the rows with the same key together: projections, filters, groups by the key, other joins. They do not pass LIMIT, where
/// other rows would take the place of those missing, and volatile expressions, which count how often they run.</para>
/// </remarks>
internal sealed partial class Lowering
{
    private int keySourceNext;

    private JoinPlan WithKeys(JoinPlan join)
    {
        if (!optimizes || join.LeftKeys.IsEmpty || join.Kind is not (JoinKind.Inner or JoinKind.Left or JoinKind.Semi or JoinKind.Anti))
        {
            return join;
        }

        var keyed = KeyedScans(join.Right, ImmutableArray.CreateRange(join.RightKeys, k => (BoundExpression?)k), keySourceNext);
        if (keyed is null)
        {
            return join;
        }

        return join with { Right = keyed.Value.Plan, KeySource = new JoinKeySource(keySourceNext++, keyed.Value.Table) };
    }

    /// <summary>Puts lookups of keys before the scans that they can reach.</summary>
    /// <param name="plan">A part of the right side of the join.</param>
    /// <param name="keys">What the join's keys are over the columns of this plan; null where that is not known.</param>
    /// <param name="source">The number of the join's keys.</param>
    /// <returns>The plan, and the table that is looked up in; null when the keys reach none.</returns>
    private static (Plan Plan, TableDefinition Table)? KeyedScans(Plan plan, ImmutableArray<BoundExpression?> keys, int source)
    {
        switch (plan)
        {
            case ScanPlan scan:
                return KeyedScan(scan, plan, keys, source);
            case IndexScanPlan { Order: null, Otherwise: ScanPlan scan }:
                return KeyedScan(scan, plan, keys, source);
            case FilterPlan p when ExpressionTree.IsMovable(p.Predicate) && KeyedScans(p.Input, keys, source) is var (input, table):
                return (p with { Input = input }, table);
            case DistinctPlan p when KeyedScans(p.Input, keys, source) is var (input, table):
                return (p with { Input = input }, table);
            case SortPlan { Limit: null, Offset: null } p when KeyedScans(p.Input, keys, source) is var (input, table):
                return (p with { Input = input }, table);
            case ProjectPlan p when p.Expressions.All(ExpressionTree.IsMovable) && KeyedScans(p.Input, Through(keys, p.Expressions), source) is var (input, table):
                return (p with { Input = input }, table);
            case AggregatePlan { Keys.IsEmpty: false } p when KeyedScans(p.Input, Through(keys, p.Keys), source) is var (input, table):
                return (p with { Input = input }, table);
            case JoinPlan { Kind: JoinKind.Inner or JoinKind.Left or JoinKind.Semi or JoinKind.Anti } p:
                var leftCount = p.Left.Output.Length;
                if (KeyedScans(p.Left, Shifted(keys, 0, leftCount), source) is var (left, leftTable))
                {
                    return (p with { Left = left }, leftTable);
                }

                return p.Kind == JoinKind.Inner && KeyedScans(p.Right, Shifted(keys, leftCount, p.Right.Output.Length), source) is var (right, rightTable)
                    ? (p with { Right = right }, rightTable) : null;
            default:
                return null;
        }
    }

    private static (Plan Plan, TableDefinition Table)? KeyedScan(ScanPlan scan, Plan otherwise, ImmutableArray<BoundExpression?> keys, int source)
    {
        var byColumn = new Dictionary<ColumnId, int>();
        for (var i = 0; i < keys.Length; i++)
        {
            if (keys[i] is { } key && KeyOrdinal(key) is { } ordinal && scan.Columns[ordinal] is var column && column != ColumnId.RowId
                && KeyShape.IsOrdered(scan.Table.FindColumn(column)!.Type))
            {
                byColumn.TryAdd(column, i);
            }
        }

        int Covered(IndexDefinition index) => index.Columns.TakeWhile(c => byColumn.ContainsKey(c.Column)).Count();
        var best = scan.Table.Indexes.Where(i => i.FilterSql is null && i.Method is (null or "btree" or "hash") && Covered(i) > 0)
            .OrderByDescending(i => i.IsUnique && Covered(i) == i.Columns.Length).ThenByDescending(Covered).FirstOrDefault();
        return best is null ? null
            : (new KeyedScanPlan(scan.Output, scan.Table, best, scan.Columns, otherwise, source, [.. best.Columns.Take(Covered(best)).Select(c => byColumn[c.Column])])
            {
                Filter = scan.Filter,
            }, scan.Table);
    }

    /// <summary>The column that a key is, perhaps through a conversion that keeps every value, as in <see cref="FindKeyColumn"/>.</summary>
    private static int? KeyOrdinal(BoundExpression key) => Collations.Strip(key) switch
    {
        BoundColumn column => column.Ordinal,
        BoundCast { Operand: BoundColumn inner } cast when KeepsValues(inner.Type, cast.Type) => inner.Ordinal,
        _ => null,
    };

    private static bool KeepsValues(DataType from, DataType to)
        => (from.IsInteger && (to.IsInteger || to == DataType.Decimal) && TypeConversions.IsImplicit(from, to))
            || (from.Kind == to.Kind && to is { Kind: TypeKind.Text or TypeKind.Decimal, Size: 0 });

    /// <summary>The keys over the input of a node that computes its first columns by these expressions.</summary>
    private static ImmutableArray<BoundExpression?> Through(ImmutableArray<BoundExpression?> keys, ImmutableArray<BoundExpression> expressions)
        => ImmutableArray.CreateRange(keys, k => k switch
        {
            BoundColumn column when column.Ordinal < expressions.Length => expressions[column.Ordinal],
            BoundCast { Operand: BoundColumn column } cast when column.Ordinal < expressions.Length && expressions[column.Ordinal] is BoundColumn inner
                => cast with { Operand = inner },
            _ => null,
        });

    /// <summary>The keys over one side of a join; null where they are of the other.</summary>
    private static ImmutableArray<BoundExpression?> Shifted(ImmutableArray<BoundExpression?> keys, int first, int count)
    {
        bool IsOwn(BoundColumn column) => column.Ordinal >= first && column.Ordinal < first + count;
        return ImmutableArray.CreateRange(keys, k => k switch
        {
            BoundColumn column when IsOwn(column) => column with { Ordinal = column.Ordinal - first },
            BoundCast { Operand: BoundColumn column } cast when IsOwn(column) => (BoundExpression)(cast with { Operand = column with { Ordinal = column.Ordinal - first } }),
            _ => null,
        });
    }
}
