using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Planning;

/// <summary>Ranges and orders of indexes.</summary>
/// <remarks>
/// Whether a range is worth its index depends on values that a cached plan does not know: the plan says how, and the running operator counts the range's
/// entries and decides (<see cref="IndexScanPlan"/>). So the rule here is only which index fits best: most columns by equality, then a range of
/// the next one.
/// </remarks>
internal sealed partial class Lowering
{
    /// <summary>What the filters say about one column.</summary>
    private sealed class ColumnConditions
    {
        public IndexKeyValues? Equal { get; set; }

        public IndexBound? From { get; set; }

        public IndexBound? To { get; set; }

        public IndexStart? Start { get; set; }

        public bool IsNotNull { get; set; }

        public bool HasRange => From is not null || To is not null || Start is not null;
    }

    /// <summary>Puts an index's range before a scan, when the filters give one.</summary>
    private Plan WithIndex(LogicalScan scan, ScanPlan plan, Dictionary<int, BoundExpression> slots)
    {
        if (!optimizes || scan.Filters.IsEmpty || scan.Table.Indexes.IsEmpty)
        {
            return plan;
        }

        var conditions = ConditionsOf(scan, slots);
        var candidates = new List<(int Score, IndexDefinition Index, int Equal)>();
        foreach (var index in scan.Table.Indexes.Where(i => IsUsable(i, scan)))
        {
            var equal = CountEqual(index, conditions);
            var hasRange = equal < index.Columns.Length && conditions.GetValueOrDefault(index.Columns[equal].Column) is { HasRange: true };
            // A unique index of which all columns are given comes first, then the one that leaves the least.
            var score = (equal * 4) + (hasRange ? 2 : 0) + (equal == index.Columns.Length && index.IsUnique ? 1 : 0);
            if (score > 0)
            {
                candidates.Add((score, index, equal));
            }
        }

        if (candidates.Count == 0)
        {
            return plan;
        }

        // Both orders are stable: of those that are alike the first one.
        var (_, best, count) = candidates.Count == 1 || cardinality is null ? candidates.MaxBy(c => c.Score)
            : candidates.OrderByDescending(c => c.Score).MinBy(c => EntriesFraction(scan, c.Index, c.Equal));
        return MakeIndexScan(plan, best, count, conditions, null);
    }

    /// <summary>Which part of an index's entries lies in the range that the filters give of its first columns.</summary>
    private double EntriesFraction(LogicalScan scan, IndexDefinition index, int equal)
    {
        var columns = index.Columns.Take(equal + 1).Select(c => c.Column).ToHashSet();
        var ids = scan.TableColumns.Where(c => c.Definition is { } d && columns.Contains(d.Id)).Select(c => c.Id).ToHashSet();
        var all = scan.TableColumns.Select(c => c.Id).ToHashSet();
        // What an index cannot look for leaves as many entries to be read.
        var own = scan.Filters.Where(f => ExpressionTree.ColumnsOf(f) is var read && read.Overlaps(ids) && !read.Except(ids).Any(all.Contains)
            && f is BoundCall { Function.Name: "=" or "<" or "<=" or ">" or ">=" or "like" or "starts_with" or "any_equal" } or BoundIsNull or BoundInList { IsNegated: false });
        return index.IsUnique && equal == index.Columns.Length ? 0 : cardinality!.Fraction(scan, [.. own]);
    }

    /// <summary>Puts an index that has the rows in the order of a sort before the sort's input: then the sort is given few rows more than it wants.</summary>
    private Plan WithOrder(LogicalSort sort, LogicalScan scan, Plan plan, Dictionary<int, BoundExpression> slots)
    {
        var bare = plan is IndexScanPlan { Otherwise: ScanPlan inner } ? inner : plan as ScanPlan;
        if (!optimizes || sort.Limit is null || bare is null || scan.Table.Indexes.IsEmpty)
        {
            return plan;
        }

        var keys = new List<(ColumnId Column, bool IsDescending)>();
        foreach (var key in sort.Keys)
        {
            if (!IsColumnOf(scan, key.Expression))
            {
                break;
            }

            var column = scan.TableColumns.First(c => c.Id == ((BoundColumn)key.Expression).Ordinal);
            if (column.Definition is not { } definition || !KeyShape.IsOrdered(column.Type) || (key.NullsFirst == key.IsDescending && !definition.IsNotNull))
            {
                break;
            }

            keys.Add((definition.Id, key.IsDescending));
        }

        var conditions = ConditionsOf(scan, slots);
        foreach (var index in keys.Count == 0 ? [] : scan.Table.Indexes.Where(i => IsUsable(i, scan)))
        {
            if (TryOrder(index, keys, conditions, out var equal, out var parts, out var isDescending))
            {
                var order = new IndexOrder(parts, isDescending, LowerCount(sort.Limit, slots)!, LowerCount(sort.Offset, slots));
                return MakeIndexScan(bare, index, equal, conditions, order) with { Otherwise = plan };
            }
        }

        return plan;
    }

