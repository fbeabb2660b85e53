using System.Collections.Immutable;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>The calls with OVER of one query, those over the same partitions in the same order together.</summary>
internal sealed class WindowCollector(StatementScope statement, IReadOnlyList<NamedWindowSyntax> named)
{
    private readonly List<Group> groups = [];

    public bool IsEmpty => groups.Count == 0;

    /// <summary>What the calls read.</summary>
    public IEnumerable<BoundExpression> Expressions
        => groups.SelectMany(g => g.PartitionBy.Concat(g.OrderBy.Select(k => k.Expression)).Concat(g.Calls.SelectMany(LogicalTree.Expressions)));

    /// <summary>Takes a call and returns the column that its result will be in.</summary>
    public BoundColumn Add(ImmutableArray<BoundExpression> partitionBy, ImmutableArray<SortKey> orderBy, BoundWindowCall call)
    {
        var group = groups.Find(g => AreSame(g.PartitionBy, partitionBy) && AreSame(g.OrderBy, orderBy));
        if (group == null)
        {
            groups.Add(group = new Group(partitionBy, orderBy));
        }

        var index = group.Calls.FindIndex(c => AreSame(c, call));
        if (index < 0)
        {
            index = group.Calls.Count;
            group.Calls.Add(call);
            group.Columns.Add(statement.NewColumn(call.Function.Name, call.Type));
        }

        return group.Columns[index].Reference;
    }

    /// <summary>Puts what the name of a window stands for into its place.</summary>
    public WindowSyntax Resolve(WindowSyntax window) => Resolve(window, named.Count);

    /// <summary>A plan with the columns of all calls beside its own.</summary>
    /// <param name="rewrite">Makes expressions over the plan's columns.</param>
    public LogicalPlan Over(LogicalPlan plan, Func<BoundExpression, BoundExpression> rewrite)
    {
        foreach (var group in groups)
        {
            plan = new LogicalWindow(
                plan, ImmutableArray.CreateRange(group.PartitionBy, rewrite), LogicalTree.Rewrite(group.OrderBy, rewrite), [.. group.Columns],
                [.. group.Calls.Select(c => LogicalTree.Rewrite(c, rewrite))]);
        }

        return plan;
    }

    /// <summary>A named window may start from those that are named before it.</summary>
    private WindowSyntax Resolve(WindowSyntax window, int known)
    {
        if (window.BaseName is not { } name)
        {
            return window;
        }

        var index = -1;
        for (var i = 0; i < known; i++)
        {
            index = NameMatch.Fold(named[i].Name) == NameMatch.Fold(name) ? i : index;
        }

        if (index < 0)
        {
            throw Error.UndefinedWindow(name.Text, name.Position);
        }

        var source = Resolve(named[index].Window, index);
        if (window.IsReference)
        {
            return source;
        }

        if (window.PartitionBy.Count > 0)
        {
            throw Error.WindowRule($"OVER ({name} …) takes the partitions of window {name}: it cannot have PARTITION BY of its own.", window.Position);
        }

        if (window.OrderBy.Count > 0 && source.OrderBy.Count > 0)
        {
            throw Error.WindowRule($"Window {name} has an ORDER BY, so OVER ({name} …) cannot have another.", window.Position);
        }

        return source.Frame == null
            ? window with { PartitionBy = source.PartitionBy, OrderBy = window.OrderBy.Count > 0 ? window.OrderBy : source.OrderBy }
            : throw Error.WindowRule($"Window {name} has a frame, so it cannot be built upon. Write OVER {name}, without parentheses.", window.Position);
    }

    private static bool AreSame(ImmutableArray<BoundExpression> a, ImmutableArray<BoundExpression> b)
        => a.SequenceEqual(b, ExpressionTree.SameComparer.Instance);

    private static bool AreSame(ImmutableArray<SortKey> a, ImmutableArray<SortKey> b)
        => a.Length == b.Length && a.Zip(b).All(p => p.First.IsDescending == p.Second.IsDescending && p.First.NullsFirst == p.Second.NullsFirst
            && ExpressionTree.AreSame(p.First.Expression, p.Second.Expression));

    private static bool AreSame(BoundWindowCall a, BoundWindowCall b)
        => ReferenceEquals(a.Function, b.Function) && a.Type == b.Type && AreSame(a.Arguments, b.Arguments) && ExpressionTree.AreSame(a.Filter, b.Filter)
            && (a.Frame.Unit, a.Frame.Start, a.Frame.End, a.Frame.Exclusion) == (b.Frame.Unit, b.Frame.Start, b.Frame.End, b.Frame.Exclusion)
            && ExpressionTree.AreSame(a.Frame.StartDistance, b.Frame.StartDistance) && ExpressionTree.AreSame(a.Frame.EndDistance, b.Frame.EndDistance);

    private sealed class Group(ImmutableArray<BoundExpression> partitionBy, ImmutableArray<SortKey> orderBy)
    {
        public ImmutableArray<BoundExpression> PartitionBy { get; } = partitionBy;

        public ImmutableArray<SortKey> OrderBy { get; } = orderBy;

        public List<BoundWindowCall> Calls { get; } = [];

        public List<LogicalColumn> Columns { get; } = [];
    }
}
