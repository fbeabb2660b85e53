using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Planning;

/// <summary>Reading tables: a scan with bounds for zone maps, or a probe of an index.</summary>
internal sealed partial class Lowering
{
    /// <summary>More keys than this are faster tested by a scan than probed one by one.</summary>
    private const int ProbeCountMax = 1000;

    private static ColumnId IdOf(LogicalColumn column) => column.Definition?.Id ?? ColumnId.RowId;

    private Lowered LowerScan(LogicalScan scan, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (TryProbe(scan, required, slots) is { } probe)
        {
            return probe;
        }

        var read = Union(required, scan.Filters);
        var columns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => read.Contains(c.Id)));
        var result = new Lowered(
            new ScanPlan(ImmutableArray.CreateRange(columns, c => c.ToPlanColumn()), scan.Table, ImmutableArray.CreateRange(columns, IdOf)),
            ImmutableArray.CreateRange(columns, c => c.Id));
        if (scan.Filters.IsEmpty)
        {
            return result;
        }

        var map = result.Map();
        var plan = (ScanPlan)result.Plan with
        {
            Filter = LowerExpression(ExpressionTree.And(scan.Filters)!, map, slots),
            Bounds = BoundsOf(scan, slots),
        };
        var indexed = WithIndex(scan, plan, slots);
        return indexed is ScanPlan && TryRange(scan, required, slots) is { } range ? range : result with { Plan = indexed };
    }

    /// <summary>What the filters say about single columns, for skipping blocks.</summary>
    private ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> BoundsOf(LogicalScan scan, Dictionary<int, BoundExpression> slots)
    {
        var bounds = ImmutableArray.CreateBuilder<(ColumnId, ZoneComparison, BoundExpression)>();
        foreach (var filter in scan.Filters)
        {
            if (TryCompare(scan, filter, out var column, out var symbol, out var value) && ZoneOf(symbol) is { } comparison
                && column.Type.Kind is >= TypeKind.Boolean and <= TypeKind.Interval and not TypeKind.Bytea)
            {
                bounds.Add((IdOf(column), comparison, LowerExpression(value, [], slots)));
            }
        }

        return bounds.ToImmutable();
    }

    /// <summary>The same, of constants alone.</summary>
    internal static ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> ConstantBounds(LogicalScan scan)
    {
        var bounds = ImmutableArray.CreateBuilder<(ColumnId, ZoneComparison, BoundExpression)>();
        foreach (var filter in scan.Filters)
        {
            if (TryCompare(scan, filter, out var column, out var symbol, out var value) && ZoneOf(symbol) is { } comparison && value is BoundConstant { Type.Kind: not TypeKind.Unknown }
                && column.Type.Kind is >= TypeKind.Boolean and <= TypeKind.Interval and not TypeKind.Bytea)
            {
                bounds.Add((IdOf(column), comparison, value));
            }
        }

        return bounds.ToImmutable();
    }

    private static ZoneComparison? ZoneOf(string symbol) => symbol switch
    {
        "=" => ZoneComparison.Equal,
        "<" => ZoneComparison.Less,
        "<=" => ZoneComparison.LessOrEqual,
        ">" => ZoneComparison.Greater,
        ">=" => ZoneComparison.GreaterOrEqual,
        _ => null,
    };

    /// <summary>Reads a filter as <c>column op value</c>, the value reading no column of the scan.</summary>
    private static bool TryCompare(LogicalScan scan, BoundExpression filter, out LogicalColumn column, out string symbol, out BoundExpression value)
    {
        (column, symbol, value) = (null!, "", null!);
        if (filter is not BoundCall { Function: { Name: "=" or "<" or "<=" or ">" or ">=" } function, Arguments: [var a, var b] })
        {
            return false;
        }

        symbol = function.Name;
        if (a is not BoundColumn || !IsColumnOf(scan, a))
        {
            (a, b) = (b, a);
            symbol = symbol switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => symbol };
        }

        if (a is not BoundColumn reference || !IsColumnOf(scan, a) || !IsFreeOf(scan, b))
        {
            return false;
        }

        column = scan.TableColumns.First(c => c.Id == reference.Ordinal);
        value = b;
        return true;
    }

    private static bool IsColumnOf(LogicalScan scan, BoundExpression expression)
        => expression is BoundColumn column && scan.TableColumns.Any(c => c.Id == column.Ordinal);

    private static bool IsFreeOf(LogicalScan scan, BoundExpression value)
        => ExpressionTree.IsMovable(value) && !ExpressionTree.ColumnsOf(value).Overlaps(scan.TableColumns.Select(c => c.Id));

    /// <summary>Reads by a unique index when filters give each of its columns by equality, or one of them by a list: nothing reads less.</summary>
    private Lowered? TryProbe(LogicalScan scan, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (scan.Filters.IsEmpty || !optimizes)
        {
            return null;
        }

        // By column: the filter that fixes it, and the values that it may have.
        var fixedColumns = new Dictionary<ColumnId, (BoundExpression Filter, ImmutableArray<BoundExpression> Values)>();
        foreach (var filter in scan.Filters)
        {
            if (TryCompareKey(scan, filter, out var column, out var symbol, out var value) && symbol == "=")
            {
                fixedColumns[IdOf(column)] = (filter, [value]);
            }
            else if (filter is BoundInList { IsNegated: false, Items.Length: <= ProbeCountMax } list && IsColumnOf(scan, list.Operand) && list.Items.All(i => IsFreeOf(scan, i)))
            {
                fixedColumns.TryAdd(IdOf(scan.TableColumns.First(c => c.Id == ((BoundColumn)list.Operand).Ordinal)), (filter, list.Items));
            }
        }

        var index = scan.Table.Indexes
            .Where(i => i.IsUnique && IsUsable(i, scan) && i.Columns.All(c => fixedColumns.ContainsKey(c.Column))
                && i.Columns.Count(c => fixedColumns[c.Column].Values.Length > 1) <= 1)
            .OrderBy(i => i.Columns.Length).FirstOrDefault();
        if (index == null)
        {
            return null;
        }

        var used = index.Columns.Select(c => fixedColumns[c.Column].Filter).ToHashSet(ReferenceEqualityComparer.Instance);
        var rest = scan.Filters.Where(f => !used.Contains(f)).ToArray();
        var read = Union(required, rest);
        var columns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => read.Contains(c.Id)));
        var ids = ImmutableArray.CreateRange(columns, c => c.Id);
        var keyCount = index.Columns.Max(c => fixedColumns[c.Column].Values.Length);
        var keys = Enumerable.Range(0, keyCount).Select(k => ImmutableArray.CreateRange(index.Columns, c =>
        {
            var values = fixedColumns[c.Column].Values;
            return LowerExpression(values.Length == 1 ? values[0] : values[k], [], slots);
        }));
        var plan = new IndexProbePlan(
            ImmutableArray.CreateRange(columns, c => c.ToPlanColumn()), scan.Table, index, [.. keys], ImmutableArray.CreateRange(columns, IdOf))
        {
            Filter = rest.Length == 0 ? null : LowerExpression(ExpressionTree.And(rest)!, new Lowered(null!, ids).Map(), slots),
        };
        return new Lowered(plan, ids);
    }
}
