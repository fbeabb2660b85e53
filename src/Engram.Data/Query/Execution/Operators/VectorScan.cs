using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>What one thread of a search works with: the filter, the columns that it loads, and the search itself.</summary>
internal sealed class VectorScan : IDisposable
{
    private readonly VectorTopKPlan plan;
    private readonly StatementContext context;
    private readonly Filter? filter;
    private readonly Filter.Load load;
    private readonly Batch scanned;
    private readonly bool[] isLoaded;
    private readonly List<VectorSearch> searches = [];
    private int searchCount = 1;
    private TableScan? scan;

    public VectorScan(VectorTopKPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
        load = Load;
        var vectorOrdinal = plan.FilterColumns.Length;
        scanned = new Batch(vectorOrdinal);
        isLoaded = new bool[vectorOrdinal];
        searches.Add(new VectorSearch(vectorOrdinal, vectorOrdinal + 1));
    }

    /// <summary>The first search, mostly the only one.</summary>
    public VectorSearch Search => searches[0];

    /// <summary>The searches that blocks go to.</summary>
    public ReadOnlySpan<VectorSearch> Searches => CollectionsMarshal.AsSpan(searches)[..searchCount];

    /// <summary>What all searches have read so far, blocks excepted.</summary>
    public VectorTally Tally
    {
        get
        {
            var tally = default(VectorTally);
            foreach (var search in searches)
            {
                tally += search.Tally;
            }

            return tally;
        }
    }

    /// <summary>The vectors' place among what is scanned.</summary>
    public int VectorOrdinal => plan.FilterColumns.Length;

    /// <summary>Starts a scan of what the filter and the search read; null when no row can satisfy the filter.</summary>
    public TableScan? Open() => ScanOperator.Open(plan.Table, [.. plan.FilterColumns, plan.VectorColumn, ColumnId.RowId], plan.Bounds, context);

    /// <summary>Has blocks go to so many searches, which are to be begun.</summary>
    public void SetSearchCount(int count)
    {
        while (searches.Count < count)
        {
            searches.Add(new VectorSearch(VectorOrdinal, VectorOrdinal + 1));
        }

        searchCount = count;
    }

    /// <summary>Searches the block that the scan stands on.</summary>
    public void Take(TableScan block)
    {
        var rows = Select(block);
        if (rows is { Count: 0 })
        {
            return;
        }

        VectorSearch.Take(Searches, block, rows);
    }

    /// <summary>The rows of the block that the scan stands on that are visible and pass the filter; null for all. Valid until the next block.</summary>
    public Selection? Select(TableScan block)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        scan = block;
        isLoaded.AsSpan().Clear();
        scanned.RowCount = block.RowCount;
        return filter is null ? block.Visible : filter.Apply(scanned, block.Visible, load);
    }

    public void Dispose()
    {
        filter?.Dispose();
        foreach (var search in searches)
        {
            search.Dispose();
        }
    }

    private void Load(ImmutableArray<int> ordinals, Selection? rows)
    {
        foreach (var ordinal in ordinals)
        {
            if (!isLoaded[ordinal])
            {
                scanned.Columns[ordinal] = scan!.Load(ordinal, rows);
                isLoaded[ordinal] = true;
            }
        }
    }
}