    /// <summary>The least or greatest value of a column is the first of its order: read as that, when an index has the order.</summary>
    private LogicalAggregate WithFirst(LogicalAggregate aggregate, BoundAggregate[] kept)
    {
        if (!optimizes || !aggregate.Keys.IsEmpty || aggregate.Input is not LogicalScan scan
            || kept is not [{ Function.Name: "min" or "max", IsDistinct: false, Filter: null, Arguments: [BoundColumn column] } first]
            || FindKeyColumn(scan, column) is not { Definition: { } definition })
        {
            return aggregate;
        }

        var isDescending = first.Function.Name == "max";
        scan = scan with { Filters = scan.Filters.Add(new BoundIsNull(column, true)) };
        var conditions = ConditionsOf(scan, NoSlots, lowers: false);
        return scan.Table.Indexes.Any(i => IsUsable(i, scan) && TryOrder(i, [(definition.Id, isDescending)], conditions, out _, out _, out _))
            ? aggregate with { Input = new LogicalSort(scan, [new SortKey(column, isDescending, !isDescending)], new BoundConstant(DataType.Int64, 1L), null) }
            : aggregate;
    }

    /// <summary>Whether an index, behind columns that have one value, has its columns in the order of the first of the sort's keys.</summary>
    /// <remarks>The sort settles what the index leaves open, so one key in common is enough.</remarks>
    private static bool TryOrder(
        IndexDefinition index, List<(ColumnId Column, bool IsDescending)> keys, Dictionary<ColumnId, ColumnConditions> conditions,
        out int equal, out int parts, out bool isDescending)
    {
        bool IsSingle(ColumnId column) => conditions.GetValueOrDefault(column)?.Equal is { IsSingle: true };
        equal = 0;
        while (equal < index.Columns.Length && IsSingle(index.Columns[equal].Column) && index.Columns[equal].Column != keys[0].Column)
        {
            equal++;
        }

        parts = equal;
        isDescending = false;
        for (var i = 0; i < keys.Count && parts < index.Columns.Length && index.Columns[parts].Column == keys[i].Column; i++, parts++)
        {
            var isAgainst = index.Columns[parts].IsDescending != keys[i].IsDescending;
            if (parts > equal && isAgainst != isDescending)
            {
                break;
            }

            isDescending = isAgainst;
        }

        return parts > equal;
    }

    private static IndexScanPlan MakeIndexScan(
        ScanPlan scan, IndexDefinition index, int equal, Dictionary<ColumnId, ColumnConditions> conditions, IndexOrder? order)
    {
        var range = equal < index.Columns.Length ? conditions.GetValueOrDefault(index.Columns[equal].Column) : null;
        return new IndexScanPlan(scan.Output, scan.Table, index, scan.Columns, scan)
        {
            Filter = scan.Filter,
            Equal = [.. index.Columns.Take(equal).Select(c => conditions[c.Column].Equal!)],
            From = range?.Start is null ? range?.From : null,
            To = range?.Start is null ? range?.To : null,
            Start = range?.Start,
            IsNotNull = range is { IsNotNull: true },
            Order = order,
        };
    }

    /// <summary>Whether a query may use an index: a partial one when the filters say each part of its condition.</summary>
    private bool IsUsable(IndexDefinition index, LogicalScan scan)
    {
        if (index.Method is not (null or "btree" or "hash"))
        {
            return false;
        }

        if (index.FilterSql is null)
        {
            return true;
        }

        var byColumn = scan.TableColumns.Where(c => c.Definition is not null).ToDictionary(c => c.Definition!.Id);
        if (scan.Filters.IsEmpty || !scan.Table.Columns.All(c => byColumn.ContainsKey(c.Id)))
        {
            return false;
        }

        var condition = new StoredExpressions(statement).IndexCondition(scan.Table, index, ImmutableArray.CreateRange(scan.Table.Columns, c => byColumn[c.Id]));
        // The filters may read the hidden columns of other indexes, where the condition has the expressions.
        var known = IndexedExpressions.Of(scan, statement);
        return ExpressionTree.Conjuncts(condition).All(c => ConditionImplication.Holds(c, scan.Filters)
            || (known.Count > 0 && ConditionImplication.Holds(IndexedExpressions.Replace(c, known), scan.Filters)));
    }

    private static int CountEqual(IndexDefinition index, Dictionary<ColumnId, ColumnConditions> conditions)
    {
        var equal = 0;
        var lists = 0;
        while (equal < index.Columns.Length && conditions.GetValueOrDefault(index.Columns[equal].Column)?.Equal is { } values)
        {
            lists += values.IsSingle ? 0 : 1;
            if (lists > 1)
            {
                break;
            }

            equal++;
        }

        return equal;
    }

