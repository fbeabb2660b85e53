using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>The aggregate calls of one query, each kept once however often it is written.</summary>
internal sealed class AggregateCollector(StatementScope statement)
{
    private readonly List<BoundAggregate> aggregates = [];
    private readonly List<LogicalColumn> columns = [];

    public ImmutableArray<BoundAggregate> Aggregates => [.. aggregates];

    public ImmutableArray<LogicalColumn> Columns => [.. columns];

    /// <summary>Whether grouping() was called, which is about groups though it is no aggregate.</summary>
    public bool HasGrouping { get; set; }

    /// <summary>Whether the query groups its rows though it may have no GROUP BY.</summary>
    public bool IsNeeded => aggregates.Count > 0 || HasGrouping;

    /// <summary>Takes a call and returns the column that its result will be in.</summary>
    public BoundColumn Add(BoundAggregate aggregate)
    {
        var index = aggregates.FindIndex(a => AreSame(a, aggregate));
        if (index < 0)
        {
            index = aggregates.Count;
            aggregates.Add(aggregate);
            columns.Add(statement.NewColumn(aggregate.Function.Name, aggregate.Type));
        }

        return columns[index].Reference;
    }

    private static bool AreSame(BoundAggregate a, BoundAggregate b)
        => ReferenceEquals(a.Function, b.Function) && a.IsDistinct == b.IsDistinct && a.Type == b.Type
            && ExpressionTree.AreSame(a.Filter, b.Filter)
            && a.Arguments.SequenceEqual(b.Arguments, ExpressionTree.SameComparer.Instance)
            && a.OrderBy.Length == b.OrderBy.Length
            && a.OrderBy.Zip(b.OrderBy).All(p => p.First.IsDescending == p.Second.IsDescending && p.First.NullsFirst == p.Second.NullsFirst
                && ExpressionTree.AreSame(p.First.Expression, p.Second.Expression));
}
