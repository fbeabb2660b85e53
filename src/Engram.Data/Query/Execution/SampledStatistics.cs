using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution;

/// <summary>Statistics of the rows that a snapshot sees, looked at when a plan asks for them.</summary>
/// <remarks>
/// Nothing is gathered ahead and nothing grows old: a filter is run on some two thousand rows, taken from blocks all over the table, in about the time that planning
/// takes anyway; distinct values come from the sketches of segments. A plan that is cached keeps what it was made by, until its tables have grown or shrunk many times over.
/// </remarks>
/// <param name="valueOf">The values of parameters, see <see cref="ValueOf"/>; null when the plan is to be one for all values.</param>
internal sealed class SampledStatistics(Snapshot snapshot, TimeProvider clock, Func<string, DataType, object?>? valueOf = null) : TableStatistics
{
    private const int BlockCountMax = 32;
    private const int SampleRowCount = 2048;

    /// <summary>Of fewer rows that passed, zone maps may tell more.</summary>
    private const int PassedCountSure = 64;

    /// <summary>Zone maps of larger tables are not gone through: planning must stay short.</summary>
    private const int ZoneCountMax = 8192;

    public override long CountRows(TableId table) => snapshot.EstimateRowCount(table);

    public override double? CountDistinct(TableId table, ColumnId column) => Ask(() => snapshot.EstimateDistinct(table, column));

    public override double NullFraction(TableId table, ColumnId column) => Ask<double>(() => snapshot.EstimateNullFraction(table, column)) ?? 0;

    public override FilterTrial? Try(ScanPlan scan) => Ask<FilterTrial>(() => Sample(scan));

    public override object? ValueOf(string parameter, DataType type) => valueOf?.Invoke(parameter, type);

    public override ImmutableArray<double> StepsOf(TableId table, ColumnId column)
        => valueOf is null ? [] : Ask<ImmutableArray<double>>(() => SampleSteps(table, column)) ?? [];

    /// <summary>A page that cannot be read, or a filter that fails on a row, is not the planner's to report: the plan may never come to it.</summary>
    private static T? Ask<T>(Func<T?> question)
        where T : struct
    {
        try
        {
            return question();
        }
        catch (EngramException)
        {
            return null;
        }
    }

    private FilterTrial? Sample(ScanPlan plan)
    {
        var context = new StatementContext(snapshot, null, new Batch(0) { RowCount = 1 }, clock, default);
        using var scan = snapshot.Scan(plan.Table.Id, plan.Columns.AsSpan(), []);
        if (scan.BlockCount <= 0)
        {
            return null;
        }

        var (rows, passed) = Test(plan, scan, context);
        if (rows == 0)
        {
            return null;
        }

        var zones = passed < PassedCountSure && !plan.Bounds.IsEmpty && scan.BlockCount <= ZoneCountMax ? ZoneFraction(plan, context) : 1;
        return new FilterTrial(rows, passed, zones);
    }

    private static (long Rows, long Passed) Test(ScanPlan plan, TableScan scan, StatementContext context)
    {
        using var filter = Filter.Create(plan.Filter!, context);
        var batch = new Batch(plan.Columns.Length);
        void Load(ImmutableArray<int> ordinals, Selection? selected)
        {
            foreach (var ordinal in ordinals)
            {
                batch.Columns[ordinal] = scan.Load(ordinal, selected);
            }
        }

        var some = new Selection();
        var (rows, passed) = (0L, 0L);
        var blockCount = scan.BlockCount;
        var count = Math.Min(blockCount, BlockCountMax);
        for (var i = 0; i < count; i++)
        {
            // From the middle of each part: the first and the last rows are seldom like the others.
            scan.Restrict((int)((((long)i * 2) + 1) * blockCount / (count * 2)), 1);
            if (scan.NextBlock())
            {
                Thin(scan, some, SampleRowCount / count);
                batch.RowCount = scan.RowCount;
                passed += filter.Apply(batch, some, Load)?.Count ?? some.Count;
                rows += some.Count;
            }
        }

        return (rows, passed);
    }

    private ImmutableArray<double> SampleSteps(TableId table, ColumnId column)
    {
        var values = new List<double>();
        using var scan = snapshot.Scan(table, [column], []);
        var some = new Selection();
        var blockCount = scan.BlockCount;
        var count = Math.Min(blockCount, BlockCountMax);
        for (var i = 0; i < count; i++)
        {
            scan.Restrict((int)((((long)i * 2) + 1) * blockCount / (count * 2)), 1);
            if (!scan.NextBlock())
            {
                continue;
            }

            Thin(scan, some, SampleRowCount / count);
            var loaded = scan.Load(0, some);
            foreach (var row in some.Rows)
            {
                if (!loaded.IsNull(row) && ValueProbe.NumberOf(ClrValue.Read(loaded, row)) is { } number)
                {
                    values.Add(number);
                }
            }
        }

        if (values.Count < ValueProbe.Parts.Length)
        {
            return [];
        }

        values.Sort();
        var steps = ImmutableArray.CreateBuilder<double>(ValueProbe.Parts.Length);
        foreach (var part in ValueProbe.Parts)
        {
            steps.Add(values[(int)(part * (values.Count - 1))]);
        }

        return steps.MoveToImmutable();
    }

    /// <summary>So many of the visible rows of a block, evenly apart.</summary>
    private static void Thin(TableScan scan, Selection target, int countMax)
    {
        var visible = scan.Visible;
        var all = visible?.Count ?? scan.RowCount;
        var count = Math.Min(all, countMax);
        target.Count = 0;
        for (var i = 0; i < count; i++)
        {
            var at = (int)((long)i * all / count);
            target.Add(visible is null ? at : visible.Rows[at]);
        }
    }

    private double ZoneFraction(ScanPlan plan, StatementContext context)
    {
        using var scan = ScanOperator.Open(plan.Table, plan.Columns, plan.Bounds, context);
        var rows = 0L;
        while (scan is not null && scan.NextBlock())
        {
            rows += scan.RowCount;
        }

        return Math.Min(1, rows / (double)Math.Max(1, CountRows(plan.Table.Id)));
    }
}