    /// <param name="lowers">False when only the columns matter, so that no parameter is asked for.</param>
    private Dictionary<ColumnId, ColumnConditions> ConditionsOf(LogicalScan scan, Dictionary<int, BoundExpression> slots, bool lowers = true)
    {
        BoundExpression Lower(BoundExpression e) => lowers ? LowerExpression(e, [], slots) : e;
        var conditions = new Dictionary<ColumnId, ColumnConditions>();
        foreach (var filter in scan.Filters)
        {
            switch (filter)
            {
                case BoundIsNull { IsNegated: false } isNull when FindKeyColumn(scan, isNull.Operand) is { } column:
                    Of(column).Equal ??= new IndexKeyValues([], false);
                    break;
                case BoundIsNull { IsNegated: true } isNotNull when FindKeyColumn(scan, isNotNull.Operand) is { } column:
                    Of(column).IsNotNull = true;
                    break;
                case BoundInList { IsNegated: false, Items.Length: <= ProbeCountMax } list
                    when FindKeyColumn(scan, list.Operand) is { } column && list.Items.All(i => IsFreeOf(scan, i)):
                    Of(column).Equal ??= new IndexKeyValues(ImmutableArray.CreateRange(list.Items, Lower), false);
                    break;
                case BoundCall { Function.Name: "any_equal", Arguments: [var operand, var array] }
                    when FindKeyColumn(scan, operand) is { } column && IsFreeOf(scan, array):
                    Of(column).Equal ??= new IndexKeyValues([Lower(array)], true);
                    break;
                case BoundCall { Function.Name: "like" or "starts_with", Arguments: [var text, var start] } call
                    when FindKeyColumn(scan, text) is { Type.Kind: TypeKind.Text } column && IsFreeOf(scan, start):
                    Of(column).Start ??= new IndexStart(Lower(start), call.Function.Name == "like");
                    break;
                default:
                    if (TryCompareKey(scan, filter, out var compared, out var symbol, out var value))
                    {
                        AddComparison(Of(compared), symbol, Lower(value));
                    }

                    break;
            }
        }

        return conditions;

        ColumnConditions Of(LogicalColumn column)
        {
            var id = IdOf(column);
            if (!conditions.TryGetValue(id, out var found))
            {
                conditions.Add(id, found = new ColumnConditions());
            }

            return found;
        }
    }

    private static void AddComparison(ColumnConditions conditions, string symbol, BoundExpression value)
    {
        switch (symbol)
        {
            // One value is better than a list of them.
            case "=" when conditions.Equal is not { IsSingle: true }: conditions.Equal = new IndexKeyValues([value], false); break;
            case ">": conditions.From ??= new IndexBound(value, false); break;
            case ">=": conditions.From ??= new IndexBound(value, true); break;
            case "<": conditions.To ??= new IndexBound(value, false); break;
            case "<=": conditions.To ??= new IndexBound(value, true); break;
        }
    }

    /// <summary>As <see cref="TryCompare"/>, for a column that may have been widened to be compared.</summary>
    private static bool TryCompareKey(LogicalScan scan, BoundExpression filter, out LogicalColumn column, out string symbol, out BoundExpression value)
    {
        (column, symbol, value) = (null!, "", null!);
        if (filter is not BoundCall { Function.Name: "=" or "<" or "<=" or ">" or ">=", Arguments: [var a, var b] } call)
        {
            return false;
        }

        symbol = call.Function.Name;
        if (FindKeyColumn(scan, a) is null)
        {
            (a, b) = (b, a);
            symbol = symbol switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => symbol };
        }

        if (FindKeyColumn(scan, a) is not { } found || !IsFreeOf(scan, b))
        {
            return false;
        }

        (column, value) = (found, b);
        return true;
    }

    /// <summary>The column that an expression is, perhaps through a conversion that keeps every value: an integer to a wider one or to numeric, a text or number without its modifiers.</summary>
    private static LogicalColumn? FindKeyColumn(LogicalScan scan, BoundExpression expression)
    {
        expression = Collations.Strip(expression);
        if (expression is BoundCast { Operand: BoundColumn inner } cast
            && ((inner.Type.IsInteger && (cast.Type.IsInteger || cast.Type == DataType.Decimal) && TypeConversions.IsImplicit(inner.Type, cast.Type))
                || (inner.Type.Kind == cast.Type.Kind && cast.Type is { Kind: TypeKind.Text or TypeKind.Decimal, Size: 0 })))
        {
            expression = inner;
        }

        return expression is BoundColumn column && scan.TableColumns.FirstOrDefault(c => c.Id == column.Ordinal) is { Definition: not null } found
            && KeyShape.IsOrdered(found.Type) ? found : null;
    }
}
