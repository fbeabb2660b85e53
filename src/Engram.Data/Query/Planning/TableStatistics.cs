using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>What is known of tables' values while a plan is made. All of it is an estimate: it decides how fast a plan is, never which rows come out.</summary>
internal abstract class TableStatistics
{
    /// <summary>Smaller tables are not looked into: no plan for them is slow.</summary>
    public const long RowCountMin = 1000;

    /// <summary>Rows of a table.</summary>
    public abstract long CountRows(TableId table);

    /// <summary>About how many different values a column has, NULL aside; null when nobody knows.</summary>
    public virtual double? CountDistinct(TableId table, ColumnId column) => null;

    /// <summary>Which part of a column's rows have NULL.</summary>
    public virtual double NullFraction(TableId table, ColumnId column) => 0;

    /// <summary>Tries a scan's filter, which names no parameter and no column from outside, on some of the rows. Null when that cannot be done.</summary>
    public virtual FilterTrial? Try(ScanPlan scan) => null;

    /// <summary>The value that a parameter has in the execution which the plan is made for, as the canonical CLR value of a type; null when it is NULL, not known or not of the type.</summary>
    public virtual object? ValueOf(string parameter, DataType type) => null;

    /// <summary>Values that split those of a column, as <see cref="ValueProbe"/> wants them; none when nothing is known.</summary>
    public virtual ImmutableArray<double> StepsOf(TableId table, ColumnId column) => [];

    /// <summary>Nothing but the sizes of tables.</summary>
    public static TableStatistics OfSizes(Func<TableId, long> rowCounts) => new Sizes(rowCounts);

    private sealed class Sizes(Func<TableId, long> rowCounts) : TableStatistics
    {
        public override long CountRows(TableId table) => rowCounts(table);
    }
}

/// <summary>How many of some rows of a table passed a filter.</summary>
/// <param name="Rows">That were looked at; more than none.</param>
/// <param name="Passed">Of these.</param>
/// <param name="ZoneFraction">Which part of all rows lies in blocks that zone maps do not rule out: no more pass.</param>
internal readonly record struct FilterTrial(long Rows, long Passed, double ZoneFraction);
